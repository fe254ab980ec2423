"""YAML text as documents, by the fast loader."""

from __future__ import annotations

from typing import Any

import yaml

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def documents_of(text: str) -> list[dict[str, Any]]:
    """Every document that is not empty."""
    return [one for one in yaml.load_all(text, Loader=_LOADER) if one]
