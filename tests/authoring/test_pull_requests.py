"""Pull requests: opened where a token allows, found where one is open, and otherwise the page where a person opens it."""

from __future__ import annotations

import dataclasses

import pytest

from authoring import pull_requests as forges
from authoring.options import Authoring
from authoring.result import EditResult
from automation.editing.commits import pull_request
from providers.settings import GitSettings
from tests.support.forges import TOKEN, forge

RESULT = EditResult("edit", "fabric-1", "hhsync/vlan", "base", "commit")
URLS = {"github": "https://github.com/net/fabrics.git", "gitlab": "git@gitlab.com:net/fabrics.git"}
KINDS = sorted(URLS)


def settings(kind: str, token: str | None = TOKEN) -> GitSettings:
    return GitSettings(url=f"https://{kind}.com/net/fabrics.git", token=token)


@pytest.mark.parametrize("kind", KINDS)
def test_a_request_is_opened_once_and_found_the_next_time(kind):
    with forge(kind) as server:
        options = Authoring(forge_url=server.url)
        first = pull_request(settings(kind), options, RESULT)
        second = pull_request(settings(kind), options, RESULT)
    assert (first.opened, first.url.rsplit("/", 1)[1]) == (True, "1")
    assert second == first
    assert list(server.opened) == [("hhsync/vlan", "main")]
    assert [call.split()[0] for call in server.calls] == ["POST", "POST", "GET"]


PAGES = {
    "github": "https://github.com/net/fabrics/compare/main...hhsync/vlan?expand=1",
    "gitlab": "https://gitlab.com/net/fabrics/-/merge_requests/new?merge_request[source_branch]=hhsync%2Fvlan"
    "&merge_request[target_branch]=main",
}


@pytest.mark.parametrize("kind", KINDS)
def test_without_a_token_the_page_is_named(kind):
    found = pull_request(settings(kind, token=None), Authoring(), RESULT)
    assert (found.opened, found.url) == (False, PAGES[kind])
    assert "gitToken" in found.note


@pytest.mark.parametrize("kind", KINDS)
def test_a_token_that_may_not_is_no_failure_of_the_change(kind):
    with forge(kind) as server:
        server.may_write = False
        found = pull_request(settings(kind), Authoring(forge_url=server.url), RESULT)
    assert (found.opened, found.url) == (False, PAGES[kind])
    assert "the commit is pushed" in found.note
    assert TOKEN not in found.note


@pytest.mark.parametrize("kind", KINDS)
def test_a_wrong_token_or_a_forge_that_is_gone_is_told(kind):
    with forge(kind) as server:
        wrong = pull_request(settings(kind, "wrong-token"), Authoring(forge_url=server.url), RESULT)
    gone = pull_request(settings(kind), Authoring(forge_url=server.url), RESULT)
    assert not wrong.opened
    assert not gone.opened
    assert "wrong-token" not in wrong.note
    assert "\n" not in gone.note


OF = {
    "https://github.com/net/fabrics.git": ("github", "https://api.github.com", "net/fabrics"),
    "https://github.com/net/fabrics": ("github", "https://api.github.com", "net/fabrics"),
    "git@github.com:net/fabrics.git": ("github", "https://api.github.com", "net/fabrics"),
    "ssh://git@github.example.com:2222/net/fabrics.git": ("github", "https://github.example.com/api/v3", "net/fabrics"),
    "https://gitlab.com/org/team/fabrics.git": ("gitlab", "https://gitlab.com/api/v4", "org/team/fabrics"),
    "https://gitlab.example.com/net/fabrics.git": ("gitlab", "https://gitlab.example.com/api/v4", "net/fabrics"),
}


@pytest.mark.parametrize(("url", "known"), OF.items())
def test_the_forge_is_told_from_the_url(url, known):
    found = forges.of(url, Authoring())
    assert (found.kind, found.api, found.path) == known


@pytest.mark.parametrize(
    "url", ["https://git.example.com/net/fabrics.git", "/srv/git/fabrics.git", "https://github.com/x"]
)
def test_another_server_is_no_forge(url):
    assert forges.of(url, Authoring()) is None


def test_config_names_the_forge_of_any_server():
    found = forges.of("https://git.example.com/net/fabrics.git", Authoring(forge="gitlab"))
    assert (found.kind, found.api) == ("gitlab", "https://git.example.com/api/v4")


def test_a_server_without_forge_says_what_to_do():
    found = pull_request(dataclasses.replace(settings("github"), url="/srv/fabrics.git"), Authoring(), RESULT)
    assert (found.url, found.note) == ("", "open a pull request from hhsync/vlan to main on your Git server")
