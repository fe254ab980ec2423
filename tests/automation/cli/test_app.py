"""The command line: exit codes, what goes to which stream, and that no traceback ever leaves it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from automation.cli import app, terminal
from automation.operations import destroy, entry
from automation.results import PREVIEW, Counts, OperationResult, ResourceChange
from providers.core.drift.difference import Difference
from providers.core.finding import Finding
from providers.core.manifest import Origin
from providers.errors import GitError, ValidationFailed

CHANGE = ResourceChange("VPC/default/vpc-1", "update", (Difference(("cluster", "spec", "vlan"), 1001, cluster=1999),))
ISSUE = Finding(("spec", "vlan"), "must be a number", origin=Origin("vpcs/web.yaml", 3, 0))


@pytest.fixture
def project(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("name: hhsync\nruntime: python\n")
    return tmp_path


@pytest.fixture
def run(project, capsys):
    def call(*argv: str) -> tuple[int, str, str]:
        code = terminal.run(app.app, [*argv, "--project", str(project)])
        out, err = capsys.readouterr()
        return code, out, err

    return call


def preview_gives(monkeypatch, outcome):
    def preview(workspace, fabric, progress, *, plan=None, allow_deletes=None):
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    monkeypatch.setattr(entry, "preview", preview)


def result(changes=(), errors=()):
    return OperationResult(PREVIEW, "fabric-1", Counts(updated=len(changes), unchanged=70), changes, errors=errors)


CODES = {
    "nothing to do": (result(), 0),
    "changes": (result((CHANGE,)), 2),
    "errors": (result(errors=("refused",)), 1),
    "an error before it began": (GitError("no such branch"), 1),
    "a bug": (KeyError("x"), 1),
    "Ctrl-C": (KeyboardInterrupt(), 130),
}


@pytest.mark.parametrize(("outcome", "code"), CODES.values(), ids=CODES.keys())
def test_exit_code(run, monkeypatch, outcome, code):
    preview_gives(monkeypatch, outcome)
    assert run("preview", "fabric-1")[0] == code


def test_the_result_is_on_stdout_and_errors_on_stderr(run, monkeypatch):
    preview_gives(monkeypatch, result((CHANGE,), ("refused",)))
    _, out, err = run("preview", "fabric-1")
    assert "cluster.spec.vlan: 1999 => 1001" in out
    assert err == "error: refused\n"


def test_json_is_all_that_stdout_has(run, monkeypatch):
    preview_gives(monkeypatch, result((CHANGE,)))
    _, out, _ = run("preview", "fabric-1", "--json")
    assert json.loads(out)["changes"][0]["differences"] == [{"path": "cluster.spec.vlan", "git": 1001, "cluster": 1999}]


@pytest.mark.parametrize("outcome", [GitError("no such branch"), KeyError("x")], ids=["expected", "a bug"])
def test_a_verb_that_never_began_is_json_too(run, monkeypatch, outcome):
    preview_gives(monkeypatch, outcome)
    _, out, _ = run("preview", "fabric-1", "--json")
    told = json.loads(out)
    assert {key: told[key] for key in ("verb", "fabric", "ok", "exit_code")} == {
        "verb": "preview",
        "fabric": "fabric-1",
        "ok": False,
        "exit_code": 1,
    }
    assert len(told["errors"]) == 1


def test_quiet_prints_errors_only(run, monkeypatch):
    preview_gives(monkeypatch, result((CHANGE,), ("refused",)))
    assert run("preview", "fabric-1", "--quiet")[1:] == ("", "error: refused\n")


def test_every_finding_of_a_validation_is_a_line(run, monkeypatch):
    preview_gives(monkeypatch, ValidationFailed("1 document is not valid", [ISSUE]))
    assert run("preview", "fabric-1")[2].splitlines() == [
        "error: vpcs/web.yaml:3: spec.vlan: must be a number",
        "error: 1 document is not valid",
    ]


def test_a_bug_is_one_line_and_its_traceback_is_in_a_private_file(run, monkeypatch, project):
    preview_gives(monkeypatch, KeyError("surprise"))
    _, out, err = run("preview", "fabric-1")
    (log,) = (project / ".hhsync" / "log").glob("*.log")
    assert out == ""
    assert err.splitlines() == [f"error: unexpected KeyError: 'surprise'; details: {log}"]
    assert "Traceback" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_secret_in_an_error_is_not_shown(run, monkeypatch, project):
    preview_gives(monkeypatch, KeyError("nbt_abc123.s3cr3ts3cr3t"))
    _, _, err = run("preview", "fabric-1")
    (log,) = (project / ".hhsync" / "log").glob("*.log")
    assert "s3cr3t" not in err + log.read_text()


USAGE = [("preview",), ("preview", "fabric-1", "--no-such-option"), ("no-such-verb",)]


@pytest.mark.parametrize("argv", USAGE)
def test_a_wrong_command_line_is_an_error_not_drift(capsys, argv):
    assert terminal.run(app.app, list(argv)) == 1
    assert "Traceback" not in capsys.readouterr().err


def test_a_verb_outside_a_project_says_so(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    code = terminal.run(app.app, ["preview", "fabric-1", "--project", str(tmp_path / "empty")])
    assert (code, "--project DIR" in capsys.readouterr().err) == (1, True)


def test_destroy_without_the_name_does_nothing(run, monkeypatch):
    monkeypatch.setattr(destroy, "destroy", lambda *a: pytest.fail("was called"))
    code, _, err = run("destroy", "fabric-1", "--yes", "fabric-2")
    assert (code, "nothing was done" in err) == (1, True)


def test_help_does_not_import_the_sdk():
    code = "import sys; from automation import cli; sys.exit('pulumi' in sys.modules or 'httpx2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
