"""A RegisterResource request as a Goal: options inherited from the parent, what this engine lacks refused by name."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

from embedded.engine import plugins, urns
from embedded.engine.errors import EngineError, NotSupported
from embedded.engine.hooks import bindings
from embedded.engine.props import from_struct, from_value
from embedded.engine.provider_resources import registered
from embedded.engine.steps import Alias, Goal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pulumi.runtime.proto import source_pb2
    from pulumi.runtime.proto.resource_pb2 import ReadResourceRequest, RegisterResourceRequest

PLUGIN = plugins.DYNAMIC
"""The package of Python dynamic providers."""

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


class GoalReader:
    """Reads requests of one run."""

    def __init__(self, stack: str, project: str, root: str) -> None:
        """`root` is the project's folder, which source positions are written relative to."""
        self._stack = stack
        self._project = project
        self._root = root

    def urn(self, request: RegisterResourceRequest) -> str:
        """The URN that the request asks for."""
        return urns.build(self._stack, self._project, request.parent, request.type, request.name)

    def read(self, request: RegisterResourceRequest, goals: Mapping[str, Goal]) -> Goal:
        """The goal; `goals` are those registered so far, by URN.

        Raises NotSupported for what this engine lacks, EngineError for a parent that is not registered.
        """
        refuse_unsupported(request)
        parent = _parent(request.parent, goals)
        return Goal(
            urn=self.urn(request),
            type=request.type,
            name=request.name,
            custom=request.custom,
            inputs=_inputs(request),
            parent=request.parent,
            dependencies=tuple(request.dependencies),
            property_dependencies={key: tuple(value.urns) for key, value in request.propertyDependencies.items()},
            protect=request.protect if request.HasField("protect") else bool(parent and parent.protect),
            retain_on_delete=_retain(request, parent),
            deleted_with=request.deletedWith or (parent.deleted_with if parent else ""),
            replace_with=tuple(request.replace_with),
            delete_before_replace=_delete_first(request),
            ignore_changes=tuple(request.ignoreChanges),
            replace_on_changes=tuple(request.replaceOnChanges),
            additional_secret_outputs=tuple(request.additionalSecretOutputs),
            custom_timeouts=_timeouts(request),
            hide_diff=tuple(request.hideDiffs),
            source_position=source_text(request.sourcePosition, self._root),
            aliases=_aliases(request),
            hooks=bindings(request),
            replacement_trigger=_trigger(request),
            import_id=request.importId,
            provider=request.provider or _inherited(request, parent),
            providers={**(parent.providers if parent else {}), **request.providers},
            version=request.version,
        )

    def read_external(self, request: ReadResourceRequest, goals: Mapping[str, Goal]) -> Goal:
        """What a program asks to read. Raises NotSupported for a package that this engine does not have."""
        plugins.refuse(request.type)
        if not plugins.reads(request.type):
            raise NotSupported(f"reading the resource type {request.type}")
        parent = _parent(request.parent, goals)
        return Goal(
            urn=urns.build(self._stack, self._project, request.parent, request.type, request.name),
            type=request.type,
            name=request.name,
            custom=True,
            inputs=from_struct(request.properties),
            parent=request.parent,
            dependencies=tuple(request.dependencies),
            additional_secret_outputs=tuple(request.additionalSecretOutputs),
            source_position=source_text(request.sourcePosition, self._root),
            provider=request.provider or (parent.providers.get(urns.package_of(request.type), "") if parent else ""),
            version=request.version,
        )


def _parent(urn: str, goals: Mapping[str, Goal]) -> Goal | None:
    parent = goals.get(urn)
    if urn and parent is None:
        raise EngineError(f"its parent {urn} has not been registered in this run")
    return parent


def refuse_unsupported(request: RegisterResourceRequest) -> None:
    """Raise NotSupported when the request needs something that only the real engine has."""
    plugins.refuse(request.type)
    if request.remote:
        raise NotSupported(f"the remote component type {request.type}")
    package = urns.package_of(request.type.removeprefix(urns.PROVIDER_PREFIX))
    if request.custom and package not in plugins.PACKAGES:
        raise NotSupported(f"the plugin {package!r} of the resource type {request.type}")
    options = {
        "state_migrations": request.state_migrations,
        "a parameterized package": request.packageRef,
    }
    for name, given in options.items():
        if given:
            raise NotSupported(name if " " in name else f"the resource option {name}")


def _inputs(request: RegisterResourceRequest) -> dict[str, Any]:
    inputs = from_struct(request.object)
    return registered(inputs, request.version) if urns.is_provider(request.type) else inputs


def _inherited(request: RegisterResourceRequest, parent: Goal | None) -> str:
    """The provider of the package that an ancestor names; providers themselves have none."""
    if parent is None or not request.custom or urns.is_provider(request.type):
        return ""
    return parent.providers.get(urns.package_of(request.type), "")


def _trigger(request: RegisterResourceRequest) -> Any:
    return from_value(request.replacement_trigger) if request.HasField("replacement_trigger") else None


def _aliases(request: RegisterResourceRequest) -> tuple[Alias, ...]:
    found = [Alias(urn=urn) for urn in request.aliasURNs]
    for alias in request.aliases:
        if alias.WhichOneof("alias") == "urn":
            found.append(Alias(urn=alias.urn))
            continue
        spec = alias.spec
        found.append(Alias("", spec.name, spec.type, spec.stack, spec.project, spec.parentUrn, no_parent=spec.noParent))
    return tuple(found)


def _retain(request: RegisterResourceRequest, parent: Goal | None) -> bool:
    return request.retainOnDelete if request.HasField("retainOnDelete") else bool(parent and parent.retain_on_delete)


def _delete_first(request: RegisterResourceRequest) -> bool | None:
    return request.deleteBeforeReplace if request.deleteBeforeReplaceDefined or request.deleteBeforeReplace else None


def _timeouts(request: RegisterResourceRequest) -> dict[str, float]:
    given = request.customTimeouts
    texts = {"create": given.create, "update": given.update, "delete": given.delete, "read": given.read}
    return {name: seconds(text) for name, text in texts.items() if text}


def seconds(duration: str) -> float:
    """A Go duration (`1h30m`, `500ms`) in seconds. Raises EngineError for anything else."""
    parts = _DURATION.findall(duration)
    if "".join(number + unit for number, unit in parts) != duration:
        raise EngineError(
            f"the duration {duration!r} in custom timeouts cannot be read; write for example 90s or 1h30m"
        )
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


def source_text(position: source_pb2.SourcePosition, root: str) -> str:
    """A source position as the state keeps it: `project:///<path relative to the project>#LINE`."""
    if not position.uri:
        return ""
    return f"project:///{_relative(position.uri, root)}#{position.line}"


@lru_cache(maxsize=1024)
def _relative(uri: str, root: str) -> str:
    """A file URI's path, seen from the project's folder; programs have few files and many resources."""
    path = PurePath(unquote(urlparse(uri).path))
    try:
        return path.relative_to(root, walk_up=True).as_posix()
    except ValueError:
        return path.as_posix()
