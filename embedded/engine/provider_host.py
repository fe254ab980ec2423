"""Dynamic providers in the engine's own process.

A dynamic resource carries its provider as a pickle in the property `__provider`. The stock host is a child process with
four threads; here the same calls are made directly on the public `pulumi.dynamic.ResourceProvider`, as many at a time
as the run allows, with a deadline each. Providers are made anew for every run and configured once, on first use.
"""

from __future__ import annotations

import base64
import threading
import traceback
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import dill
from pulumi.dynamic import Config, ConfigureRequest, ResourceProvider
from pulumi.runtime import Settings, configure
from pulumi.runtime._serialization import _deserialize

from embedded.engine.errors import NotSupported
from embedded.engine.failures import CheckFailed, ProviderFailed, Stopped
from embedded.engine.provider_values import from_provider, to_provider
from embedded.engine.steps import DiffAnswer, mark_secrets
from embedded.engine.values import Secret, Unknown, unwrap
from embedded.engine.workers import Aborted, DeadlineExceeded, Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PROVIDER_KEY = "__provider"

_BARE = (KeyError, IndexError, AttributeError, TypeError, AssertionError, NotImplementedError, RecursionError)
"""Exceptions whose text says little without their name."""


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """What Read found; `inputs` None means that the provider leaves them as they are."""

    id: str
    outputs: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Any] | None = None

    @property
    def gone(self) -> bool:
        """Whether the object does not exist any more."""
        return not self.id


