"""Runs git commands: environment, credentials, deadlines, and what git's words mean. Knows no repository layout.

Git runs without prompts, hooks, submodules or the caller's GIT_* variables. A token reaches git through the environment
and a credential helper that answers for the repository's own server only: never through argv, a URL or a file.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import urlsplit

from providers.errors import GitError, one_line

# Where there is no git, GitPython would end the import with a page of text; we say it in one line at the first command.
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

from git.cmd import Git
from git.exc import GitCommandNotFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from providers.settings import GitSettings

#: Seconds for a command that talks to a server, and for one that reads the mirror.
NETWORK_DEADLINE = 600.0
LOCAL_DEADLINE = 300.0

#: What a user may set for git to reach a server; every other GIT_* variable could point git elsewhere or log secrets.
_KEPT = frozenset({"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_EXEC_PATH"}) | frozenset(
    {"GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_PROXY_SSL_CAINFO", "GIT_SSH_COMMAND"}
)
_SCHEMES = frozenset({"file", "http", "https", "ssh"})
_SCP_LIKE = re.compile(r"(?:[^/@:\s]+@)?[^/:\s]+:(?!//)\S+")
_HELPER = (
    '!f() { test "$1" = get && printf "username=%s\\npassword=%s\\n" "$HHSYNC_GIT_USERNAME" "$HHSYNC_GIT_TOKEN"; }; f'
)

#: What git and ssh say → what it means and what to do. First match wins.
_MEANINGS: tuple[tuple[str, str], ...] = (
    (
        r"detected dubious ownership",
        "the repository belongs to another user; allow it with: git config --global --add safe.directory PATH",
    ),
    (r"Host key verification failed", "the server's SSH host key is not known; add it to known_hosts"),
    (
        r"Permission denied \(|Too many authentication failures",
        "authentication failed: the server takes none of the SSH keys",
    ),
    (r"could not read (Username|Password)", "authentication failed: {credentials}"),
    (
        r"Authentication failed|[Ii]nvalid (username|credentials)|error: 401|Access denied",
        "authentication failed: {credentials}",
    ),
    (
        r"error: 403|not granted|[Aa]ccess (to .* )?forbidden",
        "the credentials are accepted, but may not read this repository (403)",
    ),
    (
        r"[Cc]ould not resolve host|Name or service not known",
        "the host name does not resolve; check hhsync:gitUrl and DNS",
    ),
    (
        r"certificate|\bSSL\b|\bTLS\b|gnutls",
        "TLS failed: the server's certificate is not trusted or the connection is no TLS ({detail})",
    ),
    (
        r"Connection refused|[Ff]ailed to connect|Couldn't connect|timed out|No route to host|Network is unreachable"
        r"|Operation too slow|Empty reply|Connection reset|Connection closed|unable to connect",
        "the server does not answer ({detail})",
    ),
    (
        r"Repository not found|repository '.*' not found|error: 404|does not exist|project you were looking for"
        r"|Could not find the requested",
        "no such repository, or the credentials may not see it; check hhsync:gitUrl and hhsync:gitToken",
    ),
    (
        r"does not appear to be a git repository|not a git repository|not valid: is this a git",
        "it is not a Git repository",
    ),
)


class CommandFailed(Exception):
    """A git command ended with an error; `words` is what it said, without secrets."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class GitCommand:
    """Runs git for one repository, in its bare mirror."""

    def __init__(self, settings: GitSettings, mirror: Path) -> None:
        self._settings = settings
        self._mirror = mirror
        self._ssh_command: str | None = None
        self.url = checked_url(settings)

    def run(self, *arguments: str, stdin: bytes = b"", network: bool = False) -> bytes:
        """Run one command to its end and return what it printed.

        Raises:
            CommandFailed: git says no, or the deadline passed.
            GitError: there is no git on this machine.
        """
        deadline = NETWORK_DEADLINE if network else LOCAL_DEADLINE
        with _stdin(stdin) as source, self._started(arguments, network, source) as process:
            try:
                out, words = process.communicate(timeout=deadline)
            except subprocess.TimeoutExpired:
                raise CommandFailed(f"timed out: git {arguments[0]} did not end within {deadline:.0f} s") from None
            if process.returncode != 0:
                raise CommandFailed(self._without_secrets(words.decode("utf-8", "replace")))
            return bytes(out)

    @contextmanager
    def stream(self, *arguments: str) -> Iterator[IO[bytes]]:
        """Run one local command and read what it prints while it runs; leaving early ends it.

        Raises:
            CommandFailed: git failed, where its output was read to the end.
            GitError: there is no git on this machine.
        """
        with self._started(arguments, network=False, stdin=None) as process:
            watchdog = threading.Timer(LOCAL_DEADLINE, process.kill)
            watchdog.daemon = True
            watchdog.start()
            try:
                yield process.stdout
                if not process.stdout.read(1) and process.wait() != 0:
                    raise CommandFailed(self._without_secrets(process.stderr.read().decode("utf-8", "replace")))
            finally:
                watchdog.cancel()

    @contextmanager
    def _started(self, arguments: Sequence[str], network: bool, stdin: IO[bytes] | None) -> Iterator[Any]:
        """The running process, in a session of its own so that its transport helpers end with it."""
        try:
            handle: Any = Git(self._folder()).execute(
                self._argv(arguments),
                istream=stdin,  # type: ignore[arg-type]  # any object with a file number does
                env=self._environment(network),
                as_process=True,
                start_new_session=True,
            )
        except GitCommandNotFound:
            raise GitError("there is no git command on this machine; install git") from None
        process = handle.proc
        try:
            yield process
        finally:
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            process.communicate()

    def meaning(self, failure: CommandFailed) -> str:
        """What a failure means for the user, in one line without secrets."""
        detail = _detail(failure.words)
        credentials = (
            f"the server does not accept user {self._settings.username} with the token in hhsync:gitToken"
            if self._settings.token
            else "the server wants credentials; set hhsync:gitToken (as a secret) and hhsync:gitUsername"
        )
        for pattern, text in _MEANINGS:
            if re.search(pattern, failure.words):
                return text.format(detail=detail, credentials=credentials)
        return detail or "git failed without a word"

    def _folder(self) -> str | None:
        return str(self._mirror) if self._mirror.is_dir() else None

    def _argv(self, arguments: Sequence[str]) -> list[str]:
        foreign = sorted(name for name in os.environ if name.startswith("GIT_") and name not in _KEPT)
        foreign = [name for name in foreign if not name.startswith("GIT_PYTHON_")]
        scrub = ["env", *(part for name in foreign for part in ("-u", name))] if foreign else []
        return [*scrub, "git", *arguments]

    def _environment(self, network: bool) -> dict[str, str]:
        config = {"core.hooksPath": "/dev/null", "gc.autoDetach": "false", "maintenance.autoDetach": "false"}
        environment = {
            "LC_ALL": "C",
            "GIT_DIR": str(self._mirror),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "",
            "GIT_LITERAL_PATHSPECS": "1",
            "GIT_OPTIONAL_LOCKS": "0",
        }
        if network:
            config |= {"protocol.file.allow": "always", "protocol.ext.allow": "never", "fetch.writeCommitGraph": "true"}
            config |= {"http.lowSpeedLimit": "1000", "http.lowSpeedTime": "60"}
            environment["GIT_SSH_COMMAND"] = f"{self._ssh()} -o BatchMode=yes -o ConnectTimeout=30"
        else:
            environment |= {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
        pairs = list(config.items())
        if network and self._settings.token and self.url.startswith(("http://", "https://")):
            parts = urlsplit(self.url)
            server = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
            pairs += [("credential.helper", ""), (f"credential.{server}.helper", _HELPER)]
            environment["HHSYNC_GIT_USERNAME"] = parts.username or self._settings.username
            environment["HHSYNC_GIT_TOKEN"] = self._settings.token
        environment["GIT_CONFIG_COUNT"] = str(len(pairs))
        for index, (key, value) in enumerate(pairs):
            environment[f"GIT_CONFIG_KEY_{index}"] = key
            environment[f"GIT_CONFIG_VALUE_{index}"] = value
        return environment

    def _ssh(self) -> str:
        """The user's own ssh command; we only add options that keep it from asking."""
        if self._ssh_command is None:
            chosen = os.environ.get("GIT_SSH_COMMAND", "").strip()
            self._ssh_command = chosen or "ssh"
            if not chosen and not self.url.startswith(("http://", "https://", "file://", "/")):
                with suppress(CommandFailed):  # not set
                    configured = self.run("config", "--get", "core.sshCommand", network=True).decode().strip()
                    self._ssh_command = configured or "ssh"
        return self._ssh_command

    def _without_secrets(self, words: str) -> str:
        return words.replace(self._settings.token, "***") if self._settings.token else words


def checked_url(settings: GitSettings) -> str:
    """The URL or absolute local path that git is given.

    Raises:
        GitError: a password in the URL, a relative path, or a transport that is not file, http, https or ssh.
    """
    url = settings.url.strip()
    scheme, separator, _ = url.partition("://")
    if separator:
        if scheme not in _SCHEMES:
            raise GitError(
                f"hhsync:gitUrl: git cannot be reached by {one_line(scheme)}://; use https, ssh, file or a path"
            )
        if urlsplit(url).password is not None:
            raise GitError(
                "hhsync:gitUrl holds a password; take it out and store it with: pulumi config set --secret hhsync:gitToken"
            )
        return url
    path = Path(url).expanduser()
    if path.is_absolute():
        return str(path)
    if _SCP_LIKE.fullmatch(url) and "::" not in url and not url.startswith("-"):
        return url
    raise GitError(f'hhsync:gitUrl "{url}" is neither a URL nor an absolute path; write the whole path')


def _detail(words: str) -> str:
    """The line of git's output that says most: the first fatal or error line, else the first line."""
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    for prefix in ("Timeout:", "fatal:", "error:", "remote:"):
        for line in lines:
            if line.startswith(prefix):
                return one_line(line.removeprefix(prefix).strip())
    return one_line(lines[0]) if lines else ""


@contextmanager
def _stdin(data: bytes) -> Iterator[IO[bytes] | None]:
    if not data:
        yield None
        return
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        yield file
