"""What one run knows: the old state, what has been registered, and whether it may go on.

The deployment is shared by all threads of a run. It is the only place that reports changes to the journal.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from embedded.engine import paths, urns
from embedded.engine.aliases import renamed
from embedded.engine.callbacks import Callbacks
from embedded.engine.claims import Claims
from embedded.engine.failures import ProviderFailed, Stopped
from embedded.engine.goals import PLUGIN
from embedded.engine.hooks import Hooks
from embedded.engine.run_providers import RunProviders
from embedded.engine.targets import Selection
from embedded.engine.transforms import Transforms
from embedded.engine.values import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.engine.hooks import Action
    from embedded.engine.journal import OperationType
    from embedded.engine.provider_host import ProviderHost
    from embedded.engine.reporter import Reporter
    from embedded.engine.request import Context, Request
    from embedded.engine.state import Resource
    from embedded.engine.steps import Goal, Step


class Deployment:
    """The shared state of a run."""

    def __init__(self, request: Request, context: Context, reporter: Reporter) -> None:
        self.request = request
        self.context = context
        self.reporter = reporter
        self.dry = request.preview_only
        self.stack_urn = urns.stack_urn(context.stack_name, context.project.name)
        self.provider_urn = default_provider_urn(context.stack_name, context.project.name)
        self.entries = {entry.urn: entry for entry in context.snapshot.resources if not entry.delete}
        """The state by URN as it is now: the old entries first, then what this run made of them."""
        self.doomed = [entry for entry in context.snapshot.resources if entry.delete]
        """Entries that an earlier run left to be deleted."""
        self.replaced: set[str] = set()
        """URNs that this run replaces."""
        self.gone: set[str] = set()
        """URNs of old entries whose object does not exist any more, as Read found."""
        self.selection = Selection(request)
        """What --target and its relatives leave in this run."""
        self.absent: set[str] = set()
        """URNs that were registered, are left out, and are not in the state either."""
        self.broken: set[str] = set()
        """URNs whose step failed, or that need one whose step failed (--continue-on-error)."""
        self.left: dict[str, Resource] = {}
        """Entries by URN that were registered and are left out: they stay as they are."""
        self.goals: dict[str, Goal] = {}
        self.news: dict[str, Resource] = {}
        """Entries of this run by URN."""
        self.stack_outputs: dict[str, Any] | None = None
        self.stack_step: Step | None = None
        """The stack's own step with its outputs, to be told when everything else is done."""
        self.config: dict[str, Any] = {
            key: Secret(value) if key in context.secret_keys else value for key, value in context.config.items()
        }
        self.callbacks = Callbacks()
        self.transforms = Transforms(self.callbacks)
        self.hooks = Hooks(self.callbacks, reporter, dry=self.dry)
        self.providers = RunProviders(self)
        self.host: ProviderHost | None = None
        """The providers that functions are called on; set before the program starts."""
        self._claims = Claims()
        self._superseded: dict[str, Resource] = {}
        self.gate = threading.Lock()
        """Held while a replace deletes what depends on the resource: no registration begins meanwhile."""
        self._lock = threading.RLock()
        self.stopping = threading.Event()
        """Set when no new step may start."""
        self.failed = False
        self.canceled = False

    # --- whether to go on -------------------------------------------------------------------------------------------

    def guard(self) -> None:
        """Raise Stopped when no new step may start."""
        if self.stopping.is_set():
            raise Stopped

    def fail(self) -> None:
        """Something failed: running steps finish, no new ones start."""
        self.failed = True
        self.stopping.set()

    def step_failed(self, urn: str) -> None:
        """One resource's step failed: the run ends in good order, or goes on without what needs that resource."""
        self.failed = True
        if self.request.continue_on_error:
            self.broken.add(urn)
        else:
            self.stopping.set()

    def after(self, action: Action, new: Resource | None, old: Resource | None) -> None:
        """Call the hooks after a step; what fails there fails the run, but not the step."""
        if not self.hooks.after(action, new, old):
            self.failed = self.reporter.step_failed = True
            if not self.request.continue_on_error:
                self.stopping.set()

    def cancel(self) -> None:
        """Somebody asked to stop: running steps finish, no new ones start."""
        self.canceled = True
        self.stopping.set()

    # --- registrations ----------------------------------------------------------------------------------------------

    def claim(self, goal: Goal) -> Resource | None:
        """Reserve a URN for one registration, and the old entry that it goes on from, which may have another URN.

        Raises EngineError when either was claimed before.
        """
        with self.gate, self._lock:
            return self._claims.claim(goal, self.entries)

    def rename(self, goal: Goal, known: Resource | None) -> Resource | None:
        """Give the old entry the URN that it has from now on, and with it every reference to it; returns it."""
        if known is None or known.urn == goal.urn:
            return self.entries.get(goal.urn)
        old, new = known.urn, goal.urn
        with self.gate, self._lock:
            swapped = {} if self.dry else self.context.journal.rename(old, new)
            now = [swapped.get(id(entry)) or renamed(entry, old, new) for entry in self.entries.values()]
            self.entries = {entry.urn: entry for entry in now}
            self.doomed = [swapped.get(id(entry)) or renamed(entry, old, new) for entry in self.doomed]
            for entries in (self.news, self.left, self._superseded):
                entries.update({urn: swapped.get(id(e)) or renamed(e, old, new) for urn, e in entries.items()})
            self._claims.renamed(old, new)
            return self.entries[new]

    def claimed(self, urn: str) -> bool:
        """Whether the program has registered this URN."""
        return urn in self._claims.urns

    def known_urns(self) -> set[str]:
        """Every URN of the old state and of this run."""
        return {entry.urn for entry in self.context.snapshot.resources} | self._claims.urns

    def leave(self, entry: Resource) -> None:
        """Keep an entry as it is although the program may want it otherwise."""
        with self._lock:
            self._claims.urns.add(entry.urn)
            self.left[entry.urn] = self.news[entry.urn] = entry

    def enter(self, goal: Goal) -> None:
        """Remember a goal; children look it up."""
        with self._lock:
            self.goals[goal.urn] = goal

    def claim_default(self, urn: str) -> None:
        """A default provider belongs to this run although no program registers it."""
        self._claims.urns.add(urn)

    # --- changes of the state ---------------------------------------------------------------------------------------

    def commit(self, new: Resource) -> None:
        """Put an entry in the state that no provider call had to make; one that is there already is not written."""
        with self._lock:
            self.news[new.urn] = new
            known = self.entries.get(new.urn)
            if known is not None and same_entry(known, new):
                return
            if not self.dry:
                self.context.journal.write(new, old=known)
            self.entries[new.urn] = new

    def persist(self, new: Resource, old: Resource) -> None:
        """Replace an old entry by what Read found; it is not registered by that."""
        with self._lock:
            self.entries[new.urn] = new
            if not self.dry:
                self.context.journal.write(new, old=old)

    def exchange(self, new: Resource, old: Resource) -> None:
        """Put an entry in the place of another of the same URN that is marked to be deleted."""
        if not self.dry:
            self.context.journal.write(new, old=old)

    def supersede(self, urn: str) -> None:
        """Mark an entry to be deleted in the delete phase: another one takes its URN."""
        with self._lock:
            old = self.entries.pop(urn)
            marked = replace(old, delete=True)
            self._superseded[urn] = marked
            if not self.dry:
                self.context.journal.write(marked, old=old)

    def leaving(self) -> list[Resource]:
        """What the program has not registered and what was superseded, in the state's order."""
        return [
            self._superseded.get(self._claims.name_now(entry)) or self.current(entry)
            for entry in self.context.snapshot.resources
            if entry.delete
            or self._claims.name_now(entry) in self._superseded
            or self._claims.name_now(entry) not in self._claims.urns
        ]

    def current(self, entry: Resource) -> Resource:
        """An entry of the state as it was, as it is now."""
        return entry if entry.delete else self.entries[self._claims.name_now(entry)]

    def standing(self) -> list[Resource]:
        """The entries of the old state as they are now, in its order."""
        found = []
        for entry in self.context.snapshot.resources:
            now = entry if entry.delete else self.entries.get(self._claims.name_now(entry))
            if now is not None:
                found.append(now)
        return found

    def forget(self, old: Resource) -> None:
        """Take an entry out of the state that no provider call had to remove."""
        with self._lock:
            if not self.dry:
                self.context.journal.remove(old)

    @contextmanager
    def mutation(self, operation: OperationType, subject: Resource) -> Iterator[Mutation]:
        """Around a provider call that changes something: durable before it, settled after it.

        A call that raised is abandoned; one that never came back stays a pending operation of the state.
        """
        journal = self.context.journal
        mutation = Mutation(self, journal.begin(operation, subject))
        try:
            yield mutation
        except ProviderFailed as error:
            if not error.unanswered:
                journal.abandon(mutation.token)
            raise
        except Stopped:
            raise  # given up at once: nobody knows what the server did, so the operation stays pending

    def settle(self, token: int, new: Resource | None, old: Resource | None) -> None:
        """A mutation has succeeded: `new` takes the place of what was there under its URN, or `old` is no more."""
        known = self.entries.get(new.urn) if new is not None else old
        self.context.journal.finish(token, new=new, old=known)  # waits for the disk: not under the lock
        if new is not None:
            with self._lock:
                self.news[new.urn] = self.entries[new.urn] = new
                self.gone.discard(new.urn)


