"""The bytes of one file with one of its CRs changed, typed anew, or gone; its neighbours keep theirs. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authoring.text import edit, paths
from authoring.text.nodes import document as parsed
from authoring.text.nodes import same
from gitops import documents

if TYPE_CHECKING:
    from authoring.folder import Place


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
