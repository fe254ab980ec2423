"""A failed sync, told to NetBox: the fabric's record gets status and error, since the engine never reaches its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from providers.errors import one_line
from providers.fabric_lifecycle import STATUS_FAILED, STATUS_PARTIAL
from providers.settings import NetBoxSettings
from providers.targets.netbox import NetBox

if TYPE_CHECKING:
    from collections.abc import Mapping


def record_failure(config: Mapping[str, str], fabric: str, error: str, *, wrote_something: bool) -> bool:
    """Set the status of the fabric's record to partial (some CRs were written) or failed, with a one-line error.

    Only for a sync that a server refused; one that was refused before it began writes nothing. `config` has flat keys
    without namespace. Returns whether the record exists (and so says it now).

    Raises:
        TargetError: NetBox could not be told.
    """
    netbox = NetBox(NetBoxSettings.from_config(config))
    if netbox.fabric(fabric) is None:
        return False
    status = STATUS_PARTIAL if wrote_something else STATUS_FAILED
    netbox.save_fabric(fabric, {"status": status, "error": one_line(error)})
    return True
