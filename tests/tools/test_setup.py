"""tools/setup.py: which Python it takes, and when the project's environment is made anew."""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "tools" / "setup.py"


@pytest.fixture
def script(monkeypatch, tmp_path):
    spec = importlib.util.spec_from_file_location("hhsync_set_up", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text("a\n")
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "hhsync").touch()
    monkeypatch.setattr(module, "ROOT", str(tmp_path))
    monkeypatch.setattr(module, "VENV", str(tmp_path / ".venv"))
    monkeypatch.setattr(module, "VENV_PYTHON", str(tmp_path / ".venv" / "bin" / "python"))
    monkeypatch.setattr(module, "STAMP", str(tmp_path / ".venv" / ".set-up"))
    return module


def interpreter(folder, name, version):
    """A program that answers as an interpreter of this version would, or fails as an empty shim does."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{f'echo {version}' if version else 'exit 127'}\n")
    path.chmod(0o755)
    return str(path)


def test_the_script_is_python_3_9():
    ast.parse(SCRIPT.read_text(), feature_version=(3, 9))


def test_a_python_of_path_that_is_new_enough_is_taken(script, monkeypatch, tmp_path):
    shims = [
        interpreter(tmp_path, "shim", ""),
        interpreter(tmp_path, "old", "3 11"),
        interpreter(tmp_path, "new", "3 13"),
    ]
    monkeypatch.setattr(script, "candidates", lambda: iter(shims))
    assert script.find_python() == (shims[2], (3, 13))


def test_pyenvs_versions_are_looked_at_after_path(script, monkeypatch, tmp_path):
    (tmp_path / "pyenv" / "versions" / "3.12.1" / "bin").mkdir(parents=True)
    held = interpreter(tmp_path / "pyenv" / "versions" / "3.12.1" / "bin", "python3", "3 12")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / "pyenv"))
    assert list(script.candidates())[-1] == held


def test_an_environment_that_works_is_taken_first(script, tmp_path):
    own = interpreter(tmp_path / ".venv" / "bin", "python", "3 12")
    assert script.find_python() == (own, (3, 12))


def test_no_python_is_one_line(script, monkeypatch):
    monkeypatch.setattr(script, "candidates", lambda: iter(["/no/python"]))
    with pytest.raises(SystemExit, match=r"hhsync needs Python 3\.12 or newer"):
        script.find_python()


def test_a_made_environment_is_kept_until_what_it_is_made_from_changes(script, tmp_path):
    stamp = script.wanted_stamp((3, 12))
    assert not script.environment_is_ready(stamp)
    (tmp_path / ".venv" / ".set-up").write_text(stamp)
    assert script.environment_is_ready(stamp)
    (tmp_path / "constraints.txt").write_text("b\n")
    assert not script.environment_is_ready(script.wanted_stamp((3, 12)))


def test_a_ready_environment_asks_nobody(script, monkeypatch, tmp_path):
    (tmp_path / ".venv" / ".set-up").write_text(script.wanted_stamp((3, 12)))
    monkeypatch.setattr(script, "run", lambda *_: pytest.fail("something was run"))
    assert script.make_environment(sys.executable, (3, 12)) == 0


def test_a_failed_installation_is_tried_again(script, monkeypatch):
    codes = iter([0, 1, 0, 0])
    monkeypatch.setattr(script, "run", lambda *_: next(codes))
    assert script.make_environment("python3.12", (3, 12)) == 1
    assert not script.environment_is_ready(script.wanted_stamp((3, 12)))
    assert script.make_environment("python3.12", (3, 12)) == 0
    assert script.environment_is_ready(script.wanted_stamp((3, 12)))
