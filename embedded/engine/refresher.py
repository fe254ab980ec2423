"""Reads what the servers hold now and puts it into the state (engine-contract §4.8)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from embedded.engine import paths, plugins, prune, urns
from embedded.engine.clock import now
from embedded.engine.deployment import same_entry
from embedded.engine.errors import EngineError
from embedded.engine.failures import ProviderFailed, Stopped
from embedded.engine.secrecy import mark_secrets
from embedded.engine.steps import Decision, Op, Step

if TYPE_CHECKING:
    from collections.abc import Iterable

    from embedded.engine.deployment import Deployment
    from embedded.engine.provider_host import ProviderHost
    from embedded.engine.state import Resource


class Refresher:
    """Reads entries of one run through one set of configured providers."""

    def __init__(self, deployment: Deployment, host: ProviderHost, *, is_the_point: bool) -> None:
        """`is_the_point` in a refresh: its findings are shown and counted. In an up or preview they only lead there."""
        self._deployment = deployment
        self._host = host
        self._is_the_point = is_the_point
        self._asked: set[str] = set()

    def read(self, known: Resource) -> Resource | None:
        """The entry as it is now, put into the state when it differs; None when the object is gone.

        Raises ProviderFailed when it could not be read, Stopped when the run is ending.
        """
        self._deployment.guard()
        self._asked.add(known.urn)
        step = Step(Op.REFRESH, known.urn, known.type, known, known, logical=False)
        self._deployment.reporter.pre(step)
        timeouts = known.extra.get("customTimeouts") or {}
        bound = self._host.of(known.urn, known.provider)
        answer = bound.read(known.id, known.outputs, known.inputs, float(timeouts.get("read", 0)))
        if answer.gone:
            self._deployment.gone.add(known.urn)
            self._tell(step, None)
            return None
        outputs = mark_secrets(answer.outputs, {}, tuple(known.additional_secret_outputs))
        inputs = known.inputs if answer.inputs is None else answer.inputs
        found = replace(known, id=answer.id, outputs=outputs, inputs=inputs, init_errors=[])
        if same_entry(known, found):
            found = known
        else:
            found = replace(found, modified=now())
            self._deployment.persist(found, known)
        self._tell(step, found)
        return found

    def read_all(self, entries: Iterable[Resource], threads: int) -> bool:
        """Read every entry that has not been read yet, many at a time; one that cannot be fails the run at its end.

        Returns whether all could be read.
        """
        wanted = [entry for entry in entries if readable(entry) and entry.urn not in self._asked]
        with ThreadPoolExecutor(max_workers=max(1, min(threads, len(wanted)))) as pool:
            return all(list(pool.map(self._read_one, wanted)))

    def tell_rest(self, entries: Iterable[Resource]) -> None:
        """Count what no provider can be asked about: components, and what is only read."""
        for entry in entries:
            if readable(entry):
                continue
            step = Step(Op.SAME, entry.urn, entry.type, entry, entry, logical=False)
            self._deployment.reporter.pre(replace(step, op=Op.REFRESH))
            if not urns.is_default_provider(entry.urn):
                self._deployment.reporter.done(step, counted=True)
            self._deployment.reporter.outputs(step)

    def remove_gone(self) -> None:
        """Take what is gone out of the state, and first every reference to it: the state is valid at any moment."""
        deployment = self._deployment
        gone = frozenset(deployment.gone)
        parents = {urn: deployment.entries[urn].parent for urn in gone}
        for entry in list(deployment.entries.values()):
            kept = prune.pruned(entry, gone, parents)
            if kept is not entry and entry.urn not in gone:
                deployment.persist(kept, entry)
        for index, entry in enumerate(deployment.doomed):
            kept = prune.pruned(entry, gone, parents)
            if kept is not entry:
                deployment.doomed[index] = kept
                deployment.exchange(kept, entry)
        leaving = [entry.urn for entry in deployment.standing() if not entry.delete and entry.urn in gone]
        for urn in reversed(leaving):
            deployment.forget(deployment.entries.pop(urn))

    def _read_one(self, entry: Resource) -> bool:
        try:
            self.read(entry)
        except Stopped:
            return False
        except (ProviderFailed, EngineError) as error:
            self._deployment.failed = True
            step = Step(Op.REFRESH, entry.urn, entry.type, entry, entry, logical=False)
            self._deployment.reporter.failed(step, str(error), unclear=False)
            return False
        return True

    def _tell(self, step: Step, found: Resource | None) -> None:
        result = difference(step, found)
        if not self._is_the_point:
            self._deployment.reporter.outputs(replace(result, op=Op.REFRESH))
            return
        self._deployment.reporter.done(result, counted=True)
        self._deployment.reporter.outputs(result)


def readable(entry: Resource) -> bool:
    """Whether a provider can be asked about an entry; what is only read can be where its provider is built in."""
    there = entry.custom and not entry.delete and not entry.pending_replacement and not urns.is_provider(entry.type)
    return there and (not entry.external or plugins.reads(entry.type))


def difference(step: Step, found: Resource | None) -> Step:
    """What a refresh found about an entry, as the step that it amounts to."""
    old = step.old
    if found is None or old is None:
        return replace(step, op=Op.DELETE, new=None)
    if found is old or (paths.equal(old.inputs, found.inputs) and _same_outputs(old, found)):
        return replace(step, op=Op.SAME, new=found)
    by_inputs = paths.diff(old.inputs, found.inputs)
    detailed = by_inputs or paths.diff(old.outputs, found.outputs)
    keys = tuple(sorted({str((paths.parse(path) or ("",))[0]) for path in detailed}))
    return replace(step, op=Op.UPDATE, new=found, decision=Decision(Op.UPDATE, keys, detailed))


def _same_outputs(old: Resource, found: Resource) -> bool:
    """Whether the outputs are the same too; of Kubernetes objects the inputs say all that is anybody's wish.

    What else a server keeps of an object (status, versions) moves all the time.
    """
    return urns.package_of(old.type) == plugins.KUBERNETES or paths.equal(old.outputs, found.outputs)
