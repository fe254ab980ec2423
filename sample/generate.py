"""Makes a fabric of any size as files: racks of two leaves, their servers, and tenants in VPCs.

Deterministic: the same count and seed give the same text. Valid as `fabric-1` is: nothing overlaps, every port is
used once, every reference is to a CR of the same fabric.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import chain, islice
from random import Random
from typing import Any

import yaml

from sample.tenants import tenants
from sample.wiring import Rack, wiring

# One rack, the way outside, and tenants enough for all 12 kinds.
SMALLEST = 60

# Beyond it the VLANs of the rows could run out.
LARGEST = 20_000

# A spine has 48 ports, and a leaf takes one.
MOST_RACKS = 24

# About a third of them are wiring, the rest are tenants.
CRS_PER_RACK = 80

_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


def generate(count: int = 1000, seed: int = 1) -> dict[str, str]:
    """Return the files of a fabric with exactly `count` CRs of all 12 kinds, by path from the fabric's folder.

    Raises:
        ValueError: count is not from 60 to 20,000.
    """
    if not SMALLEST <= count <= LARGEST:
        raise ValueError(f"cannot generate {count} CRs: give a count from {SMALLEST} to {LARGEST}")
    racks = [Rack(number) for number in range(1, min(max(count // CRS_PER_RACK, 1), MOST_RACKS) + 1)]
    documents: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for cr in islice(chain(wiring(racks), tenants(racks, Random(seed))), count):  # noqa: S311 - not for secrets
        documents[cr.path].append(cr.document())
    return {path: _text(group) for path, group in documents.items()}


def _text(documents: list[dict[str, Any]]) -> str:
    return "---\n".join(yaml.dump(document, Dumper=_Dumper, sort_keys=False) for document in documents)
