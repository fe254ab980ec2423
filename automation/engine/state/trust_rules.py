"""The resources that hhsync's program declares, as rules for what a state may hold: types, names, parents, inputs. Pure.

One rule for each type of `providers/resources.py`, `program/bootstrap.py` and `program/hooks.py`; a new kind of resource
there needs one here, or every sync refuses the state that it leads to.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from providers.core.identity import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PROJECT = "hhsync"
STACK_TYPE, FABRIC_TYPE = "pulumi:pulumi:Stack", "hhsync:index:Fabric"
DYNAMIC = "pulumi-python:dynamic/hedgehog:"
HOOK_TYPE = "command:local:Command"
PLUGIN_TYPE = "pulumi:providers:"
IDENTITY, RESULT = "FabricIdentity", "FabricResult"

DYNAMIC_PLUGIN, KUBERNETES_PLUGIN, COMMAND_PLUGIN = "pulumi-python", "kubernetes", "command"

# Of a command: what program/hooks.py sets, the plugin's default, and what a run printed. `create` runs when the
# program registers the command, with the program's text; `delete`, `update`, `interpreter`, `dir` and `stdin` would
# run the state's.
_HOOK_KEYS = frozenset({"create", "environment", "triggers", "addPreviousOutputInEnv", "stdout", "stderr"})

_ACCESS_KEYS = frozenset({"version", "kubeconfig", "context", "upsertExistingObjects", "__internal"})

# Of pulumi-kubernetes: what its SDK takes from PULUMI_K8S_… variables. Not `renderYamlToDirectory`, which writes
# files.
_SWITCHES = frozenset(
    {
        "deleteUnreachable",
        "enableConfigMapMutable",
        "enablePatchForce",
        "enableSecretMutable",
        "enableServerSideApply",
        "skipUpdateUnreachable",
        "suppressDeprecationWarnings",
        "suppressHelmHookWarnings",
    }
)

_PLUGIN_KEYS = frozenset({"version", "__internal"})
_VERSION = re.compile(r"[0-9A-Za-z.+-]{1,64}")


@dataclass(frozen=True, slots=True)
class Rule:
    """What an entry of one type must be.

    `below` is its parent's type, "" for none; `plugin` the package that manages it, "" for a component; `named` says whether
    hhsync gives that name in that stack; `faults` yields what is wrong with inputs or outputs; `retained` whether
    retainOnDelete is set.
    """

    below: str
    plugin: str
    named: Callable[[str, str], bool]
    faults: Callable[[Mapping[str, Any]], Iterator[str]]
    retained: bool = False


def rule_of(type_token: str) -> Rule | None:
    """The rule for a type, None where the program declares no such resource."""
    return _RULES.get(type_token)


def _no_faults(_section: Mapping[str, Any]) -> Iterator[str]:
    return iter(())


def _hook_faults(section: Mapping[str, Any]) -> Iterator[str]:
    yield from _unknown(section, _HOOK_KEYS)


def _plugin_faults(section: Mapping[str, Any]) -> Iterator[str]:
    yield from _unknown(section, _PLUGIN_KEYS)
    yield from _version_faults(section)


def _dynamic_plugin_faults(section: Mapping[str, Any]) -> Iterator[str]:
    # It holds the stack's config as it was, which the provider of hhsync's own process does not use.
    yield from _plugin_faults({key: value for key, value in section.items() if ":" not in key})


def _kubernetes_plugin_faults(section: Mapping[str, Any]) -> Iterator[str]:
    yield from _unknown(section, _ACCESS_KEYS | _SWITCHES)
    yield from _version_faults(section)
    if isinstance(section.get("kubeconfig"), str) and not _harmless(section["kubeconfig"]):
        yield "its kubeconfig stands there in clear, and hhsync writes a path, a secret or a pod's own account"


def _unknown(section: Mapping[str, Any], known: frozenset[str]) -> Iterator[str]:
    for key in sorted(section.keys() - known):
        yield f"hhsync never sets {key}"


def _version_faults(section: Mapping[str, Any]) -> Iterator[str]:
    version = section.get("version")
    if version is not None and not (isinstance(version, str) and _VERSION.fullmatch(version)):
        yield "its version is none"
    # Another plugin's name, download address, checksums or parameters would stand in there.
    if section.get("__internal"):
        yield "hhsync never sets __internal"


def _harmless(kubeconfig: str) -> bool:
    """Whether a kubeconfig in clear is one of ours: a path, or a pod's own account. Another may name a program to run."""
    if "\n" not in kubeconfig and not kubeconfig.lstrip().startswith("{"):
        return True
    try:
        users = json.loads(kubeconfig)["users"]
        return all(set(one["user"]) <= {"tokenFile"} for one in users)
    except (ValueError, TypeError, KeyError):
        return False


def _exactly(*names: str) -> Callable[[str, str], bool]:
    return lambda name, _stack: name in names


def _like(pattern: str) -> Callable[[str, str], bool]:
    compiled = re.compile(pattern)
    return lambda name, _stack: compiled.fullmatch(name) is not None


def _half(half: str) -> Callable[[str, str], bool]:
    return lambda name, stack: name == f"{stack}/{half}"


def _bootstrap(*names: str) -> Rule:
    return Rule(
        FABRIC_TYPE, KUBERNETES_PLUGIN, _exactly(*(f"bootstrap/{name}" for name in names)), _no_faults, retained=True
    )


_DEFAULT = _like(r"default(_[0-9A-Za-z_]+)?")

_RULES: dict[str, Rule] = {
    STACK_TYPE: Rule("", "", lambda name, stack: name == f"{PROJECT}-{stack}", _no_faults),
    FABRIC_TYPE: Rule(STACK_TYPE, "", lambda name, stack: name == stack, _no_faults),
    **{
        f"{DYNAMIC}{kind}": Rule(FABRIC_TYPE, DYNAMIC_PLUGIN, _like(rf"{kind}/[^/:]+/[^/:]+"), _no_faults)
        for kind in KINDS
    },
    f"{DYNAMIC}{IDENTITY}": Rule(FABRIC_TYPE, DYNAMIC_PLUGIN, _half("identity"), _no_faults),
    f"{DYNAMIC}{RESULT}": Rule(FABRIC_TYPE, DYNAMIC_PLUGIN, _half("result"), _no_faults),
    HOOK_TYPE: Rule(FABRIC_TYPE, COMMAND_PLUGIN, _like(r"after-sync-[1-9][0-9]*"), _hook_faults),
    f"{PLUGIN_TYPE}{DYNAMIC_PLUGIN}": Rule("", "", _DEFAULT, _dynamic_plugin_faults),
    f"{PLUGIN_TYPE}{COMMAND_PLUGIN}": Rule("", "", _DEFAULT, _plugin_faults),
    f"{PLUGIN_TYPE}{KUBERNETES_PLUGIN}": Rule(FABRIC_TYPE, "", _exactly("bootstrap"), _kubernetes_plugin_faults),
    "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition": _bootstrap(
        *(f"{kind.plural}.{kind.group}" for kind in KINDS.values())
    ),
    "kubernetes:core/v1:Namespace": _bootstrap("namespace"),
    "kubernetes:core/v1:ServiceAccount": _bootstrap("account"),
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole": _bootstrap("role"),
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding": _bootstrap("binding"),
}
