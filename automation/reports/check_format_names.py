"""The names of the forms of `hhsync check`, for the command line, which must start without what makes them."""

from __future__ import annotations

from enum import StrEnum


class CheckFormat(StrEnum):
    """What `hhsync check --format` takes."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
