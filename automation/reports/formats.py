"""The four forms of the drift report, and the file that one of them may go to."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from automation import logs
from automation.reports.as_html import html
from automation.reports.as_json import drift_json
from automation.reports.as_markdown import markdown
from automation.reports.as_text import drift_text
from automation.reports.format_names import Format
from automation.reports.summary import to_text
from providers.errors import ConfigError

if TYPE_CHECKING:
    from providers.core.drift.report import DriftReport


def resolve_format(format: Format | None, *, as_json: bool, output: Path | None) -> Format:
    """The form to make, when --json, which is about stdout, is given too.

    Raises:
        ConfigError: stdout cannot have two forms.
    """
    if as_json and output is None and format not in (None, Format.JSON):
        raise ConfigError(f"--json and --format {format} both want stdout; leave one out, or give --output FILE")
    return format or (Format.JSON if as_json else Format.TEXT)


def render(report: DriftReport, seconds: float, format: Format) -> str:
    """The report in a form, ending without a newline."""
    match format:
        case Format.TEXT:
            text = drift_text(report, seconds)
        case Format.JSON:
            text = to_text(drift_json(report, seconds))
        case Format.MARKDOWN:
            text = markdown(report)
        case Format.HTML:
            text = html(report)
    return text.rstrip("\n")


def save(text: str, path: Path) -> None:
    """Write a whole file or none, without what looks like a secret; a reader never sees half of it.

    Raises:
        ConfigError: it cannot be written there.
    """
    temporary = None
    try:
        # Not mkstemp's 0600: a report is for others to read, as the user's umask says.
        with tempfile.NamedTemporaryFile(
            "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8"
        ) as file:
            temporary = Path(file.name)
            file.write(logs.redact(text) + "\n")
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    except OSError as error:
        if temporary is not None:
            temporary.unlink(missing_ok=True)
        raise ConfigError(f"{path} cannot be written: {error.strerror or error}; give another FILE") from None
