"""What git, curl and ssh say when a server is not reached → what it means and what to do. A table; first match wins. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from providers.errors import one_line

AUTHENTICATION, CONNECTION = "authentication", "connection"


@dataclass(frozen=True, slots=True)
class Meaning:
    """The kind of a failure (the table's first column), and one line for the user."""

    kind: str
    text: str


# kind, what is said, what it means. {detail} is git's own line; {credentials} and {may} depend on the settings.
_TABLE: tuple[tuple[str, str, str], ...] = (
    (
        "permission",
        r"detected dubious ownership",
        "the repository belongs to another user; allow it with: git config --global --add safe.directory PATH",
    ),
    (
        "host key",
        r"REMOTE HOST IDENTIFICATION HAS CHANGED|Host key for .* has changed",
        "the server's SSH host key is not the one in known_hosts: somebody may be in between, or the server was made anew; "
        "ask its operator for the new key, and only then replace the line ({known_hosts})",
    ),
    (
        "host key",
        r"Host key verification failed|No .* host key is known|host key is known by any other names",
        "the server's SSH host key is not known; get it (ssh-keyscan HOST), compare its fingerprint with what the server's "
        "operator says, and add it to {known_hosts}",
    ),
    (
        "ssh key",
        r"Error loading key|error in libcrypto|ssh-add: ",
        "hhsync:gitSshKey is no private key without a passphrase; store the whole file's text, or use an SSH agent",
    ),
    (
        "ssh key",
        r"UNPROTECTED PRIVATE KEY FILE",
        "the file of hhsync:gitSshKeyFile may be read by others, so ssh does not use it; type: chmod 600 {key_file}",
    ),
    (
        AUTHENTICATION,
        r"Permission denied \((?:publickey|password|keyboard)|Too many authentication failures",
        "authentication failed: the server takes none of the SSH keys offered ({keys})",
    ),
    (
        "proxy",
        r"[Cc]ould not resolve proxy",
        "the proxy's name does not resolve; check hhsync:gitProxy and https_proxy",
    ),
    (
        "proxy",
        r"HTTP code 407|error: 407|tunnel failed, response 407|Proxy Authentication Required",
        "the proxy does not accept the credentials; set the user in hhsync:gitProxy and hhsync:gitProxyPassword",
    ),
    ("proxy", r"HTTP code \d+ from proxy|tunnel failed, response|Proxy CONNECT aborted", "the proxy refuses: {detail}"),
    (AUTHENTICATION, r"could not read (?:Username|Password)", "authentication failed: {credentials}"),
    (
        AUTHENTICATION,
        r"Authentication failed|[Ii]nvalid (?:username|credentials)|error: 401|HTTP Basic: Access denied",
        "authentication failed: {credentials}",
    ),
    (
        "repository",
        r"Repository not found|repository '.*' not found|error: 404|project you were looking for"
        r"|Could not find the requested",
        "no such repository, or the credentials may not see it; check hhsync:gitUrl{and_credentials}",
    ),
    (
        "permission",
        r"error: 403|not granted|[Aa]ccess (?:to .* )?(?:forbidden|denied)|[Pp]ermission to .* denied|deploy key"
        r"|[Pp]ermission denied|not allowed to",
        "no permission: {who} may not {may} this repository ({detail})",
    ),
    (
        "name",
        r"[Cc]ould not resolve host|Name or service not known|Temporary failure in name resolution",
        "the host name does not resolve; check hhsync:gitUrl and DNS",
    ),
    (
        "tls",
        r"certificate|\bSSL\b|\bTLS\b|gnutls",
        "TLS failed: the server's certificate is not trusted or the connection is no TLS ({detail}); name the server's CA in "
        "hhsync:gitCaFile",
    ),
    (
        CONNECTION,
        r"Connection refused|[Ff]ailed to connect|Couldn't connect|timed out|No route to host|Network is unreachable"
        r"|Operation too slow|Empty reply|Connection reset|Connection closed|unable to connect|kex_exchange_identification",
        "the server does not answer ({detail}); check host and port in hhsync:gitUrl, and that the server runs",
    ),
    (
        "repository",
        r"does not appear to be a git repository|not a git repository|not valid: is this a git|does not exist",
        "no Git repository is there; check the path in hhsync:gitUrl{and_credentials}",
    ),
)


def meaning(words: str, **facts: str) -> Meaning:
    """What a failed command's words mean; `facts` fill the table's placeholders."""
    output = detail(words)
    for kind, pattern, text in _TABLE:
        if re.search(pattern, words):
            return Meaning(kind, text.format(detail=output, **facts))
    return Meaning("other", output or "git failed without a word")


def detail(words: str) -> str:
    """The line of git's output that says most: the first fatal or error line, else the first line."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    for prefix in ("Timeout:", "ssh:", "ERROR:", "remote: ERROR:", "fatal:", "error:", "remote:"):
        for line in lines:
            if line.startswith(prefix) and "Could not read from remote" not in line:
                return one_line(line.removeprefix(prefix).strip())
    return one_line(lines[0]) if lines else ""
