"""One CR's life: check, diff, create, update, delete, read, on both servers.

LOAD-BEARING: every stack's state stores the import path `providers.lifecycle.HedgehogProvider` (a pickle by reference).
Renaming the module or the class is a state migration. The instance holds no state when pickled.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from pulumi.dynamic import (
    CheckFailure,
    CheckResult,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

from providers import writing
from providers.core import sections
from providers.core.equality import integral
from providers.session import Session, Sessions
from providers.settings import config_of

if TYPE_CHECKING:
    from pulumi.dynamic import ConfigureRequest

_SECTIONS = ("git", "cluster", "netbox")


def quiet_tracebacks() -> None:
    """Keep errors to one line in Pulumi's dynamic provider host, which prints every exception with its traceback.

    Only there: elsewhere (hhsync's own process, scripts) it is not ours to change.
    """
    spec = getattr(sys.modules.get("__main__"), "__spec__", None)
    if spec is not None and spec.name == "pulumi.dynamic.__main__":
        sys.tracebacklimit = 0


class HedgehogProvider(ResourceProvider):
    """The dynamic provider of all 12 kinds. One instance serves a whole run, from many threads."""

    serialize_as_secret_always = False
    _sessions: Sessions

    def configure(self, req: ConfigureRequest) -> None:
        """Take the connection details from stack config; no server is contacted yet."""
        quiet_tracebacks()
        self._sessions = Sessions(config_of(req.config.get))

    def _session(self, props: dict[str, Any]) -> Session:
        return self._sessions.of(sections.fabric_of(props))

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """Refuse inputs that were not made by this project's program."""
        missing = [name for name in _SECTIONS if not isinstance(news.get(name), dict)]
        failures = [CheckFailure(name, "this section is missing; declare CRs with program.declare") for name in missing]
        return CheckResult({**news, **{name: integral(news[name]) for name in _SECTIONS if name in news}}, failures)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Leave the comparison to the engine: the inputs hold Git's wish and, after a refresh, the live values."""
        return DiffResult()

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Create on both servers, adopting what is there; safe to repeat after a crash."""
        return CreateResult(str(sections.ref_of(props)), sections.stored(self._write(integral(props), {})))

    def update(self, _id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Write what differs, to the server where it differs."""
        return UpdateResult(sections.stored(self._write(integral(news), sections.restored(olds))))

    def delete(self, _id: str, props: dict[str, Any]) -> None:
        """Delete from both servers what we own; what is gone already is done."""
        self._remove(sections.restored(props))

    def _write(self, desired: sections.Inputs, before: dict[str, Any]) -> dict[str, Any]:
        """The outputs after both servers were made to match `desired`."""
        return writing.write(self._session(desired), desired, before).outputs

    def _remove(self, outputs: dict[str, Any]) -> None:
        writing.remove(self._session(outputs), outputs)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """The observed sections as inputs, the outputs as they were; gone on both sides is an empty id."""
        outputs = sections.restored(props)
        found = writing.observe(self._session(outputs), outputs)
        if found is None:
            return ReadResult("", {})
        outs, inputs = found
        return ReadResult(id_, sections.stored(outs), inputs)
