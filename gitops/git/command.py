"""Runs git commands for one repository, with deadlines and without the caller's GIT_* variables. Knows no layout.

This is the transport for everybody: whoever fetches or pushes makes a `GitCommand` for a bare repository of his own and
calls `run("fetch", …, command.url, …, network=True)` or `run("push", …, network=True)`; how the server is reached and with
which credentials is `git_access`, what its refusals mean `git_meanings`. Git runs without prompts, hooks of ours or
submodules. A token that a command gave is renewed once when the server refuses it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any

from gitops.git.access import GitAccess
from gitops.git.errors import (
    AUTHENTICATION,
    CONNECTION,
    Meaning,
    meaning,
)
from providers.errors import GitError

# Where there is no git, GitPython would end the import with a page of text; we say it in one line at the first command.
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

from git.cmd import Git
from git.exc import GitCommandNotFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from providers.settings import GitSettings

# Seconds for a command that talks to a server, and for one that reads the mirror.
NETWORK_DEADLINE = 600.0
LOCAL_DEADLINE = 300.0

# What a user may set for git to reach a server; every other GIT_* variable could point git elsewhere or log secrets.
_KEPT = frozenset({"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_EXEC_PATH"}) | frozenset(
    {"GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_PROXY_SSL_CAINFO", "GIT_SSH_COMMAND"}
)


class CommandFailed(Exception):
    """A git command ended with an error; `words` is what it said, without secrets."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.words = words


class GitCommand:
    """Runs git for one repository, in a bare repository of ours (its mirror) that may not be there yet."""

    def __init__(self, settings: GitSettings, mirror: Path) -> None:
        self._settings = settings
        self._mirror = mirror
        self._ssh_command: str | None = None
        self._access = GitAccess(settings)
        self.url = self._access.url

    def run(self, *arguments: str, stdin: bytes = b"", network: bool = False) -> bytes:
        """Run one command to its end and return what it printed.

        Raises:
            CommandFailed: git says no, or the deadline passed.
            GitError: there is no git on this machine, or the token command fails.
        """
        try:
            return self._run(arguments, stdin, network)
        except CommandFailed as failure:
            if network and self.explained(failure, arguments[0]).kind == AUTHENTICATION and self._access.renew():
                return self._run(arguments, stdin, network)
            raise

    def _run(self, arguments: Sequence[str], stdin: bytes, network: bool) -> bytes:
        deadline = NETWORK_DEADLINE if network else LOCAL_DEADLINE
        with _stdin(stdin) as source, self._started(arguments, network, source) as process:
            try:
                out, words = process.communicate(timeout=deadline)
            except subprocess.TimeoutExpired:
                raise CommandFailed(f"timed out: git {arguments[0]} did not end within {deadline:.0f} s") from None
            if process.returncode != 0:
                raise self._failed(words)
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
                    raise self._failed(process.stderr.read())
            finally:
                watchdog.cancel()

    @contextmanager
    def _started(self, arguments: Sequence[str], network: bool, stdin: IO[bytes] | None) -> Iterator[Any]:
        """The running process, in a session of its own so that its transport helpers end with it."""
        try:
            handle: Any = Git(self._folder()).execute(
                self._argv(arguments, network),
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
        return self.explained(failure).text

    def explained(self, failure: CommandFailed, verb: str = "fetch") -> Meaning:
        """What a failure means, with its kind; `verb` is the git command that failed."""
        settings = self._settings
        if settings.token_command:
            source, what = " that the command in hhsync:gitTokenCommand printed", "the command prints a valid one"
        else:
            source, what = " in hhsync:gitToken", "the token is valid and of that user (hhsync:gitUsername)"
        credentials = (
            f"the server does not accept user {settings.username} with the token{source}; see that {what}"
            if self._access.has_credentials
            else "the server wants credentials; set hhsync:gitToken (as a secret) and hhsync:gitUsername"
        )
        found = meaning(
            failure.words,
            credentials=credentials,
            and_credentials=" and hhsync:gitToken" if self._access.is_http else "",
            known_hosts=settings.known_hosts_file or "~/.ssh/known_hosts, or name a file in hhsync:gitKnownHostsFile",
            key_file=settings.ssh_key_file or "",
            keys=self._access.offered_keys,
            who="the credentials are accepted, but" if self._access.is_http or self._access.is_ssh else "this user",
            may="write to" if verb == "push" else "read",
        )
        if found.kind == CONNECTION and self._access.names_proxy(failure.words):
            return Meaning(found.kind, f"the proxy {settings.proxy} does not answer; check hhsync:gitProxy")
        return found

    def _failed(self, words: bytes) -> CommandFailed:
        return CommandFailed(self._access.without_secrets(words.decode("utf-8", "replace")))

    def _folder(self) -> str | None:
        return str(self._mirror) if self._mirror.is_dir() else None

    def _argv(self, arguments: Sequence[str], network: bool = False) -> list[str]:
        foreign = sorted(name for name in os.environ if name.startswith("GIT_") and name not in _KEPT)
        foreign = [name for name in foreign if not name.startswith("GIT_PYTHON_")]
        scrub = ["env", *(part for name in foreign for part in ("-u", name))] if foreign else []
        command = [*scrub, "git", *arguments]
        return self._access.argv(command) if network and arguments[0] != "config" else command

    def _environment(self, network: bool) -> dict[str, str]:
        pairs = [("core.hooksPath", "/dev/null"), ("gc.autoDetach", "false"), ("maintenance.autoDetach", "false")]
        environment = {
            "LC_ALL": "C",
            "GIT_DIR": str(self._mirror),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "",
            "GIT_LITERAL_PATHSPECS": "1",
            "GIT_OPTIONAL_LOCKS": "0",
        }
        if network:
            pairs += self._access.configuration()
            environment |= self._access.environment()
            environment["GIT_SSH_COMMAND"] = self._access.ssh_command(self._ssh())
        else:
            environment |= {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
        environment["GIT_CONFIG_COUNT"] = str(len(pairs))
        for index, (key, value) in enumerate(pairs):
            environment[f"GIT_CONFIG_KEY_{index}"] = key
            environment[f"GIT_CONFIG_VALUE_{index}"] = value
        return environment

    def _ssh(self) -> str:
        """The user's own ssh command: from the environment, else from git's configuration."""
        if self._ssh_command is None:
            chosen = os.environ.get("GIT_SSH_COMMAND", "").strip()
            self._ssh_command = chosen or "ssh"
            if not chosen and self._access.is_ssh:
                with suppress(CommandFailed):  # not set
                    configured = self._run(("config", "--get", "core.sshCommand"), b"", network=True).decode().strip()
                    self._ssh_command = configured or "ssh"
        return self._ssh_command


@contextmanager
def _stdin(data: bytes) -> Iterator[IO[bytes] | None]:
    if not data:
        yield None
        return
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        yield file
