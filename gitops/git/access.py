"""How git reaches one repository: credentials, TLS, proxy and SSH, as environment and configuration. Runs no git.

Fetch and push both go through here, by way of `git_command.GitCommand`. A secret comes from stack config, else from the
environment (`VARIABLES`); it reaches git by a credential helper that answers for the repository's own server only, or by
an SSH agent that lives as long as the one command: never through argv, a URL or a file.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from providers.errors import ConfigError, GitError
from providers.git_url import checked_git_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from providers.settings import GitSettings

# Where a secret is taken from that stack config does not have.
VARIABLES = {
    "token": "HHSYNC_GIT_TOKEN",
    "ssh_key": "HHSYNC_GIT_SSH_KEY",
    "proxy_password": "HHSYNC_GIT_PROXY_PASSWORD",
}
TOKEN_COMMAND_DEADLINE = 60.0

_HELPER = '!f() {{ test "$1" = get && printf "username=%s\\npassword=%s\\n" "${name}_USERNAME" "${name}_SECRET"; }}; f'

# Where this shell is killed, the agent notices within 10 s and ends by itself.
_AGENT = (
    'printf "%s\\n" "$HHSYNC_SSH_KEY" | ssh-add -q -; code=$?; unset HHSYNC_SSH_KEY; '
    'test $code = 0 && { "$@"; code=$?; }; kill "$SSH_AGENT_PID"; exit $code'
)
# Tokens that commands gave in this process, by command: a run asks once, and again when a server refuses one.
_OPENSSH = re.compile(r"(?P<program>(?:\S*/)?ssh)(?P<rest>\s.*)?", re.DOTALL)

_tokens: dict[str, str] = {}


class GitAccess:
    """The way to one repository; `url` is what git is given."""

    def __init__(self, settings: GitSettings, environment: Mapping[str, str] | None = None) -> None:
        given = os.environ if environment is None else environment
        try:
            self.url = checked_git_url(settings.url)
        except ConfigError as error:
            raise GitError(str(error)) from None
        self.is_http = self.url.lower().startswith(("http://", "https://"))
        self.is_ssh = not self.is_http and not self.url.startswith(("/", "file:"))
        self.settings = settings
        self._token = settings.token or (None if settings.token_command else given.get(VARIABLES["token"]) or None)
        self._ssh_key = settings.ssh_key or (None if settings.ssh_key_file else given.get(VARIABLES["ssh_key"]) or None)
        self._proxy_password = settings.proxy_password or given.get(VARIABLES["proxy_password"]) or None

    @property
    def has_credentials(self) -> bool:
        """Whether there is a token for a server over HTTP."""
        return bool(self._token or self.settings.token_command)

    def token(self) -> str:
        """The token for the server's HTTP, also for its REST API; "" where there is none.

        Raises:
            GitError: the token command fails.
        """
        return self._current_token()

    @property
    def offered_keys(self) -> str:
        """Which SSH keys a server was shown, in words."""
        if self._ssh_key:
            return "the one in hhsync:gitSshKey"
        if self.settings.ssh_key_file:
            return f"{self.settings.ssh_key_file}, hhsync:gitSshKeyFile"
        return "those of your agent and ~/.ssh; name one with hhsync:gitSshKeyFile or hhsync:gitSshKey"

    def renew(self) -> bool:
        """Ask the token command again after a refusal; False where there is none, so that asking again is no use.

        Raises:
            GitError: the command fails.
        """
        command = self.settings.token_command
        if not command or not self.is_http:
            return False
        before = _tokens.pop(command, None)
        return self._current_token() != before

    def without_secrets(self, words: str) -> str:
        """The text with every secret that we hand over blotted out, also in the form that URLs have."""
        token = self._token or _tokens.get(self.settings.token_command or "")
        for secret in (token, self._proxy_password, self._ssh_key):
            for form in {secret, quote(secret, safe="")} if secret else ():
                words = words.replace(form, "***")
        return words

    def argv(self, command: Sequence[str]) -> list[str]:
        """The command line; with a key from stack config it runs below an SSH agent that ends with it."""
        if not (self.is_ssh and self._ssh_key):
            return list(command)
        return ["ssh-agent", "sh", "-c", _AGENT, "sh", *command]

    def configuration(self) -> list[tuple[str, str]]:
        """Git configuration for one command that talks to the server, stronger than any of the user's."""
        pairs = [("protocol.file.allow", "always"), ("protocol.ext.allow", "never")]
        if not self.is_http:
            return pairs
        pairs += [("http.lowSpeedLimit", "1000"), ("http.lowSpeedTime", "60"), (f"http.{self.url}.sslVerify", "true")]
        if self.settings.proxy:
            pairs.append((f"http.{self.url}.proxy", self.settings.proxy))
        if self.has_credentials or self._proxy_password:
            pairs.append(("credential.helper", ""))
        if self._proxy_password and self.settings.proxy:
            proxy = urlsplit(self.settings.proxy)
            server = f"{proxy.scheme}://{proxy.netloc.rpartition('@')[2]}"
            pairs.append((f"credential.{server}.helper", _HELPER.format(name="HHSYNC_GIT_PROXY")))
        if self.has_credentials:
            parts = urlsplit(self.url)
            pairs.append((f"credential.{parts.scheme}://{parts.netloc}.helper", _HELPER.format(name="HHSYNC_GIT")))
        return pairs

    def environment(self) -> dict[str, str]:
        """Variables for one command that talks to the server.

        Raises:
            GitError: the token command fails, or a file that the settings name is missing.
        """
        self._require_files()
        found: dict[str, str] = {}
        if self.is_ssh and self._ssh_key:
            found |= {"HHSYNC_SSH_KEY": self._ssh_key.strip(), "SSH_ASKPASS_REQUIRE": "never"}
        if not self.is_http:
            return found
        if self.has_credentials:
            found |= {"HHSYNC_GIT_USERNAME": self.settings.username, "HHSYNC_GIT_SECRET": self._current_token()}
        if self._proxy_password and self.settings.proxy:
            user = urlsplit(self.settings.proxy).username or ""
            found |= {"HHSYNC_GIT_PROXY_USERNAME": user, "HHSYNC_GIT_PROXY_SECRET": self._proxy_password}
        if self.settings.ca_file:
            found["GIT_SSL_CAINFO"] = self.settings.ca_file
        return found

    def _require_files(self) -> None:
        """Git and ssh pass over a file that is not there, or speak of something else."""
        settings = self.settings
        wanted = (
            ("gitCaFile", settings.ca_file, self.is_http),
            ("gitSshKeyFile", settings.ssh_key_file, self.is_ssh),
            ("gitKnownHostsFile", settings.known_hosts_file, self.is_ssh),
        )
        for key, path, used in wanted:
            if used and path and not os.access(path, os.R_OK):
                raise GitError(f"hhsync:{key} names {path}, which is missing or cannot be read")

    def names_proxy(self, words: str) -> bool:
        """Whether a failure to connect is one to the proxy of the settings."""
        proxy = urlsplit(self.settings.proxy) if self.settings.proxy else None
        return bool(proxy and f"{proxy.hostname} port {proxy.port or ''}" in words)

    def ssh_command(self, chosen: str) -> str:
        """The user's own ssh command with our options before the user's: it never asks, and it checks the host's key."""
        options = ["BatchMode=yes", "ConnectTimeout=30", "StrictHostKeyChecking=yes", "UpdateHostKeys=no"]
        if self.settings.known_hosts_file:
            options += [
                f"UserKnownHostsFile={_ssh_path(self.settings.known_hosts_file)}",
                "GlobalKnownHostsFile=/dev/null",
            ]
        if self._ssh_key:
            options += ["IdentityFile=none", "IdentityAgent=SSH_AUTH_SOCK"]
        elif self.settings.ssh_key_file:
            options += [f"IdentityFile={_ssh_path(self.settings.ssh_key_file)}", "IdentitiesOnly=yes"]
        ours = " ".join(f"-o {shlex.quote(option)}" for option in options)
        match = _OPENSSH.fullmatch(chosen)
        return f"{match['program']} {ours}{match['rest'] or ''}" if match else f"{chosen} {ours}"

    def _current_token(self) -> str:
        command = self.settings.token_command
        if not command:
            return self._token or ""
        if command not in _tokens:
            _tokens[command] = _ask(command)
        return _tokens[command]


