"""Deletes what the program no longer names, dependents first (engine-contract §4.5)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from embedded.engine import deletes, targets, urns
from embedded.engine.applier import Applier
from embedded.engine.deployment import Mutation
from embedded.engine.failures import Stopped
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
        self._applier = Applier(deployment, host)
        self._refresher = refresher
        self._threads = threads
        self._leaving: frozenset[str] = frozenset()

    def run(self, entries: Sequence[Resource]) -> None:
        """Delete entries, given in the state's order, as far as this run takes them in.

        What fails ends the run, or with --continue-on-error keeps what it needs; what has begun is finished.
        """
        deployment = self._deployment
        deployment.guard()
        entries = self._chosen(entries)
        if self._refresher is not None:
            if not self._refresher.read_all(entries, self._threads):
                deployment.fail()
            deployment.guard()
            entries = [entry if entry.delete else deployment.entries[entry.urn] for entry in entries]
        leaving = self._unprotected(entries)
        self._leaving = frozenset(entry.urn for entry in leaving)
        with ThreadPoolExecutor(max_workers=max(1, min(self._threads, len(leaving)))) as pool:
            for group in deletes.antichains(leaving):
                deployment.guard()
                for _ in pool.map(self._delete, self._unneeded(group)):
                    pass

    # --- what stays -------------------------------------------------------------------------------------------------

    def _chosen(self, entries: Sequence[Resource]) -> Sequence[Resource]:
        """The entries that --target and --exclude let go; the others are told as unchanged."""
        deployment = self._deployment
        if not deployment.selection.partial:
            return entries
        state = deployment.standing()
        allowed = deployment.selection.to_delete(state)
        stay = [entry.urn for entry in entries if entry.urn not in allowed]
        needed = targets.needs(state, {*stay, *deployment.left})
        chosen = [entry for entry in entries if entry.urn in allowed and entry.urn not in needed]
        unnamed = deployment.selection.unnamed(dict.fromkeys(entry.urn for entry in chosen))
        for urn in unnamed:
            deployment.failed = self._reporter.step_failed = True
            self._reporter.diagnostic("error", targets.unnamed_text(urn), urn)
        if unnamed and not deployment.dry:
            raise Stopped
        going = {id(entry) for entry in chosen}
        for entry in entries:
            if id(entry) not in going and not entry.delete:
                self._tell_unchanged(entry)
        return chosen

    def _tell_unchanged(self, entry: Resource) -> None:
        step = Step(Op.SAME, entry.urn, entry.type, entry, entry)
        self._reporter.pre(step)
        if not urns.is_default_provider(entry.urn):
            self._reporter.done(step)
        self._reporter.outputs(step)

    def _unneeded(self, group: list[Resource]) -> list[Resource]:
        """Of a group, what nothing needs whose own step failed."""
        broken = self._deployment.broken
        if not broken:
            return group
        needed = targets.needs(self._deployment.standing(), set(broken))
        return [entry for entry in group if entry.urn not in needed]

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
        if self._deployment.dry:
            self._reporter.diagnostic("error", message, entry.urn)
            return
        step = Step(Op.DELETE, entry.urn, entry.type, entry)
        self._reporter.pre(step)
        self._reporter.failed(step, message, unclear=False)

    def _delete(self, entry: Resource) -> None:
        if entry.urn in self._deployment.gone and not entry.delete:
            self._deployment.forget(entry)
            return
        op = Op.DELETE_REPLACED if entry.delete else Op.DELETE
        if entry.external:
            op = Op.DISCARD_REPLACED if entry.delete else Op.DISCARD
        if entry.pending_replacement:
            op = Op.REMOVE_PENDING_REPLACE
        self._applier.leave(
            Step(op, entry.urn, entry.type, entry, None, logical=op in (Op.DELETE, Op.DISCARD)), self._remove
        )

    def _remove(self, entry: Resource) -> None:
        if self._deployment.dry:
            return
        if self._without_call(entry):
            self._deployment.forget(entry)
            return
        self._applier.delete(entry, Mutation.removed)

    def _without_call(self, entry: Resource) -> bool:
        """Whether the entry only leaves the state: nothing on a server is ours to delete."""
        nothing_there = not entry.custom or urns.is_provider(entry.type) or entry.pending_replacement
        left_alone = entry.external or entry.retain_on_delete
        return nothing_there or left_alone or entry.deleted_with in self._leaving
