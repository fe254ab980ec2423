"""The project's root, its backend, its stacks and their config."""

from __future__ import annotations

import json

import pytest

from automation.engine.state import recorded
from automation.engine.workspace import Workspace, find_root
from providers.errors import ConfigError, EngineError
from tests.support.fake_cli import FakeCommand, workspace

PROJECT = "name: hhsync\nruntime: python\n"


def test_the_root_is_found_from_a_folder_below(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert find_root(tmp_path / "a" / "b") == tmp_path


def test_another_project_on_the_way_is_passed_over(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "Pulumi.yaml").write_text("name: other\n")
    assert find_root(tmp_path / "a") == tmp_path


def test_no_project_names_the_remedy(tmp_path):
    with pytest.raises(ConfigError, match="--project DIR"):
        find_root(tmp_path)


def test_a_broken_project_file_is_one_line(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("name: [hhsync\n")
    with pytest.raises(ConfigError, match=r"Pulumi\.yaml cannot be read") as caught:
        find_root(tmp_path)
    assert "\n" not in str(caught.value)


LOGIN = {"current": "s3://login"}
BACKENDS = [
    ("the environment first", {"PULUMI_BACKEND_URL": "s3://bucket"}, "file:///x", LOGIN, "s3://bucket", None),
    ("then the project", {}, "file:///x", LOGIN, "file:///x", None),
    ("then the login", {}, "", LOGIN, "s3://login", None),
    ("nobody logged in", {}, "", {"accounts": {}}, "file://~", "file://~"),
    ("no login at all", {}, "", None, "file://~", "file://~"),
    ("a login that only the CLI can read", {}, "", {"$pulumiSecureStore": 1}, "", None),
    ("a login by token", {"PULUMI_ACCESS_TOKEN": "pul-x"}, "", None, "", None),
    ("a login and a token", {"PULUMI_ACCESS_TOKEN": "pul-x"}, "", LOGIN, "s3://login", None),
]


@pytest.mark.parametrize(
    ("env", "declared", "login", "expected", "given"), [r[1:] for r in BACKENDS], ids=[r[0] for r in BACKENDS]
)
def test_the_backend_is_found_in_the_clis_order_and_set_for_it_only_where_it_has_none(
    tmp_path, env, declared, login, expected, given
):
    (tmp_path / "Pulumi.yaml").write_text(PROJECT + (f"backend:\n  url: {declared}\n" if declared else ""))
    (tmp_path / "home").mkdir()
    if login is not None:
        (tmp_path / "home" / "credentials.json").write_text(json.dumps(login))
    made = Workspace(tmp_path, {"PULUMI_HOME": str(tmp_path / "home"), **env})
    assert made.backend == expected
    assert made.variables().get("PULUMI_BACKEND_URL") == env.get("PULUMI_BACKEND_URL", given)


def test_a_password_in_the_backends_url_is_shown_to_nobody(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text(PROJECT)
    made = Workspace(tmp_path, {"PULUMI_BACKEND_URL": "postgres://me:hush@db:5432/state"})
    assert made.shown_backend == "postgres://me:****@db:5432/state"


def test_config_is_flat_and_only_ours(tmp_path):
    fake = FakeCommand(config={"hhsync:gitUrl": "https://x", "hhsync:netboxToken": "hush", "aws:region": "eu"})
    assert workspace(tmp_path, fake).config("fabric-1") == {"gitUrl": "https://x", "netboxToken": "hush"}


PASSPHRASES = [
    ("a keeper of its own", "secretsprovider: awskms://alias/x\n", "file:///x", False),
    ("by passphrase", "secretsprovider: passphrase\n", "https://api.pulumi.com", True),
    ("a salt", "encryptionsalt: v1:x\n", "https://api.pulumi.com", True),
    ("Pulumi Cloud", "config: {}\n", "https://api.pulumi.com", False),
    ("a bucket", "config: {}\n", "s3://bucket", True),
    ("no file, a bucket", None, "s3://bucket", True),
    ("no file, Pulumi Cloud", None, "https://api.pulumi.com", False),
]


@pytest.mark.parametrize(
    ("content", "backend", "needed"), [r[1:] for r in PASSPHRASES], ids=[r[0] for r in PASSPHRASES]
)
def test_a_passphrase_is_asked_for_where_it_keeps_the_secrets(tmp_path, content, backend, needed):
    made = workspace(tmp_path, FakeCommand(), PULUMI_BACKEND_URL=backend)
    made.env.pop("PULUMI_CONFIG_PASSPHRASE")
    if content is not None:
        made.stack_file("fabric-1").write_text(content)
    if needed:
        with pytest.raises(ConfigError, match="no passphrase for the secrets of stack fabric-1"):
            made.require_passphrase("fabric-1")
    else:
        made.require_passphrase("fabric-1")


def test_a_passphrase_file_that_is_not_there_is_named(tmp_path):
    made = workspace(tmp_path, FakeCommand(), PULUMI_CONFIG_PASSPHRASE_FILE="/nowhere/phrase")
    made.env.pop("PULUMI_CONFIG_PASSPHRASE")
    with pytest.raises(ConfigError, match="/nowhere/phrase"):
        made.require_passphrase("fabric-1")


def test_an_empty_passphrase_is_one(tmp_path):
    made = workspace(tmp_path, FakeCommand(), PULUMI_CONFIG_PASSPHRASE="")
    made.require_passphrase("fabric-1")


def test_config_and_state_are_one_process_of_the_cli_each(tmp_path):
    fake = FakeCommand(config={"hhsync:gitUrl": "https://x"})
    made = workspace(tmp_path, fake)
    made.config("fabric-1")
    recorded.read(made, "fabric-1")
    assert [args[:2] for args, _ in fake.runs] == [["config", "--show-secrets"], ["stack", "export"]]


@pytest.mark.parametrize("ask", [Workspace.config, recorded.read])
def test_a_stack_that_is_not_there_names_those_that_are(tmp_path, ask):
    made = workspace(tmp_path, FakeCommand(stacks=["fabric-2"]))
    with pytest.raises(
        EngineError, match=r"no stack fabric-1 on file:.*existing stacks: fabric-2.*hhsync init fabric-1"
    ):
        ask(made, "fabric-1")


@pytest.mark.parametrize("text", ["", "hello", "[]"])
def test_a_cli_that_prints_nonsense_is_one_line(tmp_path, text):
    made = workspace(tmp_path, FakeCommand(nonsense=text))
    with pytest.raises(EngineError, match="the Pulumi CLI printed no config"):
        made.config("fabric-1")
