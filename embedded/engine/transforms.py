"""Transforms: functions of the program that rewrite registrations and function calls before anything else happens.

A resource's own transforms come first, then those of its ancestors from the nearest up, then those of the stack
(engine-contract §2.3). What a transform leaves out of its answer stays out.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from pulumi.runtime.proto import resource_pb2

if TYPE_CHECKING:
    from pulumi.runtime.proto.callback_pb2 import Callback

    from embedded.engine.callbacks import Callbacks

_SAME = ("protect", "retain_on_delete", "delete_before_replace", "replacement_trigger", "custom_timeouts", "hooks")
"""Options that are given or not: HasField tells."""
_FIELDS = {
    "protect": "protect",
    "retain_on_delete": "retainOnDelete",
    "replacement_trigger": "replacement_trigger",
    "custom_timeouts": "customTimeouts",
    "hooks": "hooks",
    "ignore_changes": "ignoreChanges",
    "replace_on_changes": "replaceOnChanges",
    "version": "version",
    "aliases": "aliases",
    "provider": "provider",
    "plugin_download_url": "pluginDownloadURL",
    "deleted_with": "deletedWith",
    "additional_secret_outputs": "additionalSecretOutputs",
    "providers": "providers",
    "plugin_checksums": "pluginChecksums",
    "import": "importId",
    "hide_diff": "hideDiffs",
    "replace_with": "replace_with",
    "depends_on": "dependencies",
}
"""Options of a transform, and the same in a registration; `delete_before_replace` has two fields there."""


class Transforms:
    """The transforms of one program. Every method may be called from any thread."""

    def __init__(self, callbacks: Callbacks) -> None:
        self._callbacks = callbacks
        self._lock = threading.Lock()
        self._stack: list[Callback] = []
        self._invoke: list[Callback] = []
        self._of: dict[str, tuple[Callback, ...]] = {}
        """What children inherit, by URN."""

    def register(self, callback: Callback) -> None:
        """A transform of every resource."""
        with self._lock:
            self._stack.append(callback)

    def register_invoke(self, callback: Callback) -> None:
        """A transform of every function call."""
        with self._lock:
            self._invoke.append(callback)

    def remember(self, urn: str, request: resource_pb2.RegisterResourceRequest) -> None:
        """A resource is about to be registered: its transforms hold for its children too."""
        inherited = self._of.get(request.parent, ())
        if request.transforms or inherited:
            self._of[urn] = (*request.transforms, *inherited)

    def resource(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceRequest:
        """The registration as the transforms want it. Raises EngineError when one failed, Stopped at the end."""
        chain = (*request.transforms, *self._of.get(request.parent, ()), *self._stack)
        if not chain:
            return request
        changed = resource_pb2.RegisterResourceRequest()
        changed.CopyFrom(request)  # type: ignore[no-untyped-call]
        for callback in chain:
            question = resource_pb2.TransformRequest(
                type=changed.type,
                name=changed.name,
                custom=changed.custom,
                parent=changed.parent,
                properties=changed.object,
                options=_options(changed),
            )
            raw = self._callbacks.invoke(callback, question)
            answer = resource_pb2.TransformResponse.FromString(raw)  # type: ignore[no-untyped-call]
            changed.object.CopyFrom(answer.properties)
            if answer.HasField("options"):
                _apply(answer.options, changed)
        return changed

    def function(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeRequest:
        """The function call as the transforms want it. Raises EngineError when one failed, Stopped at the end."""
        if not self._invoke:
            return request
        changed = resource_pb2.ResourceInvokeRequest()
        changed.CopyFrom(request)  # type: ignore[no-untyped-call]
        for callback in list(self._invoke):
            options = resource_pb2.TransformInvokeOptions(
                provider=changed.provider, version=changed.version, plugin_download_url=changed.pluginDownloadURL
            )
            question = resource_pb2.TransformInvokeRequest(token=changed.tok, args=changed.args, options=options)
            raw = self._callbacks.invoke(callback, question)
            answer = resource_pb2.TransformInvokeResponse.FromString(raw)  # type: ignore[no-untyped-call]
            changed.args.CopyFrom(answer.args)
            if answer.HasField("options"):
                changed.provider = answer.options.provider
                changed.version = answer.options.version
        return changed


def _options(request: resource_pb2.RegisterResourceRequest) -> resource_pb2.TransformResourceOptions:
    options = resource_pb2.TransformResourceOptions()
    for name, field in _FIELDS.items():
        if name not in _SAME or request.HasField(field):  # type: ignore[arg-type]
            _copy(request, field, options, name)
    if request.deleteBeforeReplaceDefined or request.deleteBeforeReplace:
        options.delete_before_replace = request.deleteBeforeReplace
    return options


def _apply(options: resource_pb2.TransformResourceOptions, request: resource_pb2.RegisterResourceRequest) -> None:
    for name, field in _FIELDS.items():
        request.ClearField(field)  # type: ignore[arg-type]
        if name not in _SAME or options.HasField(name):  # type: ignore[arg-type]
            _copy(options, name, request, field)
    request.deleteBeforeReplaceDefined = options.HasField("delete_before_replace")
    request.deleteBeforeReplace = options.delete_before_replace


def _copy(source: Any, name: str, target: Any, field: str) -> None:
    """Copy one field of a message to a field of the same type of another."""
    value = getattr(source, name)
    kind = source.DESCRIPTOR.fields_by_name[name]
    if kind.is_repeated:
        getattr(target, field).MergeFrom(value)
    elif kind.message_type is not None:
        getattr(target, field).CopyFrom(value)
    else:
        setattr(target, field, value)
