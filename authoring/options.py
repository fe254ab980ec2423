"""Stack config for what hhsync commits: author, message, signature, pull requests, and whether a sync ingests first."""

from __future__ import annotations

import re
import string
from dataclasses import dataclass
from typing import TYPE_CHECKING

from providers.errors import ConfigError
from providers.settings import NAMESPACE, flag

if TYPE_CHECKING:
    from collections.abc import Mapping

# Of edit branches; what is on them and not on the fabric's branch is in state Draft.
BRANCH_PREFIX = "hhsync/"

_AUTHOR = re.compile(r"(?P<name>[^<>\n]+?) *<(?P<mail>[^<>\s]+)>")
_FORGES = ("github", "gitlab")
_FIELDS = frozenset({"summary", "verb", "fabric", "count"})


@dataclass(frozen=True, slots=True)
class Author:
    """Who a commit is by."""

    name: str
    mail: str


@dataclass(frozen=True, slots=True)
class Authoring:
    """How hhsync commits. `author` None means the user's own git identity; `forge` None is told from the URL's host."""

    author: Author | None = None
    message: str = "${summary}"
    forge: str | None = None
    forge_url: str | None = None
    signing_key: str | None = None
    ingest_on_sync: bool = False

    @classmethod
    def from_config(cls, config: Mapping[str, str]) -> Authoring:
        """Read gitAuthor, gitMessage, gitForge, gitForgeUrl, gitSigningKey and ingestOnSync.

        Raises:
            ConfigError: a value is wrong; the text names the key.
        """
        forge = config.get("gitForge", "").strip().lower() or None
        if forge is not None and forge not in _FORGES:
            raise ConfigError(f'stack config {NAMESPACE}:gitForge must be github or gitlab, not "{forge}"')
        url = config.get("gitForgeUrl", "").strip().rstrip("/") or None
        if url is not None and not url.startswith(("https://", "http://")):
            raise ConfigError(f'stack config {NAMESPACE}:gitForgeUrl must be the URL of the API, not "{url}"')
        return cls(
            author=_author(config.get("gitAuthor", "").strip()),
            message=_template(config.get("gitMessage", "").strip() or "${summary}"),
            forge=forge,
            forge_url=url,
            signing_key=config.get("gitSigningKey", "").strip() or None,
            ingest_on_sync=flag(config, "ingestOnSync"),
        )

    def message_for(self, *, summary: str, verb: str, fabric: str, count: int) -> str:
        """The commit message by the template."""
        return string.Template(self.message).substitute(summary=summary, verb=verb, fabric=fabric, count=count)


def _author(text: str) -> Author | None:
    if not text:
        return None
    match = _AUTHOR.fullmatch(text)
    if match is None:
        raise ConfigError(f'stack config {NAMESPACE}:gitAuthor must be "Name <mail>", not "{text}"')
    return Author(match["name"].strip(), match["mail"])


def _template(text: str) -> str:
    template = string.Template(text)
    wrong = sorted(set(template.get_identifiers()) - _FIELDS)
    if wrong or not template.is_valid():
        known = ", ".join(f"${{{name}}}" for name in sorted(_FIELDS))
        raise ConfigError(
            f"stack config {NAMESPACE}:gitMessage has a placeholder that is not known; there are: {known}"
        )
    return text
