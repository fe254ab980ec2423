"""The command line of ingest and write-back: what a person types and reads, exit codes, JSON, and the Python API."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from authoring.changes import ChangeRefused
from automation import Fabric
from automation.cli import app, terminal
from automation.engine.workspace import Workspace
from tests.support.bare import vpc


@pytest.fixture
def project(tmp_path, monkeypatch, bare, cache):
    """A project whose one stack leads to the bare repository; no engine is asked."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "Pulumi.yaml").write_text("name: hhsync\nruntime: python\n")
    config = {"gitUrl": str(bare.path), "gitPath": "fabric-1", "gitAuthor": "Ops <ops@example.com>"}
    monkeypatch.setattr(Workspace, "config", lambda self, fabric: config)
    monkeypatch.setattr(Workspace, "stacks", lambda self: ["fabric-1"])
    monkeypatch.setenv("HHSYNC_CACHE", str(cache))
    monkeypatch.delenv("HHSYNC_FABRIC", raising=False)
    return folder


@pytest.fixture
def run(project, capsys):
    def call(*argv: str) -> tuple[int, str, str]:
        code = terminal.run(app.app, [*argv, "--project", str(project)])
        out, err = capsys.readouterr()
        return code, out, err

    return call


@pytest.fixture
def world(bare):
    bare.push({"managed/a.yaml": "# ours\n" + vpc("a"), "raw/b.yaml": vpc("b", 1002), "raw/bad.yaml": "a: [\n"})
    return bare


def test_ingest_tells_what_moved_what_stays_and_why(run, world):
    code, out, err = run("ingest", "fabric-1")
    assert code == 1
    assert "fabric-1/raw/b.yaml → fabric-1/archive/b.yaml" in out
    assert "stays: fabric-1/raw/bad.yaml\n    fabric-1/raw/bad.yaml:" in out
    assert f"partial: 1 file moved to archive/, 1 CR created, commit {world.head()[:12]} on main; 1 file stays" in out
    assert "error:" not in err


def test_edit_shows_the_difference_and_the_commit(run, world):
    code, out, _ = run("edit", "VPC/a", "--set", "spec.subnets.default.vlan=1500")
    assert code == 0
    assert "-      vlan: 1001\n+      vlan: 1500\n" in out
    assert out.endswith(f"fabric-1: VPC/a changed: commit {world.head()[:12]} on main\n")
    assert run("edit", "VPC/a", "--set", "spec.subnets.default.vlan=1500")[:2] == (
        0,
        "fabric-1: nothing to commit: Git says so already\n",
    )


def test_a_patch_from_a_file_and_text_as_it_is(run, world, tmp_path):
    (tmp_path / "p.yaml").write_text("spec: {subnets: {default: {vlan: 1501}}}\n")
    assert run("edit", "VPC/a", "--patch", str(tmp_path / "p.yaml"))[0] == 0
    assert run("edit", "VPC/a", "--set-string", 'metadata.labels["a.b/c"]=12')[0] == 0
    assert '    a.b/c: "12"\n' in world.read("managed/a.yaml")
    assert run("edit", "VPC/a", "--unset", "metadata.labels")[0] == 0
    assert world.read("managed/a.yaml") == "# ours\n" + vpc("a").replace("1001", "1501")


def test_the_editor_gets_the_document_and_what_was_typed_is_kept_when_it_is_refused(run, world, monkeypatch):
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "sed -i s/1001/1500/")
    assert run("edit", "VPC/a", "--editor")[0] == 0
    assert world.read("managed/a.yaml") == "# ours\n" + vpc("a").replace("1001", "1500")
    monkeypatch.setenv("EDITOR", "sed -i s/1500/x/")
    code, _, err = run("edit", "VPC/a", "--editor")
    assert code == 1
    kept = err.rpartition("what you typed is in ")[2].strip()
    assert "vlan: x" in Path(kept).read_text()


def test_create_and_delete(run, world, tmp_path):
    (tmp_path / "new.yaml").write_text(vpc("new", 1700) + "---\n" + vpc("more", 1701))
    assert run("create", "-f", str(tmp_path / "new.yaml"))[0] == 0
    assert world.read("managed/vpcs/new.yaml") == vpc("new", 1700)
    assert run("delete", "VPC/new", "vpc/more")[0] == 0
    assert "managed/vpcs/new.yaml" not in world.files()
    assert world.commits() == 3


def test_revert_by_the_commits_name(run, world):
    run("edit", "VPC/a", "--set", "spec.subnets.default.vlan=1500")
    assert run("revert", world.head()[:10])[0] == 0
    assert world.read("managed/a.yaml") == "# ours\n" + vpc("a")


def test_a_branch_says_how_the_pull_request_is_opened(run, world):
    code, out, _ = run("edit", "VPC/a", "--set", "spec.subnets.default.vlan=1500", "--branch", "vlan")
    assert code == 0
    assert "open a pull request from hhsync/vlan to main" in out
    assert "Draft" in out
    assert world.read("managed/a.yaml", "hhsync/vlan") != world.read("managed/a.yaml")