def _ssh_path(path: str) -> str:
    """A path as ssh's options take it: quoted, and with no percent sign that ssh would expand."""
    return '"' + path.replace("%", "%%") + '"'


def _ask(command: str) -> str:
    """The first line that the token command prints. Nothing of the command's words but its program is ever repeated."""
    try:
        words = shlex.split(command)
    except ValueError:
        raise GitError("hhsync:gitTokenCommand has a quote that is not closed") from None
    program = words[0] if words else ""
    hint = "run it by hand to see why"
    try:
        done = subprocess.run(
            words,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=TOKEN_COMMAND_DEADLINE,
        )
    except subprocess.TimeoutExpired:
        raise GitError(f"hhsync:gitTokenCommand ({program}) did not end in {TOKEN_COMMAND_DEADLINE:.0f} s") from None
    except OSError as error:
        raise GitError(f"hhsync:gitTokenCommand ({program}) cannot be run: {error.strerror}") from None
    if done.returncode:
        raise GitError(f"hhsync:gitTokenCommand ({program}) ended with exit code {done.returncode}; {hint}")
    lines = done.stdout.decode("utf-8", "replace").split()
    if len(lines) != 1:
        raise GitError(f"hhsync:gitTokenCommand ({program}) printed {len(lines)} words, not one token; {hint}")
    return lines[0]
