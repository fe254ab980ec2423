"""Calls providers: as many at a time as the run allows, with a deadline each, and errors that people can read.

Which provider a call goes to follows from the resource's provider reference; `of` binds a resource to it. The providers
themselves (dynamic ones, the built-in plugins) keep the protocol of `provider_protocol`.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pulumi.runtime import Settings, configure

from embedded.engine import plugins, urns
from embedded.engine.dynamic_provider import DynamicProvider
from embedded.engine.errors import NotSupported
from embedded.engine.failures import CheckFailed, ProviderFailed, Stopped, message_of, trace_of
from embedded.engine.provider_protocol import Call, Provider, ReadAnswer
from embedded.engine.provider_resources import ProviderResources, config_of
from embedded.engine.workers import Aborted, DeadlineExceeded, Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from embedded.engine.steps import DiffAnswer

_GRACE_SECONDS = 15.0
"""How much longer than a built-in plugin, which keeps its own deadline, the host waits for it."""

type Tell = Callable[[str, str, str], None]
"""(severity, message, urn)"""


class ProviderHost:
    """The providers of a run, each configured on its first use.

    Create, update and delete are made inside a `turn`, so that what a journal notes as begun really is. The others take
    theirs by themselves. They raise ProviderFailed when the provider raised or did not answer, Stopped when the run was
    aborted, and NotSupported for values that cannot be handed over.
    """

    def __init__(
        self,
        project: str,
        config: Mapping[str, Any],
        *,
        parallel: int,
        deadline: float,
        guard: Callable[[], None] = lambda: None,
        inputs_of: Callable[[str], Mapping[str, Any] | None] = lambda _reference: None,
        tell: Tell = lambda _severity, _message, _urn: None,
        folder: str = "",
        outputs_of: Callable[[str], Mapping[str, Any]] = lambda _stack: {},
    ) -> None:
        """`config` maps `namespace:key` to values; `parallel` calls at most run at a time; `deadline` in seconds.

        `guard` is called at the start of every turn and raises when no new call may be made. `inputs_of` gives the
        inputs of the provider behind a reference; None for one that nobody knows. `tell` gets what providers say.
        `folder` is the program's, where commands run; `outputs_of` gives the outputs of another stack.
        """
        self._project = project
        self._deadline = deadline
        self._guard = guard
        self._inputs_of = inputs_of
        self._tell = tell
        self._folder = folder
        self._outputs_of = outputs_of
        self._slots = threading.BoundedSemaphore(parallel)
        self._workers = Workers(self._enter_thread)
        self._lock = threading.Lock()
        self._dynamic = DynamicProvider(project)
        self._dynamic.configure(config)
        self._made: dict[str, Provider] = {}

    def of(self, urn: str, reference: str = "") -> Bound:
        """The provider of a resource, by its reference; "" is the usual dynamic provider."""
        return Bound(self, urn, reference)

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until one more call may be made."""
        with self._slots:
            self._guard()
            yield

    def abort(self) -> None:
        """Release every caller at once, whatever its provider is doing."""
        self._workers.abort()
        for provider in list(self._made.values()):
            provider.cancel()

    def provider(self, urn: str, reference: str) -> Provider:
        """The configured provider for a resource.

        Raises NotSupported for a package that has no built-in plugin, ProviderFailed when it cannot be configured.
        """
        type_ = urns.type_of(urn) if urns.is_urn(urn) else ""
        if urns.is_provider(type_):
            return ProviderResources(plugins.make(type_.removeprefix(urns.PROVIDER_PREFIX), self._project))
        where = urns.provider_urn(reference)
        package = urns.type_of(where).removeprefix(urns.PROVIDER_PREFIX) if where else plugins.DYNAMIC
        if package == plugins.DYNAMIC and (not where or urns.name_of(where) == "default"):
            return self._dynamic
        with self._lock:
            found = self._made.get(reference)
            if found is None:
                found = self._made[reference] = self._configured(package, reference)
        return found

    def _configured(self, package: str, reference: str) -> Provider:
        inputs = self._inputs_of(reference)
        if inputs is None:
            raise ProviderFailed(f"its provider {reference} is neither in the state nor registered in this run")
        provider = plugins.make(package, self._project, self._folder, self._outputs_of)
        provider.configure(config_of(inputs))
        return provider

    def call[T](self, bound: Bound, name: str, work: Callable[[Provider, Call], T], call: Call) -> T:
        """Make one call in a thread of its own and wait for it; see the class for what it raises."""
        limit = call.seconds or self._deadline
        setting = replace(
            call,
            urn=bound.urn,
            seconds=limit,
            asked=call.seconds,
            say=lambda how, what: self._tell(how, what, bound.urn),
        )

        def run() -> T:
            return work(self.provider(bound.urn, bound.reference), setting)

        own_deadline = bound.reference and urns.package_of(bound.type) != plugins.DYNAMIC
        try:
            return self._workers.call(run, limit + _GRACE_SECONDS if own_deadline else limit)
        except Aborted:
            raise Stopped from None
        except DeadlineExceeded:
            raise ProviderFailed(
                f"the provider's {name} did not return within {limit:g} s; what it has done is not known",
                unanswered=True,
            ) from None
        except (NotSupported, ProviderFailed, CheckFailed):
            raise
        except BaseException as error:  # a provider is user code and may raise anything, SystemExit included
            raise ProviderFailed(message_of(error), detail=trace_of(error)) from error

    def _enter_thread(self) -> None:
        configure(Settings(project=self._project, stack="stack", organization="organization"))


