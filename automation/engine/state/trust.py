"""Which entries of a state hhsync works with: those that its own program writes, and no other. Pure.

A state is input: whoever may write to its backend chooses what an engine finds there, and an engine
runs what it finds (a dynamic resource's pickled provider, a command's `delete`, a provider's plugin).
So each entry is held against what `program/` declares, before any engine starts: types, names,
parents, the class behind `__provider`, inputs that make something run. Nothing is unpickled. Both
inputs and outputs are looked at, since a provider is given either.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from automation.engine.state.pickles import referenced_class
from automation.engine.state.trust_rules import (
    DYNAMIC,
    DYNAMIC_PLUGIN,
    FABRIC_TYPE,
    IDENTITY,
    PLUGIN_TYPE,
    PROJECT,
    RESULT,
    STACK_TYPE,
    rule_of,
)
from providers.core.identity import FABRIC_LABEL, KINDS
from providers.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from automation.engine.state.trust_rules import Rule

# The class that a dynamic resource's `__provider` refers to, by the last part of the resource's type.
CLASSES: dict[str, str] = {
    **dict.fromkeys(KINDS, "providers.lifecycle.HedgehogProvider"),
    IDENTITY: "providers.fabric_lifecycle.FabricIdentityProvider",
    RESULT: "providers.fabric_lifecycle.FabricResultProvider",
}

# Fields of an entry that hhsync's program never sets. What else the engine keeps of a resource only describes it.
_FOREIGN = ("external", "viewOf", "resourceHooks", "deletedWith", "importID", "extensionRef", "snippetID")

_REFERRING = ("dependencies", "aliases", "replaceWith")

# Pulumi's key of a value that is more than data: a secret, or an asset, which makes an engine read a file or fetch a
# URL.
_SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"

_ENCRYPTED = "1b47061264138c4ac30d75fd1eb44270"


class StateUntrusted(EngineError):
    """The state has an entry that hhsync did not make; nothing was run on it."""


def verify(entry: Any, stack: str) -> None:
    """Hold one entry of a state's resources (or of a pending operation) against what hhsync declares in the stack `stack`.

    Raises:
        StateUntrusted: hhsync does not make such an entry; the text names it.
    """
    try:
        fault = next(_faults(entry, stack), None)
    except (TypeError, AttributeError, ValueError, KeyError):
        fault = "one of its values is of another type than hhsync writes"
    if fault is None:
        return
    named = entry.get("urn") if isinstance(entry, dict) else None
    what = named if isinstance(named, str) and named else "an entry without a name"
    raise StateUntrusted(
        f"the state of stack {stack} holds {what}, which hhsync did not make: {fault}; nothing was run. Find out who may "
        "write to the backend and read docs/security.md before you remove it"
    )


def verify_field(key: str, value: Any, stack: str, secrets_provider: str) -> None:
    """Hold a deployment's other fields against what hhsync's program leads to.

    Args:
        key: the field's name, e.g. "snippets".
        secrets_provider: what the stack's file names, e.g. "awskms://…"; "" where it names none.

    Raises:
        StateUntrusted: the field makes an engine run or reach something that is not ours.
    """
    if key in ("snippets", "extensions") and value:
        raise StateUntrusted(
            f"the state of stack {stack} has {key}, which an engine runs, and hhsync has none; nothing was run"
        )
    if key == "secrets_providers" and value:
        state = value.get("state") if isinstance(value, dict) else None
        kind = value.get("type") if isinstance(value, dict) else value
        ours = kind in ("", "passphrase", "service") or (
            kind == "cloud" and isinstance(state, dict) and state.get("url") == secrets_provider
        )
        if not ours:
            raise StateUntrusted(
                f"the secrets in the state of stack {stack} are kept by another provider than the stack's file names; "
                "nothing was run. After a change of providers run: pulumi stack change-secrets-provider"
            )


def _faults(entry: Any, stack: str) -> Iterator[str]:
    """What is wrong with an entry; the first finding is enough."""
    if not (isinstance(entry, dict) and isinstance(entry.get("urn"), str) and isinstance(entry.get("type"), str)):
        yield "it has no name or no type"
        return
    rule = rule_of(entry["type"])
    if rule is None:
        yield f"hhsync has no resources of type {entry['type']}"
        return
    yield from _identity_faults(entry, stack, rule)
    for name in _FOREIGN:
        if entry.get(name):
            yield f"hhsync never sets {name}"
    if bool(entry.get("retainOnDelete")) != rule.retained:
        yield f"hhsync {'always' if rule.retained else 'never'} sets retainOnDelete on a resource of this type"
    sections = [entry.get("inputs") or {}, entry.get("outputs") or {}]
    if not all(isinstance(section, dict) for section in sections):
        yield "its inputs or outputs are no mapping"
        return
    for section, strict in zip(sections, (False, True), strict=True):
        yield from _value_faults(section, secrets=rule.plugin != DYNAMIC_PLUGIN)
        if entry["type"].startswith(DYNAMIC):
            yield from _dynamic_faults(entry["type"].removeprefix(DYNAMIC), section, entry["urn"], stack, strict=strict)
        yield from rule.faults(section)


def _identity_faults(entry: Mapping[str, Any], stack: str, rule: Rule) -> Iterator[str]:
    """Name, parent, provider and everything that an entry refers to are this stack's, and fit its type."""
    ours = f"urn:pulumi:{stack}::{PROJECT}::"
    parents = {
        STACK_TYPE: f"{ours}{STACK_TYPE}::{PROJECT}-{stack}",
        FABRIC_TYPE: f"{ours}{FABRIC_TYPE}::{stack}",
        "": "",
    }
    own = entry["type"] if rule.below in ("", STACK_TYPE) else f"{rule.below}${entry['type']}"
    if not entry["urn"].startswith(ours):
        yield f"it belongs to another project or stack than {PROJECT} and {stack}"
        return
    prefix = f"{ours}{own}::"
    if not entry["urn"].startswith(prefix):
        yield "its name does not fit its type"
        return
    if not rule.named(entry["urn"].removeprefix(prefix), stack):
        yield "hhsync has no resource of this name"
    if (entry.get("parent") or "") != parents[rule.below]:
        yield f"its parent is {entry.get('parent') or 'missing'}"
    manager = entry.get("provider") or ""
    if not isinstance(manager, str) or bool(manager) != bool(rule.plugin):
        yield "it is managed by no provider of ours"
    elif manager and not _manages(manager, ours, rule.plugin):
        yield f"it is managed by {manager}"
    referred = [urn for name in _REFERRING for urn in entry.get(name) or ()]
    referred += [urn for urns in (entry.get("propertyDependencies") or {}).values() for urn in urns or ()]
    if not all(isinstance(urn, str) and urn.startswith(ours) for urn in referred):
        yield "it refers to a resource of another project or stack"


