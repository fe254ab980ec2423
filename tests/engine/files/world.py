"""A project folder, a state folder and the engine's command line as a function, for tests."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from embedded.engine.command import execute

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Ran:
    """What a command line gave."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.code == 0, self.err
        return json.loads(self.out)


@dataclass
class Engine:
    """One project and one backend; a call runs a command line in the project's folder."""

    project: Path
    state: Path
    env: dict[str, str] = field(default_factory=dict)

    def __call__(self, *args: str, stdin: str | None = None, without: str = "", **env: str) -> Ran:
        out: list[str] = []
        err: list[str] = []
        merged = {key: value for key, value in {**self.env, **env}.items() if key != without}
        reader = None if stdin is None else lambda: stdin
        code = execute(list(args), cwd=self.project, env=merged, out=out.append, err=err.append, stdin=reader)
        return Ran(code, "\n".join(out), "\n".join(err))

    @property
    def stack_file(self) -> Path:
        return self.project / "Pulumi.dev.yaml"

    @property
    def state_file(self) -> Path:
        return self.state / ".pulumi" / "stacks" / "proj" / "dev.json"

    @property
    def lock_folder(self) -> Path:
        return self.state / ".pulumi" / "locks" / "organization" / "proj" / "dev"


def make_engine(folder: Path) -> Engine:
    """A project named `proj` in `folder`, without stacks."""
    project, state, home = folder / "project", folder / "state", folder / "home"
    for made in (project, state, home):
        made.mkdir()
    (project / "Pulumi.yaml").write_text("name: proj\nruntime: python\n")
    env = {"PULUMI_HOME": str(home), "PULUMI_BACKEND_URL": f"file://{state}", "PULUMI_CONFIG_PASSPHRASE": "a phrase"}
    return Engine(project, state, env)
