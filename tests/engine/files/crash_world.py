"""A program with every kind of step, a server in a folder, and a process that can be killed at any journal record.

`python -m tests.engine.files.crash_world FOLDER` runs the whole table in forks of one process, which has the SDK imported
already, and prints one JSON line per place where a run was killed.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import pulumi
from pulumi.automation._server import LanguageServer
from pulumi.dynamic import CreateResult, DiffResult, Resource, ResourceProvider, UpdateResult
from pulumi.runtime.proto import language_pb2_grpc

from embedded.engine import operations, secrets
from embedded.engine.backend import Backend
from embedded.engine.command import execute
from embedded.engine.journal_file import JournalFile

if TYPE_CHECKING:
    from collections.abc import Callable

assert operations  # imported before the first fork: it is what takes time

FOLDER = "CRASH_WORLD"


def _server() -> Path:
    return Path(os.environ[FOLDER]) / "server"


def _call(kind: str, key: str) -> None:
    with (_server().parent / "calls").open("a") as file:
        file.write(f"{kind} {key}\n")


class ShelfProvider(ResourceProvider):
    """Objects have a key and a size. A change of `kind` deletes first, a change of `key` creates first."""

    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        changed = [name for name in ("key", "kind", "size") if _olds.get(name) != _news.get(name)]
        replaces = [name for name in changed if name != "size"]
        return DiffResult(changes=bool(changed), replaces=replaces, delete_before_replace="kind" in replaces)

    def create(self, props: dict[str, Any]) -> CreateResult:
        _call("create", props["key"])
        (_server() / props["key"]).write_text(str(props.get("size")))
        return CreateResult(f"id-{props['key']}", {**props, "made": props["key"]})

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        _call("update", _news["key"])
        (_server() / _news["key"]).write_text(str(_news.get("size")))
        return UpdateResult({**_news, "made": _news["key"]})

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        _call("delete", _props["key"])
        (_server() / _props["key"]).unlink(missing_ok=True)


class Shelf(Resource, module="test", name="Shelf"):
    """The resource."""

    made: pulumi.Output[str]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **props: Any) -> None:
        super().__init__(ShelfProvider(), name, {"key": name, "made": None, **props}, opts)


class Group(pulumi.ComponentResource):
    """A component around one of them."""

    def __init__(self, name: str, size: int) -> None:
        super().__init__("test:index:Group", name)
        self.inner = Shelf(f"{name}-inner", pulumi.ResourceOptions(parent=self), size=size)
        self.register_outputs({"size": size})


def before() -> None:
    keep = Shelf("keep", size=1)
    Shelf("change", size=1, of=keep.made)
    Shelf("delete-first", kind="a")
    Shelf("create-first", key="old-key")
    Shelf("gone", pulumi.ResourceOptions(depends_on=[keep]))
    Group("group", 1)


def after() -> None:
    keep = Shelf("keep", size=1)
    Shelf("change", size=2, of=keep.made)
    first = Shelf("delete-first", kind="b", size=3)
    Shelf("create-first", key="new-key")
    Shelf("new", of=first.made, secret=pulumi.Output.secret("hush"))
    Group("group", 2)
    pulumi.export("made", first.made)


OBJECTS = {
    "keep": "1.0",
    "change": "2.0",
    "delete-first": "3.0",
    "new-key": "None",
    "new": "None",
    "group-inner": "2.0",
}
"""What the server has after `after`, and `NAMES` what the state has."""
NAMES = ["keep", "change", "delete-first", "create-first", "new", "group-inner", "group", "proj-dev", "default"]


@dataclass(frozen=True)
class Kill:
    """Where a run is killed: around the writing of a record (counted from 0, the header), or of the state."""

    when: str
    """`after` a record is written, `before` it is, `torn` in the middle; `state` before it is written, `stored` after."""
    number: int = 0
    then: Kill | None = None
    """Where the run that recovers is killed too."""

    @property
    def name(self) -> str:
        """For people, and for the folder."""
        return f"{self.when}-{self.number}" + (f"-then-{self.then.name}" if self.then else "")

    def arm(self) -> None:
        """Make this process kill itself there."""
        write_lines, write = JournalFile._write, Backend.write
        count = iter(range(1, 10**9))

        def die() -> None:
            os.kill(os.getpid(), signal.SIGKILL)

        def counted(self_: JournalFile, lines: list[bytes]) -> None:
            for line in lines:
                here = next(count) == self.number
                if here and self.when == "before":
                    die()
                if here and self.when == "torn":
                    os.write(self_._descriptor, line[:20])
                    die()
                write_lines(self_, [line])
                if here and self.when == "after":
                    die()

        def stored(self_: Backend, ref: Any, data: bytes) -> None:
            if self.when == "state":
                die()
            write(self_, ref, data)
            if self.when == "stored":
                die()

        JournalFile._write = counted  # type: ignore[method-assign, assignment]
        Backend.write = stored  # type: ignore[method-assign, assignment]


class World:
    """One folder with project, state and server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "a phrase",
        }

    @classmethod
    def make(cls, folder: Path) -> World:
        """A stack that has run `before`."""
        for name in ("project", "state", "home", "server"):
            (folder / name).mkdir(parents=True)
        (folder / "project" / "Pulumi.yaml").write_text("name: proj\nruntime: python\n")
        world = cls(folder)
        assert world.fork(lambda: world.execute("stack", "init", "dev")) == 0
        assert world.fork(lambda: world.up(before)) == 0, world.said()
        return world

    def copy(self, folder: Path) -> World:
        """Another world in the same state, without the log of calls."""
        shutil.copytree(self.folder, folder)
        (folder / "calls").write_text("")
        return World(folder)

    def execute(self, *args: str) -> int:
        """Run one command line in this process."""
        with (self.folder / "said").open("a") as file:

            def say(text: str) -> None:
                file.write(f"{text}\n")
                file.flush()

            return execute(list(args), cwd=self.folder / "project", env=self.env, out=say, err=say)

    def up(self, program: Callable[[], None], *flags: str) -> int:
        """Update in this process."""
        os.environ[FOLDER] = str(self.folder)
        server = grpc.server(ThreadPoolExecutor(max_workers=4))  # type: ignore[no-untyped-call]
        language_pb2_grpc.add_LanguageRuntimeServicer_to_server(LanguageServer(program), server)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        return self.execute("up", "--stack", "dev", "--skip-preview", f"--client=127.0.0.1:{port}", *flags)

    def fork(self, run: Callable[[], int]) -> int:
        """The exit code of `run` in a process of its own, negative for a signal."""
        child = os.fork()
        if child == 0:
            code = 99
            try:
                code = run()
            finally:
                os._exit(code)
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status)

    def said(self) -> str:
        """Everything that was said."""
        return (self.folder / "said").read_text()

    def calls(self) -> list[str]:
        """`create KEY`, `update KEY`, `delete KEY`, in order."""
        return (self.folder / "calls").read_text().splitlines()

    def journal(self) -> list[dict[str, Any]]:
        """The whole records that a killed run left."""
        path = self.folder / "state" / ".pulumi" / "stacks" / "proj" / "dev.json.journal"
        return [json.loads(line) for line in path.read_text().split("\n")[:-1]] if path.exists() else []

    def _killed(self, kill: Kill | None) -> int:
        if kill is not None:
            kill.arm()
        return self.up(after)

    def outcome(self, kill: Kill) -> dict[str, Any]:
        """Kill an update there, go on with a new process, and tell what came of it."""

        code = self.fork(lambda: self._killed(kill))
        records, first = self.journal(), self.calls()
        if kill.then is not None:
            self.fork(lambda: self._killed(kill.then))
        again = self.fork(lambda: self.up(after))
        second = self.calls()[len(first) :]
        last = self.fork(lambda: self.up(after, "--expect-no-changes"))
        state = json.loads((self.folder / "state" / ".pulumi" / "stacks" / "proj" / "dev.json").read_text())
        latest = state["checkpoint"]["latest"]
        return {
            "kill": kill.name,
            "killed": code == -signal.SIGKILL,
            "codes": [again, last],
            "objects": {path.name: path.read_text() for path in (self.folder / "server").iterdir()},
            "names": [entry["urn"].rpartition("::")[2] for entry in latest["resources"]],
            "pending": [operation["type"] for operation in latest.get("pending_operations", ())],
            "twice": sorted(set(_finished(records)) & set(second)),
            "left": sorted(path.name for path in (self.folder / "state").rglob("*") if _left(path)),
            "said": self.said()[-1500:] if [again, last] != [0, 0] else "",
        }


