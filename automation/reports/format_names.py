"""The names of the report's forms, for the command line, which must start without what makes them."""

from __future__ import annotations

from enum import StrEnum


class Format(StrEnum):
    """What `--format` takes."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"
    HTML = "html"
