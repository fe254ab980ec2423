"""Engine events → what was done: counts, changes property by property, errors and warnings of one line each. Pure.

Source of the events' meaning: the Pulumi engine's event stream (`pulumi.automation.events`). Facts that matter here:
a refresh of a resource is a pre event with op `refresh` followed by an outputs event with the op of its result, so that an
outputs event alone does not say whether a server was written; a dynamic provider reports no detailed difference, so the
difference is computed here from the states in the event; a replace is three steps.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from automation.results import Counts, ResourceChange
from providers.core.diff import FieldChange, changes
from providers.core.identity import KINDS
from providers.core.sections import only_attribution
from providers.errors import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pulumi.automation.events import DiagnosticEvent, EngineEvent, StepEventMetadata, StepEventStateMetadata

_DYNAMIC = "pulumi-python:dynamic/hedgehog:"
_EXTRA = ("kubernetes:", "command:local:")
#: What a stack may have beside CRs (clusterBootstrap, hooksAfterSync): listed with the fabric, never counted as a CR.
_ORDER = {"cluster": 0, "netbox": 1, "git": 2}
_HIDDEN = frozenset({"__provider", "receipt", "receipts"})
#: Inputs that serve the engine and mean nothing to a person.
_ACTIONS = {"create": "create", "update": "update", "delete": "delete", "create-replacement": "replace", "same": "same"}
_COUNTED = {
    "create": "created",
    "adopt": "adopted",
    "update": "updated",
    "attribution": "attribution",
    "replace": "replaced",
    "delete": "deleted",
    "same": "unchanged",
}


def name_of(urn: str) -> str:
    """The resource's name in a URN, e.g. VPC/default/vpc-1."""
    return urn.rsplit("::", 1)[-1] if urn else ""


def kind_of(type_token: str) -> str | None:
    """What follows our type token's prefix, e.g. "VPC"; None for a resource that is not a dynamic one of ours."""
    return type_token.removeprefix(_DYNAMIC) if type_token.startswith(_DYNAMIC) else None


@dataclass(slots=True)
class Collected:
    """What the events said so far. Feed it every event of a run in order; it is not thread-safe."""

    done: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)
    found: dict[str, ResourceChange] = field(default_factory=dict)
    fabric_found: dict[str, ResourceChange] = field(default_factory=dict)
    failed: set[str] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)
    refreshed: int = 0
    stopped: bool = False
    preparing: bool = False
    _errors: list[str] = field(default_factory=list)
    _tally: Counter[str] = field(default_factory=Counter)
    _refreshing: set[str] = field(default_factory=set)
    _half_replaced: set[str] = field(default_factory=set)

    def feed(self, event: EngineEvent) -> None:
        """Take one event."""
        if event.resource_pre_event:
            metadata = event.resource_pre_event.metadata
            if metadata.op == "refresh":
                self._refreshing.add(metadata.urn)
            elif metadata.op == "create" and kind_of(metadata.type) == "FabricIdentity":
                self.preparing = not event.resource_pre_event.planning
        elif event.res_outputs_event:
            self._finished(event.res_outputs_event.metadata)
        elif event.res_op_failed_event:
            metadata = event.res_op_failed_event.metadata
            self._refreshing.discard(metadata.urn)
            if kind_of(metadata.type) in KINDS:
                self._count(metadata.urn, None)
                self.failed.add(metadata.urn)
        elif event.diagnostic_event:
            self._said(event.diagnostic_event)

    def _finished(self, metadata: StepEventMetadata) -> None:
        urn, kind = metadata.urn, kind_of(metadata.type)
        if kind is None:
            if metadata.type.startswith(_EXTRA):
                self._extra(metadata)
            return
        self.preparing = self.preparing and kind != "FabricIdentity"
        if urn in self._refreshing:
            self._refreshing.discard(urn)
            self.refreshed += 1
            return
        if metadata.op == "delete-replaced":
            self._half_replaced.add(urn)
            return
        action = _ACTIONS.get(str(metadata.op.value))
        if action is None:
            return
        change = ResourceChange(name_of(urn), action, _properties(metadata) if action in {"update", "replace"} else ())
        if action == "update" and only_attribution(list(change.properties)) and change.properties:
            change = ResourceChange(change.ref, "attribution", change.properties)
        if action == "create" and ((metadata.new and metadata.new.outputs) or {}).get("adopted"):
            change = ResourceChange(change.ref, "adopt")
        if kind in KINDS:
            self._count(urn, change.action)
            if action != "same":
                self.found[urn] = change
        elif action != "same" and (change.properties or action != "update"):
            # An update of the fabric's result without a visible property only follows the receipts of the CRs.
            self.fabric_found[urn] = change

    def _extra(self, metadata: StepEventMetadata) -> None:
        """What a stack asks for beside its CRs; what only leaves the state is not told, since no server lost it."""
        urn, action = metadata.urn, _ACTIONS.get(str(metadata.op.value))
        if urn in self._refreshing:
            self._refreshing.discard(urn)
            return
        retained = action == "delete" and metadata.old is not None and bool(metadata.old.retain_on_delete)
        if action is None or action == "same" or retained:
            return
        properties = _properties(metadata) if action in {"update", "replace"} else ()
        self.fabric_found[urn] = ResourceChange(name_of(urn), action, properties)

    def _count(self, urn: str, action: str | None) -> None:
        """Take down what was done with a CR; kept as it comes, since progress asks for the counts at every event."""
        before = self.done.pop(urn, None)
        if before is not None:
            self._tally[before] -= 1
        if action is not None:
            self.done[urn] = action
            self._tally[action] += 1

    def _said(self, diagnostic: DiagnosticEvent) -> None:
        kept = {"error": self._errors, "warning": self.warnings, "info": self.said}.get(diagnostic.severity)
        if diagnostic.ephemeral or kept is None:
            return
        urn = diagnostic.urn or ""
        line = diagnostic_line(diagnostic.message, urn)
        if line and urn and _type_of(urn).startswith(_EXTRA):
            line = f"{name_of(urn)}: {line}"  # a plugin's message says what was run or refused, not for which resource
        if line and line not in kept:
            kept.append(line)

    @property
    def errors(self) -> tuple[str, ...]:
        """One line per error; lines that only say that something failed stay where nothing else says why."""
        telling = [line for line in self._errors if not _GENERIC.match(line)]
        return tuple(without_repetition(telling or self._errors))

    @property
    def interrupted(self) -> bool:
        """Whether the engine ended because somebody asked it to."""
        return self.stopped or any(_CANCELED.match(line) for line in self._errors)

    @property
    def counts(self) -> Counts:
        """CRs by what was done. A delete for a replace whose create never came counts as deleted."""
        lost = {urn for urn in self._half_replaced - self.done.keys() if kind_of(_type_of(urn)) in KINDS}
        told = {word: self._tally[action] for action, word in _COUNTED.items()}
        told["deleted"] += len(lost)
        return Counts(**told, failed=len(self.failed - lost) if lost else len(self.failed))

    @property
    def changes(self) -> tuple[ResourceChange, ...]:
        """The CRs that changed, by name."""
        return _by_name(self.found)

    @property
    def fabric_changes(self) -> tuple[ResourceChange, ...]:
        """Changes of the fabric's own record, by name."""
        return _by_name(self.fabric_found)


