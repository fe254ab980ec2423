"""One file of raw/: its CRs with the text that each will have, or why it has to stay. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from authoring.folder import identity, objects
from authoring.text import normalise, timestamps
from authoring.text.nodes import document as parsed
from gitops import documents, manifests
from providers.core.manifest import Attribution

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops.documents import Document
    from providers.core.identity import ObjectRef
    from providers.core.schema import Schema

_NOBODY = Attribution("", "", "1970-01-01T00:00:00Z")


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """A CR of a file of raw/: its place there, what it means, and the bytes of the file that it gets."""

    ref: ObjectRef
    raw: str
    document: int
    line: int
    content: Mapping[str, Any]
    data: bytes


@dataclass(frozen=True, slots=True, eq=False)
class RawFile:
    """A file of raw/; `reasons` say why it stays, and are empty where it can go."""

    path: str
    sha256: str
    found: tuple[Found, ...] = ()
    reasons: tuple[str, ...] = ()


def read(path: str, data: bytes, by_kind: Mapping[str, Schema]) -> RawFile:
    """Read one file. A single document that cannot be ingested keeps the whole file where it is."""
    sha256 = hashlib.sha256(data).hexdigest()
    docs, broken = documents.parse(path, data)
    reading = manifests.read(docs, {path: _NOBODY}, by_kind)
    reasons = [str(one) for one in (*broken, *reading.issues) if one.severity == "error"]
    if not reasons:
        reasons = _foreign(docs)
    if not reasons and any(doc.ordinal for doc in docs):
        late = next(doc for doc in docs if doc.ordinal)
        reasons = [f'{late.origin}: put "---" before every document, so that their comments can be told apart']
    if reasons:
        return RawFile(path, sha256, reasons=tuple(dict.fromkeys(reasons)))
    try:
        return RawFile(path, sha256, tuple(_found(path, data, docs)))
    except (yaml.YAMLError, ValueError, KeyError) as error:
        return RawFile(path, sha256, reasons=(f"{path}: cannot be rewritten: {' '.join(str(error).split())}",))


def _foreign(docs: list[Document]) -> list[str]:
    return [
        f"{doc.origin.path}:{doc.line_of(prefix)}: {value.get('apiVersion')}/{value.get('kind')} is none of the 12 kinds that "
        f"hhsync manages; take it out of the file"
        for doc, prefix, value in objects(docs)
        if identity(value) is None
    ]


def content_of(value: Mapping[str, Any]) -> dict[str, Any]:
    """What makes two documents of one identity the same: all but what servers and tools write, and the namespace's spelling."""
    kept = normalise.stripped(dict(value))
    metadata = {
        key: item for key, item in (kept.get("metadata") or {}).items() if key not in ("name", "namespace") and item
    }
    return {"metadata": metadata, "spec": kept.get("spec") or {}}


def _found(path: str, data: bytes, docs: list[Document]) -> list[Found]:
    text = data.decode("utf-8-sig")
    starts = _offsets(text, docs)
    result: list[Found] = []
    end = 0
    for index, doc in enumerate(docs):
        headings = _headings(text[end : starts[index]], everything=end == 0)
        root = parsed(doc.text)
        assert root is not None  # a document that is empty is none
        end = starts[index] + root.raw_end
        own = doc.text if index == len(docs) - 1 else doc.text[: root.raw_end] + _indented(doc.text[root.raw_end :])
        for place, (_, prefix, value) in enumerate(objects([doc])):
            ref = identity(value)
            assert ref is not None  # foreign objects were refused
            fill = {"apiVersion": value["apiVersion"], "kind": value["kind"]} if prefix else None
            body = normalise.normalised(own, prefix, fill=fill)
            head = "".join(f"{line}\n" for line in headings) if place == 0 else ""
            line = doc.line_of(prefix) if prefix else doc.origin.line
            result.append(Found(ref, path, doc.origin.document, line, content_of(value), head.encode() + body))
    return result


def _offsets(text: str, docs: list[Document]) -> list[int]:
    """Where each document's text starts, in one pass."""
    offsets, line, at = [], 1, 0
    for doc in docs:
        while line < doc.first_line:
            at = text.index("\n", at) + 1
            line += 1
        offsets.append(at)
    return offsets


def _headings(between: str, *, everything: bool) -> list[str]:
    """The comments before a document's "---" that are its own: those at the start of a line, and all at the file's top."""
    lines = between.splitlines()
    kept = [
        line.strip() if everything else line for line in lines if line.startswith("#") or (everything and "#" in line)
    ]
    return [line for line in kept if line.startswith("#") and not timestamps.is_stamp(line)]


def _indented(rest: str) -> str:
    """What follows a document, without the comments that head the next one."""
    return "".join(line for line in rest.splitlines(keepends=True) if not line.startswith("#"))
