"""What the documents promise is there: every config key is described, every command has help."""

from __future__ import annotations

import json
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


def documented(name: str) -> dict[str, object]:
    text = (ROOT / "docs" / "command.md").read_text("utf-8")
    return json.loads(re.search(rf"```json {name}\n(.*?)```", text, re.DOTALL).group(1))


def keys(value: object, at: str = "") -> set[str]:
    """The paths of all keys; the content of a free mapping does not count."""
    match value:
        case dict() if at != ".not_touched":
            return {f"{at}.{key}" for key in value} | {
                path for key, one in value.items() for path in keys(one, f"{at}.{key}")
            }
        case list():
            return {path for one in value for path in keys(one, f"{at}[]")}
    return set()


def real() -> dict[str, dict[str, object]]:
    from automation import checking, connections, orphans, report_json, results, stack_init
    from automation.status import Standing, StatusReport
    from program.desired import DesiredState
    from program.load import Loaded
    from providers.core.diff import FieldChange
    from providers.core.drift import Detail, Difference, DriftReport, FabricRecord, Source, State
    from providers.core.identity import ObjectRef
    from providers.core.manifest import Issue, Origin
    from providers.core.sides import Property
    from providers.core.state import CRState

    ref, origin = ObjectRef("VPC", "default", "vpc-1"), Origin("a.yaml", 1, 0)
    change = results.ResourceChange(str(ref), "update", (FieldChange(("cluster",), 1, 2),))
    detail = Detail(
        ref,
        State.DRIFTED,
        origin,
        managed=True,
        differences=(Difference("cluster", 1, 1, 2),),
        properties=(Property("spec", 1, 2, 1, ("cluster",), ("cluster", "netbox")),),
        owned={"cluster": ("kubectl",)},
    )
    record = FabricRecord(State.DRIFTED, (Difference("record.status", 1, 1, 2),))
    loaded = Loaded("u", "b", "f", "c", "c", 1, DesiredState({}, {}), (Issue(origin, "bad"),))
    return {
        "operation": results.OperationResult(
            results.PREVIEW, "f", results.Counts(), (change,), not_done=(results.NotDone("a", "b"),)
        ).to_json(),
        "drift": report_json.drift_json(
            DriftReport("f", 1, {}, (detail,), source=Source("u", "b", "f", "c"), record=record)
        ),
        "orphans": orphans.Orphans("f", (), "", ("a",)).to_json(),
        "check": checking.CheckReport("f", loaded, "j").to_json(),
        "status": StatusReport("f", (Standing(ref, CRState.SYNCED, "", origin, managed=True),), {}, 0).to_json(),
        "init": stack_init.InitResult("f", ROOT, True, (connections.PartCheck("git", "works", "t"),)).to_json(),
    }


@pytest.mark.parametrize("name", ["operation", "drift", "orphans", "check", "status", "init"])
def test_the_documented_json_has_the_keys_of_the_real_one(name):
    assert keys(documented(name)) == keys(real()[name])


def test_a_verb_that_never_began_has_the_keys_that_all_share():
    from automation.results import failure

    assert all(
        set(failure("drift", "f", [])) <= set(documented(name))
        for name in ("operation", "drift", "orphans", "check", "init")
    )


def test_every_command_is_in_the_documentation():
    text = (ROOT / "docs" / "command.md").read_text("utf-8")
    group = {"services start": "hhsync services start", "services stop": "`stop`", "services status": "`status`"}
    assert [name for name in commands() if group.get(name, f"hhsync {name}") not in text] == []


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
