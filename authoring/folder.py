"""A fabric's folder at one commit as a value: its files, the CRs in them, and the same with other content. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from authoring.text import edit, paths
from authoring.text.nodes import document as parsed
from authoring.text.nodes import same
from gitops import desired, documents
from providers.core.identity import DEFAULT_NAMESPACE, KINDS, ObjectRef

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitops.desired import Layout
    from gitops.documents import Document
    from providers.core.finding import Finding


def blob_id(data: bytes) -> str:
    """The id that git gives these bytes (of a SHA-1 repository; in another nothing ever equals it)."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a CR stands: a file, a document of it, and (in a List) the way to the item."""

    path: str
    document: Document
    prefix: tuple[str | int, ...]
    value: Any
    objects: int

    @property
    def text(self) -> str:
        """The text of the document, without what only separates it from its neighbours."""
        return self.document.text.strip()


@dataclass(frozen=True)
class Folder:
    """All files of the fabric's folder; `files` has the bytes of those that are read. Paths are from the repository's root."""

    root: str
    commit: str
    branch: str
    files: Mapping[str, bytes]
    paths: frozenset[str]
    issues: tuple[Finding, ...] = ()

    @cached_property
    def layout(self) -> Layout:
        """Which files are desired, drafts, or not read."""
        return desired.layout(self.root, sorted(self.paths))

    @property
    def is_flat(self) -> bool:
        """Whether the folder is read whole: it has neither managed/ nor raw/."""
        start = len(self.root) + 1 if self.root else 0
        return not any(path[start:].startswith((f"{desired.MANAGED}/", f"{desired.RAW}/")) for path in self.paths)

    def with_files(self, changed: Mapping[str, bytes | None]) -> Folder:
        """The folder with some files written, or with None removed."""
        files = {path: data for path, data in self.files.items() if path not in changed}
        files |= {path: data for path, data in changed.items() if data is not None}
        paths = (self.paths - changed.keys()) | {path for path, data in changed.items() if data is not None}
        changed_folder = replace(self, files=files, paths=frozenset(paths))
        if changed_folder.paths == self.paths:  # a batch of a thousand edits sorts the files once
            changed_folder.__dict__["layout"] = self.layout
        return changed_folder

    def find(self, ref: ObjectRef) -> list[Place]:
        """Every place of the desired files where this CR is written, valid or not."""
        return list(self._places(ref, self.layout.desired))

    def find_draft(self, ref: ObjectRef) -> list[Place]:
        """Every place of raw/ where this CR is written."""
        return list(self._places(ref, self.layout.drafts))

    def _places(self, ref: ObjectRef, paths: tuple[str, ...]) -> Iterator[Place]:
        name = ref.name.encode()
        for path in paths:
            data = self.files.get(path, b"")
            if name not in data:
                continue
            found = list(objects(documents.parse(path, data)[0]))
            for document, prefix, value in found:
                if identity(value) == ref:
                    yield Place(path, document, prefix, value, len(found))


def objects(found: list[Document]) -> Iterator[tuple[Document, tuple[str | int, ...], Any]]:
    """Every object of a file's documents, those inside Lists one by one; items of a typed list get its type."""
    for document in found:
        yield from _items(document, (), document.value)


def _items(
    document: Document, prefix: tuple[str | int, ...], value: Any
) -> Iterator[tuple[Document, tuple[str | int, ...], Any]]:
    kind = value.get("kind") if isinstance(value, dict) else None
    if not isinstance(kind, str) or not kind.endswith("List") or not isinstance(value.get("items"), list | None):
        yield document, prefix, value
        return
    item_kind = kind.removesuffix("List")
    fill = {"apiVersion": value.get("apiVersion"), "kind": item_kind} if item_kind in KINDS else {}
    for index, item in enumerate(value.get("items") or ()):
        filled = {**fill, **item} if isinstance(item, dict) else item
        yield from _items(document, (*prefix, "items", index), filled)