def without_repetition(lines: Sequence[str]) -> list[str]:
    """Of two lines of which the second tells the first again, the second alone; longer lists stay as they are."""
    return list(lines[1:]) if len(lines) == 2 and lines[0] in lines[1] else list(lines)


def _by_name(found: Mapping[str, ResourceChange]) -> tuple[ResourceChange, ...]:
    return tuple(sorted(found.values(), key=lambda change: change.ref))


def _type_of(urn: str) -> str:
    """The resource's own type token in a URN: `urn:pulumi:S::P::Parent$Type::name`."""
    return urn.split("::")[2].rsplit("$", 1)[-1]


def _properties(metadata: StepEventMetadata) -> tuple[FieldChange, ...]:
    """What differs between the inputs in the event's two states: after a refresh, live values against Git's."""
    found = changes(_plain(metadata.old), _plain(metadata.new))
    return tuple(sorted(found, key=lambda change: _ORDER.get(str(change.path[0]), len(_ORDER))))


def _plain(state: StepEventStateMetadata | None) -> dict[str, Any]:
    inputs = (state.inputs if state else None) or {}
    return {key: value for key, value in inputs.items() if key not in _HIDDEN}


# --- diagnostics -------------------------------------------------------------------------------------------------------

_GENERIC = re.compile(
    r"^(?:(?:update|preview|destroy|refresh) failed|(?:an unhandled error occurred: )?program exited with non-zero exit code.*"
    r"|resource monitor shut down.*|preview failed: .*update failed)$",
    re.IGNORECASE,
)
#: Diagnostics that repeat that something failed, without a reason.
_CANCELED = re.compile(r"^(?:update|preview|destroy|refresh) cancell?ed$", re.IGNORECASE)
_EXCEPTION_NAME = re.compile(r"^(?:[A-Za-z_]\w*\.)+[A-Z]\w*: |^(?:[A-Z]\w*(?:Error|Exception)): ")
_CHECK = re.compile(
    r"^\S+ resource '(?P<name>[^']+)'(?:: property (?P<property>\S+) value .*)? has a problem: (?P<reason>.*)$",
    re.DOTALL,
)
_NOISE = re.compile(
    r"^(?:Preview failed:|Program failed with an unhandled exception:|Exception calling application:|rpc error: .*?desc = )\s*"
)


def diagnostic_line(message: str, urn: str = "") -> str:
    """A diagnostic as one line that names its resource, without traceback or exception class; "" for what says nothing."""
    text = _without_traceback(message.strip())
    checked = _CHECK.match(text)
    if checked:
        where = f"{checked['name']}: {checked['property']}" if checked["property"] else checked["name"]
        return one_line(f"{where}: {checked['reason']}")
    if not text:
        return ""
    name = name_of(urn)
    if kind_of(_type_of(urn) if urn else "") and name not in text:
        text = f"{name}: {text}"
    return one_line(text)


def _without_traceback(text: str) -> str:
    while (stripped := _NOISE.sub("", text)) != text:
        text = stripped
    if "Traceback (most recent call last):" in text:
        lines = text.split("Traceback (most recent call last):")[-1].splitlines()
        unindented = [line for line in lines if line.strip() and not line.startswith((" ", "\t"))]
        text = "\n".join(unindented) if unindented else text
    text = _EXCEPTION_NAME.sub("", text.strip())
    return text.removeprefix("error: ").strip()
