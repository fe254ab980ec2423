"""The three sections of a resource (git, cluster, netbox), and how observed values are laid over them.

Inputs are `{"git": …, "cluster": …, "netbox": …}`. Outputs are the sections again plus `applied` (what the servers answered
to our last write, kept as its difference to the sections) and what only servers know. A section that is absent from what
`observed` returns means that the object is gone on that side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from providers.core import identity
from providers.core.diff import FieldChange, changes, overlay, patch
from providers.core.equality import (
    MISSING,
    canonical,
    integral,
    same,
    without_nulls,
)
from providers.core.field_path import at, dotted
from providers.core.identity import FABRIC_LABEL, KINDS, ObjectRef

if TYPE_CHECKING:
    from collections.abc import Mapping

    from providers.core.manifest import Manifest

Section = dict[str, Any]
Inputs = dict[str, Section]

# The two values of a record's git_status.
FROM_GIT, NOT_FROM_GIT = "From Git", "Not from Git"

# The fields of a record that carry attribution. A change of only these (and of the git section) is an attribution
# update: neither drift nor pending.
ATTRIBUTION_FIELDS = frozenset({"git_file_path", "git_commit", "git_author", "git_last_modified"})


def inputs_for(fabric: str, manifest: Manifest) -> Inputs:
    """What Git says about one CR, as the resource's inputs."""
    ref, origin, by = manifest.ref, manifest.origin, manifest.attribution
    git: Section = {
        "path": origin.path,
        "document": origin.document,
        "commit": by.commit,
        "author": by.author,
        "committed_at": by.committed_at,
    }
    cluster: Section = {
        "apiVersion": KINDS[ref.kind].api_version,
        "kind": ref.kind,
        "namespace": ref.namespace,
        "name": ref.name,
        "labels": {**manifest.labels, FABRIC_LABEL: fabric},
        "annotations": dict(manifest.annotations),
        "spec": without_nulls(dict(manifest.spec)),
    }
    return {"git": git, "cluster": cluster, "netbox": _netbox_section(git, cluster)}


def _netbox_section(git: Section, cluster: Section) -> Section:
    """The record's fields that we own; they follow from the two other sections alone."""
    fabric = cluster["labels"][FABRIC_LABEL]
    return {
        "ref": ObjectRef(cluster["kind"], cluster["namespace"], cluster["name"]).record_ref(fabric),
        "name": cluster["name"],
        "fabric": fabric,
        "namespace": cluster["namespace"],
        "spec": cluster["spec"],
        "labels": {key: value for key, value in cluster["labels"].items() if key != FABRIC_LABEL},
        "annotations": cluster["annotations"],
        "git_file_path": git["path"],
        "git_commit": git["commit"],
        "git_author": git["author"],
        "git_last_modified": git["committed_at"],
        "git_status": FROM_GIT,
    }


