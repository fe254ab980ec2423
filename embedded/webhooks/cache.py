"""A copy of what the API server holds, kept up to date by watches, like the informers of the real controller manager.

It lags behind by the way of an event, and by what the settings add to that: so a child may be refused with "not found"
just after its parent was created, as on the real server.
"""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from typing import TYPE_CHECKING, Any

from embedded.webhooks.cluster import ClusterError
from embedded.webhooks.registration import KIND_PATHS
from embedded.webhooks.subject import Memory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from embedded.webhooks.cluster import Cluster

_PAUSE_SECONDS = 0.2
type _Job = tuple[float, Callable[[], None]]


class Cache:
    """The objects of all kinds; `lag` gives the seconds by which events are held back."""

    def __init__(self, cluster: Cluster, lag: Callable[[], float]) -> None:
        self._cluster = cluster
        self._lag = lag
        self._changed: Callable[[], None] = lambda: None
        self._memory = Memory()
        self._lock = threading.RLock()
        self._listed: set[str] = set()
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()

    def start(self, changed: Callable[[], None]) -> None:
        """Begin to watch, in threads that end with the process; `changed` is called at every change."""
        self._changed = changed
        threading.Thread(target=self._work, daemon=True, name="cache").start()
        for kind in KIND_PATHS:
            threading.Thread(target=self._follow, args=(kind,), daemon=True, name=f"watch-{kind}").start()

    @property
    def complete(self) -> bool:
        """Whether every kind has been listed once."""
        return len(self._listed) == len(KIND_PATHS)

    @contextlib.contextmanager
    def objects(self) -> Iterator[Memory]:
        """The objects, which do not change while they are looked at."""
        with self._lock:
            yield self._memory

    def _follow(self, kind: str) -> None:
        while True:
            # the API server may be down, still starting, or restarted: then everything is listed again
            with contextlib.suppress(ClusterError):
                self._watch(kind, self._list(kind))
            time.sleep(_PAUSE_SECONDS)

    def _list(self, kind: str) -> str:
        found = self._cluster.call("GET", KIND_PATHS[kind])
        with self._lock:
            items = {item["metadata"]["name"]: item for item in found.get("items") or ()}
            for name in self._memory.names(kind) - items.keys():
                self._memory.drop(kind, name)
            for item in items.values():
                self._memory.put(kind, item)
            self._listed.add(kind)
        self._changed()
        return str(found["metadata"]["resourceVersion"])

    def _watch(self, kind: str, version: str) -> None:
        for event in self._cluster.watch(KIND_PATHS[kind], version):
            if event["type"] == "ERROR":
                return
            if event["type"] != "BOOKMARK":
                self._later(kind, event)

    def _later(self, kind: str, event: dict[str, Any]) -> None:
        def take() -> None:
            with self._lock:
                if event["type"] == "DELETED":
                    self._memory.drop(kind, event["object"]["metadata"]["name"])
                else:
                    self._memory.put(kind, event["object"])
            self._changed()

        if lag := self._lag():
            self._jobs.put((time.monotonic() + lag, take))
        else:
            take()

    def _work(self) -> None:
        while True:
            due, job = self._jobs.get()
            time.sleep(max(0.0, due - time.monotonic()))
            job()
