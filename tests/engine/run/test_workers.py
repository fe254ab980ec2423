"""Calls that may never come back."""

from __future__ import annotations

import threading

import pytest

from embedded.engine.workers import Aborted, DeadlineExceeded, Workers


def test_a_call_returns_what_the_work_returns_and_raises_what_it_raises():
    workers = Workers()
    assert workers.call(lambda: 42, 5) == 42
    with pytest.raises(SystemExit):
        workers.call(lambda: exec("raise SystemExit(3)"), 5)


def test_a_call_that_takes_too_long_is_given_up():
    workers, forever = Workers(), threading.Event()
    with pytest.raises(DeadlineExceeded):
        workers.call(forever.wait, 0.05)
    assert workers.call(lambda: "still works", 5) == "still works"
    forever.set()


def test_the_works_own_timeout_error_is_the_works_own():
    def work():
        raise TimeoutError("the server is slow")

    with pytest.raises(TimeoutError, match="the server is slow"):
        Workers().call(work, 5)


def test_aborting_releases_who_waits_and_refuses_who_comes():
    workers, forever, outcomes = Workers(), threading.Event(), []
    started = threading.Semaphore(0)

    def work():
        started.release()
        forever.wait()

    def wait():
        try:
            workers.call(work, 60)
        except Aborted:
            outcomes.append("aborted")

    waiting = [threading.Thread(target=wait) for _ in range(3)]
    for thread in waiting:
        thread.start()
    for _ in waiting:
        started.acquire()
    workers.abort()
    for thread in waiting:
        thread.join(timeout=10)
    assert outcomes == ["aborted"] * 3
    with pytest.raises(Aborted):
        workers.call(lambda: None, 1)
    forever.set()


def test_threads_are_used_again_and_prepared_once():
    prepared = []
    workers = Workers(lambda: prepared.append(1))
    for _ in range(20):
        workers.call(lambda: None, 5)
        threading.Event().wait(0.01)
    assert len(prepared) < 20