def _manages(manager: str, ours: str, plugin: str) -> bool:
    """Whether a reference names a provider of that package in this stack; it is the provider's URN and id."""
    kinds = (f"{ours}{PLUGIN_TYPE}{plugin}::", f"{ours}{FABRIC_TYPE}${PLUGIN_TYPE}{plugin}::")
    return manager.startswith(kinds)


def _value_faults(value: Any, *, secrets: bool) -> Iterator[str]:
    """Values that are more than data. Only what other providers manage (`secrets`) has secrets."""
    if isinstance(value, dict):
        signature = value.get(_SIGNATURE_KEY)
        if signature is not None and not (
            secrets and signature == _ENCRYPTED and isinstance(value.get("ciphertext"), str)
        ):
            yield "one of its values is an asset, a reference or a secret, and hhsync sets none there"
            return
        for inner in value.values():
            if isinstance(inner, (dict, list)):
                yield from _value_faults(inner, secrets=secrets)
    elif isinstance(value, list):
        for inner in value:
            if isinstance(inner, (dict, list)):
                yield from _value_faults(inner, secrets=secrets)


def _dynamic_faults(kind: str, section: Mapping[str, Any], urn: str, stack: str, *, strict: bool) -> Iterator[str]:
    """A CR or half of the fabric's record: its class, and that it is about what its name says.

    `strict` for outputs, by which a provider finds what to delete. A refresh writes what servers say into inputs, which may
    be another fabric's name.
    """
    if "__provider" in section and (why := _class_fault(kind, section["__provider"])):
        yield f"its __provider is refused: {why}"
    if kind in (IDENTITY, RESULT):
        if section.get("fabric", stack) != stack:
            yield f"it is about fabric {section['fabric']}"
        return
    parts = [section.get("cluster") or {}, section.get("netbox") or {}]
    if not all(isinstance(part, dict) for part in parts):
        yield "one of its sections is no mapping"
        return
    cluster, netbox = parts
    own = urn.rsplit("::", 1)[-1]
    about = f"{cluster.get('kind')}/{cluster.get('namespace')}/{cluster.get('name')}"
    if cluster and (about != own or cluster.get("apiVersion") != KINDS[kind].api_version):
        yield f"it is about {cluster.get('apiVersion')} {about}"
    if not strict:
        return
    labels = cluster.get("labels") or {}
    fabrics = [labels.get(FABRIC_LABEL, stack), netbox.get("fabric", stack)]
    if fabrics != [stack, stack] or netbox.get("ref", own).split("/")[-3:] != own.split("/"):
        yield f"it is about another fabric than {stack}, or another CR"


def _class_fault(kind: str, text: Any) -> str:
    if not isinstance(text, str):
        return "it is encrypted, or no text"
    return _class_fault_of(kind, text)


@lru_cache(maxsize=256)
def _class_fault_of(kind: str, text: str) -> str:
    """Why a pickle is not a bare reference to the class that manages `kind`; "" where it is. All CRs have the same one."""
    try:
        named = referenced_class(text)
    except ValueError as error:
        return str(error)
    return "" if named == CLASSES[kind] else f"it refers to {named}"
