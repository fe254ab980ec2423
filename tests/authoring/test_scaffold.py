"""init --scaffold: the layout as one commit, also in an empty repository; a folder that is read whole is left alone."""

from __future__ import annotations

import pytest

from authoring.scaffold import scaffold
from providers.errors import GitError
from tests.support.bare import OPTIONS, vpc

PARTS = {".hhsync/manifest.json", "archive/.gitkeep", "managed/.gitkeep", "raw/.gitkeep"}


def run(bare, cache):
    return scaffold(bare.settings, cache, OPTIONS, "fabric-1")


def test_an_empty_repository_gets_its_first_commit(bare, cache):
    outcome = run(bare, cache)
    assert (set(bare.files()), bare.head(), bare.commits()) == (PARTS, outcome.commit, 1)


def test_a_folder_that_is_not_there_is_made_beside_the_others(bare, cache):
    bare.push({"../other/a.yaml": vpc("a")})
    run(bare, cache)
    assert set(bare.files()) == PARTS
    assert bare.git("ls-tree", "--name-only", "main").splitlines() == ["fabric-1", "other"]


def test_only_what_is_missing_is_made_and_then_nothing(bare, cache):
    bare.push({"raw/a.yaml": vpc("a"), "managed/b.yaml": vpc("b", 1002)})
    assert set(run(bare, cache).changed) == {"fabric-1/.hhsync/manifest.json", "fabric-1/archive/.gitkeep"}
    assert (run(bare, cache).commit, bare.commits()) == ("", 2)


def test_a_folder_that_is_read_whole_is_refused_with_the_way_out(bare, cache):
    head = bare.push({"vpcs/a.yaml": vpc("a")})
    with pytest.raises(GitError, match=r"read whole, and has 1 YAML files.*fabric-1/managed/ first"):
        run(bare, cache)
    assert bare.head() == head
