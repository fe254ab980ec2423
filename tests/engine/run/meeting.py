"""A dynamic resource whose creates wait for each other."""

from __future__ import annotations

import threading
from typing import Any

from pulumi.dynamic import CreateResult, Resource

from tests.engine.run.thing import ThingProvider

_MEETING = threading.Barrier(16)


class MeetingProvider(ThingProvider):
    """Creates only together with fifteen others."""

    def create(self, props: dict[str, Any]) -> CreateResult:
        _MEETING.wait(timeout=60)
        return super().create(props)


class Meeting(Resource, module="test", name="Meeting"):
    """The resource."""

    def __init__(self, name: str, **props: Any) -> None:
        super().__init__(MeetingProvider(), name, {"name": name, **props})
