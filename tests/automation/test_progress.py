"""Progress lines: one that changes on a terminal, few plain ones elsewhere, none when quiet. And redacted logs."""

from __future__ import annotations

import io
import logging

import pytest

from automation import logs
from automation.progress import Progress


def written(*, step: float, live: bool = False, quiet: bool = False) -> str:
    stream, time = io.StringIO(), iter(range(1000))
    progress = Progress(stream, live=live, quiet=quiet, clock=lambda: next(time) * step)
    for count in range(4):
        progress.update(f"compared {count}")
    progress.line("done")
    return stream.getvalue()


def test_a_terminal_gets_one_line_that_changes():
    erase = "\r\x1b[2K"
    assert (
        written(step=1, live=True) == "".join(f"{erase}compared {n}" for n in range(4)) + f"{erase}compared 3\ndone\n"
    )


def test_elsewhere_a_phase_has_its_first_and_its_last_line():
    assert written(step=0.1).splitlines() == ["compared 0", "compared 3", "done"]


def test_a_long_phase_says_something_every_few_seconds():
    assert written(step=3).splitlines() == ["compared 0", "compared 2", "compared 3", "done"]


def test_quiet_says_nothing():
    assert written(step=1, quiet=True) == ""


SECRETS = [
    "token nbt_AbCd1234.eFgH5678iJkL",
    "Authorization: Bearer abcdefghijklmnopqrstuvwxyz0123",
    "https://user:hunter2hunter2@git.example.com/f.git",
]


@pytest.mark.parametrize("text", SECRETS)
def test_what_looks_like_a_secret_is_not_logged(tmp_path, text):
    stream = io.StringIO()
    path = logs.set_up(tmp_path, stream, verbose=True, quiet=False)
    logging.getLogger("hhsync.test").debug("%s", text)
    assert "[secret]" in stream.getvalue()
    assert not any(part in stream.getvalue() + path.read_text() for part in ("eFgH5678", "mnopqrst", "hunter2"))


LEVELS = [
    (False, False, ["WARNING", "ERROR"]),
    (True, False, ["DEBUG", "INFO", "WARNING", "ERROR"]),
    (False, True, ["ERROR"]),
]


@pytest.mark.parametrize(("verbose", "quiet", "shown"), LEVELS)
def test_levels_on_the_terminal(verbose, quiet, shown):
    stream = io.StringIO()
    logs.set_up(None, stream, verbose=verbose, quiet=quiet)
    for level in ("debug", "info", "warning", "error"):
        getattr(logging.getLogger("hhsync.test"), level)("x")
    assert [line.split()[0] for line in stream.getvalue().splitlines()] == shown


def test_old_log_files_go(tmp_path):
    (tmp_path / "log").mkdir()
    for number in range(40):
        (tmp_path / "log" / f"{number:04}.log").touch()
    logs.set_up(tmp_path, io.StringIO(), verbose=False, quiet=False)
    assert len(list((tmp_path / "log").glob("*.log"))) == 20


def test_a_phase_without_a_word_says_that_it_goes_on():
    stream, times = io.StringIO(), iter([0.0, 10.0, 20.0, 30.0])
    progress = Progress(stream, clock=lambda: next(times))
    progress.update("making types")
    for _ in range(3):
        progress.tick()
    progress.end()
    assert stream.getvalue().splitlines() == ["making types", "making types … still at it after 20 s"]
