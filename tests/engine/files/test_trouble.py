"""States, journals, projects and settings that cannot be used: one line that names the file, and nothing is changed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from embedded.engine import operations, stack
from embedded.engine.journal_file import JournalFile, digest

if TYPE_CHECKING:
    from tests.engine.files.world import Engine

URN = "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev"


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "_ATTEMPTS", 2)
    monkeypatch.setattr(operations, "run", lambda _request, _context: 0)


def change_state(engine: Engine, **latest: Any) -> None:
    state = json.loads(engine.state_file.read_bytes())
    state["checkpoint"]["latest"].update(latest)
    engine.state_file.write_text(json.dumps(state))


def journal(engine: Engine, *records: dict[str, Any], state: bytes | None = None) -> None:
    data = engine.state_file.read_bytes() if state is None else state
    salt = json.loads(engine.state_file.read_bytes())["checkpoint"]["latest"]["secrets_providers"]["state"]["salt"]
    file = JournalFile(engine.state_file.with_name("dev.json.journal"), digest(data), [], salt)
    for record in records:
        file.append(record)
    file.close()


STATES: list[tuple[dict[str, Any], str]] = [
    ({"resources": [{"urn": URN, "type": "t", "parent": "urn:none"}]}, "its parent urn:none is missing"),
    ({"manifest": {"version": "v1", "magic": "x", "time": ""}}, "magic"),
    ({"secrets_providers": {"type": "awskms", "state": {}}}, "awskms"),
    ({"snippets": [{"uuid": "1"}]}, "snippets"),
    (
        {
            "secrets_providers": None,
            "resources": [
                {
                    "urn": URN,
                    "type": "t",
                    "outputs": {
                        "s": {
                            "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
                            "ciphertext": "v1:a:b",
                        }
                    },
                }
            ],
        },
        "names no secrets provider",
    ),
]


@pytest.mark.parametrize(("latest", "reason"), STATES, ids=[row[1] for row in STATES])
@pytest.mark.parametrize("line", ["preview", "up --yes"])
def test_a_state_that_cannot_be_used_is_refused(dev: Engine, latest: dict[str, Any], reason: str, line: str) -> None:
    change_state(dev, **latest)
    before = dev.state_file.read_bytes()
    ran = dev(*line.split())
    assert (ran.code in (1, 2), reason in ran.err, "\n" in ran.err) == (True, True, False), ran.err
    assert dev.state_file.read_bytes() == before
    assert list(dev.lock_folder.glob("*")) == []


PUT = {"record": "put", "new": "n1", "resource": {"urn": URN, "type": "pulumi:pulumi:Stack", "outputs": {"o": 1}}}


def test_outputs_that_only_the_journal_has_are_shown(dev: Engine) -> None:
    journal(dev, PUT)
    assert dev("stack", "output", "--json").json == {"o": 1}


@pytest.mark.parametrize("line", ["preview", "stack output", "up --yes", "stack rm --yes dev"])
def test_a_journal_of_another_state_is_for_a_person_to_decide(dev: Engine, line: str) -> None:
    journal(dev, PUT, state=b"another")
    before = dev.state_file.read_bytes()
    ran = dev(*line.split())
    assert (ran.code, "dev.json.journal" in ran.err, "then delete the journal" in ran.err) == (1, True, True)
    assert dev.state_file.read_bytes() == before
    assert dev.state_file.with_name("dev.json.journal").exists()


@pytest.mark.parametrize("line", ["preview", "up --yes"])
def test_a_journal_that_makes_no_sound_state_is_kept(dev: Engine, line: str) -> None:
    journal(dev, PUT, {**PUT, "new": "n2"})
    ran = dev(*line.split())
    assert (ran.code, "cannot be folded in: duplicate resource" in ran.err) == (1, True)
    assert dev.state_file.with_name("dev.json.journal").exists()


def test_a_secret_cannot_be_stored_without_a_provider(dev: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    from embedded.engine.stack import Stack
    from embedded.engine.state import Resource, Snapshot
    from embedded.engine.values import Secret

    secret = Snapshot([Resource(URN, "t", custom=False, outputs={"s": Secret(1)})])
    with pytest.raises(stack.IntegrityError, match="no secrets provider"):
        Stack.save(_stack_of(dev), secret)


def _stack_of(engine: Engine) -> stack.Stack:
    from embedded.engine.backend import Backend, StackRef

    backend = Backend.open(engine.env, None, engine.project)
    return stack.Stack(backend, StackRef("proj", "dev"), engine.env, print, engine.project)


PROJECTS = [
    ("[", "could not read"),
    ("- a\n", "expected a mapping"),
    ("runtime: python\n", "project name ''"),
    ("name: a b\nruntime: python\n", "project name 'a b'"),
    ("name: [a]\nruntime: python\n", "name must be a text"),
    ("name: proj\n", "runtime must be"),
    ("name: proj\nruntime: {name: python, options: 5}\n", "runtime must be"),
    ("name: proj\nruntime: python\noptions: 5\n", "options must be a mapping"),
    ("name: proj\nruntime: python\nconfig: [1]\n", "config must be a mapping"),
]


@pytest.mark.parametrize(("text", "reason"), PROJECTS)
def test_a_project_file_that_cannot_be_used_is_named(dev: Engine, text: str, reason: str) -> None:
    (dev.project / "Pulumi.yaml").write_text(text)
    ran = dev("preview")
    assert (ran.code, reason in ran.err, "Pulumi.yaml" in ran.err) == (1, True, True), ran.err


def test_a_project_in_json_is_refused_by_name(dev: Engine) -> None:
    (dev.project / "Pulumi.yaml").rename(dev.project / "Pulumi.json")
    ran = dev("preview")
    assert (ran.code, "Pulumi.json" in ran.err) == (2, True)


def test_a_project_is_found_from_a_folder_below(dev: Engine) -> None:
    below = dev.project / "a" / "b"
    below.mkdir(parents=True)
    assert dev("-C", "a/b", "stack", "--show-name").out == "dev"
    assert dev("-C", "nowhere", "version").code == 1


def test_a_main_file_is_run_in_its_own_folder(dev: Engine) -> None:
    from embedded.engine import project

    (dev.project / "app").mkdir()
    (dev.project / "app" / "run.py").write_text("")
    (dev.project / "Pulumi.yaml").write_text("name: proj\nruntime: {name: python, options: {x: 1}}\nmain: app/run.py\n")
    read = project.load(dev.project / "Pulumi.yaml")
    assert (read.program_dir, read.entry_point) == (dev.project / "app", "run.py")
    assert (read.runtime, read.runtime_options) == ("python", {"x": 1})


def test_settings_that_cannot_be_read_are_named(dev: Engine) -> None:
    (next(dev.project.parent.glob("home/workspaces/*"))).write_text("{")
    ran = dev("preview")
    assert (ran.code, "workspace.json" in ran.err) == (1, True)


def test_a_history_that_cannot_be_read_is_named(dev: Engine) -> None:
    folder = dev.state / ".pulumi" / "history" / "proj" / "dev"
    folder.mkdir(parents=True)
    (folder / "dev-1.history.json").write_text("{}")
    ran = dev("stack", "history", "--json")
    assert (ran.code, "dev-1.history.json" in ran.err) == (1, True)


def test_a_file_that_may_not_be_written_is_one_line(dev: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    from embedded.engine import stackconfig

    def denied(*_args: object) -> None:
        raise PermissionError(13, "Permission denied", "Pulumi.dev.yaml")

    monkeypatch.setattr(stackconfig, "write_atomic", denied)
    ran = dev("config", "set", "k", "v")
    assert (ran.code, ran.err) == (1, "error: Permission denied: Pulumi.dev.yaml")


def test_tables_for_people(dev: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_request: Any, context: Any) -> int:
        from embedded.engine.state import Resource

        context.journal.write(Resource(URN, "pulumi:pulumi:Stack", custom=False, outputs={"o": [1]}))
        context.record_history(result="failed", started=1, ended=3, changes={"create": 1})
        return 0

    assert "No output values" in dev("stack", "output").out
    assert "never been updated" in dev("stack", "history").out
    monkeypatch.setattr(operations, "run", run)
    dev("up", "--skip-preview", "--message", "why")
    assert dev("stack", "output").out == "Current stack outputs (1):\n    OUTPUT  VALUE\n    o       [1]"
    assert "Status: failed\nMessage: why\nChanges: create 1" in dev("stack", "history").out
    assert "dev*" in dev("stack", "ls").out
    assert "pulumi:pulumi:Stack  proj-dev" in dev("stack").out
    assert URN in dev("stack", "--show-urns").out
    assert "embedded (pure Python)" in dev("about").out
    assert dev("whoami").out
    assert "Backend URL: file://" in dev("whoami", "--verbose").out
    assert "No plugins" in dev("plugin", "ls").out
    assert dev("stack", "unselect").code == 0
    assert dev("stack").code == 6
    assert dev("stack", "export", "--stack", "dev", "--file", "out.json").out == ""
    assert json.loads((dev.project / "out.json").read_text())["version"] == 3


@pytest.mark.parametrize(
    "line",
    [
        "up --yes --target a --exclude b",
        "up --yes --refresh=maybe",
        "up --yes -c novalue",
        "preview --output yaml",
        "stack output --json --shell",
        "stack ls --organization acme",
        "stack rm --yes other --stack dev",
        "config set k v --secret --plaintext",
        "config set-all --json {} --path",
        "stack init x --secrets-provider awskms://k",
    ],
)
def test_what_does_not_go_together_is_exit_code_2(dev: Engine, line: str) -> None:
    assert dev(*line.split()).code == 2


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"k": 5}', '{"k": {"secret": true}}', '{"k": {"value": "{", "objectValue": 1}}']
)
def test_a_malformed_json_of_values_changes_nothing(dev: Engine, text: str) -> None:
    before = dev.stack_file.read_text()
    assert dev("config", "set-all", "--json", text).code == 1
    assert dev.stack_file.read_text() == before