def test_a_conflict_shows_the_three_versions(run, world):
    base = world.head()
    world.push({"managed/a.yaml": vpc("a", 1600)})
    code, out, err = run("edit", "VPC/a", "--set", "spec.subnets.default.vlan=1500", "--base", base)
    assert (code, "nothing was written" in err) == (1, True)
    assert [f"VPC/default/a, {side}" in out for side in ("base", "theirs", "ours")] == [True] * 3
    _, out, _ = run("edit", "VPC/a", "--set", "spec.subnets.default.vlan=1500", "--base", base, "--json")
    assert sorted(json.loads(out)["conflicts"][0]) == ["base", "ours", "ref", "theirs"]


BAD = {
    "nothing to change": (("edit", "VPC/a"), "say what to change"),
    "two ways at once": (("edit", "VPC/a", "--editor", "--set", "a=1"), "say what to change"),
    "no value": (("edit", "VPC/a", "--set", "spec"), "is not PATH=VALUE"),
    "no YAML": (("edit", "VPC/a", "--set", "spec.x=[1"), "use --set-string"),
    "no path": (("edit", "VPC/a", "--set", "spec..x=1"), "no field path"),
    "no kind": (("edit", "VPN/a", "--set", "a=1"), "no kind of Hedgehog's"),
    "no such CR": (("edit", "VPC/nope", "--set", "a=1"), "is not in Git at"),
    "a draft": (("edit", "VPC/b", "--set", "a=1"), "is a draft in"),
    "no such file": (("edit", "VPC/a", "--patch", "nope.yaml"), "cannot be read"),
    "no such base": (("edit", "VPC/a", "--set", "a=1", "--base", "nope"), "has no commit"),
    "no branch name": (("edit", "VPC/a", "--set", "a=1", "--branch", "hhsync/"), "--branch needs a name"),
    "a bad branch name": (("edit", "VPC/a", "--set", "a=1", "--branch", "a b"), "is no name of a branch"),
    "a file without CRs": (("create", "-f", "/dev/null"), "holds no CR"),
    "from nowhere": (("promote", "VPC/a", "--from", "git"), "--from must be cluster or netbox"),
    "no such commit": (("revert", "nope"), "has no commit"),
}


@pytest.mark.parametrize(("argv", "why"), BAD.values(), ids=BAD.keys())
def test_bad_input_is_one_line_that_says_what_to_do(run, world, argv, why):
    before = world.git("for-each-ref")
    code, out, err = run(*argv)
    assert (code, out) == (1, "")
    assert why in err
    assert len(err.strip().splitlines()) == 1
    assert world.git("for-each-ref") == before


def test_which_fabric(run, world, monkeypatch):
    monkeypatch.setattr(Workspace, "stacks", lambda self: ["fabric-1", "fabric-2"])
    change = ("edit", "VPC/a", "--set", "spec.subnets.default.vlan=1500", "--dry-run")
    code, _, err = run(*change)
    assert (code, "name one with --fabric, or set HHSYNC_FABRIC" in err) == (1, True)
    assert run(*change, "--fabric", "fabric-1")[0] == 2
    monkeypatch.setenv("HHSYNC_FABRIC", "fabric-1")
    assert run(*change)[0] == 2


def test_a_failure_in_json_has_the_keys_that_all_share(run, world):
    code, out, _ = run("edit", "VPC/nope", "--set", "a=1", "--json")
    assert (code, json.loads(out)["ok"]) == (1, False)


def test_a_batch_is_one_commit(project, world):
    with Fabric("fabric-1", project).batch("New VLANs") as batch:
        batch.set("VPC/a", "spec.subnets.default.vlan", 1500).create(vpc("new", 1700))
        batch.patch("VPC/new", {"metadata": {"labels": {"a": "b"}}})
        assert batch.preview().commit == ""
    assert (batch.result.commit, world.commits()) == (world.head(), 2)
    assert world.git("log", "-1", "--format=%s") == "New VLANs"
    assert "labels:\n    a: b\n" in world.read("managed/vpcs/new.yaml")


def test_a_batch_that_cannot_be_made_writes_nothing(project, world):
    before = world.head()
    with (
        pytest.raises(ChangeRefused, match="VPC/default/zz is not in Git"),
        Fabric("fabric-1", project).batch() as batch,
    ):
        batch.set("VPC/a", "spec.subnets.default.vlan", 1500).delete("VPC/zz")
    assert world.head() == before


def test_a_batch_left_by_an_exception_writes_nothing(project, world):
    before = world.head()

    def interrupted() -> None:
        with Fabric("fabric-1", project).batch() as batch:
            batch.set("VPC/a", "spec.subnets.default.vlan", 1500)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        interrupted()
    assert world.head() == before


def test_ingest_from_python(project, world):
    assert Fabric("fabric-1", project).ingest().created == ("fabric-1/managed/vpcs/b.yaml",)
