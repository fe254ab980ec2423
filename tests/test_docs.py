"""What the documents promise is there: keys, commands, JSON shapes, the functions and links that they name."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import jsonschema_rs
import pytest
import typer

from automation.cli import app
from providers.config_keys import CONFIG
from tests.support.json_schema import validate

ROOT = Path(__file__).resolve().parents[1]

DOCUMENTS = sorted(
    [
        *(ROOT / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "stacks/README.md")),
        *(ROOT / "docs").rglob("*.md"),
    ]
)
COMMAND = (ROOT / "docs" / "command.md").read_text("utf-8")
EXAMPLES = {
    name: json.loads(text) for name, text in re.findall(r"^```json ([\w-]+)\n(.*?)^```$", COMMAND, re.DOTALL | re.M)
}
SCHEMA = json.loads((ROOT / "docs" / "report.schema.json").read_text("utf-8"))

# The example of a verb whose shape another name shows; the others have one of their own.
EXAMPLE_OF = {
    "preview": "operation",
    "sync": "sync",
    "destroy": "operation",
    "create": "edit",
    "delete": "edit",
    "promote": "edit",
    "revert": "edit",
    "services start": "services-start",
    "services status": "services-status",
    "netbox uninstall": "netbox-uninstall",
}

# `pulumi` prints what the CLI prints, `services stop` the common keys alone.
WITHOUT_EXAMPLE = {"pulumi", "services stop"}


def test_stacks_readme_has_every_config_key_with_the_text_of_the_code():
    text = (ROOT / "stacks" / "README.md").read_text("utf-8")
    entries = re.findall(r"^- `hhsync:\w+`.*(?:\n  .*)*", text, re.MULTILINE)
    assert sorted(re.sub(r"\n +", " ", entry) for entry in entries) == sorted(map(str, CONFIG))


# Mappings of free content, whose keys do not count.
FREE = {".not_touched", ".files", ".git_servers"}


def keys(value: object, at: str = "") -> set[str]:
    """The paths of all keys."""
    match value:
        case dict() if at not in FREE:
            return {f"{at}.{key}" for key in value} | {
                path for key, one in value.items() for path in keys(one, f"{at}.{key}")
            }
        case list():
            return {path for one in value for path in keys(one, f"{at}[]")}
    return set()


# `sync` and `preview` print the result of an operation.
DEFINITION_OF = {"sync": "operation"}


def real() -> dict[str, object]:
    """By an example's name, what the code prints of values that have everything."""
    from authoring.conflict import Conflict, EditConflict
    from authoring.ingest.plan import Left
    from authoring.ingest.run import IngestResult
    from authoring.pull_requests import PullRequest
    from authoring.result import Changed, EditResult
    from automation import results
    from automation.operations import check
    from automation.operations.orphans import Orphans
    from automation.operations.status import CRStatus, StatusReport
    from automation.reports import as_json
    from automation.reports.edits import conflict_json
    from automation.setup import connections, init, servers
    from embedded.services.facts import FabricAccess, NetBoxAccess, PartStatus, Running
    from gitops.desired import DesiredState
    from gitops.load import Loaded
    from providers.core.diff import FieldChange
    from providers.core.drift.classify import Action, Detail
    from providers.core.drift.convergence import Agent
    from providers.core.drift.difference import Difference
    from providers.core.drift.report import DriftReport, FabricRecord, Source
    from providers.core.drift.states import State
    from providers.core.finding import whole
    from providers.core.identity import ObjectRef
    from providers.core.manifest import Origin

    ref, origin = ObjectRef("VPC", "default", "vpc-1"), Origin("a.yaml", 1, 0)
    vlan = FieldChange(("cluster",), 1, 2)
    difference = Difference(("cluster", "spec"), 1, 1, cluster=2, netbox=1, owned_by=("kubectl",))
    change = results.ResourceChange(str(ref), "update", (difference,))
    detail = Detail(
        ref,
        State.DRIFTED,
        origin,
        managed=True,
        differences=(difference,),
        action=Action.UPDATE,
    )
    record = FabricRecord(State.DRIFTED, (Difference(("record", "status"), 1, 1, netbox=2),))
    loaded = Loaded("u", "b", "f", "c", "c", 1, DesiredState({}, {}), (whole(origin, "bad"),))
    document = dict.fromkeys(("from", "document", "line", "cr", "path", "archive", "outcome"), "")
    return {
        "operation": results.OperationResult(results.PREVIEW, "f", results.Counts(), (change,)).to_json(),
        "sync": results.OperationResult(
            results.SYNC,
            "f",
            results.Counts(),
            fabric_changes=(results.ResourceChange("f/result", "update"),),
            reassignment=results.Reassignment(),
            health=results.Health(("a",), (Agent("leaf-01", 7, 6),)),
            not_done=(results.NotDone("a", "b"),),
            orphans_recorded=0,
        ).to_json(),
        "drift": as_json.drift_json(
            DriftReport("f", 1, {}, (detail,), source=Source("u", "b", "f", "c"), record=record)
        ),
        "orphans": Orphans("f", (), "", ("a",)).to_json(),
        "check": check.CheckReport("f", loaded, "j").to_json(),
        "status": StatusReport("f", (CRStatus(ref, State.SYNCED, "", origin, managed=True),), {}, 0).to_json(),
        "init": init.InitResult("f", ROOT, True, (connections.PartCheck("git", "works", "t"),)).to_json(),
        "ingest": IngestResult("f", "b", "c", "b", {"a": "b"}, ("p",), (document,), (Left("p", ("r",)),)).to_json(),
        "edit": EditResult(
            "edit", "f", "b", "b", "c", (Changed(ref, "update", "p", (vlan,)),), pull_request=PullRequest("u", True)
        ).to_json(),
        "conflict": conflict_json("edit", "f", EditConflict("b", "h", [Conflict(ref, "a", "b", None)])),
        "services-start": servers.running_json(
            Running(
                home="h",
                netbox=NetBoxAccess("u", "n", "p", "t"),
                fabrics=(FabricAccess(*["x"] * 10),),
                git_url="g",
                git=None,
                pids={},
            )
        ),
        "services-status": servers.status_json([PartStatus("netbox", "running", 1, "u")]),
    }


