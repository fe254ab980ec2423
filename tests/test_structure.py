"""The tree tells where a change goes: what this project promises of its own structure."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("hedgehog", "program", "gitops", "providers", "authoring", "automation", "embedded")
MODULES, LINES, DOCSTRING = 15, 300, 3

FILES = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "--", "*.py"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.split()
]
CODE = [path for path in FILES if path.relative_to(ROOT).parts[0] in PACKAGES]
FOLDERS = sorted({path.parent.relative_to(ROOT) for path in CODE}, key=str)
TESTS = [path for path in FILES if path.relative_to(ROOT).parts[0] == "tests"]


def test_no_module_is_too_long_to_read_at_once():
    counts = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in CODE}
    assert {name: count for name, count in counts.items() if count > LINES} == {}


@pytest.mark.parametrize("folder", FOLDERS, ids=str)
def test_a_folder_has_few_modules(folder):
    modules = [path for path in CODE if path.parent == ROOT / folder and path.name != "__init__.py"]
    assert len(modules) <= MODULES


@pytest.mark.parametrize("folder", [folder for folder in FOLDERS if folder.name != "crds"], ids=str)
def test_a_package_says_what_it_is_for(folder):
    text = ast.get_docstring(ast.parse((ROOT / folder / "__init__.py").read_text("utf-8"))) or ""
    assert len(text.splitlines()) >= DOCSTRING


@pytest.mark.parametrize("path", TESTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_tests_share_through_tests_support_alone(path):
    imported = {
        node.module
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tests")
    }
    assert {name for name in imported if not name.startswith("tests.support")} == set()
