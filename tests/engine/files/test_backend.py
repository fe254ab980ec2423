"""The folder layout of the file backend, and its URL (engine-contract §5.1)."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import pwd
from pathlib import Path

import pytest

from embedded.engine import files, project, workspace
from embedded.engine.backend import Backend, StackRef
from embedded.engine.errors import EngineError, NotSupported, StackNotFound, StateError
from embedded.engine.workspace import Selection

REF = StackRef("proj", "dev")


@pytest.fixture
def backend(tmp_path: Path) -> Backend:
    return Backend(f"file://{tmp_path}", tmp_path, "a test")


REFS: list[tuple[str, str | None, str]] = [
    ("dev", "proj", "organization/proj/dev"),
    ("organization/dev", "proj", "organization/proj/dev"),
    ("organization/other/dev", "proj", "organization/other/dev"),
    ("organization/other/dev", None, "organization/other/dev"),
    ("a.b-c_D1", "proj", "organization/proj/a.b-c_D1"),
]


@pytest.mark.parametrize(("text", "default", "qualified"), REFS)
def test_stack_names(text: str, default: str | None, qualified: str) -> None:
    assert StackRef.parse(text, default).qualified == qualified


@pytest.mark.parametrize("text", ["", "a/b", "organization/../dev", "organization/p/..", "a b", "x" * 101, "é"])
def test_impossible_stack_names(text: str) -> None:
    with pytest.raises(EngineError):
        StackRef.parse(text, "proj")


def test_a_url_is_found_where_the_contract_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, work = tmp_path / "home", tmp_path / "work"
    work.mkdir()
    (work / "Pulumi.yaml").write_text(f"name: p\nruntime: python\nbackend: {{url: 'file://{tmp_path}/b'}}\n")
    with_url = project.load(work / "Pulumi.yaml")
    (work / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    plain = project.load(work / "Pulumi.yaml")
    monkeypatch.setattr(workspace, "user_home", lambda _env: home)
    env = {"PULUMI_BACKEND_URL": f"file://{tmp_path}/a"}
    assert Backend.open(env, with_url, work).folder == tmp_path / "a"
    del env["PULUMI_BACKEND_URL"]
    assert Backend.open(env, with_url, work).folder == tmp_path / "b"
    assert Backend.open(env, plain, work).folder == home
    (home / ".pulumi").mkdir(parents=True)
    (home / ".pulumi" / "credentials.json").write_text(json.dumps({"current": f"file://{tmp_path}/c"}))
    assert Backend.open(env, plain, work).folder == tmp_path / "c"
    (tmp_path / "ph").mkdir()
    (tmp_path / "ph" / "credentials.json").write_text(json.dumps({"current": f"file://{tmp_path}/d"}))
    assert Backend.open({**env, "PULUMI_HOME": str(tmp_path / "ph")}, plain, work).folder == tmp_path / "d"


URLS = [
    ("file://~", "home"),
    ("file://~/x/y", "home/x/y"),
    ("file://./rel", "work/rel"),
    ("file://rel", "work/rel"),
    ("file://../up", "up"),
    ("file:///abs/s?no_tmp_dir=true", "/abs/s"),
    ("file:///abs/with%20space", "/abs/with space"),
]


@pytest.mark.parametrize(("url", "folder"), URLS)
def test_forms_of_a_file_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str, folder: str) -> None:
    monkeypatch.setattr(workspace, "user_home", lambda _env: tmp_path / "home")
    env = {"PULUMI_BACKEND_URL": url}
    assert Backend.open(env, None, tmp_path / "work").folder == tmp_path / folder


@pytest.mark.parametrize("url", ["https://api.pulumi.com", "s3://user:pw@bucket", "gs://b", "postgres://u:pw@h/d"])
def test_other_backends_are_refused_without_their_credentials(tmp_path: Path, url: str) -> None:
    with pytest.raises(NotSupported, match="file:// URL") as caught:
        Backend.open({"PULUMI_BACKEND_URL": url}, None, tmp_path)
    assert "pw" not in str(caught.value)


def test_layouts_of_other_times_are_refused(tmp_path: Path) -> None:
    env = {"PULUMI_BACKEND_URL": f"file://{tmp_path}"}
    stacks = tmp_path / ".pulumi" / "stacks"
    stacks.mkdir(parents=True)
    (stacks / "old.json").write_text("{}")
    with pytest.raises(NotSupported, match="legacy layout"):
        Backend.open(env, None, tmp_path)
    (tmp_path / ".pulumi" / "meta.yaml").write_text("version: 1\n")
    Backend.open(env, None, tmp_path)
    (tmp_path / ".pulumi" / "meta.yaml").write_text("version: 2\n")
    with pytest.raises(StateError, match="version 2"):
        Backend.open(env, None, tmp_path)


def test_opening_a_backend_writes_nothing(tmp_path: Path) -> None:
    Backend.open({"PULUMI_BACKEND_URL": f"file://{tmp_path}/s"}, None, tmp_path)
    assert not (tmp_path / "s").exists()


def test_writing_keeps_the_former_state_and_marks_the_layout(backend: Backend) -> None:
    backend.write(REF, b"one")
    backend.write(REF, b"two")
    path = backend.folder / ".pulumi" / "stacks" / "proj" / "dev.json"
    assert (path.read_bytes(), path.with_name("dev.json.bak").read_bytes()) == (b"two", b"one")
    assert (backend.folder / ".pulumi" / "meta.yaml").read_text() == "version: 1\n"
    assert sorted(file.name for file in path.parent.iterdir()) == ["dev.json", "dev.json.bak"]


def test_the_newest_variant_counts_and_a_write_makes_it_plain(backend: Backend) -> None:
    backend.write(REF, b"plain")
    zipped = backend.state_path(REF).with_name("dev.json.gz")
    zipped.write_bytes(gzip.compress(b"zipped"))
    os.utime(backend.state_path(REF), ns=(1, 1))
    assert backend.read(REF) == b"zipped"
    backend.write(REF, b"new")
    assert backend.read(REF) == b"new"
    assert not zipped.exists()


def test_a_zstd_state_is_refused_by_name(backend: Backend) -> None:
    path = backend.state_path(REF).with_name("dev.json.zst")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    with pytest.raises(NotSupported, match="zstd"):
        backend.read(REF)


def test_reading_a_stack_that_is_not_there(backend: Backend) -> None:
    with pytest.raises(StackNotFound):
        backend.read(REF)
    assert not backend.exists(REF)


def test_a_failed_write_leaves_the_old_state(backend: Backend, monkeypatch: pytest.MonkeyPatch) -> None:
    backend.write(REF, b"old")

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(StateError, match="No space left"):
        backend.write(REF, b"new")
    assert backend.read(REF) == b"old"
    assert not list(backend.state_path(REF).parent.glob(".*"))


def test_listing_skips_what_is_no_stack(backend: Backend) -> None:
    for ref in (REF, StackRef("proj", "abc"), StackRef("other", "x")):
        backend.write(ref, b"{}")
    folder = backend.state_path(REF).parent
    for name in ("dev.json.bak", "dev.json.attrs", "a b.json", "dev.json.journal", "note.txt"):
        (folder / name).write_text("")
    assert list(backend.stacks("proj")) == [StackRef("proj", "abc"), REF]
    assert [ref.project for ref in backend.stacks()] == ["other", "proj", "proj"]


def test_removal_keeps_backups_unless_told(backend: Backend) -> None:
    backend.write(REF, b"x")
    backend.back_up(REF)
    backend.remove(REF)
    assert len(list(backend.backup_folder(REF).iterdir())) == 1
    backend.write(REF, b"x")
    backend.remove(REF, backups=True)
    assert not backend.backup_folder(REF).exists()
    assert list(backend.state_path(REF).parent.iterdir()) == []


def test_the_selection_lies_where_the_cli_looks_for_it(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.yaml"
    path.write_text("name: proj\nruntime: python\n")
    env = {"PULUMI_HOME": str(tmp_path / "ph")}
    selection = Selection(env, project.load(path), "file:///s")
    selection.set("organization/proj/dev")
    other = Selection(env, project.load(path), "file:///t")
    other.set("organization/proj/x")
    digest = hashlib.sha1(str(path).encode()).hexdigest()
    file = tmp_path / "ph" / "workspaces" / f"proj-{digest}-workspace.json"
    assert json.loads(file.read_text()) == {
        "stacks": {"file:///s": "organization/proj/dev", "file:///t": "organization/proj/x"}
    }
    selection.set("")
    assert (selection.get(), other.get()) == ("", "organization/proj/x")
    other.set("")
    assert not file.exists()


def test_a_former_kind_of_selection_is_read(tmp_path: Path) -> None:
    path = tmp_path / "Pulumi.yaml"
    path.write_text("name: proj\nruntime: python\n")
    selection = Selection({"PULUMI_HOME": str(tmp_path)}, project.load(path), "file:///s")
    selection._path.parent.mkdir()
    selection._path.write_text('{"stack": "organization/proj/old"}')
    assert selection.get() == "organization/proj/old"


def test_the_home_folder_is_that_of_the_account_as_for_the_cli() -> None:
    assert workspace.user_home({"HOME": "/elsewhere"}) == Path(pwd.getpwuid(os.getuid()).pw_dir)
