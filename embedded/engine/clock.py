"""The time as state files write it."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> str:
    """RFC 3339, UTC, nanoseconds."""
    stamp = time.time_ns()
    whole = datetime.fromtimestamp(stamp // 1_000_000_000, UTC)
    return f"{whole:%Y-%m-%dT%H:%M:%S}.{stamp % 1_000_000_000:09d}Z"
