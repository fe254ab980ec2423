"""Three costs of Pulumi's Python SDK that grow with a fabric and serve nothing here, taken away.

1. At a program's end the SDK waits for the first of all outstanding outputs and then again for the rest: n outputs cost n²
   callbacks (docs/performance.md has a minimal program). All must end anyway, so one wait does.
2. It sends four debug messages a resource to the engine, each a blocking call, for debug output.
3. It takes a stack trace for every resource, which looks at every source file on the disk again, and stores it in the state:
   2 KB a CR of this machine's paths.

Where the SDK's internals are not those of the versions that this was written for, nothing is changed.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from pulumi import log
from pulumi.runtime import resource as sdk_resource
from pulumi.runtime import stack as sdk_end
from pulumi.runtime.proto import source_pb2

# Set to anything, the SDK's debug messages go to the engine as ever.
DEBUG_VARIABLE = "HHSYNC_SDK_DEBUG"


class _WaitsOnce:
    """asyncio as the SDK's end of a program sees it: waiting for many tasks costs one pass, not one for each that ends.

    The first task that fails still ends the waiting.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    @staticmethod
    async def wait(tasks: Any, **_how: Any) -> Any:
        return await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)


def install() -> None:
    """Make the changes in this process; safe to call again."""
    if getattr(sdk_end, "asyncio", None) is asyncio and hasattr(sdk_end, "wait_for_rpcs"):
        sdk_end.asyncio = _WaitsOnce()  # type: ignore[assignment, attr-defined]
    if callable(getattr(log, "debug", None)) and not os.environ.get(DEBUG_VARIABLE):
        log.debug = _unheard
    if callable(getattr(sdk_resource, "_get_stack_trace", None)):
        sdk_resource._get_stack_trace = source_pb2.StackTrace


def _unheard(msg: str, resource: Any = None, stream_id: Any = None, ephemeral: Any = None) -> None:
    """Stand in for `pulumi.log.debug`."""
