"""`hhsync netbox uninstall`: take hhsync's custom object types out of NetBox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from providers.settings import NetBoxSettings
from providers.targets.netbox.target import NetBox

if TYPE_CHECKING:
    from collections.abc import Mapping

    from automation.engine.workspace import Workspace


def uninstall(workspace: Workspace, fabric: str, *, with_fabrics: bool) -> dict[str, Any]:
    """Delete the types; returns the shape that `--json` prints.

    Raises:
        UnsafeChange: fabrics are recorded there, and `with_fabrics` is not set.
        TargetError: by cause.
    """
    target = NetBox(NetBoxSettings.from_config(workspace.config(fabric)))
    try:
        deleted = target.uninstall(with_fabrics=with_fabrics)
    finally:
        target.close()
    return {
        "verb": "netbox uninstall",
        "fabric": fabric,
        "ok": True,
        "exit_code": 0,
        "server": target.server,
        "deleted_types": deleted,
        "errors": [],
    }


def text(result: Mapping[str, Any]) -> str:
    """The result as a line."""
    deleted = result["deleted_types"]
    what = (
        f"{len(deleted)} types deleted with their records: {', '.join(deleted)}"
        if deleted
        else "no type of hhsync's there"
    )
    return f"{result['server']}: {what}"
