"""Programs on disk in a child process, through the engine's own command line and real state files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from embedded.engine import integrity
from embedded.engine.command import execute
from tests.engine.run.thing import Server

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """\
import pulumi
from tests.engine.run.thing import Thing

things = [Thing(f"t{i}", size=1) for i in range(pulumi.Config().get_int("count") or 1)]
pulumi.export("names", [thing.id for thing in things])
"""


@dataclass
class Project:
    """A project folder with a stack, driven by command lines."""

    home: Path

    def __post_init__(self) -> None:
        (self.home / "program").mkdir(parents=True)
        self.server = Server(self.home / "server")
        (self.home / "Pulumi.yaml").write_text(
            "name: proj\nruntime: python\nmain: program/\nbackend:\n  url: file://./state\n"
        )
        (self.home / "state").mkdir()
        self.program(PROGRAM)
        self.do("stack", "init", "dev")
        self.config(server=str(self.server.root))

    @property
    def env(self) -> dict[str, str]:
        own = {"PULUMI_CONFIG_PASSPHRASE": "pw", "PULUMI_HOME": str(self.home / "home"), "PYTHONPATH": str(ROOT)}
        return {**os.environ, **own}

    def program(self, text: str) -> None:
        (self.home / "program" / "__main__.py").write_text(text)

    def config(self, **values: str) -> None:
        for key, value in values.items():
            self.do("config", "set", key, value, "-s", "dev")

    def do(self, *args: str, **env: str) -> tuple[int, str]:
        lines: list[str] = []
        code = execute(list(args), cwd=str(self.home), env={**self.env, **env}, out=lines.append, err=lines.append)
        return code, "\n".join(lines)

    def up(self, *args: str, **env: str) -> tuple[int, str]:
        return self.do("up", "--yes", "--skip-preview", "-s", "dev", *args, **env)

    def start(self, *args: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "embedded.engine", *args]
        return subprocess.Popen(command, cwd=self.home, env=self.env, stdout=subprocess.PIPE, text=True, stderr=-2)

    def state(self) -> dict[str, dict]:
        """The state file's resources by name; every one read here is checked."""
        code, text = self.do("stack", "export", "-s", "dev")
        assert code == 0, text
        deployment = json.loads(text)["deployment"]
        return {entry["urn"].split("::")[-1]: entry for entry in deployment.get("resources", [])}


@pytest.fixture
def project(tmp_path):
    return Project(tmp_path)


def test_a_program_on_disk_runs_in_its_folder_and_says_what_it_prints(project):
    project.program("import os, sys\nprint('in', os.getcwd())\nprint('oops', file=sys.stderr)\n" + PROGRAM)
    code, text = project.up()
    assert code == 0
    assert f"in {project.home / 'program'}" in text
    assert "oops" in text
    assert set(project.state()) == {"proj-dev", "default", "t0"}
    assert project.state()["proj-dev"]["outputs"] == {"names": ["id-t0"]}


def test_the_environment_of_the_command_reaches_the_program(project):
    project.program("import os, pulumi\npulumi.export('who', os.environ['WHO'])\n")
    code, text = project.up(WHO="me")
    assert code == 0, text
    assert project.state()["proj-dev"]["outputs"] == {"who": "me"}


def test_secret_config_reaches_the_program_as_a_secret(project):
    project.do("config", "set", "--secret", "word", "hush-hush", "-s", "dev")
    project.program("import pulumi\npulumi.export('word', pulumi.Config().require_secret('word'))\n")
    code, text = project.up()
    assert code == 0
    assert "hush-hush" not in text
    files = [path for path in (project.home / "state").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"hush-hush" in path.read_bytes()]
    assert project.do("stack", "output", "word", "--show-secrets", "-s", "dev")[1].strip() == "hush-hush"


