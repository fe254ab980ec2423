"""Programs in a line: `scene("a", "b<a", "c^b", ...)` names things, what they depend on, and whose children they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi

from tests.engine.run.harness import PROJECT, STACK
from tests.engine.run.thing import Thing

if TYPE_CHECKING:
    from collections.abc import Callable


class Group(pulumi.ComponentResource):
    """A component without inputs."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("test:index:Group", name, None, opts)
        self.register_outputs({})


def group_urn(name: str) -> str:
    return f"urn:pulumi:{STACK}::{PROJECT}::test:index:Group::{name}"


def scene(*things: str, **props: Any) -> Callable[[], None]:
    """A program: `NAME`, `NAME<DEPENDENCY,…`, `NAME^PARENT`, and `[NAME]` for a component; all things have `props`."""

    def program() -> None:
        made: dict[str, pulumi.Resource] = {}
        for text in things:
            left, _, parent = text.partition("^")
            name, _, needs = left.partition("<")
            depends = [made[need] for need in needs.split(",") if need]
            opts = pulumi.ResourceOptions(depends_on=depends, parent=made.get(parent))
            if name.startswith("["):
                made[name.strip("[]")] = Group(name.strip("[]"), opts)
            else:
                made[name] = Thing(name, opts, **props)

    return program
