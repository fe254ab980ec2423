"""A server's value into Git: drift resolved the other way. Pure.

What a server filled in by itself stays out of Git as far as the record of our last write (`applied`) tells it from what
somebody changed; where there is no such record, the server's whole value counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authoring.changes import Become, Change, ChangeRefused, Create, Remove
from authoring.text import normalise
from providers.core import sections
from providers.core.diff import overlay
from providers.core.equality import (
    MISSING,
    canonical,
    is_empty,
    without_nulls,
)
from providers.core.identity import FABRIC_LABEL, KINDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from providers.core.identity import ObjectRef

CLUSTER, NETBOX = "cluster", "netbox"
TITLES = {CLUSTER: "the cluster", NETBOX: "NetBox"}

# Labels that Hedgehog's webhook sets and takes away again by itself.
_PARTS = ("spec", "labels", "annotations")

_SERVERS_LABEL = "fabric.githedgehog.com/"


def change(
    ref: ObjectRef,
    source: str,
    in_git: Mapping[str, Any] | None,
    seen: Mapping[str, Any] | None,
    outputs: Mapping[str, Any] | None,
) -> Change:
    """The change of Git that takes over what a server has.

    `in_git` is the document, `seen` spec, labels and annotations as the server has them (None: it has no such object),
    `outputs` the stack's record of the CR, where it is managed.

    Raises:
        ChangeRefused: neither has it.
    """
    if seen is None and in_git is None:
        raise ChangeRefused(f"{ref} is neither in Git nor in {TITLES[source]}")
    if seen is None:
        if outputs is None:
            raise ChangeRefused(
                f"{ref} was never applied to {TITLES[source]}, so nobody deleted it there; apply it with hhsync sync, or take "
                f"it out of Git with hhsync delete"
            )
        return Remove(ref)
    if in_git is None:
        return Create(ref, normalise.plain(_document(ref, seen)))
    return Become(ref, _overlaid(in_git, source, seen, outputs))


def _document(ref: ObjectRef, seen: Mapping[str, Any]) -> dict[str, Any]:
    """An object that Git does not have, as a document."""
    metadata: dict[str, Any] = {"name": ref.name, "namespace": ref.namespace}
    for part in ("labels", "annotations"):
        kept = {key: value for key, value in (seen.get(part) or {}).items() if not _is_servers(key)}
        if kept:
            metadata[part] = kept
    spec = without_nulls(dict(seen.get("spec") or {}))
    return {"apiVersion": KINDS[ref.kind].api_version, "kind": ref.kind, "metadata": metadata, "spec": spec}


def _is_servers(key: str) -> bool:
    return key == FABRIC_LABEL or _SERVERS_LABEL in key


def _overlaid(
    in_git: Mapping[str, Any], source: str, seen: Mapping[str, Any], outputs: Mapping[str, Any] | None
) -> dict[str, Any]:
    metadata = in_git.get("metadata") or {}
    git = {"spec": in_git.get("spec"), "labels": metadata.get("labels"), "annotations": metadata.get("annotations")}
    recorded = {} if outputs is None else sections.recorded_section(outputs, source)
    result = dict(in_git)
    for part in _PARTS:
        desired = git[part] if git[part] is not None else MISSING
        live = canonical(seen.get(part) or {})
        if part != "spec":  # of labels and annotations only ours
            owned = set(git[part] or {}) | (set(recorded.get(part) or {}) - {FABRIC_LABEL})
            live = {key: value for key, value in live.items() if key in owned and not _is_servers(key)}
        known: Any = canonical(recorded[part]) if part in recorded else MISSING
        if part != "spec" and isinstance(known, dict):
            known = {key: value for key, value in known.items() if not _is_servers(key)}
        if outputs is None:
            known = canonical(without_nulls(git[part])) if desired is not MISSING else MISSING
        new = overlay(desired, MISSING if is_empty(known) else known, MISSING if is_empty(live) else live)
        _put(result, part, new)
    return result


def _put(document: dict[str, Any], part: str, value: Any) -> None:
    if part == "spec":
        if value is MISSING:
            document.pop("spec", None)
        else:
            document["spec"] = value
        return
    metadata = dict(document.get("metadata") or {})
    if value is MISSING or is_empty(value):
        if not is_empty(metadata.get(part)):
            metadata.pop(part, None)
    else:
        metadata[part] = value
    document["metadata"] = metadata
