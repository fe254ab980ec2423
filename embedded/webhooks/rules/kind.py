"""What the webhooks do for one kind, and what they do it with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from embedded.webhooks.settings import Settings
from embedded.webhooks.subject import Objects, Subject


@dataclass(frozen=True, slots=True)
class World:
    """What a rule may look at beside the object itself."""

    objects: Objects
    settings: Settings


type Default = Callable[[Subject, Settings], None]
#: Changes the object in place.

type Check = Callable[[Subject, World], list[str]]
#: Returns warnings, raises Refused.

type CheckUpdate = Callable[[Subject, Subject, World], None]
#: Gets the old and the new object, raises Refused.


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
