"""A CLI that is killed while it saves a state in a folder stops no later one."""

from __future__ import annotations

import pytest

from automation.engine import sidecars, state
from automation.engine.workspace import Workspace
from tests.automation.engine.conftest import environment, state_file
from tests.automation.engine.states import STACK

ASK = {
    "config": lambda workspace: workspace.config(STACK)["netboxToken"],
    "state": lambda workspace: len(state.read(workspace, STACK).crs),
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
    sidecars.remove_broken(url, tmp_path / "project", tmp_path / "home" / "ann", "hhsync")
    assert (broken.exists(), whole.exists()) == (False, True)
