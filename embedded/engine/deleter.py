"""Deletes what the program no longer names, dependents first (engine-contract §4.5)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from embedded.engine import deletes, urns
from embedded.engine.errors import EngineError
from embedded.engine.failures import ProviderFailed, Stopped
from embedded.engine.steps import Op, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedded.engine.deployment import Deployment
    from embedded.engine.provider_host import ProviderHost
    from embedded.engine.refresher import Refresher
    from embedded.engine.state import Resource


class Deleter:
    """The delete phase of one run."""

    def __init__(self, deployment: Deployment, host: ProviderHost, refresher: Refresher | None, threads: int) -> None:
        """`refresher` reads entries first, when this run refreshes and has not read them yet."""
        self._deployment = deployment
        self._reporter = deployment.reporter
        self._host = host
        self._refresher = refresher
        self._threads = threads
        self._leaving: frozenset[str] = frozenset()

    def run(self, entries: Sequence[Resource]) -> None:
        """Delete entries, given in the state's order. What fails ends the run; what has begun is finished."""
        self._deployment.guard()
        if self._refresher is not None:
            self._refresher.read_all(entries, self._threads)
            if self._deployment.failed:
                self._deployment.fail()
            self._deployment.guard()
            entries = [entry if entry.delete else self._deployment.entries[entry.urn] for entry in entries]
        leaving = self._unprotected(entries)
        self._leaving = frozenset(entry.urn for entry in leaving)
        with ThreadPoolExecutor(max_workers=max(1, min(self._threads, len(leaving)))) as pool:
            for group in deletes.antichains(leaving):
                self._deployment.guard()
                for _ in pool.map(self._delete, group):
                    pass

    def _unprotected(self, entries: Sequence[Resource]) -> list[Resource]:
        """The entries that may go: no protected one, and nothing that a protected one needs."""
        request = self._deployment.request
        protected = [] if request.ignore_protect else [entry for entry in entries if entry.protect]
        if not protected:
            return list(entries)
        if not request.exclude_protected:
            for entry in protected:
                self._refuse(entry)
        stays = {id(entry) for entry in deletes.needed_by(entries, protected)}
        return [entry for entry in entries if id(entry) not in stays]

    def _refuse(self, entry: Resource) -> None:
        self._deployment.failed = self._reporter.step_failed = True
        prefix = "Preview failed: " if self._deployment.dry else ""
        message = (
            f'{prefix}resource "{entry.urn}" cannot be deleted\n'
            "because it is protected: remove its `protect` option in the program and run `pulumi up`, "
            f"or run `pulumi state unprotect '{entry.urn}'`"
        )
        self._reporter.diagnostic("error", message, entry.urn)

    def _delete(self, entry: Resource) -> None:
        if self._deployment.stopping.is_set():
            return
        op = Op.DELETE_REPLACED if entry.delete else Op.DELETE
        if entry.pending_replacement:
            op = Op.REMOVE_PENDING_REPLACE
        step = Step(op, entry.urn, entry.type, entry, None, logical=op is Op.DELETE)
        if entry.urn in self._deployment.gone and not entry.delete:
            self._deployment.forget(entry)
            return
        self._reporter.pre(step)
        try:
            self._remove(entry)
        except Stopped:
            return
        except (ProviderFailed, EngineError) as error:
            self._deployment.fail()
            self._reporter.failed(step, str(error), unclear=True)
            return
        if not urns.is_provider(entry.type):
            self._reporter.done(step)
        self._reporter.outputs(step)

    def _remove(self, entry: Resource) -> None:
        if self._deployment.dry:
            return
        if self._without_call(entry):
            self._deployment.forget(entry)
            return
        timeouts = entry.extra.get("customTimeouts") or {}
        with self._host.turn(), self._deployment.mutation("deleting", entry) as mutation:
            self._host.delete(entry.id, entry.outputs, float(timeouts.get("delete", 0)))
            mutation.removed(entry)

    def _without_call(self, entry: Resource) -> bool:
        """Whether the entry only leaves the state: nothing on a server is ours to delete."""
        nothing_there = not entry.custom or urns.is_provider(entry.type) or entry.pending_replacement
        left_alone = entry.external or entry.retain_on_delete
        return nothing_there or left_alone or entry.deleted_with in self._leaving
