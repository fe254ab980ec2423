"""One engine run on the real CLI, with a provider of this process and a file backend: no servers."""

from __future__ import annotations

import json
import os
import shutil
import signal
from typing import TYPE_CHECKING

import pulumi
import pytest
from pulumi.dynamic import DiffResult, Resource

from automation.engine import run as engine
from automation.engine.workspace import Workspace
from providers.errors import EngineError, HhsyncError, StackLocked
from tests.support.echo_provider import Echo
from tests.support.project import PASSPHRASE, pulumi_cli

if TYPE_CHECKING:
    from pathlib import Path

FABRIC = "f"
NAME = "tests.support.echo_provider.Echo"


def urn(name: str) -> str:
    return f"urn:pulumi:{FABRIC}::hhsync::pulumi-python:dynamic:Resource::{name}"


class Thing(Resource):
    """A dynamic resource."""


def program(**wanted: dict):
    """A program of these resources by name, each with its inputs; `after` names those that it depends on."""

    def declare() -> None:
        made: dict[str, pulumi.Resource] = {}
        for name, given in wanted.items():
            props = {key: value for key, value in given.items() if key != "after"}
            parents = [made[one] for one in given.get("after", ())]
            made[name] = Thing(Echo(), name, props, pulumi.ResourceOptions(depends_on=parents))

    return declare


class Recorder(Echo):
    """Writes down what it was called for; `on_create` is called with the inputs of a create."""

    def __init__(self, on_create=lambda props: None) -> None:
        self.calls: list[tuple[str, str]] = []
        self._on_create = on_create

    def create(self, props):
        self.calls.append(("create", props["is"]))
        self._on_create(props)
        return super().create(props)

    def update(self, id_, olds, news):
        self.calls.append(("update", news["is"]))
        super().update(id_, olds, news)
        return super().update(id_, olds, {**news, "outs": "none"})

    def delete(self, id_, props):
        self.calls.append(("delete", id_))
        super().delete(id_, props)


@pytest.fixture(scope="module")
def empty(tmp_path_factory) -> Path:
    """A project with an empty stack, which tests copy."""
    root = tmp_path_factory.mktemp("empty")
    (root / "stacks").mkdir()
    (root / "state").mkdir()
    (root / "Pulumi.yaml").write_text("name: hhsync\nruntime: python\nmain: program/\nstackConfigDir: stacks\n")
    (root / "program").mkdir()
    Workspace(root, _environment(root)).create(FABRIC)
    return root


def _environment(root: Path, cli: Path | None = None) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "HHSYNC_PULUMI": str(cli or pulumi_cli()),
        "PULUMI_BACKEND_URL": f"file://{root}/state",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "PULUMI_HOME": str(root / "home"),
    }


@pytest.fixture
def root(empty, tmp_path) -> Path:
    for part in ("stacks", "state", "program"):
        shutil.copytree(empty / part, tmp_path / part)
    shutil.copy(empty / "Pulumi.yaml", tmp_path)
    return tmp_path


def up(root: Path, declare, targets=None, *, recorder=None, cli=None, **more) -> engine.EngineRun:
    workspace = Workspace(root, _environment(root, cli))
    return engine.run(workspace, FABRIC, engine.UP, declare, {NAME: recorder or Recorder()}, targets=targets, **more)


def destroy(root: Path, targets=None, *, recorder=None, cli=None) -> engine.EngineRun:
    workspace = Workspace(root, _environment(root, cli))
    return engine.run(workspace, FABRIC, engine.DESTROY, None, {NAME: recorder or Recorder()}, targets=targets)


def kept(root: Path) -> dict[str, int]:
    """The resources of the state, by name, each with its `n`."""
    text = (root / "state" / ".pulumi" / "stacks" / "hhsync" / f"{FABRIC}.json").read_text()
    found = json.loads(text)["checkpoint"]["latest"].get("resources") or []
    return {one["urn"].rsplit("::", 1)[-1]: one["inputs"]["n"] for one in found if "dynamic:Resource::" in one["urn"]}


