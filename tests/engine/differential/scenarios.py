"""The table: small programs, and what is done with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pulumi
from pulumi import ResourceOptions as Options
from pulumi.automation import ConfigValue

from tests.engine.differential.driver import Do, Scenario
from tests.engine.run.thing import Thing

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.engine.run.thing import Server


def things(**sizes: int) -> Callable[[], None]:
    """One independent thing for each name."""

    def program() -> None:
        for name, size in sizes.items():
            Thing(name, size=size)

    return program


class Group(pulumi.ComponentResource):
    """A component with one thing in it."""

    def __init__(self, name: str, size: int = 1, opts: Options | None = None) -> None:
        super().__init__("test:index:Group", name, {"size": size}, opts)
        self.inner = Thing(f"{name}-inner", Options(parent=self), size=size)
        self.register_outputs({"uid": self.inner.uid})


def chain(size: int = 1, kind: str = "a") -> Callable[[], None]:
    """c needs b needs a."""

    def program() -> None:
        a = Thing("a", kind=kind, size=size)
        b = Thing("b", Options(depends_on=[a]), size=1)
        Thing("c", size=1, of=b.uid)

    return program


def kept(size: int, **options: Any) -> Callable[[], None]:
    """One thing with resource options."""
    return lambda: Thing("a", Options(**options), size=size, kind="k") and None


def outputs(word: str) -> Callable[[], None]:
    """A stack with outputs of every kind."""

    def program() -> None:
        thing = Thing("a", size=1, word=pulumi.Config().require_secret("word"))
        values = {"n": 1, "f": 1.5, "t": word, "l": [1, {"x": None, "y": True}], "u": thing.uid}
        for key, value in values.items():
            pulumi.export(key, value)
        pulumi.export("s", pulumi.Output.secret({"deep": [word]}))

    return program


def raising(*names: str) -> Callable[[], None]:
    """A program that registers things and then fails."""

    def program() -> None:
        for name in names:
            Thing(name, size=1)
        raise ValueError("boom")

    return program


def change(name: str, **data: Any) -> Callable[[Server], None]:
    """Somebody changes an object on the server."""
    return lambda server: server.put(name, {**server.objects()[name], **data})


def up(program: Callable[[], None], **more: Any) -> Do:
    return Do("up", program, **more)


THING = "urn:pulumi:dev::proj::pulumi-python:dynamic/test:Thing::{}"


def deleted_with() -> None:
    a = Thing("a", size=1)
    Thing("b", Options(deleted_with=a), size=1)


def twice() -> None:
    Thing("a", size=1)
    Thing("a", size=2)


def renamed() -> None:
    Thing("z", Options(aliases=[pulumi.Alias(name="a")]), size=1)


SCENARIOS = (
    Scenario("an empty program", (up(things()), up(things()), Do("destroy"))),
    Scenario(
        "create, same, update, delete", (up(things(a=1, b=1)), up(things(a=1, b=2)), up(things(a=1)), Do("destroy"))
    ),
    Scenario(
        "previews of all of them",
        (
            Do("preview", things(a=1, b=1)),
            up(things(a=1, b=1)),
            Do("preview", things(a=2, c=1)),
            Do("preview_destroy"),
            Do("preview_refresh"),
        ),
    ),
    Scenario("a component", (up(lambda: Group("g") and None), up(lambda: Group("g", 2) and None), up(things()))),
    Scenario("dependencies", (up(chain()), up(chain(size=2)), Do("destroy"))),
    Scenario(
        "a replace that deletes first, and takes dependents along", (up(chain()), up(chain(kind="b")), up(things()))
    ),
    Scenario(
        "outputs and secrets", (up(outputs("one")), up(outputs("two")), Do("preview", outputs("three")), Do("destroy"))
    ),
    Scenario("a program that raises", (up(things(a=1)), up(raising("a", "b")), Do("preview", raising("a")))),
    Scenario(
        "a failed create", (up(things(a=1, b=1), meddle=lambda s: s.order(create_b="no room")), up(things(a=1, b=1)))
    ),
    Scenario(
        "a failed update",
        (
            up(things(a=1)),
            up(things(a=2), meddle=lambda s: s.order(update_a="no way")),
            up(things(a=2), meddle=lambda s: s.order()),
        ),
    ),
    Scenario(
        "a failed delete",
        (
            up(things(a=1)),
            up(things(), meddle=lambda s: s.order(delete_a="no way")),
            up(things(), meddle=lambda s: s.order()),
        ),
    ),
    Scenario("a failed check", (up(things(a=-1)), up(things(a=1)))),
    Scenario(
        "refresh finds a change, and the next update takes it back",
        (up(things(a=1, b=1)), Do("refresh", meddle=change("a", size=7)), up(things(a=1, b=1))),
    ),
    Scenario(
        "refresh finds that one is gone",
        (up(chain()), Do("refresh", meddle=lambda s: s.remove("b")), up(chain())),
    ),
    Scenario(
        "a preview that refreshes",
        (
            up(things(a=1)),
            Do("preview", things(a=1), {"refresh": True}, meddle=change("a", size=7)),
            up(things(a=1), options={"refresh": True}),
        ),
    ),
    Scenario("protected", (up(kept(1, protect=True)), up(things()), Do("destroy"), up(kept(1)), Do("destroy"))),
    Scenario("kept when deleted", (up(kept(1, retain_on_delete=True)), up(things()), Do("destroy"))),
    Scenario("ignored changes", (up(kept(1)), up(kept(2, ignore_changes=["size"])), up(kept(2)))),
    Scenario("replaced on changes", (up(kept(1)), up(kept(2, replace_on_changes=["size"])))),
    Scenario(
        "nothing expected",
        (
            up(things(a=1)),
            up(things(a=1), options={"expect_no_changes": True}),
            up(things(a=2), options={"expect_no_changes": True}),
        ),
    ),
    Scenario(
        "a change of the configuration",
        (up(things(a=1)), up(things(a=1), config={"token": ConfigValue("t", secret=True)})),
    ),
    Scenario("one at a time", (up(chain(), options={"parallel": 1}), Do("destroy", options={"parallel": 1}))),
    Scenario(
        "deleted with its parent",
        (up(deleted_with), Do("destroy", meddle=lambda s: s.order(delete_b="it went with a"))),
    ),
    Scenario("the same name twice", (up(twice),)),
    Scenario("an alias", (up(things(a=1)), up(renamed))),
    Scenario("a target", (up(things(a=1, b=1)), up(things(a=2, b=2), options={"target": [THING.format("a")]}))),
    Scenario(
        "go on after an error",
        (
            up(chain(), options={"continue_on_error": True}, meddle=lambda s: s.order(create_b="no room")),
            up(chain(), meddle=lambda s: s.order()),
        ),
    ),
)
