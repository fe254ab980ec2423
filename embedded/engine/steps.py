"""The decision core: what has to be done about one resource. Pure; no I/O, no clock, no provider.

Given the old entry of the state, the goal that the program registered and the provider's answer to Diff, `decide`
says which step follows and why (engine-contract §4.2). `answer_registration` says what the program hears back (§2.5).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from embedded.engine import paths
from embedded.engine.values import has_unknown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.engine.paths import Kind
    from embedded.engine.state import Resource


class Op(StrEnum):
    """The operations of a step, named as in engine events."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    REPLACE = "replace"
    CREATE_REPLACEMENT = "create-replacement"
    DELETE_REPLACED = "delete-replaced"
    REFRESH = "refresh"
    READ = "read"
    READ_REPLACEMENT = "read-replacement"
    IMPORT = "import"
    IMPORT_REPLACEMENT = "import-replacement"
    DISCARD = "discard"
    DISCARD_REPLACED = "discard-replaced"
    REMOVE_PENDING_REPLACE = "remove-pending-replace"


@dataclass(frozen=True, slots=True)
class Alias:
    """A former identity: a whole URN, or what of it was different; what is empty did not change."""

    urn: str = ""
    name: str = ""
    type: str = ""
    stack: str = ""
    project: str = ""
    parent: str = ""
    no_parent: bool = False


@dataclass(frozen=True, slots=True)
class Goal:
    """A resource as the program wants it; inherited options are already filled in."""

    urn: str
    type: str
    name: str
    custom: bool
    inputs: dict[str, Any] = field(default_factory=dict)
    parent: str = ""
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    protect: bool = False
    retain_on_delete: bool = False
    deleted_with: str = ""
    replace_with: tuple[str, ...] = ()
    delete_before_replace: bool | None = None
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    custom_timeouts: Mapping[str, float] = field(default_factory=dict)
    """Seconds by operation: create, update, delete, read."""
    hide_diff: tuple[str, ...] = ()
    source_position: str = ""
    aliases: tuple[Alias, ...] = ()
    hooks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Names of hooks by kind, as the state has it: BeforeCreate, AfterDelete, OnError, …"""
    replacement_trigger: Any = None
    """A value whose change demands a replace; None for no such value."""
    import_id: str = ""
    """The id of an existing object that this resource goes on from."""
    provider: str = ""
    """The reference to an explicit provider; "" means the default one of the package."""
    providers: Mapping[str, str] = field(default_factory=dict)
    """References by package, which children inherit."""
    version: str = ""
    """The version of the package's plugin that the program's SDK asks for."""


@dataclass(frozen=True, slots=True)
class DiffAnswer:
    """What a provider's Diff says; `changes` None means that it leaves the comparison to the engine."""

    changes: bool | None = None
    replaces: tuple[str, ...] = ()
    delete_before_replace: bool = False
    diffs: tuple[str, ...] = ()
    """Top-level keys that differ, from a provider that says them."""
    detailed: Mapping[str, Kind] | None = None
    """Paths that differ, from a provider that says them."""


@dataclass(frozen=True, slots=True)
class Decision:
    """The step for one resource, and why."""

    op: Op
    diffs: tuple[str, ...] = ()
    """Top-level keys that differ."""
    detailed: Mapping[str, Kind] | None = None
    """Paths that differ between old and new inputs, when the engine compared them; None when it did not."""
    replace_keys: tuple[str, ...] = ()
    delete_before_replace: bool = False


def ignored(goal_inputs: Mapping[str, Any], old: Resource | None, ignore: tuple[str, ...]) -> dict[str, Any]:
    """The program's inputs with every ignored path as it is in the old inputs; paths that lead nowhere do nothing."""
    inputs = dict(goal_inputs)
    if old is None:
        return inputs
    for written in ignore:
        path = paths.parse(written)
        changed = paths.reset(old.inputs, inputs, path) if path else None
        inputs = inputs if changed is None else changed
    return inputs