def thing(name: str, number: int = 1, **more) -> dict:
    return {"is": name, "n": number, **more}


def test_what_is_made_is_told_by_the_engine_and_kept(root):
    recorder = Recorder()
    found = up(root, program(a=thing("a"), b=thing("b", after=["a"])), recorder=recorder)
    assert {urn("a"): "create", urn("b"): "create"}.items() <= found.done.items()
    assert (found.failed, found.errors, found.interrupted) == (frozenset(), [], False)
    assert recorder.calls == [("create", "a"), ("create", "b")]
    assert kept(root) == {"a": 1, "b": 1}


def test_a_target_is_all_that_is_written_whatever_else_is_registered(root):
    up(root, program(a=thing("a"), b=thing("b", after=["a"]), c=thing("c")))
    recorder = Recorder()
    found = up(root, program(a=thing("a", 2), b=thing("b", 2, after=["a"])), [urn("b")], recorder=recorder)
    assert (found.done[urn("b")], recorder.calls) == ("update", [("update", "b")])
    assert kept(root) == {"a": 1, "b": 2, "c": 1}


def test_a_target_that_is_not_registered_is_deleted_and_nothing_else(root):
    up(root, program(a=thing("a"), b=thing("b", after=["a"]), c=thing("c")))
    recorder = Recorder()
    found = up(root, program(a=thing("a", 2)), [urn("b")], recorder=recorder)
    assert (found.done[urn("b")], recorder.calls) == ("delete", [("delete", "made")])
    assert kept(root) == {"a": 1, "c": 1}


class Unchanged(Recorder):
    """Says which steps are none by the number alone."""

    def diff(self, _id, olds, news):
        return DiffResult(changes=olds["n"] != news["n"])


def test_what_is_registered_and_no_target_keeps_what_the_state_has_it_depend_on(root):
    """So the engine would not delete that, and says nothing (`providers.core.planning.plan.scope`)."""
    up(root, program(a=thing("a"), b=thing("b", after=["a"])))
    found = up(root, program(b=thing("b")), [urn("a")], recorder=Unchanged())
    assert (found.done[urn("a")], kept(root)) == ("same", {"a": 1, "b": 1})


def test_a_target_that_does_not_change_takes_the_programs_dependencies(root):
    up(root, program(a=thing("a"), b=thing("b", after=["a"])))
    recorder = Unchanged()
    found = up(root, program(b=thing("b")), [urn("a"), urn("b")], recorder=recorder)
    assert (found.done[urn("a")], found.done[urn("b")]) == ("delete", "same")
    assert (recorder.calls, kept(root)) == ([("delete", "made")], {"b": 1})


def test_what_is_excluded_is_left_as_it_is(root):
    up(root, program(a=thing("a"), b=thing("b")))
    up(root, program(a=thing("a", 2), c=thing("c")), excludes=[urn("b")])
    assert kept(root) == {"a": 2, "b": 1, "c": 1}


def test_some_are_destroyed_or_all(root):
    up(root, program(a=thing("a"), b=thing("b", after=["a"]), c=thing("c")))
    assert destroy(root, [urn("b")]).done[urn("b")] == "delete"
    assert kept(root) == {"a": 1, "c": 1}
    assert {urn("a"), urn("c")} <= destroy(root).done.keys()
    assert kept(root) == {}


def test_a_step_that_fails_stops_only_what_depends_on_it(root):
    declare = program(a=thing("a", refuse="create"), b=thing("b", after=["a"]), c=thing("c"))
    found = up(root, declare)
    assert (found.failed, urn("c") in found.done, urn("b") in found.done) == ({urn("a")}, True, False)
    assert [one.text for one in found.errors] == ["a: create was refused by the server"]
    assert kept(root) == {"c": 1}


def test_a_program_that_refuses_is_its_error_and_nothing_is_written(root):
    def refuse():
        raise HhsyncError("Git moved")

    found = up(root, refuse)
    assert [one.text for one in found.errors] == ["Git moved"]
    assert kept(root) == {}


