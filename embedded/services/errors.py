"""The one error of this package: a line that says what failed, where, why, and what to do."""

from __future__ import annotations


class ServicesError(Exception):
    """A server could not be set up, started or stopped; its text is one line and holds no secret."""
