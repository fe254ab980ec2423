"""A damaged state, one from the future, a wrong passphrase, a held lock, a full disk: one message, one code, state intact."""

from __future__ import annotations

import gzip
import json
import os
import resource
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from embedded.engine import operations

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.engine.files.world import Engine

ROOT = '{"urn":"urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev","type":"pulumi:pulumi:Stack"'
COMMANDS = ["preview", "up --yes", "refresh --yes", "destroy --yes", "stack output", "stack export --show-secrets"]


def latest(text: str) -> bytes:
    return f'{{"version":3,"checkpoint":{{"latest":{text}}}}}'.encode()


DAMAGED: list[tuple[str, bytes, str]] = [
    ("empty", b"", "the state is empty"),
    ("truncated", b'{"version":3,"checkpoint":{"stack":"organi', "no valid JSON"),
    ("binary", b"\xff\x00\x17", "no valid JSON"),
    ("a list", b"[]", "no JSON object"),
    ("no checkpoint", b'{"version":3,"checkpoint":7}', "checkpoint is no JSON object"),
    ("no deployment", latest("[]"), "deployment is no JSON object"),
    ("no resources", latest('{"resources":7}'), "resources are no list"),
    ("no resource", latest('{"resources":[7]}'), "resources are no list"),
    ("no manifest", latest('{"manifest":7}'), "manifest is no JSON object"),
    ("no inputs", latest(f'{{"resources":[{ROOT},"inputs":[1]}}]}}'), "inputs of urn:pulumi:dev"),
    ("no URN", latest('{"resources":[{"urn":"u","type":"t"}]}'), "'u' for a URN"),
    ("no text for a URN", latest('{"resources":[{"urn":5,"type":"t"}]}'), "malformed"),
    ("no type", latest('{"resources":[{"urn":"u"}]}'), "no type"),
    ("no list", latest(f'{{"resources":[{ROOT},"dependencies":{{"a":1}}}}]}}'), "is missing"),
]


@pytest.fixture(autouse=True)
def _no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "run", lambda _request, _context: pytest.fail("it ran"))


@pytest.mark.parametrize(("data", "reason"), [row[1:] for row in DAMAGED], ids=[row[0] for row in DAMAGED])
@pytest.mark.parametrize("command", COMMANDS[:2])
def test_a_damaged_state_is_named_and_left_alone(dev: Engine, command: str, data: bytes, reason: str) -> None:
    dev.state_file.write_bytes(data)
    ran = dev(*command.split())
    assert (ran.code, reason in ran.err, ran.err.count("\n")) == (1, True, 0), ran.err
    assert str(dev.state_file) in ran.err
    assert dev.state_file.read_bytes() == data
    assert list(dev.lock_folder.glob("*")) == []


@pytest.mark.parametrize("command", COMMANDS)
def test_the_newest_usable_copy_is_the_remedy(dev: Engine, command: str) -> None:
    good = dev.state_file.read_bytes()
    folder = dev.state / ".pulumi" / "backups" / "proj" / "dev"
    folder.mkdir(parents=True)
    dev.state_file.with_name("dev.json.bak").write_bytes(good)
    dev.state_file.write_bytes(good[:-9])
    assert f"copy {dev.state_file}.bak over it, then run `pulumi refresh`" in dev(*command.split()).err
    (folder / "dev.1.json").write_bytes(good)
    (folder / "dev.2.json").write_bytes(good)
    (folder / "dev.3.json").write_bytes(good[:-9])
    ran = dev(*command.split())
    assert (ran.code, f"copy {folder / 'dev.2.json'} over it" in ran.err) == (1, True), ran.err


def test_without_a_copy_an_export_is_the_remedy(dev: Engine) -> None:
    dev.state_file.write_bytes(b"{")
    assert "`pulumi stack import` takes an export" in dev("preview").err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_state_from_the_future_is_not_touched(dev: Engine, command: str) -> None:
    dev.state_file.write_bytes(dev.state_file.read_bytes().replace(b'"version":3', b'"version":9'))
    before = dev.state_file.read_bytes()
    ran = dev(*command.split())
    assert (ran.code, "version 9, and this engine reads up to 4; use a newer engine" in ran.err) == (1, True)
    assert dev.state_file.read_bytes() == before


@pytest.mark.parametrize("command", COMMANDS[:4])
@pytest.mark.parametrize(("phrase", "reason"), [("wrong", "incorrect passphrase"), (None, "passphrase must be set")])
def test_a_passphrase_that_is_wrong_or_missing_stops_before_anything(
    dev: Engine, command: str, phrase: str | None, reason: str
) -> None:
    before = dev.state_file.read_bytes()
    name = "PULUMI_CONFIG_PASSPHRASE"
    ran = dev(*command.split(), **{name: phrase}) if phrase else dev(*command.split(), without=name)
    assert (ran.code, ran.err.startswith(f"error: {reason}"), ran.err.count("\n")) == (1, True, 0)
    assert dev.state_file.read_bytes() == before