PROGRAM_ERRORS = [
    ("raise ValueError('boom')", ["failed with an unhandled exception", "ValueError: boom", "__main__.py"], ["runpy"]),
    ("import pulumi\nraise pulumi.RunError('empty folder')", ["error: empty folder"], ["Traceback", "unhandled", "exit code"]),
    ("import sys\nsys.exit(3)", ["failed with an unhandled exception", "SystemExit: 3"], []),
    ("import os\nos._exit(3)", ["an unhandled error occurred: program exited with non-zero exit code: 3"], []),
    ("import os\nos._exit(0)", ["the program ended its process (exit code 0) before it was finished"], []),
    ("import os\nos.kill(os.getpid(), 11)", ["the program was ended by SIGSEGV"], ["Traceback"]),
    ("def f(:", ["SyntaxError: invalid syntax"], ["runner.py"]),
    ("def broken(:\n", ["SyntaxError"], []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said", "unsaid"), PROGRAM_ERRORS)
def test_a_program_that_fails_says_so_once_and_changes_nothing(project, text, said, unsaid):
    project.program(text)
    code, shown = project.up()
    assert code == 1
    for part in said:
        assert part in shown
    for part in unsaid:
        assert part not in shown
    assert project.server.calls() == []


def test_a_program_that_ends_with_success_by_exit_is_fine(project):
    project.program(PROGRAM + "import sys\nsys.exit(0)\n")
    code, text = project.up()
    assert code == 0, text


def test_creates_of_independent_resources_overlap(project):
    """Every create waits until sixteen have begun; with fewer at a time they would wait for ever."""
    project.config(count="16")
    project.program(project_meeting())
    code, text = project.up("--parallel", "16")
    assert code == 0, text
    assert len(project.server.objects()) == 16


def project_meeting() -> str:
    return PROGRAM.replace(
        "from tests.engine.run.thing import Thing", "from tests.engine.run.meeting import Meeting as Thing"
    )


KILLED = 12
AFTER = 5


@pytest.mark.parametrize("moment", ["create", "created"])
def test_a_killed_run_loses_nothing_that_the_server_accepted(project, moment):
    """The real process is killed in the middle of its creates, before and after the server has accepted one."""
    project.config(count=str(KILLED))
    project.server.order(**{f"{moment}_t{AFTER}": "hang"})
    run = project.start("up", "--yes", "--skip-preview", "--parallel", "2", "-s", "dev")
    try:
        _until(
            lambda: len(project.server.calls("create")) > AFTER and ("create", f"t{AFTER}") in project.server.calls()
        )
        time.sleep(0.3)
    finally:
        run.kill()
        run.communicate()
    accepted = project.server.objects()
    assert accepted
    project.server.order()
    project.do("cancel", "--yes", "-s", "dev")
    before = len(project.server.calls("create"))
    code, text = project.up()
    assert code == 0, text
    state = project.state()
    assert set(project.server.objects()) == {f"t{i}" for i in range(KILLED)}
    for name, held in project.server.objects().items():
        assert state[name]["outputs"]["uid"] == held["uid"]
        assert held["uid"] == accepted.get(name, held)["uid"]
    again = [name for call, name in project.server.calls("create")[before:] if name in accepted]
    assert set(again) <= {f"t{AFTER}"}, "only the one that was under way is asked for again, and adopted"
    assert project.up()[1].count("unchanged") == 1
    assert "pending_operations" not in json.loads(project.do("stack", "export", "-s", "dev")[1])["deployment"]


def test_the_program_dies_with_a_killed_engine(project):
    project.program("import os, time, pathlib\npathlib.Path('pid').write_text(str(os.getpid()))\ntime.sleep(600)\n")
    run = project.start("preview", "-s", "dev")
    pid_file = project.home / "program" / "pid"
    _until(lambda: pid_file.exists() and pid_file.read_text() != "")
    run.kill()
    run.communicate()
    _until(lambda: not _alive(int(pid_file.read_text())))


def test_an_interrupted_process_ends_in_good_order(project):
    project.config(count="3")
    project.server.order(create_t0="sleep 2", create_t1="sleep 2", create_t2="sleep 2")
    run = project.start("up", "--yes", "--skip-preview", "--parallel", "1", "-s", "dev")
    _until(lambda: project.server.calls("create") != [])
    run.terminate()
    text, _ = run.communicate()
    assert run.returncode == 8, text
    created = set(project.server.objects())
    assert 1 <= len(created) < 3
    assert created <= set(project.state())


ENDLESS = {
    "computes": "while True: pass",
    "sleeps and hears no signal": "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)",
    "prints": "while True: print('x' * 100)",
    "prints no newline": "import sys\nwhile True: sys.stdout.write('x' * 100)",
}


@pytest.mark.parametrize("text", ENDLESS.values(), ids=ENDLESS)
def test_a_program_that_never_returns_ends_with_one_interrupt(project, text):
    project.up()
    before = project.state()
    project.program(f"import pathlib\npathlib.Path('begun').touch()\n{text}\n")
    run = project.start("up", "--yes", "--skip-preview", "-s", "dev")
    # Somebody has to read what it prints, or it would wait for that.
    reader = threading.Thread(target=lambda: out.extend(run.stdout.read().splitlines()[-8:]))
    out: list[str] = []
    reader.start()
    _until(lambda: (project.home / "program" / "begun").exists())
    run.send_signal(signal.SIGINT)
    assert run.wait(60) == 8
    reader.join()
    assert any("error: update canceled" in line for line in out), out
    assert project.state() == before


def test_the_state_passes_the_rules_after_every_write(project, monkeypatch):
    project.config(count="3")
    seen = []
    check = integrity.check
    monkeypatch.setattr(integrity, "check", lambda resources: (seen.append(len(resources)), check(resources)))
    for count in ("3", "1", "2"):
        project.config(count=count)
        assert project.up()[0] == 0
    assert seen


def _alive(pid: int) -> bool:
    try:
        with Path(f"/proc/{pid}/stat").open() as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _until(done, seconds: float = 60):
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
