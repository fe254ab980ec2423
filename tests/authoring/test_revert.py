"""Taking a commit back: this fabric's folder only, later changes kept, conflicts refused."""

from __future__ import annotations

import pytest

from authoring.changes import ChangeRefused
from authoring.edits import NOTHING, Request
from authoring.revert import revert
from providers.errors import ValidationFailed
from tests.support.bare import OPTIONS, vpc

LONG = vpc("a").replace("spec:", "# one\n# two\n# three\n# four\nspec:")


def take_back(bare, cache, commit, **how):
    return revert(bare.settings, cache, OPTIONS, commit, Request("revert", "fabric-1", lambda _: (), **how))


@pytest.fixture
def changed(bare):
    bare.push({"managed/a.yaml": LONG, "managed/b.yaml": vpc("b", 1002)})
    return bare, bare.push(
        {"managed/a.yaml": LONG.replace("1001", "1500"), "managed/c.yaml": vpc("c", 1003)}, "use 1500"
    )


def test_a_commit_is_taken_back_whole(changed, cache):
    bare, commit = changed
    result = take_back(bare, cache, commit)
    assert bare.files() == {"managed/a.yaml": LONG, "managed/b.yaml": vpc("b", 1002)}
    assert {(one.ref.name, one.action) for one in result.changed} == {("a", "update"), ("c", "delete")}
    assert bare.git("log", "-1", "--format=%B").strip() == f'Revert "use 1500"\n\nThis reverts commit {commit}.'


def test_what_changed_elsewhere_in_the_file_since_stays(changed, cache):
    bare, commit = changed
    bare.push({"managed/a.yaml": "# later\n" + LONG.replace("1001", "1500")})
    take_back(bare, cache, commit)
    assert bare.read("managed/a.yaml") == "# later\n" + LONG


def test_what_changed_in_the_same_place_since_is_a_conflict(changed, cache):
    bare, commit = changed
    head = bare.push({"managed/a.yaml": LONG.replace("1001", "1600")})
    with pytest.raises(ChangeRefused, match=r"managed/a\.yaml changed in the same places since; nothing was written"):
        take_back(bare, cache, commit)
    assert bare.head() == head


def test_taking_back_twice_is_nothing_to_do(changed, cache):
    bare, commit = changed
    take_back(bare, cache, commit)
    head = bare.head()
    result = take_back(bare, cache, commit)
    assert (result.note, bare.head()) == (NOTHING, head)


def test_a_revert_can_be_taken_back_and_HEAD_is_the_branchs(changed, cache):
    bare, commit = changed
    take_back(bare, cache, commit)
    take_back(bare, cache, "HEAD")
    assert "vlan: 1500" in bare.read("managed/a.yaml")


def test_files_outside_the_folder_stay_and_are_told(changed, cache):
    bare, _ = changed
    commit = bare.push({"managed/b.yaml": vpc("b", 1700, 2), "../other/x.txt": "new\n"})
    result = take_back(bare, cache, commit)
    assert "1 files outside the folder" in result.note
    assert bare.git("show", "main:other/x.txt") == "new"


REFUSED = {
    "no such commit": (lambda bare: "0" * 40, "has no commit"),
    "an option": (lambda bare: "--all", "has no commit"),
    "outside the folder only": (lambda bare: bare.push({"../other/x.txt": "x\n"}), "changed nothing in the folder"),
}


@pytest.mark.parametrize(("commit", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_taken_back_is_refused(changed, cache, commit, why):
    bare, _ = changed
    with pytest.raises(ChangeRefused, match=why):
        take_back(bare, cache, commit(bare))


def test_a_merge_is_refused(changed, cache):
    bare, _ = changed
    bare.work.git("checkout", "--quiet", "-b", "side", "HEAD~1")
    bare.work.commit({f"{bare.folder}/managed/d.yaml": vpc("d", 1900)})
    bare.work.git("checkout", "--quiet", "main")
    merge = bare.work.merge("side")
    bare.work.git("push", "--quiet", "origin", "main")
    with pytest.raises(ChangeRefused, match="is a merge"):
        take_back(bare, cache, merge)


def test_a_result_that_is_not_valid_is_refused(changed, cache):
    bare, _ = changed
    commit = bare.push({"managed/b.yaml": vpc("b", 1800)})
    bare.push({"managed/d.yaml": vpc("d", 1002, 9)})
    with pytest.raises(ValidationFailed, match="1002"):
        take_back(bare, cache, commit)


def test_the_first_commit_would_leave_nothing(bare, cache):
    commit = bare.push({"managed/a.yaml": vpc("a")})
    with pytest.raises(ChangeRefused, match="hhsync destroy"):
        take_back(bare, cache, commit)
