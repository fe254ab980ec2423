"""`hhsync pulumi -- ARGS`: which hosts for Python programs the CLI finds, and what it is given."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from automation.cli import passthrough
from automation.engine.workspace import Workspace

HOST = "pulumi-language-python"


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    """A project with a CLI that is not on PATH, in a folder of its own."""
    monkeypatch.setenv("HHSYNC_CACHE", str(tmp_path / "cache"))
    (tmp_path / "Pulumi.yaml").write_text("name: hhsync\nruntime: python\n")
    program(tmp_path / "installed" / "pulumi", "echo v3.274.1")
    return Workspace(tmp_path, {"PATH": "/usr/bin", "HHSYNC_PULUMI": str(tmp_path / "installed" / "pulumi")})


def program(path: Path, line: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{line}\n")
    path.chmod(0o755)


def host_of(workspace) -> Path:
    _, env = passthrough.command(workspace, [])
    return Path(shutil.which(HOST, path=env["PATH"]))


def test_the_host_that_stands_beside_the_cli_goes_before_ours(workspace):
    program(workspace.root / "installed" / HOST, "")
    assert host_of(workspace) == workspace.root / "installed" / HOST


def test_ours_is_taken_where_pulumi_has_installed_none(workspace):
    assert host_of(workspace).parts[-3:] == ("embedded", "plugins", HOST)


def test_the_cli_gets_the_arguments_as_they_are_and_the_projects_backend(workspace):
    argv, env = passthrough.command(workspace, ["up", "--stack", "fabric-1"])
    assert argv == [str(workspace.root / "installed" / "pulumi"), "up", "--stack", "fabric-1"]
    assert (env["PULUMI_BACKEND_URL"], env["PULUMI_RUN_PROGRAM"]) == ("file://~", "true")
