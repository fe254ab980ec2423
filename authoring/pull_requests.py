"""Pull requests on GitHub and merge requests on GitLab: what to open, by which call, and how a person opens it. Pure.

The call itself is `providers.targets.forge`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from authoring.options import Authoring

GITHUB, GITLAB = "github", "gitlab"
_SCP = re.compile(r"(?:[^@/:]+@)?(?P<host>[^/:]+):(?P<path>[^/].*)")


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request: `url` where it is, or where a person can open it; `opened` tells which. `note` says why not."""

    url: str
    opened: bool
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """The three fields by name."""
        return {"url": self.url, "opened": self.opened, "note": self.note}


@dataclass(frozen=True, slots=True)
class Forge:
    """A repository on a forge: `kind` is github or gitlab, `api` the base URL of its REST API, `path` owner/name."""

    kind: str
    api: str
    web: str
    path: str

    def page(self, source: str, target: str) -> str:
        """Where a person opens the request."""
        if self.kind == GITHUB:
            return f"{self.web}/{self.path}/compare/{quote(target)}...{quote(source)}?expand=1"
        query = f"merge_request[source_branch]={quote(source, safe='')}&merge_request[target_branch]={quote(target, safe='')}"
        return f"{self.web}/{self.path}/-/merge_requests/new?{query}"

    @property
    def collection(self) -> str:
        """The path of the requests, below the API's base URL."""
        if self.kind == GITHUB:
            return f"/repos/{self.path}/pulls"
        return f"/projects/{quote(self.path, safe='')}/merge_requests"

    def body(self, source: str, target: str, title: str, text: str) -> dict[str, Any]:
        """What is sent to open one."""
        if self.kind == GITHUB:
            return {"title": title, "head": source, "base": target, "body": text}
        return {"source_branch": source, "target_branch": target, "title": title, "description": text}

    def query(self, source: str, target: str) -> dict[str, str]:
        """How to find the open one of these branches."""
        if self.kind == GITHUB:
            return {"state": "open", "head": f"{self.path.partition('/')[0]}:{source}", "base": target}
        return {"state": "opened", "source_branch": source, "target_branch": target}

    def headers(self, token: str) -> dict[str, str]:
        """The credentials, and the version of the API that we speak."""
        if self.kind == GITHUB:
            return {"Authorization": f"Bearer {token}", "X-GitHub-Api-Version": "2022-11-28"}
        return {"Authorization": f"Bearer {token}"}


def of(url: str, options: Authoring) -> Forge | None:
    """The forge of a repository's URL; None for a server that is neither GitHub nor GitLab by its name or by config."""
    host, path = _host_and_path(url)
    if options.forge_url and not host:
        host = urlsplit(options.forge_url).netloc
        path = "/".join(url.rstrip("/").split("/")[-2:])
    kind = options.forge or next((name for name in (GITHUB, GITLAB) if name in host.lower()), None)
    path = path.strip("/").removesuffix(".git")
    if kind is None or not host or "/" not in path:
        return None
    api = options.forge_url or _api(kind, host)
    return Forge(kind, api, f"https://{host}", path)


def _api(kind: str, host: str) -> str:
    if kind == GITLAB:
        return f"https://{host}/api/v4"
    return "https://api.github.com" if host.lower() == "github.com" else f"https://{host}/api/v3"


def _host_and_path(url: str) -> tuple[str, str]:
    if "://" in url:
        parts = urlsplit(url)
        return parts.hostname or "", parts.path
    match = _SCP.fullmatch(url)
    return (match["host"], match["path"]) if match else ("", url)
