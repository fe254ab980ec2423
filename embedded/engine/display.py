"""What a person reads on stdout (engine-contract §6).

Piped: plain lines, one when a step begins and one when it is done. On a terminal: a tree that is redrawn (`live`), then the
whole tree once. With `--diff`: one line per changed property below each resource, in both. Then the diagnostics, the
stack's outputs, the counts and the time. Secrets and the pickled provider are never shown.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from embedded.engine import property_lines, urns
from embedded.engine.live import Live
from embedded.engine.palette import Palette
from embedded.engine.property_lines import shown as shown
from embedded.engine.steps import Op

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Mapping

    from embedded.engine.console import Console
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
    Op.READ: ">",
    Op.READ_REPLACEMENT: ">~",
    Op.IMPORT: "=",
    Op.IMPORT_REPLACEMENT: "=>",
    Op.DISCARD: "<",
    Op.DISCARD_REPLACED: "<<",
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
    Op.READ: "read",
    Op.READ_REPLACEMENT: "read replacement",
    Op.IMPORT: "imported",
    Op.IMPORT_REPLACEMENT: "imported replacement",
    Op.DISCARD: "discarded",
    Op.DISCARD_REPLACED: "discarded original",
    Op.SAME: "unchanged",
}
_DOING = {
    Op.CREATE: "creating",
    Op.UPDATE: "updating",
    Op.DELETE: "deleting",
    Op.REPLACE: "replacing",
    Op.CREATE_REPLACEMENT: "creating replacement",
    Op.DELETE_REPLACED: "deleting original",
    Op.REFRESH: "refreshing",
}
_HEADERS = {
    ("preview", True): "Previewing update",
    ("up", True): "Previewing update",
    ("up", False): "Updating",
    ("refresh", True): "Previewing refresh",
    ("refresh", False): "Refreshing",
    ("destroy", True): "Previewing destroy",
    ("destroy", False): "Destroying",
}
_SEVERITIES = {"error": "red", "warning": "yellow"}


class Display:
    """Writes the lines of one run. The caller serialises calls with `lock`, which guards the tree too."""

    def __init__(
        self,
        request: Request,
        stack: str,
        out: Callable[[str], None],
        *,
        console: Console | None = None,
        lock: threading.Lock | None = None,
        details: list[str] | None = None,
    ) -> None:
        """`details`, when given, gets the lines that `--diff` would have shown."""
        self._request = request
        self._stack = stack
        self._out = (lambda _: None) if request.json else out
        self._dry = request.preview_only
        self._palette = Palette(request.color == "always")
        self._details = details
        self._title = _HEADERS[request.kind, self._dry]
        self._begun: dict[tuple[str, Op], float] = {}
        self._live: Live | None = None
        if console is not None and lock is not None and not (request.json or request.suppress_progress):
            self._live = Live(console, self._palette, lock, self._title)

    def header(self) -> None:
        """The first line."""
        self._out(self._palette.paint("bold", f"{self._title} ({self._stack}):"))
        if self._live is not None:
            self._live.start()

    def began(self, step: Step) -> None:
        """A step begins. Nothing is said about what is unchanged, nor about plans: they have no duration."""
        if not self._wanted(step) or step.op is Op.SAME or _is_default_provider(step):
            return
        now = self._begun[step.urn, step.op] = time.monotonic()
        words = step.op.value.replace("-", " ") if self._dry and step.op is not Op.REFRESH else _DOING.get(step.op, "")
        if self._live is not None:
            self._live.tree.set(step.urn, _parent(step), _SIGNS.get(step.op, ""), words, since=now)
        elif not self._dry and step.op is not Op.REFRESH and not self._request.suppress_progress:
            self._out(self._line(step, words))

    def step(self, step: Step) -> None:
        """A step is planned (in a preview) or done."""
        since = self._begun.pop((step.urn, step.op), None)
        self._note_details(step)
        if self._live is not None:
            self._live.tree.done += 1
        if not self._wanted(step):
            self._unchanged(step)
            return
        verb = step.op.value.replace("-", " ") if self._dry else _DONE.get(step.op, step.op.value)
        if since is not None and not self._dry:
            verb += f" ({_seconds(time.monotonic() - since)})"
        hint = "" if self._request.diff else property_lines.hint(step)
        if self._live is None or self._request.diff:
            more = property_lines.changes(step, self._palette) if self._request.diff else ()
            for line in (self._line(step, f"{verb} {hint}".rstrip()), *more):
                self._out(line)
            if self._live is not None:
                self._live.tree.drop(step.urn)
        else:
            self._live.tree.set(step.urn, _parent(step), _SIGNS.get(step.op, ""), verb, info=hint)

    def _note_details(self, step: Step) -> None:
        if self._details is not None and step.op is not Op.SAME and self._wanted(step):
            self._details.append(self._line(step, step.op.value.replace("-", " ")))
            self._details.extend(property_lines.changes(step, self._palette))

    def _unchanged(self, step: Step) -> None:
        if self._live is not None:
            self._live.tree.drop(step.urn)
            if step.urn not in self._live.tree.rows:
                self._live.tree.know(step.urn, _parent(step))

    def _wanted(self, step: Step) -> bool:
        """A replace is one line unless its halves are asked for; what is unchanged has none."""
        if step.op is Op.SAME:
            return self._request.show_sames
        if step.op in (Op.READ, Op.READ_REPLACEMENT):
            return self._request.show_reads
        if step.op in (Op.CREATE_REPLACEMENT, Op.DELETE_REPLACED, Op.IMPORT_REPLACEMENT, Op.DISCARD_REPLACED):
            return self._request.show_replacement_steps
        return step.op is not Op.REMOVE_PENDING_REPLACE

    def failed(self, step: Step) -> None:
        """A step failed."""
        verb = ("check" if step.op is Op.SAME else step.op.value.replace("-", " ")) + " failed"
        self._begun.pop((step.urn, step.op), None)
        if self._live is not None:
            self._live.tree.set(step.urn, _parent(step), "-", verb)
        if self._live is None or self._request.diff:
            self._out(self._line(step, self._palette.paint("red", verb)))

    def info(self, message: str) -> None:
        """A line that is not about a resource."""
        if not self._request.suppress_progress:
            self._out(f"    {message}")

    def said(self, urn: str, message: str) -> None:
        """Something was said about a resource: the tree shows it at once, everybody reads it at the end."""
        if self._live is not None:
            self._live.tree.note(urn, message)

    def finish(self) -> None:
        """No more steps come: what was drawn becomes plain lines. Not to be called under the lock."""
        if self._live is not None:
            lines = self._live.stop()
            self._live = None
            if lines and not self._request.diff:
                self._out("\n".join(lines))

    def diagnostics(self, by_urn: Mapping[str, list[str]]) -> None:
        """The block of everything that was said, by resource; the URN "" is the run itself."""
        if not by_urn:
            return
        self._out("\n" + self._palette.paint("bold", "Diagnostics:"))
        for urn, messages in by_urn.items():
            self._out(self._palette.paint("cyan", f"  {urns.type_of(urn)} ({urns.name_of(urn)}):"))
            for message in messages:
                for line in message.rstrip("\n").split("\n"):
                    self._out(f"    {self._severity(line)}".rstrip())

    def _severity(self, line: str) -> str:
        word, colon, rest = line.partition(": ")
        return f"{self._palette.paint(_SEVERITIES[word], word + colon)}{rest}" if word in _SEVERITIES else line

    def outputs(self, outputs: Mapping[str, Any]) -> None:
        """The stack's outputs."""
        if not outputs or self._request.suppress_outputs:
            return
        self._out("\n" + self._palette.paint("bold", "Outputs:"))
        for key in sorted(outputs):
            self._out(f"    {key}: {shown(outputs[key], self._request.show_secrets)}")

    def summary(self, changes: Mapping[str, int], seconds: float) -> None:
        """The counts and the time."""
        self._out("\n" + self._palette.paint("bold", "Resources:"))
        same = changes.get(Op.SAME.value, 0)
        for name, count in changes.items():
            op = Op(name)
            if op is not Op.SAME:
                words = f"to {op.value}" if self._dry else _DONE.get(op, op.value)
                sign = _SIGNS.get(op, " ")
                self._out("    " + self._palette.sign(sign, f"{sign} {count} {words}"))
        if same or not changes:
            self._out(f"    {same} unchanged")
        self._out(f"\n{self._palette.paint('bold', 'Duration:')} {max(1, round(seconds))}s")

    def _line(self, step: Step, words: str) -> str:
        name = step.urn if self._request.show_urns else f"{step.type} {urns.name_of(step.urn)}"
        sign = _SIGNS.get(step.op, " ")
        return f" {self._palette.sign(sign, f'{sign:<2}')} {name} {self._palette.sign(sign, words)}"


def _is_default_provider(step: Step) -> bool:
    """These come and go by themselves, and are told to programs only."""
    return urns.is_provider(step.type) and urns.name_of(step.urn).startswith("default")


def _parent(step: Step) -> str:
    holder = step.new or step.old
    return holder.parent if holder else ""


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f}s" if seconds >= 1 else f"{seconds:.2f}s"
