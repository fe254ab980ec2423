"""What an operation is asked for, from command line and environment, and what it finds when it starts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from embedded.engine import operations
from embedded.engine.state import Resource

if TYPE_CHECKING:
    from embedded.engine.request import Context, Request
    from tests.engine.files.world import Engine

URN = "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Request, Context]]:
    calls: list[tuple[Request, Context]] = []

    def run(request: Request, context: Context) -> int:
        calls.append((request, context))
        return 0

    monkeypatch.setattr(operations, "run", run)
    return calls


REQUESTS: list[tuple[str, dict[str, str], dict[str, Any]]] = [
    ("preview", {}, {"kind": "preview", "preview_only": True, "refresh": None, "run_program": False, "client": None}),
    ("refresh --preview-only", {}, {"kind": "refresh", "preview_only": True}),
    ("destroy --preview-only --run-program", {}, {"kind": "destroy", "preview_only": True, "run_program": True}),
    ("up --yes --skip-preview", {"PULUMI_RUN_PROGRAM": "true"}, {"run_program": True, "preview_only": False}),
    ("up --yes --run-program=false", {"PULUMI_RUN_PROGRAM": "true"}, {"run_program": False}),
    ("up --yes --refresh", {}, {"refresh": True}),
    ("up --yes --refresh=false", {}, {"refresh": False}),
    ("up --yes --parallel 7", {}, {"parallel": 7}),
    ("up --yes --parallel 0", {}, {"parallel": 1}),
    ("up --yes --target a --replace b --target-replace c", {}, {"targets": ("a", "c"), "replaces": ("b", "c")}),
    ("up --yes --exclude a --exclude-dependents", {}, {"excludes": ("a",), "exclude_dependents": True}),
    ("up --yes --continue-on-error", {}, {"continue_on_error": True}),
    ("up --yes", {"PULUMI_CONTINUE_ON_ERROR": "1"}, {"continue_on_error": True}),
    ("up --yes", {}, {"exec_kind": "cli", "event_log": None}),
    (
        "up --yes --client=127.0.0.1:5 --exec-kind auto.inline --event-log tcp://127.0.0.1:6 --message M --diff --json",
        {},
        {
            "client": "127.0.0.1:5",
            "exec_kind": "auto.inline",
            "event_log": "tcp://127.0.0.1:6",
            "message": "M",
            "diff": True,
            "json": True,
        },
    ),
    ("up --yes --expect-no-changes --suppress-outputs", {}, {"expect_no_changes": True, "suppress_outputs": True}),
    ("refresh --yes --clear-pending-creates", {}, {"clear_pending_creates": True}),
]


@pytest.mark.parametrize(("line", "env", "fields"), REQUESTS, ids=[f"{row[0]} {row[1]}" for row in REQUESTS])
def test_a_command_line_becomes_a_request(
    dev: Engine, asked: list[Any], line: str, env: dict[str, str], fields: dict[str, Any]
) -> None:
    assert dev(*line.split(), **env).err == ""
    request = asked[0][0]
    assert {name: getattr(request, name) for name in fields} == fields


@pytest.mark.parametrize("kind", ["up", "refresh", "destroy"])
def test_a_change_must_be_confirmed(dev: Engine, asked: list[Any], kind: str) -> None:
    ran = dev(kind)
    assert (ran.code, asked) == (2, [])
    assert "--yes" in ran.err


def test_the_context_has_decrypted_config_and_the_defaults_of_the_project(dev: Engine, asked: list[Any]) -> None:
    (dev.project / "Pulumi.yaml").write_text(
        "name: proj\nruntime: python\nmain: app\noptions: {refresh: always}\n"
        "config: {zone: z1, other:k: 5, size: {type: integer, default: 3}}\n"
    )
    dev("config", "set", "--secret", "token", "t0p")
    dev("config", "set", "--path", "o.a", "1")
    dev("preview")
    context = asked[0][1]
    assert context.config == {
        "other:k": "5",
        "proj:o": '{"a":1}',
        "proj:size": "3",
        "proj:token": "t0p",
        "proj:zone": "z1",
    }
    assert context.secret_keys == {"proj:token"}
    assert (context.stack_name, context.qualified_name) == ("dev", "organization/proj/dev")
    assert (context.project.program_dir, context.project.refresh) == (dev.project / "app", True)


def test_a_key_that_the_project_demands_must_be_set(dev: Engine, asked: list[Any]) -> None:
    (dev.project / "Pulumi.yaml").write_text("name: proj\nruntime: python\nconfig: {zone: {type: string}}\n")
    ran = dev("preview")
    assert (ran.code, asked) == (1, [])
    assert "missing configuration value(s) 'zone'" in ran.err


def test_config_given_with_the_run_is_used_and_kept(dev: Engine, asked: list[Any]) -> None:
    dev("preview", "-c", "a=1", "--config", "other:b=2")
    assert asked[0][1].config == {"proj:a": "1", "other:b": "2"}
    assert dev("config", "get", "a").out == "1"


def test_a_preview_saves_nothing_and_takes_no_lock(dev: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_request: Request, context: Context) -> int:
        assert not list(dev.lock_folder.glob("*"))
        context.journal.write(Resource(URN, "pulumi:pulumi:Stack", custom=False))
        with pytest.raises(RuntimeError):
            context.save()
        return 0

    monkeypatch.setattr(operations, "run", run)
    before = dev.state_file.read_bytes()
    assert dev("preview").code == 0
    assert dev.state_file.read_bytes() == before


def test_what_an_operation_reported_is_saved_even_when_it_raises(dev: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_request: Request, context: Context) -> int:
        assert len(list(dev.lock_folder.glob("*.json"))) == 1
        context.journal.write(Resource(URN, "pulumi:pulumi:Stack", custom=False, outputs={"o": 1}))
        raise ValueError("a defect")

    monkeypatch.setattr(operations, "run", run)
    ran = dev("up", "--skip-preview")
    assert (ran.code, ran.err) == (255, "error: internal error: ValueError: a defect")
    assert dev("stack", "output", "--json").json == {"o": 1}
    assert not list(dev.lock_folder.glob("*"))
    assert not dev.state_file.with_name("dev.json.journal").exists()


def test_a_run_leaves_history_and_backup(dev: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_request: Request, context: Context) -> int:
        context.journal.write(Resource(URN, "pulumi:pulumi:Stack", custom=False))
        context.save()
        context.record_history(result="succeeded", started=1, ended=3, changes={"create": 1})
        return 0

    monkeypatch.setattr(operations, "run", run)
    dev("config", "set", "k", "v")
    assert dev("up", "--skip-preview", "--message", "why").code == 0
    (item,) = dev("stack", "history", "--json").json
    environment = item.pop("environment")
    assert environment["exec.kind"] == "cli"
    assert item == {
        "version": 0,
        "kind": "update",
        "startTime": "1970-01-01T00:00:01.000Z",
        "endTime": "1970-01-01T00:00:03.000Z",
        "message": "why",
        "config": {"proj:k": {"value": "v", "secret": False}},
        "result": "succeeded",
        "resourceChanges": {"create": 1},
    }
    saved = dev.state_file.read_bytes()
    book = dev.state / ".pulumi"
    assert [path.read_bytes() for path in book.glob("backups/proj/dev/dev.*.json")] == [saved]
    assert [path.read_bytes() for path in book.glob("history/proj/dev/dev-*.checkpoint.json")] == [saved]


def test_destroy_with_remove_takes_the_stack_away(dev: Engine, asked: list[Any]) -> None:
    assert dev("destroy", "--skip-preview", "--remove").code == 0
    assert not dev.state_file.exists()
    assert not dev.stack_file.exists()
    assert len(asked) == 1


@pytest.mark.parametrize("line", ["preview", "up --yes"])
def test_a_wrong_passphrase_stops_before_anything(dev: Engine, asked: list[Any], line: str) -> None:
    ran = dev(*line.split(), PULUMI_CONFIG_PASSPHRASE="wrong")
    assert (ran.code, asked) == (1, [])
    assert ran.err.startswith("error: incorrect passphrase")


def test_a_missing_passphrase_names_both_variables(dev: Engine, asked: list[Any]) -> None:
    ran = dev("up", "--skip-preview", without="PULUMI_CONFIG_PASSPHRASE")
    assert (ran.code, asked) == (1, [])
    assert "PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE" in ran.err
