"""Servers: no field is checked; a server with connections cannot be deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.webhooks.rules.kind import Kind, World, check_metadata
from embedded.webhooks.shapes import Refused
from embedded.webhooks.subject import TRUE, keep_own, listed

if TYPE_CHECKING:
    from embedded.webhooks.settings import Settings
    from embedded.webhooks.subject import Subject


def _default(server: Subject, settings: Settings) -> None:  # noqa: ARG001 - every kind is given the settings
    keep_own(server, {})


def _check(server: Subject, world: World) -> list[str]:  # noqa: ARG001 - it looks at nothing else
    check_metadata(server)
    return []


def _delete(server: Subject, world: World) -> None:
    if world.objects.labelled("Connection", listed("server", server.name), TRUE):
        raise Refused("server has connections")


SERVER = Kind("error validating server", _default, _check, delete=_delete)
