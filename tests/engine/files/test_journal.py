"""The journal: what results from the steps of a run, and that a kill at any byte loses nothing that was reported."""

from __future__ import annotations

import dataclasses
import json
import os
import threading
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.engine import checkpoint, journal_file
from embedded.engine.errors import StateError
from embedded.engine.journal import Journal
from embedded.engine.journal_file import JournalFile, digest, recover
from embedded.engine.state import PendingOperation, Resource, Snapshot
from tests.engine.files.laws import law

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SALT = "v1:s"


def seal(text: str, _place: str) -> Mapping[str, str]:
    return {"ciphertext": f"sealed:{text}"}


def open_salt(salt: str) -> checkpoint.Unseal:
    assert salt == SALT
    return lambda ciphertext, _place: ciphertext.removeprefix("sealed:")


def resource(name: str, **fields: Any) -> Resource:
    return Resource(f"urn:pulumi:s::p::t:m:T::{name}", "t:m:T", custom=True, id=f"id-{name}", **fields)


def base_of(count: int, pending: tuple[str, ...] = ()) -> tuple[bytes, Snapshot]:
    """A state file and the Snapshot read from it."""
    snapshot = Snapshot(
        resources=[resource(f"old{index}") for index in range(count)],
        pending_operations=[PendingOperation(kind, resource(f"was-{kind}")) for kind in pending],
        secrets_provider=journal_file.provider(SALT),
    )
    data = checkpoint.dump(snapshot, "organization/p/s", seal)
    return data, checkpoint.load(checkpoint.parse(data), open_salt(SALT))


def start_in(folder: Path, data: bytes) -> Any:
    return lambda kept: JournalFile(folder / "j", digest(data), kept, SALT)


def shape(snapshot: Snapshot) -> tuple[list[Any], list[Any]]:
    """What a state says, as a copy that later changes do not reach."""
    entries = [checkpoint.encode_resource(entry, seal) for entry in snapshot.resources]
    pending = [(operation.type, operation.resource.urn) for operation in snapshot.pending_operations]
    return json.loads(json.dumps(entries)), pending


class Driver:
    """Reports random but possible steps to a journal, and notes what the state is after each record."""

    def __init__(self, journal: Journal, path: Path) -> None:
        self.journal = journal
        self.path = path
        self.known = list(journal.snapshot().resources)
        self.open: list[tuple[int, str, Resource]] = []
        self.count = 0
        self.after: list[tuple[int, Any]] = []

    def step(self, kind: str, pick: int) -> None:
        self.count += 1
        name = f"new{self.count}"
        old = self.known[pick % len(self.known)] if self.known else None
        busy = {id(subject) for _, _, subject in self.open}
        if kind == "create":
            goal = resource(name, inputs={"n": self.count})
            self.open.append((self.journal.begin("creating", goal), kind, goal))
        elif kind in ("update", "delete") and old is not None and id(old) not in busy:
            word = "updating" if kind == "update" else "deleting"
            self.open.append((self.journal.begin(word, old), kind, old))  # type: ignore[arg-type]
        elif kind in ("finish", "fail") and self.open:
            self._finish(pick, failed=kind == "fail")
        elif kind == "same" and old is not None and id(old) not in busy:
            self._replace(old, dataclasses.replace(old))
        elif kind == "change" and old is not None and id(old) not in busy:
            self._replace(old, dataclasses.replace(old, outputs={"n": self.count}))
        elif kind == "mark" and old is not None and id(old) not in busy:
            old.delete = True
            self.journal.write(old)
        elif kind == "add":
            self.known.append(resource(name))
            self.journal.write(self.known[-1])
        elif kind == "rename" and old is not None and id(old) not in busy and not old.delete:
            swapped = self.journal.rename(old.urn, old.urn.rsplit("::", 1)[0] + f"::{name}")
            self.known = [swapped.get(id(entry), entry) for entry in self.known]
        elif kind == "refer" and old is not None and id(old) not in busy:
            self._replace(old, dataclasses.replace(old, dependencies=[self.known[0].urn]))
        elif kind == "remove" and old is not None and id(old) not in busy:
            self.journal.remove(old)
            self.known.remove(old)
        else:
            return
        self.journal.flush()
        self.after.append((self.path.stat().st_size, shape(self.journal.snapshot())))

    def _replace(self, old: Resource, new: Resource) -> None:
        self.journal.write(new, old=old)
        self.known[[id(entry) for entry in self.known].index(id(old))] = new

    def _finish(self, pick: int, *, failed: bool) -> None:
        token, kind, subject = self.open.pop(pick % len(self.open))
        if failed:
            self.journal.abandon(token)
        elif kind == "create":
            made = dataclasses.replace(subject, id=f"made-{self.count}")
            self.journal.finish(token, new=made)
            self.known.append(made)
        elif kind == "update":
            made = dataclasses.replace(subject, outputs={"updated": self.count})
            self.journal.finish(token, new=made, old=subject)
            self.known[[id(entry) for entry in self.known].index(id(subject))] = made
        else:
            self.journal.finish(token, old=subject)
            self.known.remove(subject)