def stored(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs as the state keeps them: without the netbox section where it follows from the others, as it always does.

    The spec would stand in every state entry four times; so it stands there three times, and an entry stays below 4 KB.
    """
    kept = dict(outputs)
    if kept.get("netbox") == _netbox_section(kept["git"], kept["cluster"]):
        del kept["netbox"]
    return kept


def restored(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """The outputs that `stored` was given, with integers where Pulumi made doubles of them."""
    full: dict[str, Any] = integral(dict(outputs))
    full["cluster"] = {"labels": {}, "annotations": {}, "spec": {}, **full["cluster"]}
    if "netbox" not in full:
        full["netbox"] = _netbox_section(full["git"], full["cluster"])
    return full


def ref_of(sections: Mapping[str, Any]) -> ObjectRef:
    """The identity that a resource's inputs or outputs name."""
    cluster = sections["cluster"]
    return ObjectRef(cluster["kind"], cluster["namespace"], cluster["name"])


def fabric_of(sections: Mapping[str, Any]) -> str:
    """The fabric that a resource's inputs or outputs name."""
    return str(sections["cluster"]["labels"][FABRIC_LABEL])


def manifest_of(section: Mapping[str, Any]) -> dict[str, Any]:
    """The Kubernetes object to send, exactly as Git says plus our label."""
    metadata: dict[str, Any] = {"name": section["name"], "namespace": section["namespace"]}
    for key in ("labels", "annotations"):
        if section.get(key):
            metadata[key] = dict(section[key])
    return {
        "apiVersion": section["apiVersion"],
        "kind": section["kind"],
        "metadata": metadata,
        "spec": integral(section.get("spec") or {}),
    }


def cluster_section(live: Mapping[str, Any], owned: Mapping[str, Any]) -> Section:
    """What a live object says about the things we own: the whole spec, and only the label and annotation keys of `owned`."""
    metadata = live["metadata"]
    section: Section = {
        "apiVersion": live["apiVersion"],
        "kind": live["kind"],
        "namespace": metadata.get("namespace", identity.DEFAULT_NAMESPACE),
        "name": metadata["name"],
        "spec": integral(live.get("spec") or {}),
    }
    for key in ("labels", "annotations"):
        present = metadata.get(key) or {}
        section[key] = {name: present[name] for name in owned.get(key) or {} if name in present}
    return section


def record_section(fields: Mapping[str, Any], owned: Mapping[str, Any]) -> Section:
    """What a NetBox record says about the fields we own (the keys of `owned`)."""
    return {name: integral(fields[name]) for name in owned if name in fields}


def applied_delta(section: Section, response: Section) -> list[Any]:
    """What a server made of `section`, as a list of [path, value] (or [path] for what it dropped)."""
    return [
        [list(change.path)] if change.new is MISSING else [list(change.path), change.new]
        for change in changes(section, response)
    ]


def recorded_section(outputs: Mapping[str, Any], name: str) -> Section:
    """The server's answer to our last write of one section, restored from `applied`; not to be changed in place."""
    delta = (outputs.get("applied") or {}).get(name) or []
    if not delta:
        as_sent: Section = outputs[name]
        return as_sent
    steps = [
        FieldChange(
            tuple(integral(list(entry[0]))),
            old=MISSING,
            new=integral(entry[1]) if len(entry) > 1 else MISSING,
        )
        for entry in delta
    ]
    restored: Section = patch(outputs[name], steps)
    return restored


def observed(
    outputs: Mapping[str, Any],
    live: Mapping[str, Any] | None,
    record: Mapping[str, Any] | None,
    reference: Mapping[str, Any] | None = None,
) -> Inputs:
    """The sections as the servers have them now: our last wish with only the places replaced where live ≠ recorded.

    `live` is the cluster's object, `record` the NetBox record's fields, None where it is gone. `reference`, where given, is
    the server's answer to a dry-run PUT of our last wish, and takes the place of the recorded answer: then a changed
    server default is not drift. Two facts that Git's wish has no place for get one of their own: a uid that is not the one
    we recorded is `cluster.uid`, and what the server had filled in and has lost since is listed in `cluster.lost`.
    """
    result: Inputs = {"git": dict(outputs["git"])}
    if live is not None:
        desired = outputs["cluster"]
        recorded = recorded_section(outputs, "cluster") if reference is None else cluster_section(reference, desired)
        seen = cluster_section(live, desired)
        result["cluster"] = desired if same(recorded, seen) else _overlaid(desired, recorded, canonical(seen))
        if outputs.get("uid") and live["metadata"].get("uid") != outputs["uid"]:
            result["cluster"] = {**result["cluster"], "uid": live["metadata"].get("uid")}
    if record is not None:
        desired, recorded = outputs["netbox"], recorded_section(outputs, "netbox")
        seen = record_section(record, desired)
        result["netbox"] = desired if same(recorded, seen) else overlay(desired, recorded, canonical(seen))
    return result


def _overlaid(desired: Section, recorded: Section, seen: Section) -> Section:
    """The cluster's section with what differs laid over it, and what the server had filled in and has lost since."""
    lost = [
        dotted(one.path) for one in changes(recorded, seen) if one.new is MISSING and at(desired, one.path) is MISSING
    ]
    return {**overlay(desired, recorded, seen), **({"lost": lost} if lost else {})}


def only_attribution(found: list[FieldChange]) -> bool:
    """Whether changes touch nothing but where Git says the CR comes from."""
    return all(
        change.path[0] == "git"
        or (change.path[0] == "netbox" and change.path[1:2] and change.path[1] in ATTRIBUTION_FIELDS)
        for change in found
    )
