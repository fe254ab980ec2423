"""Writes over real HTTPS, HTTP and SSH: the same way that reading takes; who may not write is told so, and Git stays."""

from __future__ import annotations

import dataclasses
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from authoring import edits
from authoring.changes import Assign
from authoring.edits import Request
from authoring.ingest.run import ingest
from authoring.text.paths import parse as path
from authoring.write import WriteFailed
from gitops.git.access import VARIABLES
from providers.core.identity import ObjectRef
from providers.errors import GitError
from tests.support.bare import OPTIONS, Bare, vpc
from tests.support.git_servers import (
    git_servers,
    new_repository,
    over_https,
    over_ssh,
)
from tests.support.repositories import Repository

if TYPE_CHECKING:
    from embedded.services import GitAccess

__all__ = ["git_servers"]


@dataclasses.dataclass(frozen=True)
class Served:
    """The servers, and the name of a repository of this test's own."""

    servers: GitAccess
    name: str

    @property
    def bare(self) -> Bare:
        return Bare(Path(self.servers.path).with_name(self.name), None, "f")


@pytest.fixture
def served(git_servers, tmp_path, monkeypatch):
    for name in (*VARIABLES.values(), "SSH_AUTH_SOCK", "GIT_SSH_COMMAND"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    source = Repository(tmp_path / "source")
    source.commit({"f/managed/a.yaml": vpc("a"), "f/raw/b.yaml": vpc("b", 1002)})
    name = f"writing-{uuid.uuid4().hex}.git"
    new_repository(git_servers, name, source.url)
    return Served(git_servers, name)


WAYS = {
    "HTTPS": lambda one, user: over_https(one.servers, one.name, user),
    "HTTP": lambda one, user: dataclasses.replace(
        over_https(one.servers, one.name, user), url=one.servers.http_url.replace("fabrics.git", one.name)
    ),
    "SSH": lambda one, user: over_ssh(one.servers, one.name, user),
}


def edit(settings, cache):
    one = Assign(ObjectRef("VPC", "default", "a"), path("spec.subnets.default.vlan"), 1500)
    return edits.change(settings, cache, OPTIONS, Request("edit", "f", lambda _: (one,)))


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_who_may_write_writes(served, tmp_path, way):
    settings = dataclasses.replace(way(served, "hhsync"), path="f")
    bare = served.bare
    before = bare.commits()
    ingested = ingest(settings, tmp_path / "cache", OPTIONS, "f")
    edited = edit(settings, tmp_path / "cache")
    assert (bare.head(), bare.commits()) == (edited.commit, before + 2)
    assert (ingested.created, edited.files) == (("f/managed/vpcs/b.yaml",), {"f/managed/a.yaml": "M"})


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_who_may_only_read_is_told_and_git_stays(served, tmp_path, way):
    settings = dataclasses.replace(way(served, "reader"), path="f")
    bare = served.bare
    before = bare.head()
    with pytest.raises(WriteFailed, match="nothing was written") as caught:
        edit(settings, tmp_path / "cache")
    assert "permission" in str(caught.value)
    assert bare.head() == before


def test_a_wrong_password_is_told_and_never_shown(served, tmp_path):
    settings = dataclasses.replace(over_https(served.servers, served.name, "hhsync"), path="f", token="hush-hush")
    with pytest.raises(GitError, match="authentication failed") as caught:
        edit(settings, tmp_path / "cache")
    assert "hush-hush" not in str(caught.value)
