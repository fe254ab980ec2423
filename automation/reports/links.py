"""A place in the repository as a link that a browser opens, where the host's pages are known. Pure.

GitHub shows a file at /OWNER/NAME/blob/COMMIT/PATH#L3, GitLab at /GROUP/…/NAME/-/blob/COMMIT/PATH#L3 (their documentation).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

if TYPE_CHECKING:
    from providers.core.drift.report import Source
    from providers.core.manifest import Origin

_SCP = re.compile(r"^(?:[\w.+-]+@)?(?P<host>[\w.-]+):(?P<path>(?!/)[^\s]+)$")
_MIDDLE = {"github": "blob", "gitlab": "-/blob"}


def blob_url(source: Source | None, origin: Origin | None) -> str | None:
    """The page of a document at the commit that was read; None where the host is not known to have one."""
    base = repository_page(source.url) if source else None
    if base is None or source is None or origin is None:
        return None
    middle = next(part for name, part in _MIDDLE.items() if name in (urlsplit(base).hostname or ""))
    return f"{base}/{middle}/{quote(source.commit)}/{quote(origin.path)}#L{origin.line}"


def repository_page(url: str) -> str | None:
    """The web page of a repository on a GitHub or GitLab host, without user or password; None for any other."""
    scp = _SCP.match(url) if "://" not in url else None
    if scp:
        scheme, host, path = "https", scp["host"], scp["path"]
    else:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https", "ssh"} or not parts.hostname:
            return None
        web = parts.scheme != "ssh"
        scheme = parts.scheme if web else "https"
        host = f"{parts.hostname}:{parts.port}" if web and parts.port else parts.hostname
        path = parts.path
    path = path.strip("/").removesuffix(".git")
    known = any(name in host.lower().split(":")[0] for name in _MIDDLE)
    return f"{scheme}://{host}/{quote(path)}" if known and path else None