class Bound:
    """The calls of one resource to its provider. All of them block."""

    def __init__(self, host: ProviderHost, urn: str, reference: str) -> None:
        self._host = host
        self.urn = urn
        self.type = urns.type_of(urn) if urns.is_urn(urn) else ""
        self.reference = reference

    @property
    def previews(self) -> bool:
        """Whether create and update may be asked in a preview, and then change nothing."""
        return not urns.is_provider(self.type) and self._host.provider(self.urn, self.reference).previews

    def check(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs as the provider wants them, secrets marked as in `news`. Raises CheckFailed."""
        with self._host.turn():
            return self._host.call(self, "check", lambda to, call: to.check(call, olds, news), Call(seconds=0))

    def diff(self, id_: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> DiffAnswer:
        """How `news` (inputs) differ from `olds` (outputs) in the provider's eyes."""
        with self._host.turn():
            return self._host.call(self, "diff", lambda to, call: to.diff(call, id_, olds, news), Call(seconds=0))

    def create(
        self, inputs: Mapping[str, Any], seconds: float = 0, *, preview: bool = False
    ) -> tuple[str, dict[str, Any]]:
        """Make the object: its id and outputs. `seconds` replaces the deadline when it is not 0."""
        setting = Call(seconds=seconds, preview=preview)
        return self._host.call(self, "create", lambda to, call: to.create(call, inputs), setting)

    def update(
        self, id_: str, olds: Mapping[str, Any], news: Mapping[str, Any], seconds: float = 0, *, preview: bool = False
    ) -> dict[str, Any]:
        """Change the object: its new outputs, which are all it has from now on."""
        setting = Call(seconds=seconds, preview=preview)
        return self._host.call(self, "update", lambda to, call: to.update(call, id_, olds, news), setting)

    def delete(self, id_: str, outputs: Mapping[str, Any], seconds: float = 0) -> None:
        """Remove the object."""
        self._host.call(self, "delete", lambda to, call: to.delete(call, id_, outputs), Call(seconds=seconds))

    def read(self, id_: str, outputs: Mapping[str, Any], inputs: Mapping[str, Any], seconds: float = 0) -> ReadAnswer:
        """The object as it is now; `outputs` and `inputs` are those of the state."""
        with self._host.turn():
            setting = Call(seconds=seconds)
            return self._host.call(self, "read", lambda to, call: to.read(call, id_, outputs, inputs), setting)

    def invoke(self, token: str, arguments: Mapping[str, Any], *, preview: bool) -> dict[str, Any]:
        """Call a function of the provider."""
        with self._host.turn():
            setting = Call(seconds=0, preview=preview)
            return self._host.call(self, token, lambda to, call: to.invoke(call, token, arguments), setting)

    def moves(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
        """The properties by which a provider's inputs lead to another server than those before it (replaces)."""
        with self._host.turn():
            answer = self._host.call(
                self,
                "diff",
                lambda to, call: to.diff_config(call, config_of(before), config_of(after)),
                Call(seconds=0),
            )
        return answer.replaces if answer.changes is not False else ()