class ProviderHost:
    """Calls dynamic providers. All methods block and may be called from any thread.

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
    ) -> None:
        """`config` maps `namespace:key` to values; `parallel` calls at most run at a time; `deadline` in seconds.

        `guard` is called at the start of every turn and raises when no new call may be made.
        """
        self._project = project
        self._config = {key: unwrap(value) for key, value in config.items()}
        self._deadline = deadline
        self._guard = guard
        self._slots = threading.BoundedSemaphore(parallel)
        self._workers = Workers(self._enter_thread)
        self._lock = threading.Lock()
        self._providers: dict[str, ResourceProvider | Exception] = {}

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until one more call may be made."""
        with self._slots:
            self._guard()
            yield

    def check(self, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs as the provider wants them, secrets marked as in `news`. Raises CheckFailed."""

        def work() -> tuple[dict[str, Any], tuple[tuple[str, str], ...]]:
            given = to_provider(news, keep_unknowns=True)
            provider = self._provider(news, olds)
            result = provider.check(to_provider(olds, keep_unknowns=True), given)
            findings = tuple((str(failure.property), str(failure.reason)) for failure in result.failures or ())
            return from_provider(result.inputs or {}), findings

        with self.turn():
            inputs, findings = self._call("check", work)
        if findings:
            raise CheckFailed(findings)
        return mark_secrets({**inputs, **_pickle(news)}, news)

    def diff(self, id_: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> DiffAnswer:
        """How `news` (inputs) differ from `olds` (outputs) in the provider's eyes."""

        def work() -> DiffAnswer:
            provider = self._provider(news, olds)
            result = provider.diff(id_, to_provider(olds, keep_unknowns=True), to_provider(news, keep_unknowns=True))
            changes = None if result.changes is None else bool(result.changes)
            return DiffAnswer(changes, tuple(result.replaces or ()), bool(result.delete_before_replace))

        with self.turn():
            return self._call("diff", work)

    def create(self, inputs: Mapping[str, Any], seconds: float = 0) -> tuple[str, dict[str, Any]]:
        """Make the object: its id and outputs. `seconds` replaces the deadline when it is not 0."""

        def work() -> tuple[str, dict[str, Any]]:
            result = self._provider(inputs).create(to_provider(inputs, keep_unknowns=False))
            if not isinstance(result.id, str) or not result.id:
                raise ValueError(f"the provider's create returned {result.id!r} as id; it has to be a text, not empty")
            return result.id, from_provider(result.outs or {})

        id_, outs = self._call("create", work, seconds)
        return id_, mark_secrets({**outs, **_pickle(inputs)}, inputs)

    def update(self, id_: str, olds: Mapping[str, Any], news: Mapping[str, Any], seconds: float = 0) -> dict[str, Any]:
        """Change the object: its new outputs, which are all it has from now on."""

        def work() -> dict[str, Any]:
            provider = self._provider(news)
            result = provider.update(
                id_, to_provider(olds, keep_unknowns=False), to_provider(news, keep_unknowns=False)
            )
            return from_provider(result.outs or {})

        outs = self._call("update", work, seconds)
        return mark_secrets({**outs, **_pickle(news)}, news)

    def delete(self, id_: str, outputs: Mapping[str, Any], seconds: float = 0) -> None:
        """Remove the object."""

        def work() -> None:
            self._provider(outputs).delete(id_, to_provider(outputs, keep_unknowns=False))

        self._call("delete", work, seconds)

    def read(self, id_: str, outputs: Mapping[str, Any], inputs: Mapping[str, Any], seconds: float = 0) -> ReadAnswer:
        """The object as it is now; `outputs` and `inputs` are those of the state."""
        known = outputs or inputs

        def work() -> ReadAnswer:
            result = self._provider(known).read(id_, to_provider(known, keep_unknowns=False))
            if not result.id:
                return ReadAnswer("")
            if result.outs is None:
                raise ValueError("the provider's read returned an id without outs; gone is ReadResult('', {})")
            found = None if result.inputs is None else from_provider(result.inputs)
            return ReadAnswer(str(result.id), from_provider(result.outs), found)

        with self.turn():
            answer = self._call("read", work, seconds)
        if answer.gone:
            return answer
        outs = mark_secrets({**answer.outputs, **_pickle(known)}, known)
        found = None if answer.inputs is None else mark_secrets({**answer.inputs, **_pickle(known)}, inputs)
        return ReadAnswer(answer.id, outs, found)

    def abort(self) -> None:
        """Release every caller at once, whatever its provider is doing."""
        self._workers.abort()

    def _call[T](self, name: str, work: Callable[[], T], seconds: float = 0) -> T:
        limit = seconds or self._deadline
        try:
            return self._workers.call(work, limit)
        except Aborted:
            raise Stopped from None
        except DeadlineExceeded:
            raise ProviderFailed(
                f"the provider's {name} did not return within {limit:g} s; what it has done is not known",
                unanswered=True,
            ) from None
        except (NotSupported, ProviderFailed):
            raise
        except BaseException as error:  # a provider is user code and may raise anything, SystemExit included
            raise ProviderFailed(message_of(error), detail=_trace(error)) from error

    def _provider(self, *properties: Mapping[str, Any]) -> ResourceProvider:
        pickle = next((text for text in map(_pickle_text, properties) if text), "")
        if not pickle:
            raise ProviderFailed(
                f"the resource has no property {PROVIDER_KEY}, so its provider cannot be loaded; "
                "only Python dynamic resources can be managed by the embedded engine"
            )
        found = self._providers.get(pickle)
        if found is None:
            with self._lock:
                found = self._providers.get(pickle)
                if found is None:
                    found = self._providers[pickle] = self._load(pickle)
        if isinstance(found, Exception):
            raise found
        return found

    def _load(self, pickle: str) -> ResourceProvider | Exception:
        """The provider, configured; or why not, which then holds for every resource of this run."""
        try:
            provider: ResourceProvider = _deserialize(_unpickle, base64.b64decode(pickle))
            provider.configure(ConfigureRequest(Config(dict(self._config), self._project)))
        except Exception as error:  # user code: unpickling imports modules, configure opens connections
            return ProviderFailed(message_of(error), detail=_trace(error))
        return provider

    def _enter_thread(self) -> None:
        configure(Settings(project=self._project, stack="stack", organization="organization"))


def _unpickle(data: bytes) -> Any:
    """The program's own object: it made the pickle in this run, or in the one that wrote the state."""
    return dill.loads(data)  # type: ignore[attr-defined, no-untyped-call]  # noqa: S301


def message_of(error: BaseException) -> str:
    """An exception as one person tells another: its text, with its name where the text alone says too little."""
    text = str(error).strip()
    if not text:
        return type(error).__name__
    return f"{type(error).__name__}: {text}" if isinstance(error, _BARE) else text


def _trace(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def _pickle(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {PROVIDER_KEY: properties[PROVIDER_KEY]} if PROVIDER_KEY in properties else {}


def _pickle_text(properties: Mapping[str, Any]) -> str:
    value = properties.get(PROVIDER_KEY)
    value = value.value if isinstance(value, Secret) else value
    return "" if value is None or isinstance(value, Unknown) else str(value)
