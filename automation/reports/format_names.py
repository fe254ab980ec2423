"""The names of the formats of reports, for the command line, which must start without what makes them."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """What `hhsync drift --format` takes."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"


class CheckFormat(StrEnum):
    """What `hhsync check --format` takes."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
