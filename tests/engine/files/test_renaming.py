"""Renaming a stack, its tags, and its secrets under a new passphrase."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.engine.files.test_stack_commands import outputs, put_state

if TYPE_CHECKING:
    from pathlib import Path

    from tests.engine.files.world import Engine

OLD = "urn:pulumi:dev::proj::"
ROOT = f"{OLD}pulumi:pulumi:Stack::proj-dev"
PROVIDER = f"{OLD}pulumi:providers:pulumi-python::default"
ENTRIES: list[dict[str, Any]] = [
    {"urn": ROOT, "custom": False, "type": "pulumi:pulumi:Stack"},
    {"urn": PROVIDER, "custom": True, "id": "1", "type": "pulumi:providers:pulumi-python"},
    {"urn": f"{OLD}m:m:C::c", "custom": False, "type": "m:m:C", "parent": ROOT},
    {
        "urn": f"{OLD}m:m:C$m:m:T::proj-dev",
        "custom": True,
        "id": "x",
        "type": "m:m:T",
        "parent": f"{OLD}m:m:C::c",
        "dependencies": [f"{OLD}m:m:C::c"],
        "propertyDependencies": {"a": [f"{OLD}m:m:C::c"]},
        "deletedWith": f"{OLD}m:m:C::c",
        "replaceWith": [f"{OLD}m:m:C::c"],
        "provider": f"{PROVIDER}::1",
        "future": "kept",
    },
]


def state(folder: Path) -> dict[str, Any]:
    return json.loads(folder.read_bytes())


@pytest.mark.parametrize(
    ("target", "name", "project"), [("new", "new", "proj"), ("organization/other/n", "n", "other")]
)
def test_every_urn_of_a_renamed_stack_says_the_new_name(dev: Engine, target: str, name: str, project: str) -> None:
    put_state(dev, ENTRIES)
    before = dev.state_file.read_text()
    assert dev("stack", "rename", target).code == 0
    path = dev.state_file.parent.parent / project / f"{name}.json"
    expected = json.loads(before.replace(OLD, f"urn:pulumi:{name}::{project}::"))
    root = expected["checkpoint"]["latest"]["resources"][0]
    old_root, new_root = root["urn"], root["urn"].replace("proj-dev", f"{project}-{name}")
    expected = json.loads(json.dumps(expected).replace(f'"{old_root}"', f'"{new_root}"'))
    expected["checkpoint"]["stack"] = f"organization/{project}/{name}"
    found = state(path)
    found["checkpoint"]["latest"]["manifest"] = expected["checkpoint"]["latest"]["manifest"]
    assert found == expected
    assert not dev.state_file.exists()


def test_configuration_tags_history_and_selection_follow(dev: Engine) -> None:
    dev("config", "set", "--secret", "s", "x")
    dev("stack", "tag", "set", "a", "b")
    folder = dev.state / ".pulumi" / "history" / "proj"
    (folder / "dev").mkdir(parents=True)
    content = {"kind": "update", "startTime": 1, "endTime": 2, "message": "m", "result": "succeeded"}
    (folder / "dev" / "dev-17.history.json").write_text(json.dumps(content))
    assert dev("stack", "rename", "new").out == "Renamed dev to new"
    assert dev("stack", "--show-name").out == "new"
    assert dev("config", "get", "s").out == "x"
    assert dev("stack", "tag", "ls", "--json").json == {"a": "b"}
    assert dev("stack", "history", "--json").json[0]["message"] == "m"
    assert not dev.stack_file.exists()
    assert dev("stack", "ls", "--json").json[0]["name"] == "new"


def test_a_rename_overwrites_nothing(dev: Engine) -> None:
    dev("stack", "init", "--no-select", "other")
    for name in ("other", "dev"):
        ran = dev("stack", "rename", name)
        assert (ran.code, "already exists" in ran.err) == (1, True)
    (dev.project / "Pulumi.new.yaml").write_text("config: {}\n")
    ran = dev("stack", "rename", "new")
    assert (ran.code, "Pulumi.new.yaml exists" in ran.err) == (1, True)
    assert dev.state_file.exists()
    assert dev.stack_file.exists()


def test_tags_are_set_listed_and_removed(dev: Engine) -> None:
    assert dev("stack", "tag", "ls", "--json").json == {}
    dev("stack", "tag", "set", "b", "2")
    dev("stack", "tag", "set", "a", "1")
    assert dev("stack", "tag", "ls").out == "NAME  VALUE\na     1\nb     2"
    assert json.loads(dev.state_file.with_name("dev.pulumi-tags").read_bytes()) == {
        "version": 1,
        "tags": {"a": "1", "b": "2"},
    }
    dev("stack", "tag", "rm", "a")
    assert dev("stack", "tag", "rm", "nope").code == 0
    assert dev("stack", "tag", "get", "b").out == "2"
    dev("stack", "tag", "rm", "b")
    assert not dev.state_file.with_name("dev.pulumi-tags").exists()


@pytest.mark.parametrize("content", ["{", "[]", '{"tags": {}}', '{"version": 2, "tags": {}}'])
def test_damaged_tags_are_named(dev: Engine, content: str) -> None:
    dev.state_file.with_name("dev.pulumi-tags").write_text(content)
    ran = dev("stack", "tag", "ls")
    assert (ran.code, "dev.pulumi-tags" in ran.err) == (1, True)


def test_a_new_passphrase_opens_what_the_old_one_did(dev: Engine) -> None:
    dev("config", "set", "--secret", "s", "hush")
    dev("config", "set", "--path", "--secret", "o.deep[0]", "hush too")
    outputs(dev)
    ran = dev("stack", "change-secrets-provider", "passphrase", stdin="another\n")
    assert ran.code == 0, ran.err
    assert dev("config", "get", "s").err.startswith("error: incorrect passphrase")
    assert dev("stack", "output", "s", "--show-secrets").err.startswith("error: incorrect passphrase")
    dev.env["PULUMI_CONFIG_PASSPHRASE"] = "another"
    assert dev("config", "get", "s").out == "hush"
    assert dev("config", "get", "--path", "o.deep[0]").out == "hush too"
    assert dev("stack", "output", "s", "--show-secrets").out == "t0p"
    salt = state(dev.state_file)["checkpoint"]["latest"]["secrets_providers"]["state"]["salt"]
    assert f"encryptionsalt: {salt}\n" in dev.stack_file.read_text()


NO_CHANGE = [
    (("awskms://x",), "another\n", "secrets provider 'awskms'", {}),
    (("passphrase",), "", "no new passphrase was given", {}),
    (("passphrase",), None, "no standard input", {}),
    (("passphrase",), "another\n", "incorrect passphrase", {"PULUMI_CONFIG_PASSPHRASE": "wrong"}),
]


@pytest.mark.parametrize(("args", "stdin", "reason", "env"), NO_CHANGE, ids=[row[2] for row in NO_CHANGE])
def test_a_change_of_the_passphrase_that_cannot_be_changes_nothing(
    dev: Engine, args: tuple[str, ...], stdin: str | None, reason: str, env: dict[str, str]
) -> None:
    before = (dev.state_file.read_bytes(), dev.stack_file.read_bytes())
    ran = dev("stack", "change-secrets-provider", *args, stdin=stdin, **env)
    assert (ran.code in (1, 2), reason in ran.err) == (True, True), ran.err
    assert (dev.state_file.read_bytes(), dev.stack_file.read_bytes()) == before


def test_the_state_stays_when_the_configuration_cannot_be_written(dev: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    from embedded.engine.stackconfig import StackConfig

    def full(_config: StackConfig) -> None:
        raise OSError(28, "No space left on device", "Pulumi.dev.yaml")

    outputs(dev)
    monkeypatch.setattr(StackConfig, "save", full)
    ran = dev("stack", "change-secrets-provider", "passphrase", stdin="another\n")
    assert (ran.code, ran.err) == (1, "error: No space left on device: Pulumi.dev.yaml")
    assert dev("stack", "output", "s", "--show-secrets").out == "t0p"
