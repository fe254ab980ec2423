"""CRs that a hand-over deleted and that must come back, since what should have followed them was refused.

They are handed from `hhsync sync` to the program in a file, since Git no longer has them: a list of
`{"git": …, "cluster": …}`, the sections of the resource with what the server had answered to our last write.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from providers.core import sections
from providers.core.identity import FABRIC_LABEL
from providers.core.manifest import Attribution, Manifest, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

PUT_BACK_VARIABLE = "HHSYNC_PUT_BACK"
#: Set by `hhsync sync` to the file's path for the run that puts CRs back.


def write(path: Path, outputs: Iterable[Mapping[str, Any]]) -> None:
    """Write what the program needs to declare these resources as they were; `outputs` are whole, as `sections.restored`."""
    entries = [{"git": each["git"], "cluster": sections.recorded_section(each, "cluster")} for each in outputs]
    path.write_text(json.dumps(entries), encoding="utf-8")


def read(path: Path) -> tuple[Manifest, ...]:
    """The CRs that `write` was given."""
    return tuple(_manifest(entry) for entry in json.loads(path.read_text(encoding="utf-8")))


def _manifest(entry: Mapping[str, Any]) -> Manifest:
    git, cluster = entry["git"], entry["cluster"]
    return Manifest(
        ref=sections.ref_of(entry),
        spec=cluster.get("spec") or {},
        origin=Origin(git["path"], 1, git["document"]),
        attribution=Attribution(git["commit"], git["author"], git["committed_at"]),
        labels={key: value for key, value in (cluster.get("labels") or {}).items() if key != FABRIC_LABEL},
        annotations=cluster.get("annotations") or {},
    )
