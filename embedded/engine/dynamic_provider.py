"""Dynamic providers: resources that carry their provider as a pickle in the property `__provider`.

The calls of the stock host are made directly on the public `pulumi.dynamic.ResourceProvider` (engine-contract §3).
Providers are made anew for every run and configured once, on first use.
"""

from __future__ import annotations

import base64
import threading
from typing import TYPE_CHECKING, Any

import dill
from pulumi.dynamic import Config, ConfigureRequest, ResourceProvider
from pulumi.runtime._serialization import _deserialize

from embedded.engine import paths
from embedded.engine.errors import NotSupported
from embedded.engine.failures import CheckFailed, ProviderFailed, message_of, trace_of
from embedded.engine.provider_protocol import Call, ReadAnswer
from embedded.engine.provider_values import from_provider, to_provider
from embedded.engine.secrecy import mark_secrets
from embedded.engine.steps import DiffAnswer
from embedded.engine.values import Secret, Unknown, unwrap

if TYPE_CHECKING:
    from collections.abc import Mapping

PROVIDER_KEY = "__provider"


class DynamicProvider:
    """All dynamic providers of one run."""

    previews = False

    def __init__(self, project: str) -> None:
        self._project = project
        self._config: dict[str, Any] = {}
        self._lock = threading.Lock()
        self._providers: dict[str, ResourceProvider | Exception] = {}

    def check_config(self, call: Call, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """Any config is fine."""
        return dict(news)

    def diff_config(self, call: Call, olds: Mapping[str, Any], news: Mapping[str, Any]) -> DiffAnswer:
        """Another config replaces nothing."""
        return DiffAnswer(changes=not paths.equal(dict(olds), dict(news)))

    def configure(self, inputs: Mapping[str, Any]) -> None:
        """`inputs` map `namespace:key` to values; each provider gets them in clear on its first use."""
        self._config = {key: unwrap(value) for key, value in inputs.items()}

    def check(self, call: Call, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """The inputs as the provider wants them, secrets marked as in `news`. Raises CheckFailed."""
        given = to_provider(news, keep_unknowns=True)
        result = self._provider(news, olds).check(to_provider(olds, keep_unknowns=True), given)
        inputs = from_provider(result.inputs or {})
        findings = tuple((str(failure.property), str(failure.reason)) for failure in result.failures or ())
        if findings:
            raise CheckFailed(findings)
        return mark_secrets({**inputs, **_pickle(news)}, news)

    def diff(self, call: Call, id_: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> DiffAnswer:
        """What the provider says; it leaves the comparison to the engine with `changes` None."""
        provider = self._provider(news, olds)
        result = provider.diff(id_, to_provider(olds, keep_unknowns=True), to_provider(news, keep_unknowns=True))
        changes = None if result.changes is None else bool(result.changes)
        return DiffAnswer(changes, tuple(result.replaces or ()), bool(result.delete_before_replace))

    def create(self, call: Call, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Make the object: its id and outputs."""
        result = self._provider(inputs).create(to_provider(inputs, keep_unknowns=False))
        if not isinstance(result.id, str) or not result.id:
            raise ValueError(f"the provider's create returned {result.id!r} as id; it has to be a text, not empty")
        return result.id, mark_secrets({**from_provider(result.outs or {}), **_pickle(inputs)}, inputs)

    def update(self, call: Call, id_: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """Change the object: its new outputs."""
        given = to_provider(olds, keep_unknowns=False), to_provider(news, keep_unknowns=False)
        result = self._provider(news).update(id_, *given)
        return mark_secrets({**from_provider(result.outs or {}), **_pickle(news)}, news)

    def read(self, call: Call, id_: str, outputs: Mapping[str, Any], inputs: Mapping[str, Any]) -> ReadAnswer:
        """The object as it is now."""
        known = outputs or inputs
        result = self._provider(known).read(id_, to_provider(known, keep_unknowns=False))
        if not result.id:
            return ReadAnswer("")
        if result.outs is None:
            raise ValueError("the provider's read returned an id without outs; gone is ReadResult('', {})")
        outs = mark_secrets({**from_provider(result.outs), **_pickle(known)}, known)
        if result.inputs is None:
            return ReadAnswer(str(result.id), outs)
        return ReadAnswer(
            str(result.id), outs, mark_secrets({**from_provider(result.inputs), **_pickle(known)}, inputs)
        )

    def delete(self, call: Call, id_: str, outputs: Mapping[str, Any]) -> None:
        """Remove the object, with the provider that the state holds."""
        self._provider(outputs).delete(id_, to_provider(outputs, keep_unknowns=False))

    def invoke(self, call: Call, token: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Dynamic providers have no functions."""
        raise NotSupported(f"the function {token}")

    def cancel(self) -> None:
        """User code cannot be ended; the host does not wait for it."""

    def _provider(self, *properties: Mapping[str, Any]) -> ResourceProvider:
        pickle = next((text for text in map(_pickle_text, properties) if text), "")
        if not pickle:
            raise ProviderFailed(
                f"the resource has no property {PROVIDER_KEY}, so its provider cannot be loaded; "
                "a resource of the package pulumi-python has to be a Python dynamic resource"
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
            return ProviderFailed(message_of(error), detail=trace_of(error))
        return provider


def _unpickle(data: bytes) -> Any:
    """The program's own object: it made the pickle in this run, or in the one that wrote the state."""
    return dill.loads(data)  # type: ignore[attr-defined, no-untyped-call]  # noqa: S301


def _pickle(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {PROVIDER_KEY: properties[PROVIDER_KEY]} if PROVIDER_KEY in properties else {}


def _pickle_text(properties: Mapping[str, Any]) -> str:
    value = properties.get(PROVIDER_KEY)
    value = value.value if isinstance(value, Secret) else value
    return "" if value is None or isinstance(value, Unknown) else str(value)
