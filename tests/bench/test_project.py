"""The benchmark's project: what is changed in it is one CR, and another value each time."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from bench.git_repository import documents
from bench.project import Project

if TYPE_CHECKING:
    from pathlib import Path


def _made(tmp_path: Path, files: dict[str, str]) -> Project:
    project = Project.at(tmp_path / "project", "bench")
    project.make(files)
    return project


def _last_change(project: Project) -> list[str]:
    shown = ["git", "show", "--format=", "--unified=0", "HEAD"]
    lines = subprocess.run(
        shown, cwd=project.repository, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    return [line.strip("+ ") for line in lines if line.startswith("+") and not line.startswith("+++")]


def test_a_change_is_one_line_of_one_cr_and_another_each_time(tmp_path: Path) -> None:
    project = _made(tmp_path, documents(100))
    changes = []
    for _ in range(3):
        project.change_one()
        changes.append(_last_change(project))
    assert changes == [["team: round-1"], ["team: round-2"], ["team: round-3"]]


def test_a_fabric_without_the_label_is_an_error(tmp_path: Path) -> None:
    project = _made(tmp_path, {"vpcs/vpc-1.yaml": "kind: VPC\n"})
    with pytest.raises(RuntimeError, match="label that the benchmark changes"):
        project.change_one()


def test_what_a_run_left_without_an_end_is_not_measured_again(tmp_path: Path) -> None:
    _made(tmp_path, {"README.md": "left"})
    with pytest.raises(RuntimeError, match="did not end"):
        Project.at(tmp_path / "project", "bench").make({})
