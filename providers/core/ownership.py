"""Who wrote what in a live object: Kubernetes' `metadata.managedFields`, read. Pure.

Source of the format: Kubernetes API conventions, FieldsV1: `f:<name>` is a member, `k:<json>` an element of a list by its
keys, `v:<value>` one of a set, `i:<n>` one by its place, `.` the thing itself. Entries with a subresource are about the status.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from providers.core.field_path import FieldPath


def managers(live: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the field managers that wrote something besides the status, sorted; none where the server tells none."""
    return tuple(sorted({str(entry.get("manager") or "unknown") for entry in _entries(live)}))


def created_at(live: Mapping[str, Any]) -> str:
    """When the object was made, as the server has it (RFC 3339), or ""."""
    return str(live["metadata"].get("creationTimestamp") or "")


def owners(live: Mapping[str, Any], path: FieldPath) -> tuple[str, ...]:
    """The managers that own the property at `path` (from the object's root), or anything inside it, sorted.

    A list without keys is owned as a whole, so that a path into one finds the list's owner.
    """
    found = {
        str(entry.get("manager") or "unknown") for entry in _entries(live) if _owns(entry.get("fieldsV1") or {}, path)
    }
    return tuple(sorted(found))


def _entries(live: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for entry in live["metadata"].get("managedFields") or ():
        if not entry.get("subresource"):
            yield entry


def _owns(fields: Mapping[str, Any], path: FieldPath) -> bool:
    """Whether a set of fields holds the path, a part of it, or the leaf above it."""
    if not path:
        return True
    inner = fields.get(f"f:{path[0]}") if isinstance(path[0], str) else None
    if inner is None:
        # An element of a keyed list cannot be told by its index: any of them may be meant.
        keyed = [value for key, value in fields.items() if key.startswith(("k:", "v:", "i:"))]
        return isinstance(path[0], int) and any(_owns(value, path[1:]) for value in keyed)
    below = {key for key in inner if key != "."}
    return _owns(inner, path[1:]) if below else True
