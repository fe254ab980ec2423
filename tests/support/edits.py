"""Random edits by others, one for each CR: on the cluster by another field manager, in NetBox by another user.

An edit counts as made when the server took it and it changed what is stored, as far as that is ours: the spec, our labels
and annotations, the object's identity, or the record's fields.
"""

from __future__ import annotations

import contextlib
import copy
from typing import TYPE_CHECKING, Any

from providers.core.equality import same
from providers.core.identity import FABRIC_LABEL, KINDS
from providers.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

    from providers.core.identity import ObjectRef
    from tests.support.project import Project

MANAGER = "someone-else"

# How the ref of a record ends that others gave to it.
RENAMED = "-renamed"

# A mapping or list, and a key or index in it.
type Place = tuple[Any, Any]


def leaves(value: Any) -> Iterator[Place]:
    """The places of all scalars in it."""
    for key, item in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(item, dict | list):
            yield from leaves(item)
        else:
            yield value, key


def other(value: Any, random: Random) -> Any:
    """Another value of the same type that may be valid."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + random.choice((-1, 1))
    if str(value).startswith(("10.", "172.30.")) and "/" not in value:
        return value[:-1] + random.choice("123456789")
    return f"{value}x" if random.random() < 0.5 else f"x{value}"


def change(spec: dict[str, Any], random: Random) -> None:
    """One scalar gets another value."""
    container, key = random.choice(list(leaves(spec)))
    container[key] = other(container[key], random)


def remove(spec: dict[str, Any], random: Random) -> None:
    """One scalar goes."""
    container, key = random.choice(list(leaves(spec)))
    del container[key]


def add(kind: str, spec: dict[str, Any], random: Random) -> None:
    """Something is added that was not there."""
    match kind:
        case "VPC":
            number = random.randrange(200, 250)
            spec["subnets"]["extra"] = {"subnet": f"10.{number}.7.0/24", "vlan": 2000 + number}
        case "VLANNamespace":
            spec["ranges"].append({"from": random.randrange(100, 900)})
        case "IPv4Namespace":
            spec["subnets"].append(f"11.{random.randrange(256)}.0.0/16")
        case "ExternalPeering":
            spec["permit"]["external"]["prefixes"].append({"prefix": f"9.{random.randrange(256)}.0.0/16"})
        case "Connection":
            next(iter(spec.values()))["mtu"] = 1500
        case "Switch":
            spec["portGroupSpeeds"] = {str(random.randrange(1, 13)): "10G"}
        case _:
            spec["description"] = f"added {random.randrange(1000)}"


class Others:
    """Everybody but hhsync. `random` decides what they do."""

    def __init__(self, project: Project, random: Random) -> None:
        self.project, self.random = project, random

    def edit_object(self, ref: ObjectRef) -> bool:
        """One random edit of the object in the cluster; whether it counts."""
        live = self.project.cluster.get(ref)
        assert live is not None
        ways: list[Callable[[dict[str, Any]], None]] = [self._change, self._remove, self._add, self._labels]
        ways += [self._annotate, self._delete, self._recreate]
        # the server may not take it, or only a part of it: what is stored decides
        with contextlib.suppress(TargetError):
            self.random.choice(ways)(copy.deepcopy(live))
        return not same(self._ours(live), self._ours(self.project.cluster.get(ref)))

    def _ours(self, live: Any) -> Any:
        if live is None:
            return None
        metadata = live["metadata"]
        labels = {key: value for key, value in (metadata.get("labels") or {}).items() if key in self._owned(metadata)}
        return {"uid": metadata["uid"], "spec": live.get("spec"), "labels": labels}

    def _owned(self, metadata: Any) -> set[str]:
        return {FABRIC_LABEL, "team"} & set(metadata.get("labels") or {})

    def _put(self, live: dict[str, Any]) -> None:
        self.project.by_another(MANAGER, live)

    def _change(self, live: dict[str, Any]) -> None:
        change(live["spec"], self.random) if list(leaves(live.get("spec") or {})) else None
        self._put(live)

    def _remove(self, live: dict[str, Any]) -> None:
        remove(live["spec"], self.random) if list(leaves(live.get("spec") or {})) else None
        self._put(live)

    def _add(self, live: dict[str, Any]) -> None:
        add(live["kind"], live.setdefault("spec", {}), self.random)
        self._put(live)

    def _labels(self, live: dict[str, Any]) -> None:
        labels = live["metadata"]["labels"]
        key = self.random.choice(sorted(self._owned(live["metadata"])))
        if key == FABRIC_LABEL or self.random.random() < 0.5:
            del labels[key]
        else:
            labels[key] = "others"
        self._put(live)

    def _annotate(self, live: dict[str, Any]) -> None:
        """Not ours, so it never counts."""
        live["metadata"].setdefault("annotations", {})["example.org/note"] = "by others"
        self._put(live)

    def _delete(self, live: dict[str, Any]) -> None:
        kind, metadata = KINDS[live["kind"]], live["metadata"]
        path = f"/apis/{kind.api_version}/namespaces/default/{kind.plural}/{metadata['name']}"
        self.project.cluster._api.target().call("DELETE", path, about="delete by hand")

    def _recreate(self, live: dict[str, Any]) -> None:
        self._delete(live)
        for key in ("resourceVersion", "uid", "creationTimestamp", "generation", "managedFields"):
            live["metadata"].pop(key, None)
        self._put(live)

    def edit_record(self, ref: ObjectRef) -> bool:
        """One random edit of the record in NetBox; whether it counts."""
        kind, fabric = KINDS[ref.kind], self.project.fabric
        record = self.project.netbox.list(kind, fabric)[ref.record_ref(fabric)]
        spec = copy.deepcopy(record.fields["spec"])
        if list(leaves(spec)):
            change(spec, self.random)
        choices: list[dict[str, Any] | None] = [
            {"spec": spec},
            {"spec": {}},
            {"labels": {"team": "others"}},
            {"annotations": {"note": "by others"}},
            {"name": f"{ref.name}-x"},
            {"git_status": "Not from Git"},
            {"ref": f"{record.fields['ref']}{RENAMED}"},
            None,
        ]
        wanted = self.random.choice(choices)
        if wanted is None:
            self.project.netbox.delete(kind, record.id)
            return True
        self.project.netbox.update(kind, record.id, wanted)
        return not all(same(record.fields[name], value) for name, value in wanted.items())

    def remove_renamed_records(self) -> None:
        """Delete the records whose ref was changed: nothing of hhsync's would."""
        for kind in KINDS.values():
            for ref, record in self.project.netbox.list(kind, self.project.fabric).items():
                if ref.endswith(RENAMED):
                    self.project.netbox.delete(kind, record.id)


def refs_of(project: Project) -> list[ObjectRef]:
    """Every CR of the fabric, in a fixed order."""
    return sorted(project.objects())
