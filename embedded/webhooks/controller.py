"""Keeps the Agents as they should be: a loop that waits for changes to settle, writes what differs, and plays the switches."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

from embedded.webhooks import agents
from embedded.webhooks.cluster import ClusterError

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.webhooks.agents import Behaviour
    from embedded.webhooks.cache import Cache
    from embedded.webhooks.cluster import Cluster

QUIET_SECONDS = 0.3
LONGEST_WAIT_SECONDS = 5.0
_POLL_SECONDS = 0.1
_PAUSE_SECONDS = 1.0
_MERGE = "application/merge-patch+json"


class Controller:
    """One fabric's Agents. `behaviour` is asked at every round, so that a test can change it."""

    def __init__(self, cluster: Cluster, cache: Cache, behaviour: Callable[[], Behaviour]) -> None:
        self._cluster = cluster
        self._cache = cache
        self._behaviour = behaviour
        self._changed_at = time.monotonic()
        self._known: dict[str, dict[str, Any]] | None = None
        self._due: dict[str, tuple[int, float]] = {}

    def changed(self) -> None:
        """Take note that something changed in the cluster."""
        self._changed_at = time.monotonic()

    def start(self) -> None:
        """Begin, in a thread that ends with the process."""
        threading.Thread(target=self._run, daemon=True, name="controller").start()

    def _run(self) -> None:
        seen, last = 0.0, 0.0
        while True:
            time.sleep(_POLL_SECONDS)
            now = time.monotonic()
            settled = now - self._changed_at >= QUIET_SECONDS or now - last >= LONGEST_WAIT_SECONDS
            try:
                if self._cache.complete and seen != self._changed_at and settled:
                    at = self._changed_at
                    self._write()
                    seen, last = at, now
                self._play()
            except ClusterError:
                # the API server is down, or somebody else changed an Agent: look again at what is there
                self._known = None
                self.changed()
                time.sleep(_PAUSE_SECONDS)

    def _write(self) -> None:
        """Create, change and delete Agents until they are what the objects say."""
        if self._known is None:
            found = self._cluster.call("GET", agents.PATH).get("items") or ()
            self._known = {one["metadata"]["name"]: one for one in found}
        with self._cache.objects() as objects:
            wanted = agents.wanted_agents(objects)
        known, self._known = self._known, None  # after a failure in between they are listed again
        for name in known.keys() - wanted.keys():
            self._delete(name)
            del known[name]
        for name, spec in wanted.items():
            if name not in known:
                known[name] = self._cluster.call("POST", agents.PATH, agents.manifest(name, spec))
            elif known[name].get("spec") != spec:
                known[name] = self._cluster.call("PATCH", f"{agents.PATH}/{name}", {"spec": spec}, _MERGE)
        self._known = known

    def _delete(self, name: str) -> None:
        try:
            self._cluster.call("DELETE", f"{agents.PATH}/{name}")
        except ClusterError as error:
            if error.status != 404:
                raise

    def _play(self) -> None:
        """Let every switch take up its Agent's generation when its delay has passed."""
        behaviour, now = self._behaviour(), time.monotonic()
        for name, agent in (self._known or {}).items():
            generation = agent["metadata"]["generation"]
            if agent.get("status", {}).get("lastAppliedGen") == generation:
                continue
            if self._due.get(name, (0, 0.0))[0] != generation:
                self._due[name] = (generation, now)
            if now < self._due[name][1] + behaviour.delay_seconds:
                continue
            status = agents.status_after_attempt(name, generation, behaviour)
            if status is not None and not self._reported(agent, status):
                path = f"{agents.PATH}/{name}/status"
                (self._known or {})[name] = self._cluster.call("PATCH", path, {"status": status}, _MERGE)

    def _reported(self, agent: dict[str, Any], status: dict[str, Any]) -> bool:
        """Whether a failure has been written already."""
        before = agent.get("status", {})
        messages = [[one.get("message") for one in each.get("conditions", ())] for each in (before, status)]
        return before.get("lastAttemptGen") == status["lastAttemptGen"] and messages[0] == messages[1]
