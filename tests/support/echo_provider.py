"""A dynamic provider that answers as its inputs say, importable by any host of dynamic providers."""

from __future__ import annotations

from typing import Any

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)


class Refused(Exception):
    """What a server did not take."""


def _props(props: dict[str, Any]) -> dict[str, Any]:
    """What is given, without the provider; a host keeps that apart by itself."""
    return {key: value for key, value in props.items() if key != "__provider"}


def _refuse(call: str, props: dict[str, Any]) -> None:
    if props.get("refuse") == call:
        raise Refused(f"{call} was refused\nby the server")


class Echo(ResourceProvider):
    """Each call gives back what it was given; `refuse` names the call that fails, `diff`, `outs`, `gone` shape an answer."""

    serialize_as_secret_always = False

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Finds fault with the properties named in `bad`."""
        _refuse("check", news)
        return CheckResult(
            {**_props(news), "checked": True}, [CheckFailure(one, "bad") for one in news.get("bad") or ()]
        )

    def diff(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> DiffResult:
        """As `diff` says, which has DiffResult's fields."""
        _refuse("diff", news)
        said = news.get("diff") or {}
        return DiffResult(
            said.get("changes"), said.get("replaces"), sorted(olds.keys() & news), said.get("delete_before_replace")
        )

    def create(self, props: dict[str, Any]) -> CreateResult:
        """An id of the call and what was given."""
        _refuse("create", props)
        return CreateResult("made", None if props.get("outs") == "none" else _props(props))

    def update(self, id_: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Both sides."""
        _refuse("update", news)
        return UpdateResult(
            None if news.get("outs") == "none" else {"id": id_, "old": _props(olds), "new": _props(news)}
        )

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        """Nothing."""
        _refuse("delete", props)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """What was given; with other inputs where `observed` has them, and nothing where it is `gone`."""
        _refuse("read", props)
        if props.get("gone"):
            return ReadResult("", {})
        return ReadResult(id_, _props(props), props.get("observed"))
