"""An interrupted set-up goes on, a failed one says why in a line, and two at once take turns."""

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest

from embedded.services import ServicesError, steps
from embedded.services.files import write_private
from embedded.services.programs.debian import install_packages, missing_packages
from embedded.services.steps import Steps, build_folder


@pytest.fixture
def lines():
    return []


@pytest.fixture
def runner(lines):
    return Steps(lines.append)


def python(code):
    return [sys.executable, "-c", code]


def test_a_folder_appears_only_when_it_is_complete(tmp_path):
    target = tmp_path / "built"

    def interrupted(part):
        (part / "one").touch()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_folder(target, interrupted)
    assert not target.exists()


def test_an_interrupted_folder_is_gone_on_with(tmp_path):
    target = tmp_path / "built"
    seen = []

    def first_time_interrupted(part):
        seen.append(sorted(path.name for path in part.iterdir()))
        (part / f"step-{len(seen)}").touch()
        if len(seen) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        build_folder(target, first_time_interrupted)
    assert build_folder(target, first_time_interrupted)
    assert seen == [[], ["step-1"]]
    assert sorted(path.name for path in target.iterdir()) == ["step-1", "step-2"]


def test_a_complete_folder_is_not_made_again(tmp_path):
    (tmp_path / "built").mkdir()
    assert not build_folder(tmp_path / "built", lambda _: pytest.fail("made again"))


def test_a_failing_command_is_one_line_with_its_last_words_and_the_log(tmp_path, runner):
    with pytest.raises(ServicesError, match=r"compiling failed with exit code 3: no space left \(log: .*log\)"):
        runner.run("compiling", python("print('no space left'); raise SystemExit(3)"), tmp_path / "log")


def test_a_missing_program_is_one_line(tmp_path, runner):
    with pytest.raises(ServicesError, match="compiling: cannot run /no/such: No such file"):
        runner.run("compiling", ["/no/such"], tmp_path / "log")


def test_a_long_command_tells_its_progress(tmp_path, runner, lines, monkeypatch):
    monkeypatch.setattr(steps, "HEARTBEAT_SECONDS", 0.0)
    code = "import os, sys, time\nprint('half', flush=True)\nwhile not os.path.exists(sys.argv[1]): time.sleep(0.01)"
    go = tmp_path / "go"

    def tell(log):
        if "half" in log.read_text():
            go.touch()
        return "half done"

    runner.run("compiling", [*python(code), str(go)], tmp_path / "log", detail=tell)
    assert lines
    assert all(line.startswith("compiling: ") and line.endswith(" s, half done") for line in lines)


def test_a_failing_job_gives_up_the_others_and_its_error_is_told(tmp_path, runner):
    def endless():
        runner.run("migrating", python("import time; time.sleep(600)"), tmp_path / "log")

    def failing():
        raise ServicesError("compiling failed")

    with pytest.raises(ServicesError, match="compiling failed"):
        runner.side_by_side({"netbox": endless, "go": failing})


def test_a_second_process_waits_and_says_so(tmp_path, runner, lines, monkeypatch):
    lock = tmp_path / "lock"
    result = threading.Event()
    order = []

    def progress(line):
        lines.append(line)
        result.set()

    def second():
        with Steps(progress).alone(lock, "set-up"):
            order.append("second")

    with runner.alone(lock, "set-up"):
        thread = threading.Thread(target=second)
        thread.start()
        assert result.wait(60)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert "set-up: another process is at it, waiting (0 s)" in lines


def test_the_lock_of_a_dead_process_is_free(tmp_path, runner, lines):
    lock = tmp_path / "lock"
    code = (
        "import os, pathlib, sys\nfrom embedded.services.steps import Steps\n"
        "with Steps(print).alone(pathlib.Path(sys.argv[1]), 'x'):\n    os.kill(os.getpid(), 9)"
    )
    with pytest.raises(ServicesError, match="exit code -9"):
        runner.run("dying", [*python(code), str(lock)], tmp_path / "log")
    with runner.alone(lock, "set-up"):
        pass
    assert lines == []


def test_a_command_that_outlives_a_killed_set_up_keeps_the_lock(tmp_path, lines):
    lock, pid_file, go = tmp_path / "lock", tmp_path / "pid", tmp_path / "go"
    child = (
        "import os, pathlib, sys, time\npathlib.Path(sys.argv[1]).write_text(str(os.getppid()))\n"
        "while not os.path.exists(sys.argv[2]): time.sleep(0.01)"
    )
    parent = (
        "import pathlib, sys\nfrom embedded.services.steps import Steps\nsteps = Steps(print)\n"
        "with steps.alone(pathlib.Path(sys.argv[1]), 'x'):\n"
        "    steps.run('x', [sys.executable, *sys.argv[3:]], pathlib.Path(sys.argv[2]))"
    )
    command = [*python(parent), str(lock), str(tmp_path / "log"), "-c", child, str(pid_file), str(go)]
    killed = subprocess.Popen(command)
    while not pid_file.exists() or not pid_file.read_text():
        pass
    killed.kill()
    killed.wait()

    def free_the_child(line):
        lines.append(line)
        go.touch()

    with Steps(free_the_child).alone(lock, "set-up"):
        assert lines == ["set-up: another process is at it, waiting (0 s)"]


def test_missing_packages_are_named():
    needed = {"postgresql": lambda: False, "git": lambda: True, "redis-server": lambda: False}
    assert missing_packages(needed) == ["postgresql", "redis-server"]


def test_a_plain_user_gets_the_line_to_type(tmp_path, runner, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr("embedded.services.programs.debian.missing_packages", lambda: ["redis-server"])
    with pytest.raises(ServicesError, match="as root type: apt-get install -y redis-server, then try again"):
        install_packages(runner, tmp_path)


def test_a_secret_file_is_private_from_the_first_moment(tmp_path):
    path = tmp_path / "secret"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