@pytest.mark.parametrize("command", ["up --yes", "refresh --yes", "destroy --yes", "stack rm --yes", "stack rename x"])
def test_a_lock_says_who_holds_it_since_when_and_what_to_do(dev: Engine, command: str) -> None:
    dev.lock_folder.mkdir(parents=True, exist_ok=True)
    holder = {"pid": 77, "username": "eve", "hostname": "far", "timestamp": "2026-11-21T10:00:00Z"}
    (dev.lock_folder / "x.json").write_text(json.dumps(holder))
    ran = dev(*command.split())
    assert ran.code == 1
    assert "created by eve@far (pid 77) at 2026-11-21T10:00:00Z" in ran.err
    assert "`pulumi cancel`" in ran.err
    assert (dev.lock_folder / "x.json").exists()


def test_a_compressed_state_is_read_and_written_plain(dev: Engine) -> None:
    zipped = dev.state_file.with_name("dev.json.gz")
    zipped.write_bytes(gzip.compress(dev.state_file.read_bytes()))
    dev.state_file.unlink()
    assert dev("stack", "ls", "--json").json[0]["name"] == "dev"
    assert dev("stack", "change-secrets-provider", "passphrase", stdin="new\n").code == 0
    assert not zipped.exists()
    assert json.loads(dev.state_file.read_bytes())["version"] == 3


@pytest.mark.parametrize("cut", [5, 40])
def test_a_truncated_compressed_state_is_damaged(dev: Engine, cut: int) -> None:
    zipped = dev.state_file.with_name("dev.json.gz")
    zipped.write_bytes(gzip.compress(dev.state_file.read_bytes())[:cut])
    dev.state_file.unlink()
    ran = dev("preview")
    assert (ran.code, "is damaged: could not decompress" in ran.err) == (1, True), ran.err


RUN = """
import os, sys
from embedded.engine import command, operations, secrets
from embedded.engine.state import Resource
secrets.ITERATIONS = 10
def run(request, context):
    for number in range(100):
        urn = f"urn:pulumi:dev::proj::t:m:T::r{number}"
        token = context.journal.begin("creating", Resource(urn, "t:m:T", custom=True, inputs={"x": "x" * 500}))
        print("called", urn, flush=True)
        context.journal.finish(token, new=Resource(urn, "t:m:T", custom=True, id="1", inputs={"x": "x" * 500}))
        print("finished", urn, flush=True)
    return 0
operations.run = run
say = lambda text: print(text, file=sys.stderr)
sys.exit(command.execute(["up", "--skip-preview"], cwd=sys.argv[1], env=dict(os.environ), out=say, err=say))
"""


def limited(dev: Engine) -> None:
    """A file may not grow beyond 8 KiB: writing fails in the middle of a record."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))


def test_a_disk_that_fills_up_during_a_run_loses_nothing(dev: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    before = dev.state_file.read_bytes()
    ran = subprocess.run(
        [sys.executable, "-c", RUN, str(dev.project)],
        env={**os.environ, **dev.env},
        preexec_fn=lambda: limited(dev),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert ran.stderr.count("error: ") == 1
    assert "what was done so far is kept: free space, and run it again" in ran.stderr
    assert dev.state_file.read_bytes() == before
    assert list(dev.lock_folder.glob("*")) == []

    told = [line.split() for line in ran.stdout.splitlines()]
    finished, called = ({urn for word, urn in told if word == wanted} for wanted in ("finished", "called"))
    assert finished
    seen: list[tuple[set[str], set[str]]] = []

    def run(_request: object, context: object) -> int:
        snapshot = context.snapshot  # type: ignore[attr-defined]
        pending = {operation.resource.urn for operation in snapshot.pending_operations}
        seen.append(({entry.urn for entry in snapshot.resources}, pending))
        return 0

    monkeypatch.setattr(operations, "run", run)
    again = dev("up", "--skip-preview")
    assert again.code == 0, again.err
    ((recorded, pending),) = seen
    assert finished <= recorded
    assert called <= recorded | pending


def full(tmp_path: Path, name: str) -> Callable[..., None]:
    def fail(*_args: object, **_more: object) -> None:
        raise OSError(28, "No space left on device", str(tmp_path / name))

    return fail


def test_a_state_that_cannot_be_written_stays_as_it_was(
    dev: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from embedded.engine import backend

    exported = dev("stack", "export").out
    before = dev.state_file.read_bytes()
    monkeypatch.setattr(backend, "write_atomic", full(tmp_path, "x"))
    ran = dev("stack", "import", stdin=exported)
    assert (ran.code, ran.err) == (
        1,
        f"error: could not write {dev.state_file}: No space left on device; the former state is untouched: "
        "free space or correct what is named, and run it again",
    )
    assert dev.state_file.read_bytes() == before
