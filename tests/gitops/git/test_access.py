"""How git is given a way to the server: which URLs are taken, where secrets go, and what ssh is told."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from gitops.git import access as git_access
from gitops.git.access import GitAccess
from gitops.git.errors import meaning
from providers.errors import ConfigError, GitError
from providers.settings import GitSettings

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "s3cret/t0ken"
HTTPS = "https://git.example.com/x.git"
SSH = "ssh://git@git.example.com/x.git"


@pytest.mark.parametrize(
    "url",
    [
        "git@host:team/x.git",
        "ssh://git@host/x.git",
        "https://host/x.git",
        "http://h:8/x",
        "/srv/x.git",
        "file:///x.git",
    ],
)
def test_these_forms_of_a_url_are_taken(url: str) -> None:
    assert GitAccess(GitSettings(url), {}).url == url
    assert GitSettings.from_config({"gitUrl": url}).url == url


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("https://git:s3cret@host/x", "holds a password"),
        (f"https://git:{SECRET}@host/x", "names no host, or its port is no number"),
        (f"ssh://git:{SECRET}@host/x", "names no host, or its port is no number"),
        (f"https://{SECRET.replace('/', '')}@host/x", "holds a user or a token"),
        (f"ssh://git:{SECRET.replace('/', '')}@host/x", "holds a password"),
        (f"git:{SECRET.replace('/', '')}@host:x", "holds a password"),
        (f"https://host/x.git?private_token={SECRET}", "has a ? or # part"),
        ("https:///x.git", "names no host"),
        ("https://host:port/x.git", "names no host"),
        ("ftp://host/x", "cannot be reached by ftp://"),
        ("ext::sh -c id", "neither a URL nor an absolute path"),
        ("-oProxyCommand=id:x", "neither a URL nor an absolute path"),
        ("some/where", "write the whole path"),
        ("", "gitUrl is missing"),
    ],
)
def test_a_url_that_could_hold_a_secret_or_is_none_is_refused_by_name(url: str, says: str) -> None:
    with pytest.raises(ConfigError, match="hhsync:gitUrl") as caught:
        GitSettings.from_config({"gitUrl": url})
    assert says in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"gitToken": "a", "gitTokenCommand": "b"}, "gitToken and hhsync:gitTokenCommand are both set"),
        ({"gitSshKey": "a", "gitSshKeyFile": "/b"}, "gitSshKey and hhsync:gitSshKeyFile are both set"),
        ({"gitProxy": "http://u:s3cret@p:1"}, "gitProxy holds a password"),
        ({"gitProxy": "proxy"}, "gitProxy is no proxy's URL"),
        ({"gitProxy": "http://p:1", "gitUrl": SSH}, "put ProxyJump into your SSH configuration"),
        ({"gitVerify": "yes"}, "gitVerify must be signed or off"),
        ({"gitVerify": "signed"}, "nobody is trusted; name hhsync:gitAllowedSignersFile"),
    ],
)
def test_contradicting_values_are_refused_by_name(more: dict[str, str], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        GitSettings.from_config({"gitUrl": HTTPS, **more})
    assert says in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_secrets_are_in_variables_of_their_own_and_nowhere_else() -> None:
    settings = GitSettings(HTTPS, token=SECRET, proxy="http://me@proxy:3128", proxy_password="p-word")
    access = GitAccess(settings, {})
    given = access.environment()
    assert given["HHSYNC_GIT_SECRET"] == SECRET
    assert given["HHSYNC_GIT_PROXY_SECRET"] == "p-word"
    assert SECRET not in repr((settings, access.configuration(), access.argv(["git", "fetch"])))
    assert "p-word" not in repr((settings, access.configuration()))


def test_a_helper_answers_for_its_own_server_only() -> None:
    settings = GitSettings("https://h:8443/x", token=SECRET, proxy="http://me@proxy:3128", proxy_password="p")
    names = [name for name, _ in GitAccess(settings, {}).configuration() if name.startswith("credential")]
    assert names == ["credential.helper", "credential.http://proxy:3128.helper", "credential.https://h:8443.helper"]


def test_the_environment_gives_what_stack_config_has_not() -> None:
    environment = {name: f"env-{key}" for key, name in git_access.VARIABLES.items()}
    assert GitAccess(GitSettings(HTTPS), environment).environment()["HHSYNC_GIT_SECRET"] == "env-token"
    assert GitAccess(GitSettings(HTTPS, token="own"), environment).environment()["HHSYNC_GIT_SECRET"] == "own"
    assert GitAccess(GitSettings(SSH), environment).environment()["HHSYNC_SSH_KEY"] == "env-ssh_key"
    assert GitAccess(GitSettings(SSH, ssh_key_file=__file__), environment).environment() == {}


def test_secrets_are_blotted_out_of_what_git_says() -> None:
    access = GitAccess(GitSettings(HTTPS, token=SECRET, proxy_password="hush"), {})
    assert access.without_secrets(f"a {SECRET} b s3cret%2Ft0ken c hush") == "a *** b *** c ***"


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        ("ssh", "ssh -o BatchMode=yes -o ConnectTimeout=30 -o StrictHostKeyChecking=yes -o UpdateHostKeys=no"),
        ("/usr/bin/ssh -i key", "/usr/bin/ssh -o BatchMode=yes"),
        ("ssh -o StrictHostKeyChecking=no", "ssh -o BatchMode=yes -o ConnectTimeout=30 -o StrictHostKeyChecking=yes"),
        ("corporate-wrapper --x", "corporate-wrapper --x -o BatchMode=yes"),
    ],
)
def test_ssh_is_the_users_own_and_our_options_come_first(chosen: str, expected: str) -> None:
    assert GitAccess(GitSettings(SSH), {}).ssh_command(chosen).startswith(expected)


def test_ssh_is_told_of_key_and_known_hosts_by_path() -> None:
    settings = GitSettings(SSH, ssh_key_file="/a b/50%", known_hosts_file="/k")
    command = GitAccess(settings, {}).ssh_command("ssh")
    assert """-o 'IdentityFile="/a b/50%%"' -o IdentitiesOnly=yes""" in command
    assert """-o 'UserKnownHostsFile="/k"' -o GlobalKnownHostsFile=/dev/null""" in command


def test_a_key_of_stack_config_reaches_an_agent_and_no_argument(tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    text = (tmp_path / "key").read_text()
    access = GitAccess(GitSettings(SSH, ssh_key=text), {})
    argv = access.argv(["sh", "-c", 'ssh-add -l; echo "left: $HHSYNC_SSH_KEY"'])
    assert "PRIVATE" not in " ".join(argv)
    path = {"PATH": "/usr/bin:/bin"}
    said = subprocess.run(argv, env=path | access.environment(), capture_output=True, text=True, check=True).stdout
    assert "(ED25519)" in said
    assert said.endswith("left: \n")


def test_a_key_that_is_none_is_named(tmp_path: Path) -> None:
    access = GitAccess(GitSettings(SSH, ssh_key="hush-not-a-key"), {})
    ran = subprocess.run(
        access.argv(["true"]), env={"PATH": "/usr/bin:/bin"} | access.environment(), capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert ran.returncode != 0
    assert "hhsync:gitSshKey is no private key" in meaning(access.without_secrets(ran.stderr)).text


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_a_token_command_is_asked_once_and_again_after_a_refusal(tmp_path: Path) -> None:
    counter = tmp_path / "count"
    command = script(tmp_path / "token", f"echo x >> {counter}\necho token-$(wc -l < {counter})")
    settings = GitSettings(HTTPS, token_command=f"{command} --app 1")
    first, second = GitAccess(settings, {}), GitAccess(settings, {})
    assert [one.environment()["HHSYNC_GIT_SECRET"] for one in (first, second, first)] == ["token-1"] * 3
    assert second.renew()
    assert first.environment()["HHSYNC_GIT_SECRET"] == "token-2"
    assert first.without_secrets("token-2") == "***"


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        (GitSettings(HTTPS, ca_file="/no/such"), "hhsync:gitCaFile"),
        (GitSettings(SSH, ssh_key_file="/no/such"), "hhsync:gitSshKeyFile"),
        (GitSettings(SSH, known_hosts_file="/no/such"), "hhsync:gitKnownHostsFile"),
    ],
)
def test_a_file_that_is_not_there_is_named(settings: GitSettings, key: str) -> None:
    with pytest.raises(GitError, match=f"{key} names /no/such, which is missing"):
        GitAccess(settings, {}).environment()


def test_without_a_token_command_nothing_is_renewed() -> None:
    assert not GitAccess(GitSettings(HTTPS, token="t"), {}).renew()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("echo hush >&2; exit 3", "ended with exit code 3; run it by hand"),
        ("true", "printed 0 words, not one token"),
        ("echo a b", "printed 2 words, not one token"),
        (None, "cannot be run: No such file"),
    ],
)
def test_a_token_command_that_fails_is_one_line(tmp_path: Path, text: str | None, says: str) -> None:
    command = str(tmp_path / "none") if text is None else script(tmp_path / "token", text)
    with pytest.raises(GitError, match="hhsync:gitTokenCommand") as caught:
        GitAccess(GitSettings(HTTPS, token_command=f"{command} hush"), {}).environment()
    assert says in str(caught.value)
    assert "hush" not in str(caught.value)


def test_an_unclosed_quote_in_the_token_command_is_named() -> None:
    with pytest.raises(GitError, match="a quote that is not closed"):
        GitAccess(GitSettings(HTTPS, token_command="x 'y"), {}).environment()