@pytest.mark.parametrize("verb", [engine.UP, engine.DESTROY])
def test_an_empty_list_of_targets_is_never_taken_for_all(root, verb):
    workspace = Workspace(root, _environment(root))
    with pytest.raises(ValueError, match="of nothing"):
        engine.run(workspace, FABRIC, verb, program(), {}, targets=[])


def test_a_stack_that_another_run_holds_is_told_with_its_holder(root):
    lock = root / "state" / ".pulumi" / "locks" / "organization" / "hhsync" / FABRIC / "x.json"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.write_text(json.dumps({"pid": 42, "username": "ops", "hostname": "box", "timestamp": "2026-12-01T04:05:06Z"}))
    with pytest.raises(StackLocked, match=r"ops@box \(pid 42\)"):
        up(root, program(a=thing("a")))
    assert kept(root) == {}


def script(root: Path, body: str) -> Path:
    """A CLI in front of the real one, which is "$real" in `body`; it writes down each command that it is started for."""
    path = root / "bin" / "pulumi"
    path.parent.mkdir()
    path.write_text(
        f'#!/bin/sh\nreal={pulumi_cli()}\n[ "$1" = version ] && exec "$real" version\n'
        f'echo "$2" >> {root}/commands\n{body}\n'
    )
    path.chmod(0o755)
    return path


def test_a_run_is_one_process_of_the_cli(root):
    cli = script(root, 'exec "$real" "$@"')
    up(root, program(a=thing("a")), cli=cli)
    destroy(root, cli=cli)
    assert (root / "commands").read_text().split() == ["up", "destroy"]


SILENT = {
    "dies": ("kill -9 $$", "did not say why"),
    "prints nonsense": ("echo hello", "without a result"),
    "fails": ("echo 'error: no disk' >&2; exit 3", "^no disk$"),
    "fails without a word": ("exit 3", "did not say why"),
}


@pytest.mark.parametrize("verb", [engine.UP, engine.DESTROY])
@pytest.mark.parametrize(("body", "why"), SILENT.values(), ids=SILENT.keys())
def test_a_cli_that_says_nothing_of_the_run_is_one_line(root, verb, body, why):
    workspace = Workspace(root, _environment(root, script(root, body)))
    with pytest.raises(EngineError, match=why):
        engine.run(workspace, FABRIC, verb, program() if verb == engine.UP else None, {}, targets=None)


@pytest.mark.filterwarnings("ignore:Error in event stream")  # the SDK's; hhsync keeps it in its log
def test_a_cli_that_dies_half_way_is_an_error_and_the_stack_can_be_freed(root):
    cli = script(root, f'echo $$ > {root}/pid; exec "$real" "$@"')

    def kill(props):
        if props["is"] == "b":
            os.kill(int((root / "pid").read_text()), signal.SIGKILL)

    recorder = Recorder(kill)
    with pytest.raises(EngineError):
        up(root, program(a=thing("a"), b=thing("b", after=["a"])), recorder=recorder, cli=cli)
    assert recorder.calls == [("create", "a"), ("create", "b")]
    Workspace(root, _environment(root)).cancel(FABRIC)
    up(root, program(a=thing("a"), b=thing("b", after=["a"])))
    assert kept(root) == {"a": 1, "b": 1}


def test_an_interrupt_lets_the_running_steps_end_and_keeps_what_they_made(root):
    result = []
    recorder = Recorder(lambda props: os.kill(os.getpid(), signal.SIGINT) if props["is"] == "a" else None)
    found = up(
        root,
        program(a=thing("a"), b=thing("b", after=["a"])),
        recorder=recorder,
        on_interrupt=lambda: result.append("stop"),
    )
    assert (found.interrupted, result) == (True, ["stop"])
    assert kept(root)["a"] == 1


def test_every_event_is_passed_on(root):
    seen = []
    up(root, program(a=thing("a")), on_event=seen.append)
    assert any(one.res_outputs_event and one.res_outputs_event.metadata.urn == urn("a") for one in seen)
