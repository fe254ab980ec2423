"""Functions of providers (`Invoke`), which a program calls in previews too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.engine import plugins, urns
from embedded.engine.errors import EngineError, NotSupported
from embedded.engine.failures import CheckFailed, ProviderFailed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.engine.deployment import Deployment


def invoke(
    deployment: Deployment, token: str, arguments: Mapping[str, Any], provider: str, version: str
) -> dict[str, Any]:
    """What the function `token` returns.

    Raises NotSupported for a function of a plugin that is not built in, EngineError when the call failed.
    """
    plugins.refuse(token)
    package = urns.package_of(token)
    if package not in plugins.PACKAGES or package == plugins.DYNAMIC or deployment.host is None:
        raise NotSupported(f"the function {token}")
    reference = deployment.providers.named(provider) if provider else deployment.providers.default(package, version)
    try:
        return deployment.host.of("", reference).invoke(token, arguments, preview=deployment.dry)
    except (CheckFailed, ProviderFailed) as error:
        raise EngineError(f"{token}: {error}") from error
