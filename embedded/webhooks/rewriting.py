"""What is stored of a manifest after the defaults: the object as sent, with what defaulting put in, changed or took out.

The real webhook answers a patch between what was sent and its own spelling of the result, and takes back the removals
that come of that spelling alone. So a value that was sent as false, "" or 0 stays, though defaulting would not write
it; and structs that are empty appear, but only when defaulting changed anything at all.
"""

from __future__ import annotations

from typing import Any


def rewritten(sent: Any, before: Any, after: Any) -> Any:
    """Return `sent` with all differences of `after`, but for removals that `before` has, too.

    Args:
        sent: the value as sent.
        before: the webhook's spelling of it before defaulting.
        after: its spelling after defaulting.
    """
    if isinstance(sent, dict) and isinstance(after, dict):
        known = before if isinstance(before, dict) else {}
        kept = {
            key: rewritten(value, known.get(key), after[key]) if key in after else value
            for key, value in sent.items()
            if key in after or key not in known
        }
        return kept | {key: value for key, value in after.items() if key not in sent}
    if isinstance(sent, list) and isinstance(after, list) and len(sent) == len(after):
        known_items = before if isinstance(before, list) and len(before) == len(sent) else [None] * len(sent)
        return [rewritten(*each) for each in zip(sent, known_items, after, strict=True)]
    return after


def patch(sent: dict[str, Any], wanted: dict[str, Any], path: str = "") -> list[dict[str, Any]]:
    """The JSON patch from one object to another; lists and scalars that differ are replaced whole."""
    operations: list[dict[str, Any]] = []
    for key in sent.keys() | wanted.keys():
        place = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
        if key not in wanted:
            operations.append({"op": "remove", "path": place})
        elif key not in sent:
            operations.append({"op": "add", "path": place, "value": wanted[key]})
        elif isinstance(sent[key], dict) and isinstance(wanted[key], dict):
            operations += patch(sent[key], wanted[key], place)
        elif not _same(sent[key], wanted[key]):
            operations.append({"op": "replace", "path": place, "value": wanted[key]})
    return operations


def _same(one: Any, other: Any) -> bool:
    """Equality that tells 1 from True."""
    return type(one) is type(other) and bool(one == other)