@pytest.mark.parametrize("name", sorted(real()))
def test_the_documented_json_has_the_keys_of_the_real_one(name):
    assert keys(EXAMPLES[name]) == keys(real()[name])


@pytest.mark.parametrize("name", sorted(set(real()) - {"drift"}))
def test_what_a_verb_prints_follows_its_schema(name):
    for found in (EXAMPLES[name], real()[name]):
        validate(DEFINITION_OF.get(name, name), found)


def test_a_key_that_the_schema_does_not_know_is_refused():
    with pytest.raises(jsonschema_rs.ValidationError):
        validate("check", {**real()["check"], "more": 1})


@pytest.mark.parametrize("verb", ["drift", "preview"])
def test_the_documented_report_and_plan_follow_the_schema(verb):
    plan = EXAMPLES["plan"] if verb == "preview" else None
    jsonschema_rs.validate(SCHEMA, {**EXAMPLES["drift"], "verb": verb, "plan": plan})


def test_the_schema_knows_every_action_and_no_other():
    from providers.core.drift.classify import Action

    assert set(SCHEMA["$defs"]["detail"]["properties"]["action"]["enum"]) == {one.value for one in Action}


def test_a_verb_that_never_began_has_the_keys_that_all_share():
    from automation.results import failure

    shared = set(failure("drift", "f", []))
    alone = {"services-start", "services-status"}
    assert [name for name, one in EXAMPLES.items() if name not in {"plan", *alone} and not shared <= set(one)] == []
    assert [name for name in alone if not shared - {"fabric"} <= set(EXAMPLES[name])] == []


def test_every_command_is_in_the_documentation():
    group = {"services start": "hhsync services start", "services stop": "`stop`", "services status": "`status`"}
    assert [name for name in commands() if group.get(name, f"hhsync {name}") not in COMMAND] == []


