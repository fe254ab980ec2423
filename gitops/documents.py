"""Bytes of one file to YAML documents with their origin, by Kubernetes' rules. Pure; knows no kinds and no Git.

Stricter than kubectl where kubectl loses something in silence: a key written twice, a merge ("<<") that would overrule a
key written before it, and a float as a key are refused. Parsing is by events, not by libyaml's recursive composer, so that
hostile nesting meets a limit and not the end of the stack.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import yaml

from gitops.scalars import (
    key_text,
)
from gitops.yaml_values import DEFAULT_LIMITS, Builder, Limits, Refused, scalar
from providers.core.finding import Finding, whole
from providers.core.manifest import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from providers.core.field_path import FieldPath


# Where a document starts. YAML allows the marker at the start of a line nowhere else, not even inside text.
_MARKER = re.compile(r"^(?:%[^\n]*\n)*---(?=[ \t\r\n]|\Z)", re.MULTILINE)


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """One document that is not empty: its JSON value, and the text it was read from (for the lines of its fields)."""

    origin: Origin
    value: Any
    text: str = field(repr=False)
    first_line: int = field(repr=False)
    ordinal: int = field(default=0, repr=False)
    _lines: dict[FieldPath, int] = field(default_factory=dict, repr=False)

    def line_of(self, path: Sequence[str | int]) -> int:
        """The 1-based line of a field in the file, or of its nearest existing parent.

        The lines are found by a second parse when first asked for: a document without findings does not pay for them.
        """
        if not self._lines:
            self._lines.update(_field_lines(self.text, self.first_line, self.ordinal))
        for length in range(len(path), -1, -1):
            line = self._lines.get(tuple(path[:length]))
            if line is not None:
                return line
        return self.origin.line

    def located(self, finding: Finding, prefix: FieldPath = ()) -> Finding:
        """A finding at a field of this document, or of the item of a List at `prefix`, with the line of that field."""
        line = self.line_of((*prefix, *finding.path))
        return replace(finding, origin=Origin(self.origin.path, line, self.origin.document))


def parse(path: str, data: bytes, limits: Limits = DEFAULT_LIMITS) -> tuple[list[Document], list[Finding]]:
    """The documents of one file in order, and what is wrong with those that cannot be read.

    Empty documents and files of comments give nothing. `Origin.document` counts the documents that are not empty. A
    broken document does not hide the ones behind the next "---" line.
    """
    if len(data) > limits.file_bytes:
        return [], [
            whole(Origin(path, 1, 0), f"the file has {len(data)} bytes, more than {limits.file_bytes}; split it")
        ]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return [], [whole(Origin(path, 1, 0), "UTF-16 text; save it as UTF-8")]
        line = data.count(b"\n", 0, error.start) + 1
        return [], [whole(Origin(path, line, 0), f"not UTF-8 text (byte {data[error.start]:#04x}); save it as UTF-8")]
    documents: list[Document] = []
    issues: list[Finding] = []
    for first_line, chunk in _chunks(text):
        if len(documents) + len(issues) >= limits.documents:
            message = f"the file has more than {limits.documents} documents; split it"
            issues.append(whole(Origin(path, first_line, len(documents)), message))
            break
        _parse_chunk(path, first_line, chunk, limits, documents, issues)
    return documents, issues


def _chunks(text: str) -> Iterator[tuple[int, str]]:
    """The text from one marker to the next, with the 1-based line where each piece starts."""
    starts = [match.start() for match in _MARKER.finditer(text)]
    if not starts or text[: starts[0]].strip():
        starts.insert(0, 0)
    line, at = 1, 0
    for start, end in zip(starts, [*starts[1:], len(text)], strict=True):
        line += text.count("\n", at, start)
        at = start
        yield line, text[start:end]


def _parse_chunk(
    path: str, first_line: int, chunk: str, limits: Limits, documents: list[Document], issues: list[Finding]
) -> None:
    index = len(documents) + len(issues)
    ordinal = 0
    try:
        events: Any = yaml.CSafeLoader(chunk)
        while True:
            event = events.get_event()
            if isinstance(event, yaml.DocumentStartEvent):
                if event.version not in {None, (1, 1)}:
                    line = event.start_mark.line if event.start_mark else 0
                    raise Refused(line, "Kubernetes reads YAML 1.1 only; take the %YAML line out")
                root = events.get_event()
                value = Builder(events.get_event, limits).node(root, 0)
                if value is not None:
                    origin = Origin(path, first_line + root.start_mark.line, index + ordinal)
                    documents.append(Document(origin, value, chunk, first_line, ordinal))
                ordinal += 1
            elif isinstance(event, yaml.StreamEndEvent):
                return
    except Refused as refused:
        issues.append(whole(Origin(path, first_line + refused.line, index + ordinal), str(refused)))
    except yaml.MarkedYAMLError as error:
        line, message = _broken(error, chunk)
        issues.append(whole(Origin(path, first_line + line, index + ordinal), message))
    except yaml.reader.ReaderError as error:
        line = chunk.encode()[: error.position].count(b"\n")
        issues.append(whole(Origin(path, first_line + line, index + ordinal), f"broken YAML: {error.reason}"))
    except yaml.YAMLError as error:
        issues.append(whole(Origin(path, first_line, index + ordinal), f"broken YAML: {error}"))


def _broken(error: yaml.MarkedYAMLError, chunk: str) -> tuple[int, str]:
    mark = error.problem_mark or error.context_mark
    line = mark.line if mark else 0
    written = chunk.split("\n")[line : line + 1]
    if mark and written and written[0][mark.column :].startswith("\t"):
        return line, "broken YAML: a tab stands where only spaces may; put spaces in its place"
    context = f" {error.context}" if error.context else ""
    return line, f"broken YAML: {error.problem or 'cannot be parsed'}{context}"


def _field_lines(text: str, first_line: int, ordinal: int) -> dict[FieldPath, int]:
    """The line of every field of the document that is number `ordinal` in a chunk that parsed before."""
    events: Any = yaml.CSafeLoader(text)
    while ordinal >= 0:
        if isinstance(events.get_event(), yaml.DocumentStartEvent):
            ordinal -= 1
    lines: dict[FieldPath, int] = {}

    def walk(event: Any, path: FieldPath) -> None:
        lines.setdefault(path, first_line + event.start_mark.line)
        if isinstance(event, yaml.SequenceStartEvent):
            index = 0
            while not isinstance(event := events.get_event(), yaml.SequenceEndEvent):
                walk(event, (*path, index))
                index += 1
        elif isinstance(event, yaml.MappingStartEvent):
            while not isinstance(event := events.get_event(), yaml.MappingEndEvent):
                name = (
                    key_text(scalar(event), event.value) if isinstance(event, yaml.ScalarEvent) else str(event.anchor)
                )
                key = (*path, name)
                lines.setdefault(key, first_line + event.start_mark.line)
                walk(events.get_event(), key)

    walk(events.get_event(), ())
    return lines
