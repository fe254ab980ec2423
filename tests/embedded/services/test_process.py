"""A server is recognised by its start time, and nobody else's process is ever signalled."""

from __future__ import annotations

import dataclasses
import json
import os
import signal
import subprocess
import sys

import pytest

from embedded.services import ServicesError
from embedded.services.process import Process, Server

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
DEAF = [
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)",
]


@pytest.fixture
def server(tmp_path):
    one = Server("sleeper", tmp_path, patience=10.0)
    yield one
    one.stop()


def test_a_started_server_is_found_again_by_its_record(server, tmp_path):
    process = server.start(SLEEP)
    assert Server("sleeper", tmp_path).process() == process


def test_stop_ends_the_process_and_says_that_there_was_one(server):
    process = server.start(SLEEP)
    assert server.stop()
    assert not process.alive()
    assert server.process() is None
    assert not server.stop()


def test_a_server_that_ignores_the_signal_is_killed(tmp_path):
    server = Server("deaf", tmp_path, patience=0.5)
    process = server.start(DEAF)
    while "deaf" not in server.log.read_text():
        pass
    server.stop()
    assert not process.alive()


@pytest.mark.parametrize("change", [{"started": 1}, {"boot": "another boot"}])
def test_another_process_under_the_recorded_id_is_not_ours_and_lives_on(tmp_path, change):
    stranger = subprocess.Popen(SLEEP)
    try:
        record = dataclasses.replace(Process.of(stranger.pid), **change)
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "sleeper.json").write_text(json.dumps(dataclasses.asdict(record)))
        server = Server("sleeper", tmp_path)
        assert server.process() is None
        assert not server.stop()
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_stop_signals_the_recorded_process_only(server, tmp_path):
    bystander = Server("bystander", tmp_path)
    server.start(SLEEP)
    other = bystander.start(SLEEP)
    server.stop()
    assert other.alive()
    bystander.stop()


def test_a_zombie_counts_as_ended():
    child = subprocess.Popen(SLEEP)
    assert Process.of(child.pid) is not None
    os.kill(child.pid, signal.SIGKILL)
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert Process.of(child.pid) is None
    child.wait()


@pytest.mark.parametrize("content", ["", "{}", "no json", '{"pid": "x"}'])
def test_a_broken_record_counts_as_not_running(tmp_path, content):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "sleeper.json").write_text(content)
    assert Server("sleeper", tmp_path).process() is None


def test_a_missing_program_is_one_line(tmp_path):
    with pytest.raises(ServicesError, match="nope: cannot start /no/such/program: No such file"):
        Server("nope", tmp_path).start(["/no/such/program"])


def test_a_server_inherits_no_configuration_of_the_shell(server, monkeypatch):
    monkeypatch.setenv("PGPASSWORD", "a-secret")
    server.start([sys.executable, "-c", "import os, time; print(sorted(os.environ), flush=True); time.sleep(600)"])
    while not server.log.read_text().strip():
        pass
    assert "PGPASSWORD" not in server.log.read_text()


def test_the_record_and_the_log_are_private(server, tmp_path):
    server.start(SLEEP)
    assert server.log.stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "run" / "sleeper.json").stat().st_mode & 0o777 == 0o600
