"""A state in a folder: a CLI that is killed while it saves stops no later one, and a full disk is seen before it is written."""

from __future__ import annotations

from collections import namedtuple

import pytest

from automation.engine import folder_backend
from automation.engine.state import recorded
from automation.engine.workspace import Workspace
from providers.errors import EngineError
from tests.support.recorded_project import environment, state_file
from tests.support.states import STACK

ASK = {
    "config": lambda workspace: workspace.config(STACK)["netboxToken"],
    "state": lambda workspace: len(recorded.read(workspace, STACK).crs),
    "stacks": lambda workspace: workspace.stacks(),
}


@pytest.mark.parametrize("ask", ASK.values(), ids=ASK)
def test_a_state_whose_attributes_were_cut_short_is_read(real, ask):
    expected = ask(Workspace(real.root, environment(real.root)))
    sidecar = state_file(real.root).with_name(f"{STACK}.json.attrs")
    sidecar.write_text("")
    assert ask(real) == expected
    assert not sidecar.exists()


URLS = [
    ("file:///srv/state", "/srv/state"),
    ("file:///srv/state?no_tmp_dir=true", "/srv/state"),
    ("file://~", "/home/ann"),
    ("file://~/state", "/home/ann/state"),
    ("file://./state", "/project/state"),
]


@pytest.mark.parametrize(("url", "folder"), URLS)
def test_the_folder_is_found_as_the_cli_finds_it(tmp_path, url, folder):
    folder = tmp_path / folder.lstrip("/")
    (folder / ".pulumi" / "stacks" / "hhsync").mkdir(parents=True)
    broken = folder / ".pulumi" / "stacks" / "hhsync" / "a.json.attrs"
    whole = folder / ".pulumi" / "meta.yaml.attrs"
    broken.write_text('{"md5":')
    whole.write_text("{}")
    url = url.replace("file:///", f"file://{tmp_path}/")
    found = folder_backend.folder_of(url, tmp_path / "project", tmp_path / "home" / "ann")
    folder_backend.remove_broken(found, "hhsync")
    assert (broken.exists(), whole.exists()) == (False, True)


Usage = namedtuple("Usage", "total used free")
FREE = [
    ("nearly full", 0, 1 << 20, True),
    ("room for little", 0, 100 << 20, False),
    ("a large state", 50 << 20, 100 << 20, True),
]


@pytest.mark.parametrize(("size", "free", "refused"), [row[1:] for row in FREE], ids=[row[0] for row in FREE])
def test_a_state_is_written_only_where_there_is_room_for_it(real, monkeypatch, size, free, refused):
    monkeypatch.setattr("shutil.disk_usage", lambda _path: Usage(free, 0, free))
    if size:
        with state_file(real.root).with_suffix(".json.bak").open("wb") as file:
            file.truncate(size)
    if not refused:
        real.require_room(STACK)
        return
    with pytest.raises(EngineError, match=r"MB free, and the state of stack recorded needs .* nothing was changed"):
        real.require_room(STACK)


def test_a_backend_that_is_no_folder_is_not_looked_at(real):
    Workspace(real.root, {**real.env, "PULUMI_BACKEND_URL": "postgres://127.0.0.1:1/x"}).require_room(STACK)
