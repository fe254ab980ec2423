"""The providers of one run: which one a resource uses, and what each is configured with.

A resource names an explicit provider, inherits one, or uses the default one of its package, which enters the state on
its first use. A provider behind an old reference is configured as the state says, so that what it made can be removed.
"""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING, Any

from embedded.engine import paths, plugins, urns
from embedded.engine.clock import now
from embedded.engine.errors import EngineError
from embedded.engine.failures import CheckFailed
from embedded.engine.property_json import UNKNOWN_TEXT
from embedded.engine.provider_protocol import Call
from embedded.engine.provider_resources import VERSION, config_of, default_name, outputs_of, registered
from embedded.engine.state import Resource
from embedded.engine.steps import Op, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from embedded.engine.deployment import Deployment
    from embedded.engine.provider_host import Bound
    from embedded.engine.steps import Goal


class RunProviders:
    """Answers for one deployment. Every method may be called from any thread."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._lock = threading.Lock()
        self.today: dict[str, dict[str, Any]] = {}
        """Inputs of provider resources by URN, as the program registers them in a run that only replays."""

    def of(self, goal: Goal) -> str:
        """The reference that a resource gets; "" for provider resources. Raises EngineError for an unknown provider."""
        if urns.is_provider(goal.type):
            return ""
        return self.named(goal.provider) if goal.provider else self.default(urns.package_of(goal.type), goal.version)

    def named(self, reference: str) -> str:
        """An explicit provider's reference. Raises EngineError when this run has not registered it."""
        urn = urns.provider_urn(reference)
        if urn not in self._deployment.news and urn not in self.today:
            raise EngineError(f"its provider {urn} has not been registered in this run")
        return reference

    def default(self, package: str, version: str) -> str:
        """The reference to a package's default provider, which enters the state on first use."""
        deployment = self._deployment
        urn = urns.build(
            deployment.context.stack_name,
            deployment.context.project.name,
            "",
            urns.PROVIDER_PREFIX + package,
            default_name(version),
        )
        with self._lock:
            entry = deployment.news.get(urn)
            if entry is None and deployment.request.kind in ("refresh", "destroy"):
                return self._borrowed(urn, package, version)
            entry = entry or self._make(urn, package, version)
        return urns.provider_reference(entry.urn, entry.id or UNKNOWN_TEXT)

    def _borrowed(self, urn: str, package: str, version: str) -> str:
        """The reference in a run that makes nothing: to the state's entry, else to one that never enters the state."""
        entry = self._deployment.entries.get(urn)
        if entry is None:
            self.today[urn] = registered(self._config(package), version)
        return urns.provider_reference(urn, entry.id if entry is not None else UNKNOWN_TEXT)

    def _make(self, urn: str, package: str, version: str) -> Resource:
        """Same, create or update a default provider's entry. It is shown to programs, but neither counted nor lined."""
        deployment = self._deployment
        old = deployment.entries.get(urn)
        try:
            config = plugins.make(package).check_config(Call(urn), {}, self._config(package))
        except CheckFailed as error:
            name, reason = error.findings[0]
            raise EngineError(f"stack config {package}:{name}: {reason}") from error
        inputs = registered(config, version)
        new_id, stamp = "" if deployment.dry else str(uuid.uuid4()), now()
        changed = old is None or not paths.equal(old.inputs, inputs)
        new = Resource(
            urn=urn,
            type=urns.PROVIDER_PREFIX + package,
            custom=True,
            id=old.id if old else new_id,
            inputs=inputs,
            outputs=outputs_of(inputs),
            created=old.created if old else stamp,
            modified=stamp if old is None or changed else old.modified,
        )
        step = Step(Op.CREATE if old is None else Op.UPDATE if changed else Op.SAME, urn, new.type, old, new)
        deployment.claim_default(urn)
        deployment.reporter.pre(step)
        deployment.commit(new)
        deployment.reporter.outputs(step)
        return new

    def _config(self, package: str) -> dict[str, Any]:
        """What stack config says to a default provider: all of it to the dynamic one, else its own namespace."""
        config = self._deployment.config
        if package == plugins.DYNAMIC:
            return config
        return {key.partition(":")[2]: value for key, value in config.items() if key.partition(":")[0] == package}

    # --- what a reference is configured with --------------------------------------------------------------------------

    def inputs_of(self, reference: str, *, of_today: bool) -> Mapping[str, Any] | None:
        """The inputs of the provider behind a reference; None when nobody knows it.

        `of_today` takes the config of this run for a provider that the state knows: what the program registers, or
        what stack config says to a default one.
        """
        urn, id_ = urns.provider_urn(reference), reference.rsplit("::", 1)[-1]
        entry = next((entry for entry in self._entries(urn) if (entry.id or UNKNOWN_TEXT) == id_), None)
        if not of_today or (entry is not None and entry is self._deployment.news.get(urn)):
            return entry.inputs if entry is not None else None
        if urn in self.today:
            return self.today[urn]
        if entry is None or not urns.name_of(urn).startswith("default"):
            return entry.inputs if entry is not None else None
        package = urns.type_of(urn).removeprefix(urns.PROVIDER_PREFIX)
        return registered(self._config(package), str(entry.inputs.get(VERSION, "")))

    def _entries(self, urn: str) -> Iterator[Resource]:
        deployment = self._deployment
        for found in (deployment.news.get(urn), deployment.entries.get(urn)):
            if found is not None:
                yield found
        yield from (entry for entry in deployment.context.snapshot.resources if entry.urn == urn)

    def moved(self, bound: Bound, before: str, after: str) -> tuple[str, ...]:
        """The reasons why a resource has to be replaced since its provider is another one; none when it may stay.

        The new provider says whether its config leads elsewhere (engine-contract §4.2): `bound` is the resource's.
        """
        if not before or not after or before == after:
            return ()
        old = self.inputs_of(before, of_today=False)
        new = self.inputs_of(after, of_today=True)
        if old is None or new is None:
            return ("provider",)
        return ("provider",) if bound.moves(config_of(old), config_of(new)) else ()
