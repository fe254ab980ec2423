"""Typer as hhsync uses it: without what it loads only to turn text into text.

Typer turns every argument into its annotation's type by way of pydantic, which takes 80 ms to load, a fifth of a small verb's
time. Text stays text and an option that is not given stays not given, so those need no pydantic; all other values go Typer's
own way. A Typer that has no such step inside is used as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer
from typer import core

if TYPE_CHECKING:
    from collections.abc import Callable

# What `typer.core` makes the conversion of one parameter with.
_STEP = "build_runtime_param"


class Command(typer.Typer):
    """A command line, put together from verbs."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it; arguments and errors as with Typer."""
        real = getattr(core, _STEP, None)
        if real is not None and real is not _deferred:
            _Deferred.build = staticmethod(real)
            setattr(core, _STEP, _deferred)
        return super().__call__(*args, **kwargs)


class _Deferred:
    """In the place of Typer's conversion of one parameter, which is made when a value needs it."""

    build: Callable[[Any], Any]

    def __init__(self, descriptor: Any) -> None:
        self._descriptor = descriptor

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value as the verb gets it."""
        several = param.multiple or param.nargs == -1
        if value is None:
            return () if several else None
        descriptor = self._descriptor
        if descriptor.annotation is str and descriptor.parameter_info.parser is None and isinstance(value, str):
            return value
        return self.build(descriptor).coerce(value, param=param, ctx=ctx)


def _deferred(descriptor: Any) -> _Deferred:
    return _Deferred(descriptor)
