"""Typer as hhsync uses it: without what it loads only to turn text into text.

Typer turns every argument into its annotation's type by way of pydantic, which takes 80 ms to load, a fifth of a small verb's
time. Text stays text and an option that is not given stays not given, so those need no pydantic; all other values go Typer's
own way. A Typer that works otherwise inside is used as it is.
"""

from __future__ import annotations

from typing import Any

import typer
from typer import core
from typer.main import get_command

_SLOT, _BUILD = "_runtime_param", "build_runtime_param"


class Command(typer.Typer):
    """A command line, put together from verbs."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it; arguments and errors as with Typer."""
        command = get_command(self)
        _defer(command)
        return command(*args, **kwargs)


class _Deferred:
    """In the place of Typer's conversion of one parameter, which is made when a value needs it."""

    def __init__(self, descriptor: Any) -> None:
        self._descriptor = descriptor
        info = descriptor.parameter_info
        self._is_text = descriptor.annotation is str and info.parser is None
        self._real: Any = None

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value as the verb gets it."""
        if value is None:
            return () if param.multiple or param.nargs == -1 else None
        if self._is_text and isinstance(value, str):
            return value
        self._real = self._real or getattr(core, _BUILD)(self._descriptor)
        return self._real.coerce(value, param=param, ctx=ctx)


def _defer(command: Any) -> None:
    if not hasattr(core, _BUILD):
        return
    for parameter in command.params:
        if getattr(parameter, _SLOT, "") is None and hasattr(parameter, "type_descriptor"):
            setattr(parameter, _SLOT, _Deferred(parameter.type_descriptor))
    for below in getattr(command, "commands", {}).values():
        _defer(below)