def commands() -> dict[str, object]:
    root = typer.main.get_command(app.app)
    found = {}
    for name, command in root.commands.items():
        inner = getattr(command, "commands", None)
        found |= {f"{name} {sub}": one for sub, one in inner.items()} if inner else {name: command}
    return found


@pytest.mark.parametrize("name", sorted(set(commands()) - WITHOUT_EXAMPLE))
def test_every_verb_has_an_example_of_its_json(name):
    assert EXAMPLE_OF.get(name, name) in EXAMPLES


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_and_option_has_help(name):
    command = commands()[name]
    assert command.help
    assert [option.name for option in command.params if not getattr(option, "help", None)] == []


def pages() -> list[object]:
    return [pytest.param(path, id=str(path.relative_to(ROOT))) for path in DOCUMENTS]


@pytest.mark.parametrize("path", pages())
def test_lines_of_a_document_are_at_most_100_characters(path):
    lines = path.read_text("utf-8").splitlines()
    assert [number for number, line in enumerate(lines, 1) if len(line) > 100] == []


def anchors(path: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", path.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("path", pages())
def test_links_of_a_document_lead_somewhere(path):
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text("utf-8")):
        if re.match(r"\w+:", target):
            continue
        name, _, anchor = target.partition("#")
        found = (path.parent / name).resolve() if name else path
        if not found.exists() or (anchor and anchor not in anchors(found)):
            broken.append(target)
    assert broken == []


def names_in(path: Path) -> set[str]:
    """The functions, classes, methods (as Class.method) and constants of a module."""
    found = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{one.name}" for one in node.body if isinstance(one, ast.FunctionDef)}
        if isinstance(node, ast.Assign):
            found |= {one.id for one in node.targets if isinstance(one, ast.Name)}
    return found


@pytest.mark.parametrize("path", pages())
def test_the_modules_and_functions_that_a_document_names_are_there(path):
    named = re.findall(r"`((?:[\w-]+/)*\w+\.py)(?::([\w.]+))?", path.read_text("utf-8"))
    missing = []
    for file, name in named:
        found = (ROOT / file, path.parent / file, *ROOT.glob(f"*/{file}"), *ROOT.glob(f"*/*/{file}"))
        there = [one for one in found if one.is_file()]
        if not there or (name and not any(name in names_in(one) for one in there)):
            missing.append(f"{file}:{name}")
    assert missing == []


def test_every_variable_that_a_document_names_is_one_that_the_code_reads():
    code = "\n".join(
        path.read_text("utf-8")
        for folder in ("automation", "program", "providers", "authoring", "embedded")
        for path in (ROOT / folder).rglob("*.py")
    )
    today = [path for path in DOCUMENTS if path.name != "CHANGELOG.md"]
    named = {name for path in today for name in re.findall(r"HHSYNC_[A-Z_]+", path.read_text("utf-8"))}
    assert sorted(name for name in named if name not in code) == []


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


def messages() -> str:
    """Every text in the code that is no docstring, f-strings with "…" for what they fill in."""
    found = []
    for folder in ("automation", "program", "gitops", "providers", "authoring", "embedded"):
        for path in (ROOT / folder).rglob("*.py"):
            tree = ast.parse(path.read_text("utf-8"))
            prose = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            for node in ast.walk(tree):
                if node in prose:
                    continue
                if isinstance(node, ast.JoinedStr):
                    parts = [part.value if isinstance(part, ast.Constant) else "…" for part in node.values]
                    found.append("".join(map(str, parts)))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    found.append(node.value)
    return "\n".join(found)


def test_the_runbook_quotes_what_is_printed():
    text = re.sub(r"\n +", " ", (ROOT / "docs" / "runbook.md").read_text("utf-8"))
    rows = re.findall(r"^- (\".*?\"):", text, re.MULTILINE)
    assert len(rows) > 20
    code = messages()
    pieces = {piece.strip(' ",.:;()') for row in rows for piece in re.split(r"…", row)}
    assert sorted(piece for piece in pieces if len(piece) > 8 and piece not in code) == []
