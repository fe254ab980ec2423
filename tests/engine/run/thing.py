"""A dynamic provider whose server is a folder: one JSON file an object, a log of the calls, and faults to order."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pulumi  # noqa: TC002 - the SDK resolves the annotation below at run time
from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    Resource,
    ResourceProvider,
    UpdateResult,
)


class Server:
    """The folder. Every process that is given it sees the same objects."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "objects").mkdir(parents=True, exist_ok=True)

    def objects(self) -> dict[str, dict[str, Any]]:
        found = {}
        for path in (self.root / "objects").iterdir():
            if path.suffix == ".json":
                found[path.stem] = json.loads(path.read_text())
        return found

    def put(self, name: str, data: dict[str, Any]) -> None:
        path = self.root / "objects" / f"{name}.json"
        part = path.with_suffix(f".{os.getpid()}-{time.monotonic_ns()}")
        part.write_text(json.dumps(data))
        part.replace(path)

    def remove(self, name: str) -> None:
        (self.root / "objects" / f"{name}.json").unlink(missing_ok=True)

    def order(self, **faults: str) -> None:
        """Faults by `operation_name`: a message to raise, `after OTHER: MESSAGE`, `sleep SECONDS`, or `hang`."""
        (self.root / "faults.json").write_text(json.dumps(faults))

    def log(self, call: str, name: str, token: str = "") -> None:
        with (self.root / "calls").open("a") as file:
            file.write(json.dumps([call, name, token]) + "\n")

    def calls(self, *kinds: str) -> list[tuple[str, str]]:
        path = self.root / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        return [(call, name) for call, name, _ in map(json.loads, lines) if not kinds or call in kinds]

    def tokens(self, call: str) -> set[str]:
        lines = (self.root / "calls").read_text().splitlines()
        return {token for kind, _, token in map(json.loads, lines) if kind == call}

    def fault(self, call: str, name: str) -> None:
        path = self.root / "faults.json"
        faults = json.loads(path.read_text()) if path.exists() else {}
        wanted = faults.get(f"{call}_{name}")
        if wanted and wanted.startswith("after "):
            other, _, wanted = wanted.removeprefix("after ").partition(": ")
            while (call, other) not in self.calls():
                time.sleep(0.02)
        if wanted == "hang":
            time.sleep(3600)
        if wanted and wanted.startswith("sleep "):
            time.sleep(float(wanted.split()[1]))
        elif wanted:
            raise RuntimeError(wanted)


class ThingProvider(ResourceProvider):
    """Objects have a name, a size, tags, and a checksum that only the server knows."""

    serialize_as_secret_always = False

    def configure(self, req: ConfigureRequest) -> None:
        self._server = Server(Path(req.config.require("server")))
        self._token = req.config.get("token") or ""
        if (self._server.root / "refuse").exists():
            raise RuntimeError("the server refuses the token")

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        self._server.log("check", str(news.get("name")))
        self._server.fault("check", str(news.get("name")))
        failures = []
        if news.get("size") == -1:
            failures = [CheckFailure("size", "it is negative"), CheckFailure("tags.x", "it is not wanted")]
        return CheckResult(news, failures)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        if _olds.get("kind") != _news.get("kind"):
            return DiffResult(changes=True, replaces=["kind"], delete_before_replace=True)
        return DiffResult()

    def create(self, props: dict[str, Any]) -> CreateResult:
        name = props["name"]
        self._server.log("create", name, self._token)
        self._server.fault("create", name)
        held = self._server.objects().get(name)
        if held is not None:
            self._server.log("adopt", name)
        data = {**_own(props), "uid": held["uid"] if held else f"uid-{time.monotonic_ns()}"}
        self._server.put(name, data)
        self._server.fault("created", name)
        return CreateResult(f"id-{name}", {**_own(props), "uid": data["uid"]})

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        name = props["name"]
        self._server.log("read", name, self._token)
        self._server.fault("read", name)
        held = self._server.objects().get(name)
        if held is None:
            return ReadResult("", {})
        return ReadResult(id_, held, inputs=_own(held))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        name = _news["name"]
        self._server.log("update", name, self._token)
        self._server.fault("update", name)
        data = {**_own(_news), "uid": _olds["uid"]}
        self._server.put(name, data)
        return UpdateResult(data)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        name = _props["name"]
        self._server.log("delete", name, self._token)
        self._server.fault("delete", name)
        self._server.remove(name)


def _own(props: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in props.items() if key not in ("uid", "__provider")}


class Thing(Resource, module="test", name="Thing"):
    """The resource."""

    uid: pulumi.Output[str]

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None, **props: Any) -> None:
        super().__init__(ThingProvider(), name, {"name": name, "uid": None, **props}, opts)
