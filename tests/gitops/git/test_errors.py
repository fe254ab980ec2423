"""What git and ssh say → what is told: one kind and one line for each, whatever stands around it."""

from __future__ import annotations

import pytest

from gitops.git.errors import detail, meaning

FACTS = {
    "credentials": "CREDENTIALS",
    "and_credentials": "",
    "known_hosts": "HOSTS",
    "key_file": "KEY",
    "keys": "KEYS",
    "who": "WHO",
    "may": "read",
}
REST = "fatal: Could not read from remote repository.\n\nPlease make sure you have the correct access rights\n"

SAID = {
    "ssh: Could not resolve hostname git.example: Name or service not known\n" + REST: "name",
    "fatal: unable to access 'https://h/x/': Could not resolve host: h": "name",
    "fatal: unable to access 'https://h/x/': Could not resolve proxy: p": "proxy",
    "fatal: unable to access 'https://h/x/': Received HTTP code 407 from proxy after CONNECT": "proxy",
    "fatal: unable to access 'https://h/x/': CONNECT tunnel failed, response 407": "proxy",
    "fatal: unable to access 'https://h/x/': CONNECT tunnel failed, response 403": "proxy",
    "ssh: connect to host h port 22: Connection refused\n" + REST: "connection",
    "ssh: connect to host h port 22: Connection timed out\n" + REST: "connection",
    "kex_exchange_identification: read: Connection reset by peer\n" + REST: "connection",
    "fatal: unable to access 'https://h/x/': Failed to connect to h port 443: No route to host": "connection",
    "timed out: git fetch did not end within 600 s": "connection",
    "fatal: unable to access 'https://h/x/': SSL certificate problem: self-signed certificate in certificate chain": "tls",
    "fatal: unable to access 'https://h/x/': SSL: no alternative certificate subject name matches target host name": "tls",
    "No ED25519 host key is known for h and you have requested strict checking.\nHost key verification failed.\n" + REST:
        "host key",
    "@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.\n" + REST: "host key",
    "git@h: Permission denied (publickey).\n" + REST: "authentication",
    "Received disconnect from h port 22:2: Too many authentication failures\n" + REST: "authentication",
    "fatal: could not read Username for 'https://h': terminal prompts disabled": "authentication",
    "remote: Invalid username or password.\nfatal: Authentication failed for 'https://h/x/'": "authentication",
    "remote: HTTP Basic: Access denied\nfatal: Authentication failed for 'https://h/x/'": "authentication",
    "remote: Permission to team/x.git denied to bot.\nfatal: unable to access 'https://h/x/': error: 403": "permission",
    "ERROR: The key you are authenticating with has been marked as read only deploy key.\n" + REST: "permission",
    "fatal: cannot change to '/srv/x.git': Permission denied": "permission",
    "fatal: detected dubious ownership in repository at '/srv/x.git'": "permission",
    "ERROR: Repository not found.\n" + REST: "repository",
    "remote: Not Found\nfatal: repository 'https://h/x/' not found": "repository",
    "fatal: '/x.git' does not appear to be a git repository\n" + REST: "repository",
    "remote: The project you were looking for could not be found or you don't have permission to view it.": "repository",
    "fatal: something new": "other",
}  # fmt: skip


@pytest.mark.parametrize(("words", "kind"), SAID.items(), ids=[words[:60] for words in SAID])
def test_each_has_its_kind_and_one_line(words: str, kind: str) -> None:
    found = meaning(words, **FACTS)
    assert found.kind == kind
    assert found.text
    assert "\n" not in found.text
    assert "{" not in found.text


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("ERROR: Repository not found.\n" + REST, "Repository not found."),
        ("hint: x\nfatal: the end", "the end"),
        (REST, "fatal: Could not read from remote repository."),
        ("", ""),
    ],
)
def test_the_line_that_says_most_is_shown(words: str, says: str) -> None:
    assert detail(words) == says
