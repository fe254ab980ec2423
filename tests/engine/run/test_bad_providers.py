"""Providers that answer nonsense, raise anything, or never answer: one message, a true state, and the run ends."""

from __future__ import annotations

import sys
import time
from typing import Any

import pytest
from pulumi.dynamic import CheckResult, CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult


def _exit(*_args: Any) -> None:
    sys.exit(3)


def _interrupt(*_args: Any) -> None:
    raise KeyboardInterrupt


def _hang(*_args: Any) -> None:
    time.sleep(3600)


ANSWERS: dict[str, Any] = {
    "none": lambda *_: None,
    "text": lambda *_: "fine",
    "exit": _exit,
    "interrupt": _interrupt,
    "hang": _hang,
    "no id": lambda *_: CreateResult("", {}),
    "number id": lambda *_: CreateResult(7, {}),  # type: ignore[arg-type]
    "list outs": lambda *_: CreateResult("i", ["x"]),  # type: ignore[arg-type]
    "odd keys": lambda *_: CreateResult("i", {1: 2}),  # type: ignore[dict-item]
    "odd value": lambda *_: CreateResult("i", {"x": object()}),
    "list inputs": lambda *_: CheckResult(["x"], []),  # type: ignore[arg-type]
    "odd failures": lambda *_: CheckResult({}, ["bad"]),  # type: ignore[list-item]
    "odd update": lambda *_: UpdateResult({"x": object()}),
    "odd replaces": lambda *_: DiffResult(changes=True, replaces=7),  # type: ignore[arg-type]
    "no outs": lambda *_: ReadResult("i", None),
}


class BadProvider(ResourceProvider):
    """Answers as its properties say: `{"create": "none"}`; anything else well."""

    serialize_as_secret_always = False

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        return self._answer("check", news, CheckResult(news, []))

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        return self._answer("diff", _news, DiffResult())

    def create(self, props: dict[str, Any]) -> CreateResult:
        return self._answer("create", props, CreateResult("i", props))

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        return self._answer("update", _news, UpdateResult(_news))

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        return self._answer("read", props, ReadResult(id_, props))

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        self._answer("delete", _props, None)

    def _answer(self, call: str, props: dict[str, Any], well: Any) -> Any:
        return ANSWERS[props[call]]() if call in props else well


class Bad(Resource, module="test", name="Bad"):
    """The resource."""

    def __init__(self, name: str, **props: Any) -> None:
        super().__init__(BadProvider(), name, props)


BAD = [
    *((call, answer) for call in ("check", "diff", "create", "update", "read") for answer in ("none", "text")),
    *((call, answer) for call in ("check", "create", "update", "read", "delete") for answer in ("exit", "interrupt")),
    ("create", "no id"),
    ("create", "number id"),
    ("create", "list outs"),
    ("create", "odd keys"),
    ("create", "odd value"),
    ("check", "list inputs"),
    ("check", "odd failures"),
    ("update", "odd update"),
    ("diff", "odd replaces"),
    ("read", "no outs"),
]


@pytest.mark.parametrize(("call", "answer"), BAD)
def test_a_bad_answer_fails_the_run_with_one_message(engine, call, answer):
    result = _bring_to(engine, call, answer)
    assert result.code == 1, result.text
    told = [error for error in result.errors() if not error.endswith(" failed")]
    assert len(told) == 1, result.errors()
    assert "internal error" not in told[0]
    assert "Traceback" not in result.text
    assert engine.snapshot.pending_operations == []


@pytest.mark.parametrize("call", ["check", "diff", "create", "update", "read", "delete"])
def test_a_call_that_never_returns_ends_the_run_at_its_deadline(engine, call):
    engine.env["PULUMI_EMBEDDED_CALL_TIMEOUT"] = "0.5"
    result = _bring_to(engine, call, "hang")
    assert result.code == 1
    assert f"the provider's {call} did not return within 0.5 s" in result.errors()[0]
    pending = [operation.type for operation in engine.snapshot.pending_operations]
    assert pending == {"create": ["creating"], "update": ["updating"], "delete": ["deleting"]}.get(call, [])
    assert engine.run("preview", lambda: None).code == 0


def _bring_to(engine, call, answer):
    """Run whatever makes the provider get the call."""
    if call in ("check", "create"):
        return engine.run("up", lambda: Bad("a", size=1, **{call: answer}))
    if call in ("diff", "update"):
        assert engine.run("up", lambda: Bad("a", size=1)).code == 0
        return engine.run("up", lambda: Bad("a", size=2, **{call: answer}))
    assert engine.run("up", lambda: Bad("a", size=1, **{call: answer})).code == 0
    if call == "read":
        return engine.run("refresh", run_program=False)
    return engine.run("up", lambda: None)
