"""The object that is admitted, the other objects that rules look at, and how a rule refuses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from embedded.webhooks.endpoints import ports_in_use
from embedded.webhooks.shapes import Unreadable
from embedded.webhooks.specs import SPECS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


@dataclass(slots=True)
class Subject:
    """One object as the webhooks see it: `spec` is the view of its kind's shape, labels None when it has none."""

    kind: str
    name: str
    namespace: str
    labels: dict[str, str] | None
    annotations: Mapping[str, str]
    spec: dict[str, Any]

    @classmethod
    def of(cls, kind: str, manifest: Mapping[str, Any]) -> Subject:
        """Read a manifest; Unreadable when a value does not fit its field."""
        metadata = manifest.get("metadata") or {}
        labels = metadata.get("labels")
        return cls(
            kind=kind,
            name=metadata.get("name") or "",
            namespace=metadata.get("namespace") or "",
            labels=None if labels is None else dict(labels),
            annotations=metadata.get("annotations") or {},
            spec=SPECS[kind].read(manifest.get("spec"), "spec"),
        )

    def written(self) -> dict[str, Any]:
        """The spec as the webhooks write it."""
        return SPECS[self.kind].write(self.spec)


class Objects(Protocol):
    """What the API server holds, as far as the cache has got: all in the namespace `default`."""

    def get(self, kind: str, name: str) -> Subject | None:
        """One object, or None."""

    def all(self, kind: str) -> Iterable[Subject]:
        """Every object of a kind."""

    def labelled(self, kind: str, key: str, value: str) -> Collection[Subject]:
        """The objects of a kind that have this label."""

    def group_exists(self, name: str) -> bool:
        """Whether there is a SwitchGroup of this name."""

    def users_of_port(self, port: str) -> Collection[str]:
        """Names of the Connections that use this port, by exactly this name."""


@dataclass(slots=True)
class Memory:
    """Objects in memory, indexed by what the rules ask for. Not safe for threads."""

    _objects: dict[str, dict[str, Subject]] = field(default_factory=dict)
    _labels: dict[tuple[str, str, str], dict[str, Subject]] = field(default_factory=dict)
    _ports: dict[str, set[str]] = field(default_factory=dict)
    _groups: set[str] = field(default_factory=set)

    def put(self, kind: str, manifest: Mapping[str, Any]) -> None:
        """Take in an object, in place of the one of the same name; one that cannot be read is passed over."""
        name = manifest["metadata"]["name"]
        self.drop(kind, name)
        if kind == "SwitchGroup":
            self._groups.add(name)
            return
        try:
            subject = Subject.of(kind, manifest)
        except Unreadable:
            # it was stored while no webhook looked; the real one cannot read it either, and then lists nothing at all
            return
        self._objects.setdefault(kind, {})[name] = subject
        for label in _labels_of(subject):
            self._labels.setdefault(label, {})[name] = subject
        for port in _ports_of(subject):
            self._ports.setdefault(port, set()).add(name)

    def drop(self, kind: str, name: str) -> None:
        """Forget an object; nothing happens when it is not known."""
        if kind == "SwitchGroup":
            self._groups.discard(name)
            return
        subject = self._objects.get(kind, {}).pop(name, None)
        if subject is None:
            return
        for label in _labels_of(subject):
            self._labels[label].pop(name, None)
        for port in _ports_of(subject):
            self._ports[port].discard(name)

    def names(self, kind: str) -> set[str]:
        """The names of all objects of a kind."""
        return set(self._groups) if kind == "SwitchGroup" else set(self._objects.get(kind, {}))

    def get(self, kind: str, name: str) -> Subject | None:
        """See Objects."""
        return self._objects.get(kind, {}).get(name)

    def all(self, kind: str) -> Iterable[Subject]:
        """See Objects."""
        return list(self._objects.get(kind, {}).values())

    def labelled(self, kind: str, key: str, value: str) -> Collection[Subject]:
        """See Objects."""
        return list(self._labels.get((kind, key, value), {}).values())

    def group_exists(self, name: str) -> bool:
        """See Objects."""
        return name in self._groups

    def users_of_port(self, port: str) -> Collection[str]:
        """See Objects."""
        return self._ports.get(port, frozenset())


def _labels_of(subject: Subject) -> list[tuple[str, str, str]]:
    return [(subject.kind, key, value) for key, value in (subject.labels or {}).items()]


def _ports_of(subject: Subject) -> Collection[str]:
    if subject.kind != "Connection":
        return ()
    return ports_in_use(subject.spec)


RESERVED = "fabric.githedgehog.com/"
VPC, VPC1, VPC2 = f"{RESERVED}vpc", f"{RESERVED}vpc1", f"{RESERVED}vpc2"
SUBNET, NATIVE_VLAN = f"{RESERVED}subnet", f"{RESERVED}nativevlan"
IPV4_NAMESPACE, VLAN_NAMESPACE = f"{RESERVED}ipv4ns", f"{RESERVED}vlanns"
EXTERNAL, CONNECTION, CONNECTION_TYPE = f"{RESERVED}external", f"{RESERVED}connection", f"{RESERVED}connection-type"
PROFILE = f"{RESERVED}profile"
TRUE = "true"


def listed(what: str, name: str) -> str:
    """The key of a label that stands for one of many, e.g. switch.fabric.githedgehog.com/leaf-01."""
    return f"{what}.{RESERVED}{name}"


def keep_own(subject: Subject, own: Mapping[str, str]) -> None:
    """Replace every label that looks like Hedgehog's by these."""
    kept = {key: value for key, value in (subject.labels or {}).items() if RESERVED not in key}
    subject.labels = kept | dict(own)
