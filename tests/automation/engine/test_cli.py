"""Which engine is chosen, and that a secret never reaches an argument list."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from semver import VersionInfo

from automation.engine.cli import OLDEST_CLI, CliCommand, choose_engine, find_cli, secret_to_stdin, venv_first
from providers.errors import ConfigError, EngineError


def cli(folder: Path, version: str = "v3.272.0", body: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "pulumi"
    path.write_text(f'#!/bin/sh\nif [ "$1" = version ]; then echo {version}; exit; fi\n{body}\n')
    path.chmod(0o755)
    return path


def env(tmp_path: Path, **more: str) -> dict[str, str]:
    return {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path / "home"), **more}


def test_a_named_cli_comes_first(tmp_path):
    named, other = cli(tmp_path / "named"), cli(tmp_path / "path")
    assert find_cli(env(tmp_path, HHSYNC_PULUMI=str(named), PATH=str(other.parent))) == named


def test_path_comes_before_the_home_folder(tmp_path):
    on_path = cli(tmp_path / "path")
    cli(tmp_path / "home" / ".pulumi" / "bin")
    assert find_cli(env(tmp_path, PATH=str(on_path.parent))) == on_path


def test_the_home_folder_is_looked_into(tmp_path):
    at_home = cli(tmp_path / "home" / ".pulumi" / "bin")
    assert find_cli(env(tmp_path)) == at_home


def test_a_cli_that_is_named_and_not_there_is_an_error(tmp_path):
    with pytest.raises(ConfigError, match="HHSYNC_PULUMI names /nowhere/pulumi"):
        find_cli(env(tmp_path, HHSYNC_PULUMI="/nowhere/pulumi"))


def test_a_cli_that_is_new_enough_is_taken(tmp_path):
    named = cli(tmp_path / "named", f"v{OLDEST_CLI}")
    engine = choose_engine(env(tmp_path, HHSYNC_PULUMI=str(named)))
    assert (engine.is_cli, str(engine.info)) == (True, f"pulumi {OLDEST_CLI}")


def test_a_cli_that_is_named_and_too_old_says_why(tmp_path):
    named = cli(tmp_path / "named", "v3.100.0")
    with pytest.raises(EngineError, match=r"3\.100\.0, older than 3\.226\.0"):
        choose_engine(env(tmp_path, HHSYNC_PULUMI=str(named)))


def test_a_cli_is_demanded_and_there_is_none(tmp_path):
    with pytest.raises(EngineError, match="HHSYNC_ENGINE=cli"):
        choose_engine(env(tmp_path, HHSYNC_ENGINE="cli"))


def test_an_unknown_engine_is_refused(tmp_path):
    with pytest.raises(ConfigError, match='HHSYNC_ENGINE must be "cli" or "embedded"'):
        choose_engine(env(tmp_path, HHSYNC_ENGINE="other"))


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
    path = cli(tmp_path / "bin", body='echo "args: $*"; echo "path: $PATH"; echo "stdin: $(cat)"')
    result = CliCommand(path, VersionInfo(3, 272, 0)).run(
        ["config", "set", "hhsync:netboxToken", "--secret", "--stack", "f", "--", "hush"], str(tmp_path), {}
    )
    lines = result.stdout.splitlines()
    assert lines[0] == "args: --non-interactive config set hhsync:netboxToken --secret --stack f"
    assert lines[1].startswith(f"path: {path.parent}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}")
    assert lines[2] == "stdin: hush"


def test_a_failed_cli_raises_what_the_sdk_raises(tmp_path):
    from pulumi.automation.errors import StackNotFoundError

    path = cli(tmp_path / "bin", body="echo \"error: no stack named 'f' found\" >&2; exit 6")
    with pytest.raises(StackNotFoundError):
        CliCommand(path, VersionInfo(3, 272, 0)).run(["stack", "select", "--stack", "f"], str(tmp_path), {})


def test_our_python_comes_first_once():
    ours = str(Path(sys.executable).parent)
    assert venv_first({"PATH": f"/usr/bin{os.pathsep}{ours}"}).split(os.pathsep) == [ours, "/usr/bin"]


def test_an_interrupt_is_passed_on_and_the_cli_may_end_in_good_order(tmp_path):
    body = "trap 'touch freed; exit 1' INT; touch started; while :; do sleep 0.05; done"
    path = cli(tmp_path / "bin", body=body)
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
