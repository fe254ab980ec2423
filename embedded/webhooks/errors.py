"""What ends a webhook's work on a request."""

from __future__ import annotations


class Refused(Exception):
    """A rule does not let the object through; the text is what the client is told."""
