"""What the real CLI says of bad input reaches a person as one line of the right class, with the remedy; nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from automation.engine import messages
from automation.engine.state import recorded
from automation.engine.workspace import Workspace
from providers.errors import ConfigError, EngineError, HhsyncError
from tests.support.recorded_project import environment, state_file
from tests.support.states import STACK


def config(workspace):
    workspace.config(STACK)


def read(workspace):
    recorded.read(workspace, STACK)


def export_to_a_full_disk(workspace):
    workspace.export(STACK, Path("/dev/full"))


NO_PASSPHRASE = {"PULUMI_CONFIG_PASSPHRASE": ""}
ENVIRONMENTS = [
    (
        "wrong passphrase",
        {"PULUMI_CONFIG_PASSPHRASE": "wrong"},
        config,
        ConfigError,
        "another passphrase than the one of",
    ),
    ("empty passphrase", {"PULUMI_CONFIG_PASSPHRASE": ""}, config, ConfigError, "passphrase"),
    (
        "no such folder",
        {"PULUMI_BACKEND_URL": "file:///nowhere/x"},
        read,
        EngineError,
        "backend file:///nowhere/x cannot",
    ),
    (
        "refused",
        {"PULUMI_BACKEND_URL": "postgres://me:hush@127.0.0.1:1/x"},
        read,
        EngineError,
        "me:****@127.0.0.1:1/x cannot",
    ),
    (
        "no such scheme",
        {"PULUMI_BACKEND_URL": "nonsense://x"},
        read,
        EngineError,
        "nonsense://x takes no part without a login",
    ),
    ("no URL", {"PULUMI_BACKEND_URL": "state"}, read, EngineError, "state takes no part without a login"),
    ("half a bucket", {"PULUMI_BACKEND_URL": "azblob://x"}, read, EngineError, "azblob://x cannot be reached"),
    ("another stack", {}, lambda workspace: workspace.config("other"), EngineError, f"existing stacks: {STACK}"),
    ("full disk", {}, export_to_a_full_disk, EngineError, "the disk is full"),
]


@pytest.mark.parametrize(
    ("more", "ask", "kind", "text"), [r[1:] for r in ENVIRONMENTS], ids=[r[0] for r in ENVIRONMENTS]
)
def test_a_wrong_environment_is_one_line_with_the_remedy(real, more, ask, kind, text):
    workspace = Workspace(real.root, {**environment(real.root), **more})
    with pytest.raises(HhsyncError) as caught:
        ask(workspace)
    assert isinstance(caught.value, kind)
    assert text in str(caught.value)
    assert "hush" not in str(caught.value)


def features(text):
    return json.dumps({**json.loads(text), "version": 4, "features": ["zorp"]})


STATES = [
    ("truncated", lambda text: text[:5000], "cannot be read"),
    ("empty", lambda _text: "", "cannot be read"),
    ("nonsense", lambda _text: "hello", "cannot be read"),
    ("a newer version", lambda text: text.replace('"version":3', '"version":9', 1), "written by a newer Pulumi"),
    ("a newer feature", features, "written by a newer Pulumi"),
    (
        "another project",
        lambda text: text.replace(f":{STACK}::hhsync:", f":{STACK}::other:"),
        "another project or stack",
    ),
    ("another stack", lambda text: text.replace(f":{STACK}::hhsync:", ":b::hhsync:"), "another project or stack"),
]


@pytest.mark.parametrize(("damage", "text"), [row[1:] for row in STATES], ids=[row[0] for row in STATES])
def test_a_damaged_state_is_one_line_and_stays_as_it_was(real, damage, text):
    path = state_file(real.root)
    path.write_text(damage(path.read_text()))
    before = path.read_bytes()
    with pytest.raises(EngineError, match=text):
        read(real)
    assert path.read_bytes() == before


def test_a_secret_that_cannot_be_decrypted_is_one_line(real):
    path = real.stack_file(STACK)
    path.write_text(path.read_text() + "  hhsync:gitToken:\n    secure: v1:aaaa:bbbb\n")
    with pytest.raises(ConfigError, match=f"a secret in the config of stack {STACK} cannot be decrypted"):
        config(real)


def test_only_the_clis_error_lines_are_told():
    text = "warning: old\nerror: the passphrase is wrong\n"
    assert list(messages.error_lines(text)) == ["the passphrase is wrong"]


LOCK = (
    "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock file "
    "with `pulumi cancel`.\n  file:///s/.pulumi/locks/o/p/s/x.json: created by ann b@host.x (pid 42) at 2026-12-01T04:05:06Z"
)


def test_a_lock_names_its_holder_and_the_remedy():
    found = messages.locked(LOCK, "f")
    assert found.holders == (messages.Holder("ann b", "host.x", 42, "2026-12-01T04:05:06Z"),)
    assert "ann b@host.x (pid 42) since 2026-12-01T04:05:06Z" in str(found)
    assert "hhsync pulumi -- cancel --yes --stack f" in str(found)


def test_a_lock_of_nobody_known_still_names_the_remedy():
    found = messages.locked("[409] Conflict: Another update is currently in progress.", "f")
    assert found.holders == ()
    assert "hhsync pulumi -- cancel --yes --stack f" in str(found)
