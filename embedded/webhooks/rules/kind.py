"""What the webhooks do for one kind, and what they do it with."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from embedded.webhooks.settings import Settings
from embedded.webhooks.shapes import Refused
from embedded.webhooks.subject import Subject

if TYPE_CHECKING:
    from embedded.webhooks.subject import Objects, Subject


@dataclass(frozen=True, slots=True)
class World:
    """What a rule may look at beside the object itself."""

    objects: Objects
    settings: Settings


# Changes the object in place.
type Default = Callable[[Subject, Settings], None]

# Returns warnings, raises Refused.
type Check = Callable[[Subject, World], list[str]]

# Gets the old and the new object, raises Refused.
type CheckUpdate = Callable[[Subject, Subject, World], None]


def nothing_more(old: Subject, new: Subject, world: World) -> None:
    """An update is checked like a create."""


def never_refused(subject: Subject, world: World) -> None:
    """A delete that nothing hinders."""


@dataclass(frozen=True, slots=True)
class Kind:
    """The rules of one kind: the words before a refusal's text, and what is done at which request.

    `before_update` runs before `check`, `after_update` behind it.
    """

    refusal: str
    default: Default
    check: Check
    before_update: CheckUpdate = nothing_more
    after_update: CheckUpdate = nothing_more
    delete: Callable[[Subject, World], None] = never_refused


_LABEL = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")

# VPC, External and IPv4Namespace names become part of interface and VRF names on the switches.
SHORT_NAME = 11


def check_metadata(subject: Subject) -> None:
    """Refuse a name that is no DNS name, and every namespace but `default`."""
    if not _NAME.fullmatch(subject.name):
        raise Refused("failed to validate metadata: invalid resource name: no lowercase RFC 1123 subdomain")
    if subject.namespace != "default":
        raise Refused(
            "failed to validate metadata: invalid resource namespace: only default namespace is currently supported"
        )


def check_short_name(subject: Subject) -> None:
    """Refuse a name longer than 11 characters."""
    if len(subject.name.encode()) > SHORT_NAME:
        raise Refused(f"name {subject.name} is too long, must be <= {SHORT_NAME} characters")
