"""The engine's diagnostics as one line each, without traceback or exception class. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from providers.errors import one_line

_DYNAMIC = "pulumi-python:dynamic/hedgehog:"

# Diagnostics that repeat that something failed, without a reason.
_GENERIC = re.compile(
    r"^(?:(?:update|preview|destroy|refresh) failed|(?:an unhandled error occurred: )?program exited with non-zero exit code.*"
    r"|resource monitor shut down.*|preview failed: .*update failed)$",
    re.IGNORECASE,
)

_CANCELED = re.compile(r"^(?:update|preview|destroy|refresh) cancell?ed$", re.IGNORECASE)
_EXCEPTION_NAME = re.compile(r"^(?:[A-Za-z_]\w*\.)+[A-Z]\w*: |^(?:[A-Z]\w*(?:Error|Exception)): ")
_CHECK = re.compile(
    r"^\S+ resource '(?P<name>[^']+)'(?:: property (?P<property>\S+) value .*)? has a problem: (?P<reason>.*)$",
    re.DOTALL,
)
_NOISE = re.compile(
    r"^(?:Preview failed:|Program failed with an unhandled exception:|Exception calling application:|rpc error: .*?desc = )\s*"
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One diagnostic: the URN that it is about, "" where it is about the run; `severity` is error or warning."""

    urn: str
    text: str
    severity: str

    @property
    def is_reason(self) -> bool:
        """Whether it says why something failed, and not only that it did."""
        return not _GENERIC.match(self.text)

    @property
    def is_cancel(self) -> bool:
        """Whether it says that the run was ended on request."""
        return bool(_CANCELED.match(self.text))


def name_of(urn: str) -> str:
    """The resource's name in a URN, e.g. VPC/default/vpc-1."""
    return urn.rsplit("::", 1)[-1] if urn else ""


def type_of(urn: str) -> str:
    """The resource's own type token in a URN: `urn:pulumi:S::P::Parent$Type::name`."""
    return urn.split("::")[2].rsplit("$", 1)[-1] if urn else ""


def kind_of(type_token: str) -> str | None:
    """What follows our type token's prefix, e.g. "VPC"; None for a resource that is not a dynamic one of ours."""
    return type_token.removeprefix(_DYNAMIC) if type_token.startswith(_DYNAMIC) else None


def without_repetition(lines: list[str]) -> list[str]:
    """Of two lines of which the second tells the first again, the second alone; longer lists stay as they are."""
    return lines[1:] if len(lines) == 2 and lines[0] in lines[1] else lines


def diagnostic_line(message: str, urn: str = "") -> str:
    """A diagnostic as one line that names its resource; "" for what says nothing."""
    text = _without_traceback(message.strip())
    checked = _CHECK.match(text)
    if checked:
        where = f"{checked['name']}: {checked['property']}" if checked["property"] else checked["name"]
        return one_line(f"{where}: {checked['reason']}")
    if not text:
        return ""
    return one_line(about(name_of(urn), text) if urn else text)


def about(name: str, text: str) -> str:
    """The text with the resource's name before it, unless it names it already; that it names vpc-10 is not naming vpc-1."""
    named = re.search(rf"(?<![\w/.-]){re.escape(name)}(?![\w/-]|\.\w)", text)
    return text if named else f"{name}: {text}"


def _without_traceback(text: str) -> str:
    while (stripped := _NOISE.sub("", text)) != text:
        text = stripped
    if "Traceback (most recent call last):" in text:
        lines = text.split("Traceback (most recent call last):")[-1].splitlines()
        unindented = [line for line in lines if line.strip() and not line.startswith((" ", "\t"))]
        text = "\n".join(unindented) if unindented else text
    text = _EXCEPTION_NAME.sub("", text.strip())
    return text.removeprefix("error: ").strip()
