"""The built-in plugins: packages whose resources this engine manages without a plugin binary.

What a package's plugin does and this engine does not is refused here by name, with the remedy, before anything happens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.engine import builtin
from embedded.engine.dynamic_provider import DynamicProvider
from embedded.engine.errors import EngineError, NotSupported
from embedded.engine.plugins.command.provider import CommandProvider
from embedded.engine.plugins.kubernetes.provider import KubernetesProvider

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

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
    ("kubernetes:helm:", _RENDER.format("helm template")),
    ("kubernetes:kustomize", _RENDER.format("kubectl kustomize")),
    ("kubernetes:yaml/v2:", f"use ConfigFile or ConfigGroup of pulumi_kubernetes.yaml (v1), or {_CLI}"),
)


def _no_stacks(name: str) -> Mapping[str, Any]:
    raise EngineError(f"the outputs of {name!r} cannot be read here")


def make(
    package: str, project: str = "", folder: str = "", outputs_of: Callable[[str], Mapping[str, Any]] = _no_stacks
) -> Provider:
    """A new provider of a package, not yet configured. Raises NotSupported for one that is not built in.

    `folder` is the program's; `outputs_of` gives the outputs of another stack by its name.
    """
    if package == builtin.PACKAGE:
        return builtin.BuiltinProvider(outputs_of)
    if package == COMMAND:
        return CommandProvider(folder)
    if package == KUBERNETES:
        return KubernetesProvider()
    if package == DYNAMIC:
        return DynamicProvider(project)
    raise NotSupported(f"the plugin {package!r}")


def reads(type_: str) -> bool:
    """Whether an existing object of a type can be read."""
    return type_.split(":", 1)[0] in PACKAGES or type_ == builtin.STACK_REFERENCE


def refuse(type_: str) -> None:
    """Raise NotSupported for a resource type or function that its package has and the built-in plugin has not."""
    for prefix, remedy in _REFUSED:
        if type_.startswith(prefix):
            raise NotSupported(type_, remedy)
