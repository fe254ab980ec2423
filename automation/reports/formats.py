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
from automation.reports.format_names import Form
from automation.reports.summary import to_text
from providers.errors import ConfigError

if TYPE_CHECKING:
    from providers.core.drift.report import DriftReport


def chosen(form: Form | None, *, as_json: bool, output: Path | None) -> Form:
    """The form to make, when --json, which is about stdout, is given too.

    Raises:
        ConfigError: stdout cannot have two forms.
    """
    if as_json and output is None and form not in (None, Form.JSON):
        raise ConfigError(f"--json and --format {form} both want stdout; leave one out, or give --output FILE")
    return form or (Form.JSON if as_json else Form.TEXT)


def formed(report: DriftReport, seconds: float, form: Form) -> str:
    """The report in a form, ending without a newline."""
    match form:
        case Form.TEXT:
            text = drift_text(report, seconds)
        case Form.JSON:
            text = to_text(drift_json(report, seconds))
        case Form.MARKDOWN:
            text = markdown(report)
        case Form.HTML:
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
