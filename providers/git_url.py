"""What may stand in hhsync:gitUrl and hhsync:gitProxy: never credentials. The only place that judges them. Pure."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from providers.errors import ConfigError

_SCHEMES = frozenset({"file", "http", "https", "ssh"})
_PROXY_SCHEMES = frozenset({"http", "https", "socks4", "socks4a", "socks5", "socks5h"})
_SCP_LIKE = re.compile(r"(?:[^/@:\s]+@)?[^/:\s]+:(?!//)\S+")
_STORE = "store it with: pulumi config set --secret hhsync:gitToken"


def checked_git_url(text: str) -> str:
    """The URL, or the absolute local path, that git is given.

    A user in an http URL is refused too: GitHub and GitLab take a token in its place, and nobody can tell the two apart.

    Raises:
        ConfigError: credentials in the URL, a relative path, or a transport that is not file, http, https or ssh. The
            text never repeats what could be a secret.
    """
    url = text.strip()
    scheme, separator, rest = url.partition("://")
    if separator:
        return _checked(url, scheme.lower(), rest)
    path = Path(url).expanduser()
    if path.is_absolute():
        return str(path)
    if "@" in url and ":" in url.rpartition("@")[0]:
        raise ConfigError(f"hhsync:gitUrl holds a password; take it out and {_STORE}")
    if _SCP_LIKE.fullmatch(url) and "::" not in url and not url.startswith("-"):
        return url
    raise ConfigError(f'hhsync:gitUrl "{url}" is neither a URL nor an absolute path; write the whole path')


def _checked(url: str, scheme: str, rest: str) -> str:
    if scheme not in _SCHEMES:
        raise ConfigError(f"hhsync:gitUrl: git cannot be reached by {scheme}://; use https, ssh, file or a path")
    user = rest.partition("/")[0].rpartition("@")[0]
    if ":" in user:
        raise ConfigError(f"hhsync:gitUrl holds a password; take it out and {_STORE}")
    if user and scheme in {"http", "https"}:
        raise ConfigError(
            "hhsync:gitUrl holds a user or a token before the host; take it out, name the user with "
            f"hhsync:gitUsername, and if it is a token {_STORE}"
        )
    if scheme == "file":
        return url
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host:
        raise ConfigError(f"hhsync:gitUrl names no host, or its port is no number; write {scheme}://host/path")
    if scheme == "ssh":
        return url
    if parts.query or parts.fragment:
        raise ConfigError(f"hhsync:gitUrl has a ? or # part, which may hold a token; take it out and {_STORE}")
    return url


def checked_proxy(text: str | None) -> str | None:
    """The proxy's URL, which may name a user; None where there is none.

    Raises:
        ConfigError: it is no proxy's URL, or it holds a password.
    """
    if text is None:
        return None
    try:
        parts = urlsplit(text)
        wrong = parts.scheme not in _PROXY_SCHEMES or not parts.hostname or parts.port == 0
    except ValueError:
        wrong = True
    if wrong:
        raise ConfigError("hhsync:gitProxy is no proxy's URL; write it like http://proxy.example.com:3128")
    if parts.password is not None:
        raise ConfigError(
            "hhsync:gitProxy holds a password; take it out and store it with: "
            "pulumi config set --secret hhsync:gitProxyPassword"
        )
    return text
