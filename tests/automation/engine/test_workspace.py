"""The project's root, its backend, its stacks and their config."""

from __future__ import annotations

import pytest

from automation.engine.workspace import Workspace, find_root, locked, stderr_lines
from providers.errors import ConfigError
from tests.automation.fake_engine import FakeCommand, workspace

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


BACKENDS = [
    ({"PULUMI_BACKEND_URL": "s3://bucket"}, "backend:\n  url: file:///x\n", "s3://bucket"),
    ({}, "backend:\n  url: file:///x\n", "file:///x"),
    ({}, "", "file://~"),
]


@pytest.mark.parametrize(("env", "declared", "expected"), BACKENDS)
def test_the_backend(tmp_path, env, declared, expected):
    (tmp_path / "Pulumi.yaml").write_text(PROJECT + declared)
    assert Workspace(tmp_path, env).backend == expected


def test_config_is_flat_and_only_ours(tmp_path):
    fake = FakeCommand(config={"hhsync:gitUrl": "https://x", "hhsync:netboxToken": "hush", "aws:region": "eu"})
    assert workspace(tmp_path, fake).config("fabric-1") == {"gitUrl": "https://x", "netboxToken": "hush"}


def test_a_stack_with_its_own_secrets_provider_needs_no_passphrase(tmp_path):
    made = workspace(tmp_path, FakeCommand())
    made.env.pop("PULUMI_CONFIG_PASSPHRASE")
    made.stack_file("fabric-1").write_text("secretsprovider: awskms://alias/x\n")
    made.require_passphrase("fabric-1")


def test_a_passphrase_file_that_is_not_there_is_named(tmp_path):
    made = workspace(tmp_path, FakeCommand(), PULUMI_CONFIG_PASSPHRASE_FILE="/nowhere/phrase")
    made.env.pop("PULUMI_CONFIG_PASSPHRASE")
    with pytest.raises(ConfigError, match="/nowhere/phrase"):
        made.require_passphrase("fabric-1")


def test_an_empty_passphrase_is_one(tmp_path):
    made = workspace(tmp_path, FakeCommand(), PULUMI_CONFIG_PASSPHRASE="")
    made.require_passphrase("fabric-1")


def test_only_the_engines_error_lines_are_told():
    text = "\n code: 1\n stdout: noise\n stderr: warning: old\nerror: the passphrase is wrong\n"
    assert list(stderr_lines(text)) == ["the passphrase is wrong"]


def test_a_lock_of_nobody_known_still_names_the_remedy():
    assert "hhsync pulumi -- cancel --yes --stack f" in str(locked("the stack is currently locked by", "f"))
