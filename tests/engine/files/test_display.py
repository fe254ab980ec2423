"""What a person sees: plain lines, the tree on a terminal, colours, and the question before a change."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from embedded.engine import operations, palette
from embedded.engine.command import execute
from embedded.engine.console import Console
from embedded.engine.display import Display
from embedded.engine.live import Tree
from embedded.engine.palette import Palette
from embedded.engine.request import Request
from embedded.engine.state import Resource
from embedded.engine.steps import Op, Step
from embedded.engine.values import UNKNOWN, Secret

if TYPE_CHECKING:
    from embedded.engine.request import Context
    from tests.engine.files.world import Engine

ROOT = "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev"


def urn(name: str) -> str:
    return f"urn:pulumi:dev::proj::m:m:T::{name}"


def resource(name: str, parent: str = ROOT, **inputs: Any) -> Resource:
    return Resource(urn(name), "m:m:T", custom=True, id=name, parent=parent, inputs=inputs)


def step(op: Op, name: str, old: dict[str, Any] | None, new: dict[str, Any] | None) -> Step:
    before = None if old is None else resource(name, **old)
    return Step(op, urn(name), "m:m:T", before, None if new is None else resource(name, **new))


STEPS = [
    (Op.CREATE, None, {"size": 1, "key": Secret("t0p"), "of": UNKNOWN, "__provider": "p"}),
    (Op.UPDATE, {"size": 1, "gone": 1}, {"size": 2, "more": [1]}),
    (Op.DELETE, {"size": 1}, None),
    (Op.SAME, {"size": 1}, {"size": 1}),
]
PLAIN = """\
Updating (dev):
 +  m:m:T a creating
 +  m:m:T a created (0.00s)
 ~  m:m:T b updating
 ~  m:m:T b updated (0.00s) [diff: -gone,+more,~size]
 -  m:m:T c deleting
 -  m:m:T c deleted (0.00s)"""
DIFF = """\
Previewing update (dev):
 +  m:m:T a create
      + key: [secret]
      + of: [unknown]
      + size: 1
 ~  m:m:T b update
      - gone: 1
      + more: [1]
      ~ size: 1 => 2
 -  m:m:T c delete"""


def show(request: Request) -> str:
    lines: list[str] = []
    display = Display(request, "dev", lines.append)
    display.header()
    for name, (op, old, new) in zip("abcd", STEPS, strict=True):
        display.began(step(op, name, old, new))
        display.step(step(op, name, old, new))
    display.finish()
    return "\n".join(lines)


def test_piped_there_is_a_line_when_a_step_begins_and_one_when_it_is_done() -> None:
    assert show(Request("up", "dev")) == PLAIN


def test_a_diff_has_a_line_for_each_property_and_hides_secrets() -> None:
    assert show(Request("preview", "dev", preview_only=True, diff=True)) == DIFF


def test_suppressed_progress_leaves_only_what_was_done() -> None:
    assert "creating" not in show(Request("up", "dev", suppress_progress=True))


def test_colours_change_nothing_but_colours() -> None:
    import re

    coloured = show(Request("up", "dev", color="always"))
    assert "\x1b[32m" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == PLAIN


COLOURS = [
    ("", {}, True, True),
    ("auto", {}, True, True),
    ("auto", {"NO_COLOR": "1"}, True, False),
    ("auto", {"NO_COLOR": ""}, True, True),
    ("auto", {}, False, False),
    ("always", {"NO_COLOR": "1"}, False, True),
    ("never", {}, True, False),
    ("raw", {}, True, False),
]


@pytest.mark.parametrize(("choice", "env", "terminal", "on"), COLOURS)
def test_when_there_are_colours(choice: str, env: dict[str, str], terminal: bool, on: bool) -> None:
    assert palette.chosen(choice, env, terminal=terminal).on is on


def tree(*names: str) -> Tree:
    made = Tree()
    made.know(ROOT, "")
    for name in names:
        made.set(urn(name), ROOT if len(name) == 1 else urn(name[:-1]), "+", "created")
    return made


def test_the_tree_puts_children_under_their_parents() -> None:
    lines = tree("a", "ab", "abc", "ad", "e").lines(0, Palette())
    assert [line[4:].split("  created")[0].rstrip() for line in lines] == [
        "pulumi:pulumi:Stack proj-dev",
        "├─ m:m:T a",
        "│  ├─ m:m:T ab",
        "│  │  └─ m:m:T abc",
        "│  └─ m:m:T ad",
        "└─ m:m:T e",
    ]


def test_a_tree_that_is_too_long_shows_what_runs_and_what_came_last() -> None:
    made = tree(*"abcdefgh")
    made.set(urn("b"), ROOT, "+", "creating", since=1.0)
    made.set(urn("a"), ROOT, "+", "created")
    lines = made.lines(4.0, Palette(), most=3)
    assert [line.split()[-1] for line in lines[1:]] == ["created", "(3s)", "created", "more"]
    assert lines[-1] == "    … 5 more"


def test_what_turns_out_unchanged_leaves_the_tree() -> None:
    made = tree("a", "b")
    made.drop(urn("a"))
    assert len(made.lines(0, Palette())) == 2


def test_a_parent_that_nobody_knows_is_no_trouble() -> None:
    made = Tree()
    made.set(urn("x"), urn("gone"), "-", "deleted")
    assert len(made.lines(0, Palette())) == 1


@dataclass
class Person(Console):
    """Answers what it was told to."""

    answers: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.written.append, threading.Event())

    def ask(self, prompt: str) -> str | None:
        self.written.append(prompt)
        return self.answers.pop(0) if self.answers else None


def up(dev: Engine, monkeypatch: pytest.MonkeyPatch, *flags: str, answers: list[str] | None = None) -> tuple[int, Any]:
    """(exit code, (what ran, what was said)) of an `up` whose operation would create one resource."""
    ran: list[str] = []
    said: list[str] = []

    def run(request: Request, context: Context) -> int:
        ran.append("preview" if request.preview_only else "up")
        assert list(dev.lock_folder.iterdir()), "the lock is held from the preview on"
        display = Display(request, "dev", context.out, details=context.details)
        display.step(step(Op.CREATE, "a", None, {"size": 1}))
        return 0

    monkeypatch.setattr(operations, "run", run)
    console = None if answers is None else Person(answers)
    code = execute(["up", *flags], cwd=dev.project, env=dev.env, out=said.append, err=said.append, console=console)
    return code, (ran, "\n".join(said))


ASKED: list[tuple[tuple[str, ...], list[str] | None, int, list[str]]] = [
    (("--yes",), None, 0, ["preview", "up"]),
    (("--skip-preview",), None, 0, ["up"]),
    ((), None, 2, []),
    ((), ["yes"], 0, ["preview", "up"]),
    ((), ["no"], 1, ["preview"]),
    ((), [], 1, ["preview"]),
    ((), ["what?", "Y"], 0, ["preview", "up"]),
    ((), ["details", "yes"], 0, ["preview", "up"]),
    (("--non-interactive",), ["yes"], 2, []),
    (("--json",), ["yes"], 2, []),
    (("--json", "--yes"), None, 0, ["up"]),
]


@pytest.mark.parametrize(("flags", "answers", "code", "ran"), ASKED)
def test_a_change_is_shown_and_asked_for_first(
    dev: Engine,
    monkeypatch: pytest.MonkeyPatch,
    flags: tuple[str, ...],
    answers: list[str] | None,
    code: int,
    ran: list[str],
) -> None:
    assert (code, ran) == ((result := up(dev, monkeypatch, *flags, answers=answers))[0], result[1][0])


def test_details_are_the_lines_of_a_diff(dev: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    _, (_, said) = up(dev, monkeypatch, "--color", "never", answers=["details", "no"])
    assert " +  m:m:T a create\n      + size: 1" in said
    assert said.endswith("error: confirmation declined, not proceeding with the update")


def test_what_is_written_during_a_run_stays_above_the_tree() -> None:
    person = Person()
    person.draw(["one", "two"])
    person.above(lambda: person.written.append("said\n"))
    person.draw([])
    text = "".join(person.written)
    assert text.count("said\n") == 1
    assert text.index("\x1b[2A") < text.index("said") < text.rindex("one")
