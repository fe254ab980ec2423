"""What a person reads: plain lines on stdout (engine-contract §6).

One line per changed resource, with `--diff` one line per changed property below it; then the diagnostics, the stack's
outputs, the counts and the time. The property `__provider` and secrets are never shown.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from embedded.engine import paths, urns
from embedded.engine.dynamic_provider import PROVIDER_KEY
from embedded.engine.steps import Op
from embedded.engine.values import ResourceRef, Secret, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from embedded.engine.request import Request
    from embedded.engine.steps import Step

_SIGNS = {
    Op.CREATE: "+",
    Op.UPDATE: "~",
    Op.DELETE: "-",
    Op.REPLACE: "+-",
    Op.CREATE_REPLACEMENT: "++",
    Op.DELETE_REPLACED: "--",
    Op.REFRESH: "~",
    Op.DISCARD: "<",
    Op.REMOVE_PENDING_REPLACE: "~",
    Op.SAME: "",
}
_DONE = {
    Op.CREATE: "created",
    Op.UPDATE: "updated",
    Op.DELETE: "deleted",
    Op.REPLACE: "replaced",
    Op.CREATE_REPLACEMENT: "created replacement",
    Op.DELETE_REPLACED: "deleted original",
    Op.SAME: "unchanged",
}
_KIND_SIGNS = {"add": "+", "delete": "-", "update": "~"}
_HEADERS = {
    ("preview", True): "Previewing update",
    ("up", False): "Updating",
    ("refresh", True): "Previewing refresh",
    ("refresh", False): "Refreshing",
    ("destroy", True): "Previewing destroy",
    ("destroy", False): "Destroying",
}
_LONGEST = 200
"""Characters of a value on one line; a longer one is cut, and says so."""


class Display:
    """Writes the lines of one run. The caller serialises calls."""

    def __init__(self, request: Request, stack: str, out: Callable[[str], None]) -> None:
        self._request = request
        self._stack = stack
        self._out = (lambda _: None) if request.json else out
        self._dry = request.preview_only

    def header(self) -> None:
        """The first line."""
        self._out(f"{_HEADERS[self._request.kind, self._dry]} ({self._stack}):")

    def step(self, step: Step) -> None:
        """The lines of a step that is planned (in a preview) or done."""
        if not self._wanted(step):
            return
        verb = step.op.value.replace("-", " ") if self._dry else _DONE.get(step.op, step.op.value)
        self._out(self._line(step, verb + self._hint(step)))
        if self._request.diff:
            for line in property_lines(step):
                self._out(line)

    def _wanted(self, step: Step) -> bool:
        """A replace is one line unless its halves are asked for; what is unchanged has none."""
        if step.op is Op.SAME:
            return self._request.show_sames
        if step.op in (Op.CREATE_REPLACEMENT, Op.DELETE_REPLACED):
            return self._request.show_replacement_steps
        return step.op is not Op.REMOVE_PENDING_REPLACE

    def failed(self, step: Step) -> None:
        """The line of a step that failed."""
        verb = "check" if step.op is Op.SAME else step.op.value.replace("-", " ")
        self._out(self._line(step, f"{verb} failed"))

    def info(self, message: str) -> None:
        """A line that is not about a resource."""
        if not self._request.suppress_progress:
            self._out(f"    {message}")

    def diagnostics(self, by_urn: Mapping[str, list[str]]) -> None:
        """The block of everything that was said, by resource; the URN "" is the run itself."""
        if not by_urn:
            return
        self._out("\nDiagnostics:")
        for urn, messages in by_urn.items():
            self._out(f"  {urns.type_of(urn)} ({urns.name_of(urn)}):")
            for message in messages:
                for line in message.rstrip("\n").split("\n"):
                    self._out(f"    {line}".rstrip())

    def outputs(self, outputs: Mapping[str, Any]) -> None:
        """The stack's outputs."""
        if not outputs or self._request.suppress_outputs:
            return
        self._out("\nOutputs:")
        for key in sorted(outputs):
            self._out(f"    {key}: {shown(outputs[key], self._request.show_secrets)}")

    def summary(self, changes: Mapping[str, int], seconds: float) -> None:
        """The counts and the time."""
        self._out("\nResources:")
        same = changes.get(Op.SAME.value, 0)
        for name, count in changes.items():
            op = Op(name)
            if op is not Op.SAME:
                words = f"to {op.value}" if self._dry else _DONE.get(op, op.value)
                self._out(f"    {_SIGNS.get(op, ' ')} {count} {words}")
        if same or not changes:
            self._out(f"    {same} unchanged")
        self._out(f"\nDuration: {max(1, round(seconds))}s")

    def _line(self, step: Step, words: str) -> str:
        name = step.urn if self._request.show_urns else f"{step.type} {urns.name_of(step.urn)}"
        return f" {_SIGNS.get(step.op, ' '):<2} {name} {words}"

    def _hint(self, step: Step) -> str:
        """Which top-level properties differ, for the one-line form."""
        if self._request.diff:
            return ""
        old, new = _sides(step)
        keys = dict.fromkeys(str((paths.parse(path) or ("",))[0]) for path in paths.diff(old, new))
        signs = [
            f"{'+' if key not in old else '-' if key not in new else '~'}{key}" for key in keys if key != PROVIDER_KEY
        ]
        return f" [diff: {','.join(signs)}]" if signs else ""


def _sides(step: Step) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """What a change is shown between: the inputs, or the outputs when only those differ, as a refresh may find."""
    if step.old is None or step.new is None or step.op is Op.SAME:
        return {}, {}
    if not step.logical and paths.equal(step.old.inputs, step.new.inputs):
        return step.old.outputs, step.new.outputs
    return step.old.inputs, step.new.inputs


def property_lines(step: Step) -> Iterator[str]:
    """One line per differing property: `~ cluster.spec.vlan: 1001 => 1999`."""
    old, new = _sides(step)
    for path, kind in paths.diff(old, new).items():
        parsed = paths.parse(path) or ()
        if parsed and parsed[0] == PROVIDER_KEY:
            continue
        before, after = shown(paths.lookup_marked(old, parsed)), shown(paths.lookup_marked(new, parsed))
        value = {"add": after, "delete": before, "update": f"{before} => {after}"}[kind]
        yield f"      {_KIND_SIGNS[kind]} {path}: {value}"


def shown(value: Any, secrets: bool = False) -> str:
    """A value on one line, with what is secret hidden and what is unknown named."""
    text = json.dumps(_plain(value, secrets), ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text)} characters)"


def _plain(value: Any, secrets: bool) -> Any:
    match value:
        case Secret(inner):
            return _plain(inner, secrets) if secrets else "[secret]"
        case Unknown():
            return "[unknown]"
        case ResourceRef(urn):
            return urn
        case dict():
            return {key: _plain(item, secrets) for key, item in value.items()}
        case list():
            return [_plain(item, secrets) for item in value]
        case _:
            return value
