"""The provider's own inputs (`pulumi_kubernetes.Provider`, `kubernetes:…` in stack config) as typed settings. No I/O but files.

Flags come as booleans, as the texts "true" and "false", or from the environment variable that the plugin reads.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from embedded.engine.values import has_unknown, unwrap

if TYPE_CHECKING:
    from collections.abc import Mapping

_FLAGS = {
    "enableServerSideApply": ("PULUMI_K8S_ENABLE_SERVER_SIDE_APPLY", True),
    "enablePatchForce": ("PULUMI_K8S_ENABLE_PATCH_FORCE", False),
    "upsertExistingObjects": ("PULUMI_K8S_UPSERT_EXISTING_OBJECTS", False),
    "enableConfigMapMutable": ("PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE", False),
    "enableSecretMutable": ("PULUMI_K8S_ENABLE_SECRET_MUTABLE", False),
    "deleteUnreachable": ("PULUMI_K8S_DELETE_UNREACHABLE", False),
    "skipUpdateUnreachable": ("PULUMI_K8S_SKIP_UPDATE_UNREACHABLE", False),
    "alwaysRender": ("", False),
    "strictMode": ("", False),
}
_TEXTS = ("kubeconfig", "context", "cluster", "namespace", "clusterIdentifier", "renderYamlToDirectory")
_IGNORED = ("kubeClientSettings", "helmReleaseSettings", "suppressDeprecationWarnings", "suppressHelmHookWarnings")
"""Accepted and without effect: there is no client-side rate limit and no Helm here, and no deprecation warnings."""
_CLI = "install the Pulumi CLI and put it on PATH to use it"


@dataclass(frozen=True, slots=True)
class Settings:
    """What the inputs say. `known` is False in a preview that does not know them yet: then no server is asked."""

    kubeconfig: str = field(default="", repr=False)
    context: str = ""
    cluster: str = ""
    namespace: str = ""
    patch_force: bool = False
    upsert: bool = False
    mutable_config_maps: bool = False
    mutable_secrets: bool = False
    known: bool = True


def read(inputs: Mapping[str, Any]) -> Settings:
    """The settings that checked inputs mean."""
    if has_unknown(dict(inputs)):
        return Settings(known=False)
    plain = unwrap(dict(inputs))
    return Settings(
        kubeconfig=_kubeconfig(plain.get("kubeconfig")),
        context=str(plain.get("context") or ""),
        cluster=str(plain.get("cluster") or ""),
        namespace=str(plain.get("namespace") or ""),
        patch_force=flag(plain, "enablePatchForce"),
        upsert=flag(plain, "upsertExistingObjects"),
        mutable_config_maps=flag(plain, "enableConfigMapMutable"),
        mutable_secrets=flag(plain, "enableSecretMutable"),
    )


def _kubeconfig(value: Any) -> str:
    """Text as it is; an object, which programs pass when they build it themselves, as JSON."""
    return json.dumps(value) if isinstance(value, dict) else str(value or "")


def flag(inputs: Mapping[str, Any], name: str) -> bool:
    """A flag's value: given, else from the plugin's environment variable, else the plugin's default."""
    variable, default = _FLAGS[name]
    value = inputs.get(name)
    if value is None and variable:
        value = os.environ.get(variable)
    return default if value is None else str(value).lower() == "true"


def findings(inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with the inputs or left to the real plugin, as (property, reason)."""
    found = []
    plain = {key: None if has_unknown(value) else unwrap(value) for key, value in inputs.items()}
    for key, value in plain.items():
        if key in _TEXTS and not isinstance(value, str | dict | None):
            found.append((key, "it has to be a text"))
        elif key in _FLAGS and str(value).lower() not in ("true", "false", "none", ""):
            found.append((key, "it has to be true or false"))
        elif key not in _TEXTS and key not in _FLAGS and key not in _IGNORED:
            found.append((key, "the kubernetes provider has no such property"))
    if plain.get("renderYamlToDirectory"):
        found.append(("renderYamlToDirectory", f"writing YAML files is not supported by the embedded engine; {_CLI}"))
    if not flag(plain, "enableServerSideApply"):
        found.append(("enableServerSideApply", f"client-side apply is not supported by the embedded engine; {_CLI}"))
    for name in ("deleteUnreachable", "skipUpdateUnreachable", "strictMode"):
        if flag(plain, name):
            found.append((name, f"it is not supported by the embedded engine; {_CLI}"))
    return found
