"""Calls of many threads become few requests, and each caller gets its own answer or its own error."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from providers.errors import Conflict, Forbidden, NotFound, Rejected, ServerFailure, TargetError, Unreachable
from providers.targets.netbox.batches import Batcher, RejectedItems

WHERE = {"target": "netbox", "server": "http://127.0.0.1:1"}


@dataclass
class AllOrNothingServer:
    """Writes a list of numbers, or nothing of it when one of them is poisoned; may name the poisoned positions."""

    poisoned: frozenset[int] = frozenset()
    error: type[TargetError] = Rejected
    names_rejected_items: bool = False
    requests: list[list[int]] = field(default_factory=list)
    written: list[int] = field(default_factory=list)
    pause_s: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)
    under_way: int = 0
    most_under_way: int = 0

    def send(self, items: list[int]) -> list[str]:
        with self.lock:
            self.requests.append(items)
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)
        time.sleep(self.pause_s)
        with self.lock:
            self.under_way -= 1
            bad = [index for index, item in enumerate(items) if item in self.poisoned]
            if bad and self.names_rejected_items:
                raise RejectedItems({index: self.error(f"no {items[index]}", **WHERE) for index in bad})
            if bad:
                raise self.error(f"no {items[bad[0]]}", **WHERE)
            self.written += items
            return [f"wrote {item}" for item in items]


def submit_all(gatherer: Batcher[int, str], items: list[int]) -> dict[int, str | TargetError]:
    """Submit every item from a thread of its own; what each got, answer or error."""

    def one(item: int) -> str | TargetError:
        try:
            return gatherer.submit(item)
        except TargetError as error:
            return error

    with ThreadPoolExecutor(max(1, len(items))) as pool:
        return dict(zip(items, pool.map(one, items), strict=True))


numbers = st.lists(st.integers(0, 60), unique=True, max_size=24)


@settings(deadline=None, max_examples=60)
@given(
    items=numbers,
    poisoned=st.frozensets(st.integers(0, 60), max_size=8),
    limit=st.integers(1, 10),
    senders=st.integers(1, 3),
    error=st.sampled_from([Rejected, Conflict]),
    names_rejected_items=st.booleans(),
)
def test_each_caller_gets_its_own_answer_and_nothing_is_written_twice(
    items: list[int],
    poisoned: frozenset[int],
    limit: int,
    senders: int,
    error: type[TargetError],
    names_rejected_items: bool,
) -> None:
    server = AllOrNothingServer(poisoned, error, names_rejected_items)
    got = submit_all(Batcher(server.send, window_s=0.001, limit=limit, gate=threading.Semaphore(senders)), items)

    for item in items:
        if item in poisoned:
            assert isinstance(got[item], error)
            assert str(got[item]) == f"no {item}"
        else:
            assert got[item] == f"wrote {item}"
    assert sorted(server.written) == sorted(set(items) - poisoned)
    assert all(len(request) <= limit for request in server.requests)


def gathered_behind_a_slow_request(server: AllOrNothingServer, items: list[int], limit: int = 100) -> dict[int, object]:
    """Let `items` join one batch, one after the other, while a first request (of -1) is under way."""
    released, started = threading.Event(), threading.Event()
    written = server.send

    def send(batch: list[int]) -> list[str]:
        if batch == [-1]:
            started.set()
            released.wait(10)
            return ["first"]
        return written(batch)

    gatherer: Batcher[int, str] = Batcher(send, window_s=0.0, limit=limit)
    got: dict[int, object] = {}

    def one(item: int) -> None:
        try:
            got[item] = gatherer.submit(item)
        except BaseException as error:
            got[item] = error

    threads = [threading.Thread(target=one, args=(-1,))]
    threads[0].start()
    assert started.wait(10)
    for count, item in enumerate(items, 1):
        threads.append(threading.Thread(target=one, args=(item,)))
        threads[-1].start()
        while count < limit and gatherer.waiting != count:
            time.sleep(0.0005)
    released.set()
    for thread in threads:
        thread.join(10)
    return got


def test_what_arrives_during_a_request_travels_together_and_in_order() -> None:
    server = AllOrNothingServer()
    gathered_behind_a_slow_request(server, [7, 3, 9, 1, 5])
    assert server.requests == [[7, 3, 9, 1, 5]]


def test_a_batch_that_is_full_leaves_without_its_window() -> None:
    server = AllOrNothingServer()
    gatherer: Batcher[int, str] = Batcher(server.send, window_s=3600, limit=4)
    assert submit_all(gatherer, [1, 2, 3, 4]) == {n: f"wrote {n}" for n in (1, 2, 3, 4)}
    assert len(server.requests) == 1


def test_a_lonely_element_leaves_when_its_window_has_passed() -> None:
    server = AllOrNothingServer()
    assert Batcher(server.send, window_s=0.001).submit(1) == "wrote 1"


@pytest.mark.parametrize("at_once", [1, 2])
def test_gatherers_that_share_a_gate_send_no_more_at_once(at_once: int) -> None:
    server = AllOrNothingServer(pause_s=0.005)
    gate = threading.Semaphore(at_once)
    one, other = (Batcher(server.send, window_s=0.0, limit=2, gate=gate) for _ in range(2))
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(submit_all, (one, other), (list(range(8)), list(range(8, 16)))))
    assert 1 <= server.most_under_way <= at_once


def test_halving_finds_the_culprit_and_keeps_the_order() -> None:
    server = AllOrNothingServer(poisoned=frozenset({6}))
    got = gathered_behind_a_slow_request(server, [1, 2, 3, 4, 5, 6, 7, 8])
    assert [item for item, response in got.items() if isinstance(response, Rejected)] == [6]
    assert server.written == [1, 2, 3, 4, 5, 7, 8]


def test_named_culprits_cost_one_more_request() -> None:
    server = AllOrNothingServer(poisoned=frozenset({2, 6}), names_rejected_items=True)
    gathered_behind_a_slow_request(server, [1, 2, 3, 4, 5, 6, 7, 8])
    assert server.requests == [[1, 2, 3, 4, 5, 6, 7, 8], [1, 3, 4, 5, 7, 8]]


@pytest.mark.parametrize("error", [Unreachable, Forbidden, NotFound])
def test_an_error_that_concerns_the_server_is_everybodys_and_asked_once(error: type[TargetError]) -> None:
    server = AllOrNothingServer(poisoned=frozenset({2}), error=error)
    got = gathered_behind_a_slow_request(server, [1, 2, 3, 4])
    assert all(isinstance(got[item], error) for item in (1, 2, 3, 4))
    assert len(server.requests) == 1


def test_a_server_that_fails_at_everything_is_not_asked_for_each_element() -> None:
    server = AllOrNothingServer(poisoned=frozenset(range(64)), error=ServerFailure)
    got = gathered_behind_a_slow_request(server, list(range(64)))
    assert all(isinstance(got[item], ServerFailure) for item in range(64))
    assert len(server.requests) < 12


def test_one_element_that_breaks_the_server_does_not_take_the_others_with_it() -> None:
    server = AllOrNothingServer(poisoned=frozenset({40}), error=ServerFailure)
    gathered_behind_a_slow_request(server, list(range(64)))
    assert sorted(server.written) == [n for n in range(64) if n != 40]


def test_a_defect_in_send_reaches_every_caller() -> None:
    def send(items: list[int]) -> list[str]:
        raise LookupError("defect")

    with pytest.raises(LookupError):
        Batcher(send, window_s=0.0).submit(1)


def test_an_interrupted_leader_leaves_nobody_waiting() -> None:
    followers_in = threading.Event()

    def send(items: list[int]) -> list[str]:
        followers_in.wait(10)
        raise KeyboardInterrupt

    gatherer: Batcher[int, str] = Batcher(send, window_s=3600, limit=2)
    follower = threading.Thread(target=lambda: _ignored(gatherer, 2))
    leader = threading.Thread(target=lambda: _ignored(gatherer, 1))
    leader.start()
    follower.start()
    followers_in.set()
    leader.join(10)
    follower.join(10)
    assert not leader.is_alive()
    assert not follower.is_alive()


def _ignored(gatherer: Batcher[int, str], item: int) -> None:
    with pytest.raises(KeyboardInterrupt):
        gatherer.submit(item)