def _left(path: Path) -> bool:
    return path.is_file() and (path.suffix == ".journal" or "locks" in path.parts or path.name.endswith(".tmp"))


def _finished(records: list[dict[str, Any]]) -> list[str]:
    """The calls that the journal says are over, as the server logs them."""
    words = {"creating": "create", "updating": "update", "deleting": "delete"}
    begun = {record["token"]: record for record in records if record["record"] == "begin"}
    ended = [record["token"] for record in records if record["record"] == "end"]
    return [f"{words[begun[token]['type']]} {begun[token]['resource']['inputs']['key']}" for token in ended]


def main() -> None:
    """Kill at every place there is, and print what came of each."""
    secrets.ITERATIONS = 10
    folder = Path(sys.argv[1])
    world = World.make(folder / "origin")
    whole = world.copy(folder / "whole")
    records = folder / "records"

    def count() -> int:
        write_lines = JournalFile._write

        def noted(self: JournalFile, lines: list[bytes]) -> None:
            with records.open("a") as file:
                file.writelines(f"{json.loads(line)['record']}\n" for line in lines)
            write_lines(self, lines)

        JournalFile._write = noted  # type: ignore[method-assign]
        return whole.up(after)

    assert world.fork(count) == 0, whole.said()
    kinds = records.read_text().split()
    table = [Kill("after", number) for number in range(1, len(kinds) + 1)]
    table += [Kill("before", number) for number, kind in enumerate(kinds, start=1) if kind == "end"]
    table += [Kill("torn", number) for number in (1, len(kinds) // 2, len(kinds))]
    table += [Kill("state"), Kill("stored")]
    table += [Kill("after", len(kinds) // 2, then=Kill(when)) for when in ("state", "stored")]
    for kill in table:
        place = world.copy(folder / kill.name)
        print(json.dumps(place.outcome(kill)), flush=True)
        shutil.rmtree(place.folder)


if __name__ == "__main__":
    main()
