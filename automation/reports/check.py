"""The findings of `hhsync check`, and the formats that pull requests read: SARIF 2.1.0, GitHub's workflow commands. Pure.

Facts: OASIS' SARIF 2.1.0 (§3), and GitHub's rules for workflow commands: in a command's text "%", CR and LF are written as
%25, %0D and %0A, in its properties ":" and "," as %3A and %2C, too.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from automation.reports.format_names import CheckFormat
from automation.reports.summary import to_text
from providers.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gitops.load import Loaded
    from providers.core.finding import Finding

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
SARIF_VERSION = "2.1.0"

# What paths are relative to, as GitHub calls it: the repository's root.
ROOT = "%SRCROOT%"
# The rule of findings about documents that cannot be read at all.
NO_RULE = "unreadable"


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The findings about a fabric's folder: errors stop a sync, warnings do not. `judge` names the schemas used."""

    fabric: str
    loaded: Loaded = field(repr=False)
    schemas_used: str
    duration_s: float = 0.0

    @property
    def issues(self) -> tuple[Finding, ...]:
        """Errors, then warnings, each in order of path and line."""
        return (*self.loaded.errors, *self.loaded.desired.warnings)

    @property
    def is_empty(self) -> bool:
        """Whether no CR is desired, which a sync refuses."""
        return not self.loaded.desired.manifests

    @property
    def exit_code(self) -> int:
        """1 when a sync would refuse what is in Git, else 0."""
        return int(bool(self.loaded.errors) or self.is_empty)

    @property
    def summary(self) -> str:
        """One line: what was read, how many findings, and by which schemas."""
        errors, warnings = len(self.loaded.errors), len(self.loaded.desired.warnings)
        if self.loaded.errors:
            verdict = _counted(errors, "error")
        elif self.is_empty:
            verdict = "no CR in the folder, which a sync refuses"
        else:
            verdict = "valid"
        more = f", {_counted(warnings, 'warning')}" if warnings else ""
        return f"{self.fabric}: {verdict}{more}; {self.loaded.summary}; checked against {self.schemas_used}"

    def to_json(self) -> dict[str, Any]:
        """The shape that `--json` prints."""
        loaded = self.loaded
        return {
            "verb": "check",
            "fabric": self.fabric,
            "ok": self.exit_code == 0,
            "exit_code": self.exit_code,
            "duration_s": round(self.duration_s, 3),
            "schemas": self.schemas_used,
            "repository": loaded.url,
            "branch": loaded.branch,
            "folder": loaded.folder,
            "commit": loaded.commit,
            "files": loaded.files,
            "crs": len(loaded.desired.manifests),
            "drafts": len(loaded.desired.drafts),
            "not_touched": dict(loaded.desired.skipped),
            "issues": [_issue_json(issue) for issue in self.issues],
            "errors": [str(issue) for issue in loaded.errors],
        }


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def _issue_json(issue: Finding) -> dict[str, Any]:
    return {
        "severity": issue.severity,
        "path": issue.origin.path,
        "line": issue.origin.line,
        "document": issue.origin.document,
        "field": issue.field,
        "rule": issue.rule,
        "message": issue.message,
    }


def resolve_format(format: CheckFormat | None, *, as_json: bool, output: Path | None) -> CheckFormat:
    """The form to make, when --json, which is about stdout, is given too.

    Raises:
        ConfigError: stdout cannot have two forms.
    """
    if as_json and output is None and format not in (None, CheckFormat.JSON):
        raise ConfigError(f"--json and --format {format} both want stdout; leave one out, or give --output FILE")
    return format or (CheckFormat.JSON if as_json else CheckFormat.TEXT)


def check_text(report: CheckReport) -> str:
    """Every finding with its origin, then what was read and which schemas judged it."""
    return "\n".join([*(str(issue) for issue in report.issues), report.summary])


def render(report: CheckReport, format: CheckFormat) -> str:
    """The findings in a form, ending without a newline."""
    match format:
        case CheckFormat.TEXT:
            return check_text(report)
        case CheckFormat.JSON:
            return to_text(report.to_json())
        case CheckFormat.SARIF:
            from importlib import metadata  # 40 ms that only SARIF needs

            return to_text(sarif(report, metadata.version("hhsync")))
        case CheckFormat.GITHUB:
            return github(report)


def github(report: CheckReport) -> str:
    """A workflow command for each finding, which GitHub shows beside the line, then a notice with the summary."""
    lines = [_command(one) for one in report.issues]
    kind = "error" if report.is_empty and not report.loaded.errors else "notice"
    lines.append(f"::{kind} title=hhsync check::{_data(report.summary)}")
    return "\n".join(lines)


def _command(issue: Finding) -> str:
    where = {"file": issue.origin.path, "line": str(issue.origin.line), "title": _title(issue)}
    properties = ",".join(f"{name}={_property(value)}" for name, value in where.items())
    text = f"{issue.field}: {issue.message}" if issue.field else issue.message
    return f"::{'error' if issue.severity == 'error' else 'warning'} {properties}::{_data(text)}"


def _title(issue: Finding) -> str:
    return f"hhsync {issue.rule or NO_RULE}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def sarif(report: CheckReport, version: str) -> dict[str, Any]:
    """The findings as a SARIF log with one run, by hhsync of a version; paths are relative to the repository's root."""
    rules = sorted({one.rule or NO_RULE for one in report.issues})
    number = {rule: index for index, rule in enumerate(rules)}
    driver = {
        "name": "hhsync",
        "version": version,
        "rules": [{"id": rule, "shortDescription": {"text": _described(rule)}} for rule in rules],
    }
    run: dict[str, Any] = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [_invocation(report)],
        "results": [_result(one, number) for one in report.issues],
        "properties": {"fabric": report.fabric, "schemas": report.schemas_used},
    }
    provenance = _provenance(report)
    if provenance:
        run["versionControlProvenance"] = [provenance]
    return {"$schema": SARIF_SCHEMA, "version": SARIF_VERSION, "runs": [run]}


def _described(rule: str) -> str:
    return rule.replace("schema/", "the schema's ").replace("-", " ")


def _invocation(report: CheckReport) -> dict[str, Any]:
    ended: dict[str, Any] = {"executionSuccessful": True, "exitCode": report.exit_code}
    if report.is_empty and not report.loaded.errors:
        ended["toolExecutionNotifications"] = [{"level": "error", "message": {"text": report.summary}}]
    return ended


def _provenance(report: CheckReport) -> Mapping[str, str]:
    """Where the files come from; a repository without an absolute URI (a path, git@host:path) has no place in SARIF."""
    loaded = report.loaded
    if not urlsplit(loaded.url).scheme:
        return {}
    return {"repositoryUri": loaded.url, "revisionId": loaded.commit, "branch": loaded.branch}


def _result(issue: Finding, number: Mapping[str, int]) -> dict[str, Any]:
    rule = issue.rule or NO_RULE
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(issue.origin.path), "uriBaseId": ROOT},
            "region": {"startLine": issue.origin.line},
        }
    }
    if issue.field:
        location["logicalLocations"] = [{"fullyQualifiedName": issue.field, "kind": "member"}]
    same = "\0".join((rule, issue.origin.path, str(issue.origin.document), issue.field, issue.message))
    return {
        "ruleId": rule,
        "ruleIndex": number[rule],
        "level": "error" if issue.severity == "error" else "warning",
        "message": {"text": f"{issue.field}: {issue.message}" if issue.field else issue.message},
        "locations": [location],
        "partialFingerprints": {"hhsync/v1": hashlib.sha256(same.encode()).hexdigest()[:32]},
    }
