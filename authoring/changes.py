"""Changes of CRs as values, and what each makes of a folder. Pure: the same change can be planned again on a newer commit."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from authoring import layout
from authoring.folder import FileRefused, identity, objects, removed, retyped, rewritten
from authoring.text import edit, normalise, paths
from authoring.text.nodes import same
from gitops import documents
from providers.core.identity import DEFAULT_NAMESPACE, KINDS, ObjectRef
from providers.errors import HhsyncError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from authoring.folder import Folder, Place
    from providers.core.field_path import FieldPath


class ChangeRefused(HhsyncError):
    """A change that cannot be made: no such CR, a path that leads nowhere, a text that cannot be changed in place."""


@dataclass(frozen=True, slots=True)
class Assign:
    """Set one field to a JSON value."""

    ref: ObjectRef
    path: FieldPath
    value: Any


@dataclass(frozen=True, slots=True)
class Unset:
    """Remove one field."""

    ref: ObjectRef
    path: FieldPath


@dataclass(frozen=True, slots=True)
class Patch:
    """Apply a JSON merge patch to the whole document."""

    ref: ObjectRef
    patch: Any


@dataclass(frozen=True, slots=True)
class Become:
    """Make the document mean exactly this value, e.g. a server's."""

    ref: ObjectRef
    value: Any


@dataclass(frozen=True, slots=True)
class Retype:
    """Take the text of the document from a person's editor."""

    ref: ObjectRef
    text: str


@dataclass(frozen=True, slots=True)
class Create:
    """A new CR with the bytes of its file."""

    ref: ObjectRef
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Remove:
    """Take a CR out of Git."""

    ref: ObjectRef


type Change = Assign | Unset | Patch | Become | Retype | Create | Remove


def parse_ref(text: str) -> ObjectRef:
    """Read KIND/NAME or KIND/NAMESPACE/NAME; the kind in any case, or its plural.

    Raises:
        ChangeRefused: no such kind, or another form.
    """
    parts = text.split("/")
    if len(parts) not in (2, 3) or not all(parts):
        raise ChangeRefused(f'"{text}" names no CR; write KIND/NAME, e.g. VPC/vpc-1')
    names = {kind.name.lower(): kind.name for kind in KINDS.values()} | {k.plural: k.name for k in KINDS.values()}
    kind = names.get(parts[0].lower())
    if kind is None:
        close = difflib.get_close_matches(parts[0].lower(), names, n=1)
        hint = f'did you mean "{names[close[0]]}"?' if close else f"there are: {', '.join(KINDS)}"
        raise ChangeRefused(f'"{parts[0]}" is no kind of Hedgehog\'s; {hint}')
    return ObjectRef(kind, parts[1] if len(parts) == 3 else DEFAULT_NAMESPACE, parts[-1])


def applied(folder: Folder, changes: Iterable[Change]) -> Folder:
    """The folder after all changes, in order.

    Raises:
        ChangeRefused: one of them cannot be made; the text names the CR.
    """
    for change in changes:
        folder = folder.with_files(_apply(folder, change))
    return folder


def the_place(folder: Folder, ref: ObjectRef) -> Place:
    """Where a CR is written.

    Raises:
        ChangeRefused: nowhere, or more than once.
    """
    found = folder.find(ref)
    if len(found) == 1:
        return found[0]
    if found:
        places = " and ".join(str(place.document.origin) for place in found)
        raise ChangeRefused(f"{ref} is written {len(found)} times, at {places}; remove all but one first")
    drafts = folder.find_draft(ref)
    if drafts:
        raise ChangeRefused(f"{ref} is a draft in {drafts[0].document.origin}; bring it in with: hhsync ingest")
    raise ChangeRefused(f"{ref} is not in Git at {folder.commit[:12]}{_close(folder, ref)}")


def _close(folder: Folder, ref: ObjectRef) -> str:
    plural = KINDS[ref.kind].plural
    stems = [
        path.rpartition("/")[2].rpartition(".")[0] for path in folder.layout.desired if f"/{plural}/" in f"/{path}"
    ]
    close = difflib.get_close_matches(ref.name, stems, n=1)
    return f"; did you mean {ref.kind}/{close[0]}?" if close else ""


def _apply(folder: Folder, change: Change) -> dict[str, bytes | None]:
    if isinstance(change, Create):
        return _create(folder, change)
    place = the_place(folder, change.ref)
    before = folder.files[place.path]
    try:
        if isinstance(change, Remove):
            return {place.path: removed(before, place)}
        if isinstance(change, Retype):
            data = retyped(before, place, change.text)
            _require_same_objects(change.ref, place.path, before, data)
            return {place.path: data}
        return {place.path: rewritten(before, place, _target(place.value, change))}
    except (paths.PathError, edit.EditRefused, FileRefused) as error:
        raise ChangeRefused(f"{change.ref} ({place.document.origin}): {error}") from None


def _target(value: Any, change: Assign | Unset | Patch | Become) -> Any:
    match change:
        case Assign():
            target = paths.with_value(value, change.path, change.value)
        case Unset():
            target = paths.without(value, change.path)
        case Patch():
            target = paths.merged(value, change.patch)
        case Become():
            target = change.value
    _require_same_identity(change.ref, value, target)
    return target


def _require_same_identity(ref: ObjectRef, before: Any, after: Any) -> None:
    if identity(after) != ref or after.get("apiVersion") != before.get("apiVersion"):
        raise edit.EditRefused("this would make another CR of it; use hhsync create and hhsync delete")


def _require_same_objects(ref: ObjectRef, path: str, before: bytes, after: bytes) -> None:
    """Refuse a text that makes another CR of it, or more than one; what cannot be read is for the validation to tell."""
    found, issues = documents.parse(path, after)
    if issues:
        return
    old = [identity(value) for _, _, value in objects(documents.parse(path, before)[0])]
    if [identity(value) for _, _, value in objects(found)] != old:
        raise ChangeRefused(f"{ref}: this would make another CR of it; use hhsync create and hhsync delete")


def _create(folder: Folder, change: Create) -> dict[str, bytes | None]:
    there = folder.find(change.ref)
    if there:
        new = documents.parse("new", change.data)[0][0].value
        if same(normalise.stripped(there[0].value), normalise.stripped(new)):
            return {}
        raise ChangeRefused(
            f"{change.ref} is in Git already, at {there[0].document.origin}, with another content; change it with: hhsync edit"
        )
    taken = {layout.within(folder.root, path).lower() for path in folder.paths}
    path = layout.free_path(change.ref, taken, managed=not folder.is_flat)
    return {layout.joined(folder.root, path): change.data}


def touched(changes: Sequence[Change]) -> list[ObjectRef]:
    """The CRs that the changes name, each once, in order."""
    return list(dict.fromkeys(change.ref for change in changes))