KINDS = (
    "create",
    "update",
    "delete",
    "finish",
    "finish",
    "fail",
    "same",
    "change",
    "mark",
    "add",
    "remove",
    "rename",
    "refer",
)
STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 50)), min_size=1, max_size=25)


@law
@given(STEPS, st.integers(0, 4), st.integers(0, 10**6))
def test_a_kill_at_any_byte_leaves_exactly_what_was_reported_before_it(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]], size: int, where: int
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    data, base = base_of(size, ("creating", "updating"))
    journal = Journal(base, seal=seal, start=start_in(folder, data))
    driver = Driver(journal, folder / "j")
    before = shape(journal.snapshot())
    for kind, pick in steps:
        driver.step(kind, pick)
    if not driver.after:
        return
    written = (folder / "j").read_bytes()
    cut = where % (len(written) + 1)
    (folder / "j").write_bytes(written[:cut])
    expected = next((state for end, state in reversed(driver.after) if end <= cut), before)

    _, fresh = base_of(size, ("creating", "updating"))
    fresh = checkpoint.load(checkpoint.parse(data), open_salt(SALT))
    fold = recover(folder / "j", data, fresh, open_salt)
    if fold is None:
        assert expected == before
    else:
        assert shape(fold.snapshot()) == expected


def test_entries_of_the_run_come_first_in_completion_order() -> None:
    _, base = base_of(3)
    journal = Journal(base)
    old2 = base.resources[2]
    one, two = resource("one"), resource("two")
    first, second = journal.begin("creating", one), journal.begin("creating", two)
    journal.finish(second, new=two)
    journal.finish(first, new=one)
    journal.write(dataclasses.replace(old2), old=old2)
    assert [entry.urn[-4:] for entry in journal.snapshot().resources] == [":two", ":one", "old2", "old0", "old1"]


def test_a_begun_call_is_a_pending_operation_until_it_ends() -> None:
    _, base = base_of(1)
    journal = Journal(base)
    goal = resource("a")
    token = journal.begin("creating", goal)
    assert shape(journal.snapshot())[1] == [("creating", goal.urn)]
    journal.abandon(token)
    assert shape(journal.snapshot())[1] == []
    with pytest.raises(KeyError):
        journal.finish(token)


def test_only_unfinished_creates_of_earlier_runs_are_kept() -> None:
    _, base = base_of(0, ("creating", "updating", "deleting"))
    journal = Journal(base)
    assert [operation.type for operation in journal.pending()] == ["creating"]
    assert [kind for kind, _ in shape(journal.snapshot())[1]] == ["creating"]
    journal.clear_pending("urn:other")
    assert len(journal.pending()) == 1
    journal.clear_pending(base.pending_operations[0].resource.urn)
    assert journal.snapshot().pending_operations == []


def test_an_entry_that_is_not_known_is_an_error() -> None:
    _, base = base_of(1)
    journal = Journal(base)
    with pytest.raises(KeyError):
        journal.remove(resource("stranger"))


def test_secrets_stand_sealed_in_the_journal(tmp_path: Path) -> None:
    from embedded.engine.values import Secret

    data, base = base_of(0)
    journal = Journal(base, seal=lambda _t, _p: {"ciphertext": "x"}, start=start_in(tmp_path, data))
    journal.write(resource("a", inputs={"k": Secret("t0psecret")}))
    assert b"t0psecret" not in (tmp_path / "j").read_bytes()


def test_an_unchanged_entry_costs_a_short_line(tmp_path: Path) -> None:
    data, base = base_of(1)
    base.resources[0].outputs = {"k": "x" * 10_000}
    journal = Journal(base, seal=seal, start=start_in(tmp_path, data))
    journal.write(dataclasses.replace(base.resources[0]), old=base.resources[0])
    assert (tmp_path / "j").stat().st_size < 400
    assert not journal.dirty


def test_no_file_is_made_before_the_first_record(tmp_path: Path) -> None:
    data, base = base_of(1)
    Journal(base, seal=seal, start=start_in(tmp_path, data))
    assert list(tmp_path.iterdir()) == []


def test_recovery_has_nothing_to_do_without_records(tmp_path: Path) -> None:
    data, base = base_of(1)
    assert recover(tmp_path / "j", data, base, open_salt) is None
    (tmp_path / "j").write_bytes(b"")
    assert recover(tmp_path / "j", data, base, open_salt) is None
    JournalFile(tmp_path / "j", digest(data), [], SALT)
    assert recover(tmp_path / "j", data, base, open_salt) is None


