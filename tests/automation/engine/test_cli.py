"""Which CLI is found, what it is refused for, and that a secret never reaches an argument list."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from semver import VersionInfo

from automation.engine.cli import CliCommand, choose_engine, plugins_last, secret_to_stdin, venv_first
from automation.engine.process import found_cli
from embedded.services.programs.golang import GoTools
from embedded.services.programs.pulumi import oldest
from providers.errors import EngineError

OLD, NEW = "v3.225.9", "v3.272.0"
PLACES = ("named", "path", "home", "built")


def cli(path: Path, answer: str = f"echo {NEW}", body: str = "") -> Path:
    """A script that answers `version` as told, and does `body` for anything else."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\nif [ "$1" = version ]; then {answer}; exit; fi\n{body}\n')
    path.chmod(0o755)
    return path


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Where a CLI may be on this machine, and the environment of a user of it."""
    monkeypatch.setenv("HHSYNC_CACHE", str(tmp_path / "cache"))
    paths = {
        "named": tmp_path / "named" / "my-pulumi",
        "path": tmp_path / "path" / "pulumi",
        "home": tmp_path / "home" / ".pulumi" / "bin" / "pulumi",
        "built": GoTools(tmp_path / "cache").path("pulumi"),
    }
    return paths, {
        "PATH": f"{paths['path'].parent}{os.pathsep}/usr/bin{os.pathsep}/bin",
        "HOME": str(tmp_path / "home"),
    }


@pytest.mark.parametrize("first", range(len(PLACES)), ids=PLACES)
def test_the_first_place_that_has_one_is_taken(machine, first):
    paths, env = machine
    for place in PLACES[first:]:
        cli(paths[place])
    if PLACES[first] == "named":
        env["HHSYNC_PULUMI"] = str(paths["named"])
    assert found_cli(env).path == paths[PLACES[first]]


PASSED_OVER = [
    ("too old", f"echo {OLD}", f"is {OLD[1:]}, older than {oldest()}"),
    ("dies", "kill -9 $$", "does not answer `pulumi version` (exit code -9): nothing"),
    ("fails", "echo broken >&2; exit 3", "does not answer `pulumi version` (exit code 3): broken"),
    ("prints nonsense", "echo hello", "does not answer `pulumi version` (exit code 0): hello"),
    ("prints bytes that are no text", "printf '\\377\\376'", "does not run"),
    ("prints nothing", ":", "does not answer `pulumi version` (exit code 0): nothing"),
]
ANSWERS = pytest.mark.parametrize(
    ("answer", "why"), [row[1:] for row in PASSED_OVER], ids=[row[0] for row in PASSED_OVER]
)


@ANSWERS
def test_one_that_does_not_do_is_passed_over_with_the_reason(machine, answer, why):
    paths, env = machine
    cli(paths["path"], answer)
    cli(paths["built"])
    found = found_cli(env)
    assert found.path == paths["built"]
    assert found.passed_over.startswith(f"{paths['path']} ")
    assert why in found.passed_over


@ANSWERS
def test_one_that_is_named_and_does_not_do_is_an_error_though_another_would(machine, answer, why):
    paths, env = machine
    cli(paths["named"], answer)
    cli(paths["built"])
    with pytest.raises(EngineError) as caught:
        found_cli({**env, "HHSYNC_PULUMI": str(paths["named"])})
    assert str(paths["named"]) in str(caught.value)
    assert why in str(caught.value)


def test_one_that_is_named_and_not_there_is_an_error(machine):
    _, env = machine
    with pytest.raises(EngineError, match="HHSYNC_PULUMI names /nowhere/pulumi, which is no executable file"):
        found_cli({**env, "HHSYNC_PULUMI": "/nowhere/pulumi"})


def test_a_file_that_may_not_be_run_is_none(machine):
    paths, env = machine
    cli(paths["home"]).chmod(0o644)
    with pytest.raises(EngineError, match="no Pulumi CLI"):
        found_cli(env)


def test_where_there_is_none_the_error_says_how_to_get_one(machine):
    _, env = machine
    with pytest.raises(EngineError, match=rf"no Pulumi CLI of {oldest()} or newer .* run: make setup"):
        found_cli(env)


def test_the_oldest_that_works_is_taken(machine):
    paths, env = machine
    cli(paths["home"], f"echo v{oldest()}")
    assert str(choose_engine(env).info) == f"pulumi {oldest()}"


def test_the_version_is_asked_again_once_the_file_is_another(machine):
    paths, env = machine
    cli(paths["home"])
    assert found_cli(env).version == NEW[1:]
    cli(paths["home"], "echo v4.0.0-alpha.1")
    assert found_cli(env).version == "4.0.0-alpha.1"


SECRETS = [
    (["config", "set", "hhsync:netboxToken", "--secret", "--stack", "f", "--", "hush"], "hush"),
    (["config", "set", "hhsync:gitUrl", "--plaintext", "--stack", "f", "--", "https://x"], None),
    (["preview", "--stack", "f"], None),
]


@pytest.mark.parametrize(("args", "secret"), SECRETS)
def test_a_secret_goes_to_stdin_and_leaves_the_arguments(args, secret):
    argv, given = secret_to_stdin(args)
    assert (given, "hush" in argv) == (secret, False)


def test_the_cli_gets_the_secret_by_stdin_and_ours_first_on_path(tmp_path):
    path = cli(tmp_path / "bin" / "pulumi", body='echo "args: $*"; echo "path: $PATH"; echo "stdin: $(cat)"')
    result = CliCommand(path, VersionInfo(3, 272, 0)).run(
        ["config", "set", "hhsync:netboxToken", "--secret", "--stack", "f", "--", "hush"], str(tmp_path), {}
    )
    lines = result.stdout.splitlines()
    assert lines[0] == "args: --non-interactive config set hhsync:netboxToken --secret --stack f"
    assert lines[1].startswith(f"path: {path.parent}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}")
    assert lines[2] == "stdin: hush"


def test_a_failed_cli_raises_what_the_sdk_raises(tmp_path):
    from pulumi.automation.errors import StackNotFoundError

    path = cli(tmp_path / "bin" / "pulumi", body="echo \"error: no stack named 'f' found\" >&2; exit 6")
    with pytest.raises(StackNotFoundError):
        CliCommand(path, VersionInfo(3, 272, 0)).run(["stack", "select", "--stack", "f"], str(tmp_path), {})


def test_our_python_comes_first_once():
    ours = str(Path(sys.executable).parent)
    assert venv_first({"PATH": f"/usr/bin{os.pathsep}{ours}"}).split(os.pathsep) == [ours, "/usr/bin"]


def test_our_hosts_for_python_programs_come_last():
    first, last = plugins_last("/usr/bin").split(os.pathsep)
    assert (first, Path(last).parts[-2:]) == ("/usr/bin", ("embedded", "plugins"))


def test_an_interrupt_is_passed_on_and_the_cli_may_end_in_good_order(tmp_path):
    body = "trap 'touch freed; exit 1' INT; touch started; while :; do sleep 0.05; done"
    path = cli(tmp_path / "bin" / "pulumi", body=body)
    code = (
        "import sys; from pathlib import Path; from semver import VersionInfo; from automation.engine.cli import CliCommand\n"
        "try: CliCommand(Path(sys.argv[1]), VersionInfo(3, 272, 0)).run(['up'], sys.argv[2], {})\n"
        "except KeyboardInterrupt: print('interrupted', Path('freed').exists())"
    )
    argv = [sys.executable, "-c", code, str(path), str(tmp_path)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path) as process:
        while not (tmp_path / "started").exists():
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (out, err) == ("interrupted True\n", "")
