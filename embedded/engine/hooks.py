"""Resource hooks: functions of the program around the creates, updates and deletes of a resource.

A hook that fails before a step fails the step; one that fails after it leaves the step done and fails the run. Error
hooks say whether a failed step is tried again. In a preview only hooks that ask for it are called.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Literal

from pulumi.runtime.proto import resource_pb2

from embedded.engine import urns
from embedded.engine.errors import EngineError
from embedded.engine.failures import HookFailed, ProviderFailed
from embedded.engine.props import to_struct

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pulumi.runtime.proto.callback_pb2 import Callback

    from embedded.engine.callbacks import Callbacks
    from embedded.engine.reporter import Reporter
    from embedded.engine.state import Resource

type Action = Literal["create", "update", "delete"]

STATE_KEY = "resourceHooks"
"""The key of an entry that holds its hooks: {"BeforeCreate": [names], …}."""
_MOST_TRIES = 100


def bindings(request: resource_pb2.RegisterResourceRequest) -> dict[str, tuple[str, ...]]:
    """The hooks of a resource as the state names them; only kinds that have any."""
    found = {}
    for field, names in request.hooks.ListFields():  # type: ignore[no-untyped-call]
        key = "".join(part.capitalize() for part in field.name.split("_"))
        found[key] = tuple(names)
    return found


class Hooks:
    """The hooks that a program has registered. Every method may be called from any thread."""

    def __init__(self, callbacks: Callbacks, reporter: Reporter, *, dry: bool) -> None:
        self._callbacks = callbacks
        self._reporter = reporter
        self._dry = dry
        self._lock = threading.Lock()
        self._hooks: dict[str, resource_pb2.RegisterResourceHookRequest] = {}
        self._error_hooks: dict[str, Callback] = {}

    def register(self, request: resource_pb2.RegisterResourceHookRequest) -> None:
        """Remember a hook. Raises EngineError for a name that is empty or taken."""
        with self._lock:
            self._refuse(request.name)
            self._hooks[request.name] = request

    def register_error_hook(self, request: resource_pb2.RegisterErrorHookRequest) -> None:
        """Remember an error hook. Raises EngineError for a name that is empty or taken."""
        with self._lock:
            self._refuse(request.name)
            self._error_hooks[request.name] = request.callback

    def _refuse(self, name: str) -> None:
        if not name:
            raise EngineError("resource hook name cannot be empty")
        if name in self._hooks or name in self._error_hooks:
            raise EngineError(f'resource hook already registered for name "{name}"')

    def before(self, action: Action, new: Resource | None, old: Resource | None) -> None:
        """Call the hooks before a step. Raises ProviderFailed when the step must not be made."""
        self._run("Before", action, new, old, done=False)

    def after(self, action: Action, new: Resource | None, old: Resource | None) -> bool:
        """Call the hooks after a step. What fails is told; returns whether all went well."""
        try:
            self._run("After", action, new, old, done=True)
        except HookFailed as error:
            subject = new or old
            self._reporter.diagnostic("error", str(error), subject.urn if subject else "")
            return False
        return True

    def _run(self, when: str, action: Action, new: Resource | None, old: Resource | None, *, done: bool) -> None:
        subject = new or old
        names = _names(subject, when + action.capitalize())
        if subject is None or not names:
            return
        request = _request(subject, new, old)
        if done and new is not None:
            request.new_outputs.CopyFrom(to_struct(new.outputs))
        if old is not None:
            request.old_outputs.CopyFrom(to_struct(old.outputs))
        for name in names:
            self._call(when.lower(), action, name, request)

    def _call(self, when: str, action: Action, name: str, request: resource_pb2.ResourceHookRequest) -> None:
        hook = self._hooks.get(name)
        if hook is None:
            raise HookFailed(
                f'hook "{name}" was not registered; the hooks of a delete need the program: pass --run-program'
                if action == "delete"
                else f'hook "{name}" was not registered'
            )
        if self._dry and not hook.on_dry_run:
            return
        try:
            answer = self._callbacks.invoke(hook.callback, request)
            error = resource_pb2.ResourceHookResponse.FromString(answer).error  # type: ignore[no-untyped-call]
        except EngineError as failure:
            error = str(failure)
        if not error:
            return
        if hook.ignore_errors:
            self._reporter.diagnostic("warning", f'{when}_{action} hook "{name}" failed: {error}', request.urn)
            return
        raise HookFailed(f'{when} hook "{name}" failed: {error}')

    # --- trying again -----------------------------------------------------------------------------------------------

    def persist[T](self, action: Action, new: Resource | None, old: Resource | None, work: Callable[[], T]) -> T:
        """Do `work`, again and again while it fails and an error hook says so. Raises ProviderFailed."""
        names = _names(new or old, "OnError")
        errors: list[str] = []
        while True:
            try:
                return work()
            except ProviderFailed as error:
                errors.insert(0, str(error))
                tried_enough = error.unanswered or error.made is not None or len(errors) >= _MOST_TRIES
                if self._dry or not names or tried_enough or not self._retry(names, action, new, old, errors):
                    raise

    def _retry(
        self, names: tuple[str, ...], action: Action, new: Resource | None, old: Resource | None, errors: list[str]
    ) -> bool:
        subject = new or old
        if subject is None:
            return False
        plain = _request(subject, new, old)
        request = resource_pb2.ErrorHookRequest(
            urn=plain.urn, id=plain.id, name=plain.name, type=plain.type, failed_operation=action, errors=errors
        )
        for key in ("new_inputs", "old_inputs"):
            if plain.HasField(key):
                getattr(request, key).CopyFrom(getattr(plain, key))
        if old is not None:
            request.old_outputs.CopyFrom(to_struct(old.outputs))
        again = False
        for name in names:
            callback = self._error_hooks.get(name)
            if callback is None:
                raise HookFailed(f'error hook "{name}" was not registered')
            try:
                raw = self._callbacks.invoke(callback, request)
                answer = resource_pb2.ErrorHookResponse.FromString(raw)  # type: ignore[no-untyped-call]
            except EngineError as failure:
                raise HookFailed(f'error hook "{name}" failed: {failure}') from failure
            if answer.error:
                raise HookFailed(f'error hook "{name}" failed: {answer.error}')
            again = again or answer.retry
        return again


def _names(subject: Resource | None, kind: str) -> tuple[str, ...]:
    held: Mapping[str, Any] = (subject.extra.get(STATE_KEY) if subject else None) or {}
    return tuple(held.get(kind) or ())


def _request(subject: Resource, new: Resource | None, old: Resource | None) -> resource_pb2.ResourceHookRequest:
    request = resource_pb2.ResourceHookRequest(
        urn=subject.urn, id=subject.id, name=urns.name_of(subject.urn), type=subject.type
    )
    if new is not None:
        request.new_inputs.CopyFrom(to_struct(new.inputs))
    if old is not None:
        request.old_inputs.CopyFrom(to_struct(old.inputs))
    return request
