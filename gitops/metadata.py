"""What a CR's metadata may say in Git: Kubernetes' rules for names, labels and annotations, and Hedgehog's. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from providers.core.finding import WARNING, Finding
from providers.core.identity import DEFAULT_NAMESPACE, FABRIC_LABEL

_DNS_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_NAME = re.compile(rf"{_DNS_LABEL}(?:\.{_DNS_LABEL})*")
_NAME_LENGTH = 253
_KEY = re.compile(r"(?:(?P<prefix>[^/]*)/)?(?P<name>[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)")
_LABEL_VALUE = re.compile(r"(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?")
_ANNOTATIONS_BYTES = 256 * 1024

# Hedgehog's webhooks refuse longer names of these kinds; a server without them takes any.
SHORT_NAMES = frozenset({"VPC", "External", "IPv4Namespace"})
SHORT_NAME_LENGTH = 11

# What servers write. kubectl sends these and the server overrules or ignores them; we leave them out and say so.
_OWN = ("name", "namespace", "labels", "annotations")
# Fields that kubectl would send and that hhsync does not carry.
_SERVER = frozenset(
    {"resourceVersion", "uid", "generation", "creationTimestamp", "selfLink", "managedFields", "deletionTimestamp"}
    | {"deletionGracePeriodSeconds"}
)

_UNSUPPORTED = {
    "generateName": "give the CR a name of its own: metadata.name",
    "finalizers": "leave it to the controllers that need one",
    "ownerReferences": "an owner's deletion would delete the CR although Git has it",
}


@dataclass(frozen=True, slots=True)
class Metadata:
    """The checked metadata; its values hold only where no finding is an error."""

    name: str
    namespace: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    findings: tuple[Finding, ...]


def check(kind: str, value: Any) -> Metadata:
    """Read the metadata of a CR of one of the 12 kinds as it stands in Git."""
    if not isinstance(value, Mapping):
        return Metadata("", "", {}, {}, (Finding(("metadata",), "must be a mapping with a name"),))
    findings: list[Finding] = []
    name = _name(kind, value.get("name"), findings)
    namespace = value.get("namespace") or DEFAULT_NAMESPACE
    if namespace != DEFAULT_NAMESPACE:
        message = f'must be "{DEFAULT_NAMESPACE}", the only namespace that Hedgehog allows; it is "{namespace}"'
        findings.append(Finding(("metadata", "namespace"), message))
    labels = _strings("labels", value.get("labels"), findings)
    for key, text in labels.items():
        if not _LABEL_VALUE.fullmatch(text):
            message = (
                f'"{text[:80]}" is no label value: at most 63 letters, digits, "-", "_" and ".", no sign at the ends'
            )
            findings.append(Finding(("metadata", "labels", key), message))
    if FABRIC_LABEL in labels:
        findings.append(Finding(("metadata", "labels", FABRIC_LABEL), "is set by hhsync; take it out of Git"))
    annotations = _strings("annotations", value.get("annotations"), findings)
    if sum(len(key.encode()) + len(text.encode()) for key, text in annotations.items()) > _ANNOTATIONS_BYTES:
        findings.append(Finding(("metadata", "annotations"), "has more than 256 KiB"))
    findings += (_other(key) for key, one in value.items() if key not in _OWN and one is not None)
    return Metadata(name, DEFAULT_NAMESPACE, labels, annotations, tuple(findings))


def _name(kind: str, name: Any, findings: list[Finding]) -> str:
    path = ("metadata", "name")
    if name is None or name == "":
        findings.append(Finding(path, "is required and missing"))
        return ""
    if not isinstance(name, str):
        findings.append(Finding(path, f"must be text; put {name} in quotes"))
        return ""
    if len(name) > _NAME_LENGTH or not _NAME.fullmatch(name):
        rule = 'small letters, digits, "-" and ".", with a letter or digit at each end, at most 253'
        findings.append(Finding(path, f'"{name[:80]}" is no valid name: {rule}'))
    elif kind in SHORT_NAMES and len(name) > SHORT_NAME_LENGTH:
        message = (
            f'"{name}" has {len(name)} characters; a Hedgehog server refuses more than {SHORT_NAME_LENGTH} for {kind}'
        )
        findings.append(Finding(path, message, severity=WARNING))
    return name


def _strings(field: str, value: Any, findings: list[Finding]) -> dict[str, str]:
    """Labels or annotations: a mapping of text to text, with keys as Kubernetes wants them."""
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        findings.append(Finding(("metadata", field), "must be a mapping of text to text"))
        return {}
    good: dict[str, str] = {}
    for key, text in value.items():
        match = _KEY.fullmatch(key)
        prefix = match["prefix"] if match else None
        if match is None or (prefix is not None and (len(prefix) > _NAME_LENGTH or not _NAME.fullmatch(prefix))):
            message = 'is no valid key: [domain/]name, the name with at most 63 letters, digits, "-", "_" and "."'
            findings.append(Finding(("metadata", field, key), message))
        elif not isinstance(text, str):
            shown = "true or false" if isinstance(text, bool) else "null" if text is None else "no text"
            findings.append(Finding(("metadata", field, key), f"must be text, but is {shown}; put the value in quotes"))
        else:
            good[key] = text
    return good


def _other(key: str) -> Finding:
    path = ("metadata", key)
    if key in _SERVER:
        return Finding(path, "is the server's to write; ignored", severity=WARNING)
    if key in _UNSUPPORTED:
        return Finding(path, f"is not supported; {_UNSUPPORTED[key]}")
    close = difflib.get_close_matches(key, _OWN, n=1, cutoff=0.6)
    hint = f'did you mean "{close[0]}"?' if close else f"known here: {', '.join(_OWN)}"
    return Finding(path, f"unknown field; {hint}")
