"""Which values are secret, where providers are spoken to in clear. Pure (engine-contract §3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.engine.values import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping


def mark_secrets(result: Mapping[str, Any], request: Mapping[str, Any], names: tuple[str, ...] = ()) -> dict[str, Any]:
    """A provider's result with secrets marked again: same-named properties of the request, and those named.

    Providers are spoken to in clear (they do not accept secrets), so secretness is carried over by name, through
    plain objects at any depth (engine-contract §3).
    """
    marked = {key: _mark(value, request.get(key)) for key, value in result.items()}
    for name in names:
        if name in marked and not isinstance(marked[name], Secret):
            marked[name] = Secret(marked[name])
    return marked


def _mark(value: Any, requested: Any) -> Any:
    if isinstance(requested, Secret):
        return value if isinstance(value, Secret) else Secret(value)
    if isinstance(value, dict) and isinstance(requested, dict):
        return {key: _mark(item, requested.get(key)) for key, item in value.items()}
    if isinstance(value, list) and isinstance(requested, list) and holds_secret(requested):
        return Secret(value)
    return value


def holds_secret(value: Any) -> bool:
    """Whether anything inside is secret."""
    match value:
        case Secret():
            return True
        case dict():
            return any(map(holds_secret, value.values()))
        case list():
            return any(map(holds_secret, value))
        case _:
            return False
