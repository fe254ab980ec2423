"""Short texts that move when a thing moves: what a plan holds of every CR, to find out later whether it still is so. Pure."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from providers.core.equality import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

# Hexadecimal digits; two of 10,000 CRs agree by chance once in 10¹¹ plans.
_LENGTH = 16

_METADATA = ("uid", "labels", "annotations")


def of(value: Any) -> str:
    """The fingerprint of a JSON value; equal for values that comparisons hold to be equal, "" for None."""
    if value is None:
        return ""
    text = json.dumps(canonical(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_LENGTH]


def of_live(live: Mapping[str, Any] | None) -> str:
    """Of an object in the cluster: which one it is, its spec, labels and annotations.

    Not its resourceVersion, which a status that somebody writes moves, too.
    """
    if live is None:
        return ""
    metadata = live["metadata"]
    return of({"spec": live.get("spec"), **{name: metadata.get(name) for name in _METADATA}})


def of_record(fields: Mapping[str, Any] | None) -> str:
    """Of a record in NetBox: all fields that hhsync reads."""
    return of(None if fields is None else dict(fields))