def test_a_kill_between_saving_and_removing_the_journal_folds_nothing_twice(tmp_path: Path) -> None:
    data, base = base_of(1)
    journal = Journal(base, seal=seal, start=start_in(tmp_path, data))
    journal.write(resource("a"))
    saved = checkpoint.dump(journal.snapshot(), "s", seal)
    journal.note_saving(digest(saved))
    after = checkpoint.load(checkpoint.parse(saved), open_salt(SALT))
    assert recover(tmp_path / "j", saved, after, open_salt) is None
    before = checkpoint.load(checkpoint.parse(data), open_salt(SALT))
    fold = recover(tmp_path / "j", data, before, open_salt)
    assert fold is not None
    assert len(fold.snapshot().resources) == 2


def test_a_journal_of_another_state_is_not_folded_in(tmp_path: Path) -> None:
    data, base = base_of(1)
    journal = Journal(base, seal=seal, start=start_in(tmp_path, data))
    journal.write(resource("a"))
    journal.flush()
    other, base = base_of(2)
    with pytest.raises(StateError, match="changed since by somebody else"):
        recover(tmp_path / "j", other, base, open_salt)


@pytest.mark.parametrize(
    "damage",
    [
        lambda lines: [lines[0], b"{broken", *lines[1:]],
        lambda lines: [b'{"record":"base","format":99,"state":"x"}', *lines[1:]],
        lambda lines: [lines[0], b'{"record":"end","token":77}', *lines[1:]],
        lambda lines: [lines[0], b'{"record":"dance"}', *lines[1:]],
        lambda lines: [lines[0], b"5", *lines[1:]],
    ],
)
def test_damage_before_the_last_line_is_named_with_the_file(tmp_path: Path, damage: Any) -> None:
    data, base = base_of(1)
    journal = Journal(base, seal=seal, start=start_in(tmp_path, data))
    journal.write(resource("a"))
    journal.flush()
    lines = (tmp_path / "j").read_bytes().split(b"\n")
    (tmp_path / "j").write_bytes(b"\n".join(damage(lines)))
    with pytest.raises(StateError, match="j"):
        recover(tmp_path / "j", data, base, open_salt)


def test_a_full_disk_is_an_error_of_the_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, base = base_of(1)
    journal = Journal(base, seal=seal, start=start_in(tmp_path, data))
    journal.write(resource("a"))

    def full(_descriptor: int, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(journal_file.os, "write", full)
    with pytest.raises(StateError, match="No space left"):
        journal.begin("creating", resource("b"))


def test_steps_may_come_from_many_threads(tmp_path: Path) -> None:
    data, base = base_of(0)
    journal = Journal(base, seal=seal, start=start_in(tmp_path, data))

    def work(thread: int) -> None:
        for index in range(20):
            goal = resource(f"{thread}-{index}")
            journal.finish(journal.begin("creating", goal), new=goal)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    _, fresh = base_of(0)
    fresh = checkpoint.load(checkpoint.parse(data), open_salt(SALT))
    fold = recover(tmp_path / "j", data, fresh, open_salt)
    assert fold is not None
    assert shape(fold.snapshot()) == shape(journal.snapshot())
    assert len(fold.slots) == 160


def test_one_flush_serves_every_record_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = JournalFile(tmp_path / "j", "d", [], SALT)
    flushes: list[int] = []
    flush = os.fdatasync
    monkeypatch.setattr(journal_file.os, "fdatasync", lambda descriptor: (flushes.append(1), flush(descriptor))[1])
    marks = [file.append({"record": "clear", "urn": None}) for _ in range(5)]
    for mark in reversed(marks):
        file.wait(mark)
    assert len(flushes) == 1


def test_a_save_in_the_middle_starts_the_journal_again(tmp_path: Path) -> None:
    data, base = base_of(1, ("creating",))
    journal = Journal(base, seal=seal, start=start_in(tmp_path, data))
    token = journal.begin("creating", resource("under-way"))
    journal.write(resource("done"))
    middle = journal.snapshot()
    saved = checkpoint.dump(middle, "s", seal)
    journal.note_saving(digest(saved))
    journal.rebase(middle, start_in(tmp_path, saved))
    made = resource("under-way")
    journal.finish(token, new=made)
    journal.write(dataclasses.replace(middle.resources[0], outputs={"x": 1}), old=middle.resources[0])
    journal.flush()
    fresh = checkpoint.load(checkpoint.parse(saved), open_salt(SALT))
    fold = recover(tmp_path / "j", saved, fresh, open_salt)
    assert fold is not None
    assert shape(fold.snapshot()) == shape(journal.snapshot())
    assert [kind for kind, _ in shape(fold.snapshot())[1]] == ["creating"]
