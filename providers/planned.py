"""A plan at the moment of a write: whether the CR still is as the plan has it.

`hhsync sync --plan FILE` compares everything before it begins; what moves after that is found here, from the same reads that
the write is decided by, so that no CR is written otherwise than was planned.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from providers.core import fingerprint
from providers.errors import ConfigError, UnsafeChange

if TYPE_CHECKING:
    from collections.abc import Mapping

    from providers.core.identity import ObjectRef

PLAN_VARIABLE = "HHSYNC_PLAN"
#: Set by `hhsync sync --plan FILE`, for one run: the plan's path.

_REMEDY = "make one with: hhsync preview FABRIC --plan FILE"

SIDES = {"git": "Git", "state": "the state", "cluster": "the cluster", "netbox": "NetBox"}


@dataclass(frozen=True, slots=True)
class Planned:
    """What a plan of `fabric` holds.

    `crs` are fingerprints by CR's name and side; `deleted_first` are CRs that are gone when they are made again.
    """

    path: str
    fabric: str
    folder_commit: str
    crs: Mapping[str, Mapping[str, str]]
    deleted_first: frozenset[str] = field(default_factory=frozenset)

    def check_commit(self, folder_commit: str) -> None:
        """Refuse another commit than the plan's.

        Raises:
            UnsafeChange: the fabric's folder has moved.
        """
        if folder_commit != self.folder_commit:
            raise moved(
                self.path, [f"Git (the fabric's folder is at {folder_commit[:12]}, not {self.folder_commit[:12]})"]
            )

    def check(self, ref: ObjectRef, live: Mapping[str, Any] | None, record: Mapping[str, Any] | None) -> None:
        """Refuse to write a CR that is not as the plan has it.

        Raises:
            UnsafeChange: with the CR and the server where it moved.
        """
        expected = self.crs.get(str(ref), {})
        found = {"cluster": fingerprint.of_live(live), "netbox": fingerprint.of_record(record)}
        for side, now in found.items():
            gone_by_us = not now and str(ref) in self.deleted_first
            if now != expected.get(side, "") and not gone_by_us:
                raise moved(self.path, [f"{ref} in {SIDES[side]}"])


def moved(path: str, what: list[str]) -> UnsafeChange:
    """The error about a plan that no longer holds."""
    shown = ", ".join(what[:5]) + (f" and {len(what) - 5} more" if len(what) > 5 else "")
    return UnsafeChange(
        f"the plan {path} no longer holds, since something moved after it was made: {shown}; look at what changed, and make a "
        f"new plan with: hhsync preview FABRIC --plan FILE"
    )


def from_environment(fabric: str) -> Planned | None:
    """The plan of this run of a fabric, if it has one.

    Raises:
        ConfigError: the file cannot be read as a plan.
    """
    path = os.environ.get(PLAN_VARIABLE, "")
    plan = read(Path(path)) if path else None
    return plan if plan is not None and plan.fabric == fabric else None


def read(path: Path) -> Planned:
    """The part of a plan that is compared.

    Raises:
        ConfigError: the file cannot be read as a plan.
    """
    content = document(path)
    plan = content["plan"]
    first = frozenset(str(one) for one in plan.get("deleted_first") or ())
    return Planned(str(path), str(content.get("fabric")), str(plan["folder_commit"]), plan["crs"], first)


def document(path: Path) -> Mapping[str, Any]:
    """The whole file, looked at as far as its shape goes.

    Raises:
        ConfigError: the file cannot be read as a plan.
    """
    try:
        content: Any = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"the plan {path} cannot be read: {error.strerror or error}") from None
    except ValueError as error:
        raise ConfigError(f"{path} is no plan, since it is no JSON ({error}); {_REMEDY}") from None
    plan = content.get("plan") if isinstance(content, dict) else None
    if not isinstance(plan, dict) or not isinstance(plan.get("crs"), dict) or not plan.get("folder_commit"):
        raise ConfigError(f"{path} is no plan; {_REMEDY}")
    found: Mapping[str, Any] = content
    return found
