"""A fault at every step of a write: Git is as it was, or completely changed, the error says which, a second run ends well."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from authoring import edits, repository, write
from authoring.changes import Assign
from authoring.edits import Request
from authoring.ingest.run import ingest
from authoring.text.paths import parse as path
from authoring.write import WriteFailed
from gitops.git.command import CommandFailed
from providers.core.identity import ObjectRef
from tests.support.bare import OPTIONS, vpc

ROOT = Path(__file__).resolve().parents[2]
A = ObjectRef("VPC", "default", "a")


def do_ingest(bare, cache):
    return ingest(bare.settings, cache, OPTIONS, "fabric-1").commit


def do_edit(bare, cache):
    one = Assign(A, path("spec.subnets.default.vlan"), 1500)
    return edits.change(bare.settings, cache, OPTIONS, Request("edit", "fabric-1", lambda _: (one,))).commit


DOES = {"ingest": do_ingest, "edit": do_edit}


@pytest.fixture
def world(bare):
    bare.push({"managed/a.yaml": vpc("a"), "raw/b.yaml": vpc("b", 1002), "raw/c.yaml": vpc("c", 1003)})
    return bare


def is_done(bare, verb: str) -> bool:
    """Completely done, or not at all: anything between is an error."""
    files = bare.files()
    if verb == "edit":
        done = "vlan: 1500" in files["managed/a.yaml"]
        assert files["managed/a.yaml"] == (vpc("a").replace("1001", "1500") if done else vpc("a"))
        return done
    facts = {
        "raw/b.yaml" not in files, "raw/c.yaml" not in files, "managed/vpcs/b.yaml" in files, "managed/vpcs/c.yaml" in files,
        "archive/b.yaml" in files, "archive/c.yaml" in files, ".hhsync/manifest.json" in files,
    }  # fmt: skip
    assert len(facts) == 1
    return facts.pop()


def fails_at(monkeypatch, module, name, failure):
    def failing(*arguments, **more):
        raise failure

    monkeypatch.setattr(module, name, failing)


def hook_says_no(bare, monkeypatch):
    bare.hook("echo 'policy: no pushes on Fridays' >&2; exit 1")


def server_has_no_room(bare, monkeypatch):
    bare.git("config", "receive.maxInputSize", "100")


def no_room_for_the_commit(bare, monkeypatch):
    fails_at(monkeypatch, repository, "build", OSError(28, "No space left on device"))


def git_cannot_write(bare, monkeypatch):
    fails_at(monkeypatch, repository, "build", CommandFailed("fatal: write error: No space left on device"))


def server_gone_before_the_push(bare, monkeypatch):
    real = repository.push

    def gone(*arguments):
        bare.path.rename(bare.path.with_suffix(".away"))
        real(*arguments)

    monkeypatch.setattr(repository, "push", gone)


def answer_lost_after_the_push(bare, monkeypatch):
    real = repository.push

    def lost(*arguments):
        real(*arguments)
        raise CommandFailed("fatal: the remote end hung up unexpectedly")

    monkeypatch.setattr(repository, "push", lost)


def server_gone_after_the_push(bare, monkeypatch):
    real = repository.push

    def gone(*arguments):
        real(*arguments)
        bare.path.rename(bare.path.with_suffix(".away"))

    monkeypatch.setattr(repository, "push", gone)


# fault → what the error says, and whether the commit arrived (None: it cannot be known); "" is no error at all
FAULTS = {
    "refused by a hook": (hook_says_no, "policy: no pushes on Fridays; nothing was written", False),
    "no room on the server": (server_has_no_room, "nothing was written", False),
    "no room here": (no_room_for_the_commit, "No space left on device; nothing was written", False),
    "git cannot write here": (git_cannot_write, "No space left on device; nothing was written", False),
    "server gone before the push": (server_gone_before_the_push, "cannot be asked whether it arrived", None),
    "answer lost after the push": (answer_lost_after_the_push, "", True),
    "server gone after the push": (server_gone_after_the_push, "was pushed to main, but", True),
}


@pytest.mark.parametrize("verb", DOES)
@pytest.mark.parametrize(("fault", "says", "arrived"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_leaves_git_as_before_or_completely_done(world, cache, verb, fault, says, arrived):
    before = world.commits()
    with pytest.MonkeyPatch.context() as patching:
        fault(world, patching)
        if says:
            with pytest.raises(WriteFailed) as caught:
                DOES[verb](world, cache)
            assert says in str(caught.value)
            assert caught.value.arrived is arrived
        else:
            assert DOES[verb](world, cache) == world.head()
    away = world.path.with_suffix(".away")
    if away.exists():
        away.rename(world.path)
    assert is_done(world, verb) is bool(arrived)
    (world.path / "hooks" / "pre-receive").unlink(missing_ok=True)
    world.git("config", "--unset-all", "receive.maxInputSize") if fault is server_has_no_room else None
    DOES[verb](world, cache)
    assert is_done(world, verb)
    assert world.commits() == before + 1


KILL = """
import os, signal, sys
from authoring import repository, write
from tests.authoring.test_faults import do_edit, do_ingest
from tests.support.bare import Bare
from pathlib import Path
module, name, when, verb, server, cache = sys.argv[1:]
target = {"repository": repository, "write": write}[module]
real = getattr(target, name)
def killed(*arguments, **more):
    if when == "after":
        real(*arguments, **more)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(target, name, killed)
{"ingest": do_ingest, "edit": do_edit}[verb](Bare(Path(server), None), Path(cache))
"""
STEPS = {
    "before anything was read": ("repository", "tree", "before"),
    "before the commit": ("repository", "build", "before"),
    "after the commit": ("repository", "build", "after"),
    "after the push": ("repository", "push", "after"),
    "before the result": ("write", "_confirmed", "before"),
}


@pytest.mark.parametrize("verb", DOES)
@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS.keys())
def test_a_killed_run_leaves_git_as_before_or_completely_done(world, cache, verb, step):
    before = world.commits()
    ran = subprocess.run(
        [sys.executable, "-c", KILL, *step, verb, str(world.path), str(cache)],
        cwd=ROOT,
        check=False,
        capture_output=True,
    )
    assert ran.returncode == -signal.SIGKILL, ran.stderr.decode()
    assert is_done(world, verb) is (step in (STEPS["after the push"], STEPS["before the result"]))
    DOES[verb](world, cache)
    assert is_done(world, verb)
    assert world.commits() == before + 1
    assert not [ref for ref in os.listdir(cache / "git") if ref.endswith(".tmp")]


def test_a_repository_with_a_work_tree_is_told_apart(world, cache):
    world.git("config", "core.bare", "false")
    with pytest.raises(WriteFailed, match=r"work tree in which this branch is checked out; name a bare repository"):
        do_edit(world, cache)


def test_a_branch_that_moves_again_and_again_ends_in_a_refusal(world, cache, monkeypatch):
    monkeypatch.setattr(write, "ATTEMPTS", 3)
    count = 0
    real = repository.push

    def overtaken(*arguments):
        nonlocal count
        count += 1
        world.push({f"managed/other-{count}.yaml": vpc(f"o{count}", 1700 + count)})
        real(*arguments)

    monkeypatch.setattr(repository, "push", overtaken)
    with pytest.raises(WriteFailed, match="moved 3 times"):
        do_edit(world, cache)
    assert not is_done(world, "edit")


@pytest.mark.parametrize("verb", DOES)
def test_a_branch_that_moved_meanwhile_is_planned_anew(world, cache, monkeypatch, verb):
    real, moved = repository.push, []

    def overtaken(*arguments):
        if not moved:
            moved.append(world.push({"managed/other.yaml": vpc("other", 1700), "raw/late.yaml": vpc("late", 1800)}))
        real(*arguments)

    monkeypatch.setattr(repository, "push", overtaken)
    DOES[verb](world, cache)
    files = world.files()
    assert is_done(world, verb)
    assert "managed/other.yaml" in files
    assert ("managed/vpcs/late.yaml" in files) is (verb == "ingest")


def test_a_branch_that_was_moved_back_meanwhile_does_not_get_the_dropped_commits_again(world, cache, monkeypatch):
    first = world.head()
    world.push({"managed/secret.yaml": vpc("secret", 1900)})
    real, moved = repository.push, []

    def rewound(*arguments):
        if not moved:
            moved.append(world.git("update-ref", "refs/heads/main", first))
        real(*arguments)

    monkeypatch.setattr(repository, "push", rewound)
    do_edit(world, cache)
    assert "managed/secret.yaml" not in world.files()