class Mutation:
    """One provider call that changes something, between `begin` and its outcome in the journal."""

    def __init__(self, deployment: Deployment, token: int) -> None:
        self._deployment = deployment
        self._token = token

    @property
    def token(self) -> int:
        """What the journal knows it by."""
        return self._token

    def made(self, new: Resource) -> None:
        """The provider has created or updated it."""
        self._deployment.settle(self._token, new, None)

    def removed(self, old: Resource) -> None:
        """The provider has deleted it."""
        self._deployment.settle(self._token, None, old)

    def cleared(self, old: Resource) -> Resource:
        """The provider has deleted it so that it can be created anew; its entry stays until then."""
        pending = replace(old, pending_replacement=True)
        self._deployment.context.journal.finish(self._token, new=pending, old=old)
        self._deployment.entries[old.urn] = pending
        return pending


def default_provider_urn(stack: str, project: str) -> str:
    """The URN of the provider that every dynamic resource uses."""
    return urns.build(stack, project, "", urns.PROVIDER_PREFIX + PLUGIN, "default")


def same_entry(old: Resource, new: Resource) -> bool:
    """Whether two entries would be the same in a state file."""
    if not paths.identical(old.inputs, new.inputs) or not paths.identical(old.outputs, new.outputs):
        return False
    return replace(old, inputs={}, outputs={}) == replace(new, inputs={}, outputs={})