def decide(
    old: Resource | None,
    goal: Goal,
    inputs: Mapping[str, Any],
    answer: DiffAnswer | None,
    replaced: frozenset[str] = frozenset(),
    *,
    forced: bool = False,
) -> Decision:
    """The step that turns `old` into the goal.

    `inputs` are the checked inputs; `answer` is None where there is no provider to ask (components, providers, and
    what an interrupted replace has deleted); `replaced` are the URNs that this run replaces. `forced` is --replace.
    """
    if old is None:
        return Decision(Op.CREATE)
    answer = answer or DiffAnswer()
    first = answer.delete_before_replace if goal.delete_before_replace is None else goal.delete_before_replace
    if old.pending_replacement or old.external or old.custom != goal.custom:
        return Decision(Op.REPLACE, delete_before_replace=first)
    if triggered(old, goal):
        return Decision(Op.REPLACE, delete_before_replace=first)
    if forced or old.extra.get("taint"):
        return Decision(Op.REPLACE, replace_keys=("id",), delete_before_replace=first)
    if answer.changes is None:
        decision = _compared(old, goal, inputs, answer)
    elif answer.changes:
        decision = _some(goal, Decision(Op.UPDATE, answer.diffs, answer.detailed, answer.replaces))
    else:
        decision = Decision(Op.UPDATE) if old.init_errors else Decision(Op.SAME)
    if not goal.custom and decision.op is Op.REPLACE:
        decision = replace(decision, op=Op.UPDATE)
    if along := [key for key, targets in _along(goal) if not replaced.isdisjoint(targets)]:
        decision = replace(decision, op=Op.REPLACE, replace_keys=decision.replace_keys or tuple(along))
    return replace(decision, delete_before_replace=first) if decision.op is Op.REPLACE else decision


def triggered(old: Resource, goal: Goal) -> bool:
    """Whether the replacement trigger demands a replace; a value that a preview cannot know yet does."""
    before, after = old.extra.get("replacementTrigger"), goal.replacement_trigger
    if has_unknown(before) or has_unknown(after):
        return True
    return before is not None and after is not None and not paths.equal(before, after)


def _along(goal: Goal) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """The options that make a resource be replaced along with others, and those others."""
    return ("deletedWith", (goal.deleted_with,)), ("replaceWith", goal.replace_with)


def _compared(old: Resource, goal: Goal, inputs: Mapping[str, Any], answer: DiffAnswer) -> Decision:
    if paths.equal(old.inputs, dict(inputs)):
        return Decision(Op.UPDATE) if old.init_errors else Decision(Op.SAME)
    detailed = paths.diff(old.inputs, inputs)
    changed = tuple(
        key
        for key in sorted(old.inputs.keys() | inputs.keys())
        if key not in old.inputs or key not in inputs or not paths.equal(old.inputs[key], inputs[key])
    )
    return _some(goal, Decision(Op.UPDATE, changed, detailed, answer.replaces))


def _some(goal: Goal, decision: Decision) -> Decision:
    """A difference is an update, or a replace when a changed property demands it."""
    forced = tuple(path for path in decision.detailed or () if _matches(path, goal.replace_on_changes))
    keys = tuple(dict.fromkeys((*decision.replace_keys, *forced)))
    return replace(decision, op=Op.REPLACE, replace_keys=keys) if keys else decision


def _matches(path: str, patterns: tuple[str, ...]) -> bool:
    """Whether a changed path lies at or under a pattern, or a pattern under it; `*` alone means every property."""
    steps = paths.parse(path) or ()
    for pattern in patterns:
        wanted = paths.parse(pattern) or ()
        if all(mine in (theirs, "*") or theirs == "*" for mine, theirs in zip(steps, wanted, strict=False)):
            return True
    return False


@dataclass(frozen=True, slots=True)
class Step:
    """A step that is about to be made, or was: what events and the display tell about it."""

    op: Op
    urn: str
    type: str
    old: Resource | None = None
    new: Resource | None = None
    decision: Decision | None = None
    logical: bool = True
    """Whether it is a thing the program did, rather than a part of one (the delete half of a replace, a read)."""

    @property
    def provider(self) -> str:
        """The provider that performs it."""
        holder = self.new or self.old
        return holder.provider if holder else ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What RegisterResource returns to the program; `id` "" means unknown."""

    urn: str
    id: str = ""
    properties: Mapping[str, Any] = field(default_factory=dict)
    unknown: bool = False
    """Every output is unknown, although this is no preview: the resource was left out, or only the state was asked."""
    failed: bool = False
    """Its step failed, and the run goes on (--continue-on-error)."""


def preview_outputs(decision: Decision, old: Resource | None, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs a preview assumes: the old ones when nothing changes, else the new inputs, the rest unknown."""
    if decision.op is Op.SAME and old is not None:
        return old.outputs
    return dict(inputs)