def identity(value: Any) -> ObjectRef | None:
    """The CR that an object claims to be; None for what is none of ours."""
    if not isinstance(value, dict) or value.get("kind") not in KINDS:
        return None
    known = KINDS[value["kind"]]
    metadata = value.get("metadata")
    if not str(value.get("apiVersion")).startswith(f"{known.group}/") or not isinstance(metadata, dict):
        return None
    name = metadata.get("name")
    return ObjectRef(known.name, str(metadata.get("namespace") or DEFAULT_NAMESPACE), str(name)) if name else None


class FileRefused(ValueError):
    """A document that cannot be told from its neighbours."""


def rewritten(data: bytes, place: Place, target: Any) -> bytes:
    """A file's bytes with one CR meaning `target`; every other document keeps its bytes.

    Raises:
        EditRefused: it cannot be done in place.
    """
    document = place.document
    whole = paths.with_value(document.value, place.prefix, target) if place.prefix else target
    start, text, bom = _chunk(data, document)
    new = edit.rewrite(document.text, whole, document.ordinal)
    after = bom + (text[:start] + new + text[start + len(document.text) :]).encode()
    found, issues = documents.parse(place.path, after)
    before = documents.parse(place.path, data)[0]
    wanted = [whole if one.origin.document == document.origin.document else one.value for one in before]
    if (
        issues
        or len(found) != len(wanted)
        or not all(same(one.value, want) for one, want in zip(found, wanted, strict=True))
    ):
        raise edit.EditRefused("the document cannot be changed in place; use --editor, or write it in the usual form")
    return after


def retyped(data: bytes, place: Place, text: str) -> bytes:
    """A file's bytes with the text of one document replaced by another text."""
    start, whole, bom = _chunk(data, place.document)
    old = place.document.text
    core = old.strip()
    lead, tail = old[: len(old) - len(old.lstrip())], old[len(old.rstrip()) :]
    new = text.replace("\r\n", "\n").strip()
    if "\r\n" in old:
        new = new.replace("\n", "\r\n")
    if new == core:
        return data
    if core.startswith("---") and not new.startswith("---"):
        new = core[: core.find("\n") + 1] + new
    return bom + (whole[:start] + lead + new + tail + whole[start + len(old) :]).encode()


def removed(data: bytes, place: Place) -> bytes | None:
    """A file's bytes without one CR; None where the file has no other.

    Raises:
        FileRefused, EditRefused: it cannot be taken out alone.
    """
    if place.objects == 1:
        return None
    document = place.document
    if place.prefix:
        return _without_item(data, place)
    start, text, bom = _chunk(data, document)
    end = start + len(document.text)
    root = parsed(document.text, document.ordinal)
    if document.ordinal or root is None or parsed(document.text, 1) is not None:
        raise FileRefused(f'{document.origin}: put "---" before every document of this file first')
    rest = document.text[root.raw_end :]
    headings = (
        "".join(line for line in rest.splitlines(keepends=True) if line.startswith("#")) if end < len(text) else ""
    )
    return bom + (text[:start] + headings + text[end:]).encode()


def _without_item(data: bytes, place: Place) -> bytes:
    """A file's bytes without one item of a List."""
    document = place.document
    whole = paths.without(document.value, place.prefix)
    start, text, bom = _chunk(data, document)
    new = edit.rewrite(document.text, whole, document.ordinal)
    return bom + (text[:start] + new + text[start + len(document.text) :]).encode()


def _chunk(data: bytes, document: documents.Document) -> tuple[int, str, bytes]:
    """Where a document's text starts in its file's text, that text, and the byte order mark before it."""
    text = data.decode("utf-8-sig")
    at = 0
    for _ in range(document.first_line - 1):
        at = text.index("\n", at) + 1
    return at, text, data[:3] if data.startswith(b"\xef\xbb\xbf") else b""
