"""What the documents promise is there: every config key is described, every command has help."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import typer

from automation import cli
from providers import settings

ROOT = Path(__file__).resolve().parents[1]


def stack_keys() -> set[str]:
    text = (ROOT / "stacks" / "README.md").read_text("utf-8")
    return set(re.findall(r"^\| `hhsync:(\w+)` \|", text, re.MULTILINE))


def test_stacks_readme_describes_every_config_key_and_no_other():
    assert stack_keys() == set(settings.KEYS)


def test_stacks_readme_marks_the_secret_keys():
    text = (ROOT / "stacks" / "README.md").read_text("utf-8")
    marked = {row.split("`")[1].removeprefix("hhsync:") for row in text.splitlines() if "**secret**" in row}
    assert marked == set(settings.SECRET_KEYS)


def commands() -> dict[str, object]:
    root = typer.main.get_command(cli.app)
    found = {}
    for name, command in root.commands.items():
        inner = getattr(command, "commands", None)
        found |= {f"{name} {sub}": one for sub, one in inner.items()} if inner else {name: command}
    return found


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_and_option_has_help(name):
    command = commands()[name]
    assert command.help
    assert [option.name for option in command.params if not getattr(option, "help", None)] == []


def test_only_the_targets_and_the_embedded_parts_speak_http():
    spoken = [
        path.relative_to(ROOT)
        for folder in ("automation", "program")
        for path in (ROOT / folder).rglob("*.py")
        if re.search(
            r"^\s*(?:import|from) (?:httpx2|lightkube|requests|urllib\.request)\b", path.read_text("utf-8"), re.M
        )
    ]
    assert spoken == []


def test_no_settings_of_the_sdk_are_saved():
    """They would drop stackConfigDir and options from Pulumi.yaml, or look for the stack file in the wrong folder."""
    callers = [
        path.name
        for path in (ROOT / "automation").rglob("*.py")
        if re.search(r"\.(?:save_project_settings|save_stack_settings|stack_settings)\(", path.read_text("utf-8"))
    ]
    assert callers == []
