"""A project with the recorded stack on the real CLI, without servers: state and config of every test are its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from automation.engine.workspace import Workspace
from tests.support.recorded_project import environment, state_file
from tests.support.states import RECORDED, STACK

if TYPE_CHECKING:
    from pathlib import Path

# The text "hush", encrypted with the recorded state's salt and the tests' passphrase.
TOKEN = "v1:lgpxKb8/pCxNyQ/v:tqDg6oO8uffMHQQh3LGzJ9b/Cx4="

GIT_URL = "https://git.example.org/fabrics.git"


@pytest.fixture
def real(tmp_path: Path) -> Workspace:
    """The workspace; the backend is `state` in its root."""
    kept = json.loads(RECORDED.read_text("utf-8"))
    salt = kept["checkpoint"]["latest"]["secrets_providers"]["state"]["salt"]
    (tmp_path / "stacks").mkdir()
    (tmp_path / "Pulumi.yaml").write_text("name: hhsync\nruntime: python\nmain: program/\nstackConfigDir: stacks\n")
    (tmp_path / "stacks" / f"Pulumi.{STACK}.yaml").write_text(
        f"encryptionsalt: {salt}\nconfig:\n  hhsync:gitUrl: {GIT_URL}\n  hhsync:netboxToken: {{secure: {TOKEN}}}\n"
    )
    state_file(tmp_path).parent.mkdir(parents=True)
    state_file(tmp_path).write_text(RECORDED.read_text("utf-8"))
    (tmp_path / "state" / ".pulumi" / "meta.yaml").write_text("version: 1\n")
    return Workspace(tmp_path, environment(tmp_path))
