"""The built-in plugins: packages whose resources this engine manages without a plugin binary.

What a package's plugin does and this engine does not is refused here by name, with the remedy, before anything happens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded.engine.dynamic_provider import DynamicProvider
from embedded.engine.errors import NotSupported
from embedded.engine.plugins.command.provider import CommandProvider
from embedded.engine.plugins.kubernetes.provider import KubernetesProvider

if TYPE_CHECKING:
    from embedded.engine.provider_protocol import Provider

DYNAMIC = "pulumi-python"
COMMAND = "command"
KUBERNETES = "kubernetes"
PACKAGES = (DYNAMIC, COMMAND, KUBERNETES)

_CLI = "install the Pulumi CLI and put it on PATH"
_RENDER = "render it to YAML ({}) and read that with pulumi_kubernetes.yaml.ConfigFile, or " + _CLI

_REFUSED = (
    ("command:remote:", f"run ssh or scp in a command.local.Command, or {_CLI}"),
    ("kubernetes:helm.sh/", _RENDER.format("helm template")),
    ("kubernetes:kustomize", _RENDER.format("kubectl kustomize")),
    ("kubernetes:yaml/v2:", f"use ConfigFile or ConfigGroup of pulumi_kubernetes.yaml (v1), or {_CLI}"),
)


def make(package: str, project: str = "", folder: str = "") -> Provider:
    """A new provider of a package, not yet configured; `folder` is the program's.

    Raises NotSupported for a package that is not built in.
    """
    if package == COMMAND:
        return CommandProvider(folder)
    if package == KUBERNETES:
        return KubernetesProvider()
    if package == DYNAMIC:
        return DynamicProvider(project)
    raise NotSupported(f"the plugin {package!r}")


def refuse(type_: str) -> None:
    """Raise NotSupported for a resource type or function that its package has and the built-in plugin has not."""
    for prefix, remedy in _REFUSED:
        if type_.startswith(prefix):
            raise NotSupported(type_, remedy)
