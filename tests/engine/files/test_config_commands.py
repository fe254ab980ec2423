"""The config commands, and what they leave in the stack file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import yaml

if TYPE_CHECKING:
    from tests.engine.files.world import Engine


def stored(engine: Engine) -> dict[str, object]:
    return yaml.safe_load(engine.stack_file.read_text())["config"]


def test_a_value_is_text_and_gets_the_namespace_of_the_project(dev: Engine) -> None:
    dev("config", "set", "k", "1")
    dev("config", "set", "aws:region", "eu", "--plaintext")
    assert stored(dev) == {"proj:k": "1", "aws:region": "eu"}
    assert dev("config", "get", "k", "--json").json == {"value": "1", "secret": False}


def test_a_secret_is_stored_sealed_and_read_back(dev: Engine) -> None:
    dev("config", "set", "k", "--secret", "--", "-geheim-")
    assert "geheim" not in dev.stack_file.read_text()
    assert list(stored(dev)["proj:k"]) == ["secure"]  # type: ignore[call-overload]
    assert dev("config", "get", "k", "--json").json == {"value": "-geheim-", "secret": True}


def test_listing_leaves_hidden_values_out(dev: Engine) -> None:
    dev("config", "set", "a", "1")
    dev("config", "set", "b", "x", "--secret")
    dev("config", "set", "--path", "o.inner[0]", "7")
    dev("config", "set", "--path", "--secret", "o.key", "y")
    hidden = dev("config", "--json").json
    assert hidden == {
        "proj:a": {"value": "1", "secret": False},
        "proj:b": {"secret": True},
        "proj:o": {"secret": True},
    }
    shown = dev("config", "--show-secrets", "--json").json
    assert shown["proj:o"] == {
        "value": '{"inner":[7],"key":"y"}',
        "objectValue": {"inner": [7], "key": "y"},
        "secret": True,
    }
    assert shown["proj:b"] == {"value": "x", "secret": True}
    assert "[secret]" in dev("config").out


PATHS: list[tuple[list[tuple[str, str]], object]] = [
    ([("a", "1")], "1"),
    ([("a.b", "1")], {"b": 1}),
    ([("a.b", "007")], {"b": "007"}),
    ([("a.b", "true")], {"b": True}),
    ([("a.b", "1.5")], {"b": "1.5"}),
    ([("a[0]", "x"), ("a[1]", "y")], ["x", "y"]),
    ([("a[0].b", "x"), ("a[0].c", "y")], [{"b": "x", "c": "y"}]),
    ([('a["x.y"]', "1")], {"x.y": 1}),
    ([("a", "flat"), ("a.b", "1")], {"b": 1}),
]


@pytest.mark.parametrize(("steps", "value"), PATHS, ids=[str(row[0]) for row in PATHS])
def test_paths_build_lists_and_mappings_with_typed_scalars(
    dev: Engine, steps: list[tuple[str, str]], value: object
) -> None:
    for path, text in steps:
        assert dev("config", "set", "--path", path, text).code == 0
    assert stored(dev) == {"proj:a": value}


@pytest.mark.parametrize("path", ["a[1]", "a.b.c", "a[x]", ".a", 'a["b', "a.secure"])
def test_a_path_that_does_not_fit_is_refused(dev: Engine, path: str) -> None:
    dev("config", "set", "--path", "a.b", "text")
    dev("config", "rm", "--path", "a.b") if path == "a.secure" else None
    before = dev.stack_file.read_text()
    assert dev("config", "set", "--path", path, "text").code == 1
    assert dev.stack_file.read_text() == before


@pytest.mark.parametrize(("kind", "text", "value"), [("int", "5", 5), ("bool", "true", True), ("float", "1.5", 1.5)])
def test_a_type_may_be_named(dev: Engine, kind: str, text: str, value: object) -> None:
    assert dev("config", "set", "k", text, "--type", kind).code == 0
    assert stored(dev) == {"proj:k": value}
    assert dev("config", "set", "k", "x", "--type", kind).code == 1


def test_a_value_may_come_from_standard_input(dev: Engine) -> None:
    dev("config", "set", "k", stdin="a\nb\n")
    assert dev("config", "get", "k").out == "a\nb"
    assert dev("config", "set", "k").code == 2


def test_what_looks_like_a_secret_is_not_stored_in_clear_by_accident(dev: Engine) -> None:
    ran = dev("config", "set", "apiToken", "x9K2mQ7rT4vB8nL1")
    assert (ran.code, "looks like a secret" in ran.err, "x9K2" in ran.err) == (1, True, False)
    assert dev("config", "set", "apiToken", "none").code == 0
    assert dev("config", "set", "apiToken", "x9K2mQ7rT4vB8nL1", "--plaintext").code == 0


def test_several_values_at_once(dev: Engine) -> None:
    ran = dev("config", "set-all", "--plaintext", "a=1", "--secret", "b=x=y", "--plaintext", "other:c=3")
    assert ran.code == 0
    shown = dev("config", "--show-secrets", "--json").json
    assert {key: entry["value"] for key, entry in shown.items()} == {"proj:a": "1", "proj:b": "x=y", "other:c": "3"}
    assert shown["proj:b"]["secret"] is True


def test_a_listing_can_be_set_again(dev: Engine) -> None:
    dev("config", "set", "a", "1")
    dev("config", "set", "--secret", "b", "x")
    dev("config", "set", "--path", "o.l[0]", "7")
    listed = dev("config", "--show-secrets", "--json").out
    dev("config", "rm-all", "a", "b", "o")
    assert dev("config", "set-all", "--json", listed).code == 0
    assert dev("config", "--show-secrets", "--json").out == listed


def test_a_malformed_pair_is_not_repeated_in_the_error(dev: Engine) -> None:
    ran = dev("config", "set-all", "--secret", "t0psecret")
    assert (ran.code, "t0psecret" in ran.err) == (2, False)


def test_removal(dev: Engine) -> None:
    for key in ("a", "b", "c"):
        dev("config", "set", key, "1")
    dev("config", "set", "--path", "o.x", "1")
    dev("config", "set", "--path", "o.y", "2")
    assert dev("config", "rm", "a").code == 0
    assert dev("config", "rm", "nope").code == 0
    assert dev("config", "rm-all", "--path", "b", "o.x").code == 0
    assert stored(dev) == {"proj:c": "1", "proj:o": {"y": 2}}


def test_an_unknown_key_is_an_error(dev: Engine) -> None:
    ran = dev("config", "get", "nope")
    assert (ran.code, ran.err) == (1, "error: configuration key 'nope' not found for stack 'dev'")


@pytest.mark.parametrize("line", ["config get k", "config --show-secrets --json"])
def test_a_wrong_or_missing_passphrase_is_one_line(dev: Engine, line: str) -> None:
    dev("config", "set", "k", "--secret", "x")
    wrong = dev(*line.split(), PULUMI_CONFIG_PASSPHRASE="wrong")
    assert (wrong.code, wrong.err.startswith("error: incorrect passphrase"), "\n" in wrong.err) == (1, True, False)
    missing = dev(*line.split(), without="PULUMI_CONFIG_PASSPHRASE")
    assert (missing.code, "PULUMI_CONFIG_PASSPHRASE_FILE" in missing.err, "\n" in missing.err) == (1, True, False)


def test_commands_that_touch_no_secret_need_no_passphrase(dev: Engine) -> None:
    dev("config", "set", "k", "--secret", "x")
    for line in ("config --json", "config set a 1", "config rm a", "stack ls --json", "stack export"):
        assert dev(*line.split(), without="PULUMI_CONFIG_PASSPHRASE").code == 0


def test_the_rest_of_the_stack_file_stays(dev: Engine) -> None:
    salt = dev.stack_file.read_text()
    text = f"# ours\n{salt}config:\n  # the key\n  k: old # why\n  proj:z: 1\nextra:\n  - kept   # as is\n"
    dev.stack_file.write_text(text)
    dev("config", "set", "k", "new")
    assert dev.stack_file.read_text() == text.replace("old", "new")


def test_config_lives_where_the_project_says(engine: Engine) -> None:
    (engine.project / "Pulumi.yaml").write_text("name: proj\nruntime: python\nstackConfigDir: stacks\n")
    engine("stack", "init", "dev")
    engine("config", "set", "k", "v")
    assert "proj:k: v" in (engine.project / "stacks" / "Pulumi.dev.yaml").read_text()
    engine("config", "set", "k", "w", "--config-file", "other.yaml")
    assert "proj:k: w" in (engine.project / "other.yaml").read_text()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("config: [1]\n", "itself a mapping"),
        ("config:\n  a: 1\n  a: 2\n", "line 3"),
        ("environment: [e]\n", "Pulumi ESC"),
        ("secretsprovider: awskms://x\n", "secretsprovider"),
        ("config: {\n", "could not read"),
    ],
)
def test_a_stack_file_that_cannot_be_used_is_named(dev: Engine, content: str, reason: str) -> None:
    dev.stack_file.write_text(content)
    ran = dev("config", "--json")
    assert (ran.code in (1, 2), reason in ran.err, "Pulumi.dev.yaml" in ran.err) == (True, True, True), ran.err


def test_refresh_restores_what_the_last_run_used(dev: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    from embedded.engine import operations

    def run(_request: object, context: object) -> int:
        context.record_history(result="succeeded", started=1, ended=2, changes={})  # type: ignore[attr-defined]
        return 0

    monkeypatch.setattr(operations, "run", run)
    assert dev("config", "refresh", "--force").code == 1
    dev("config", "set", "a", "1")
    dev("config", "set", "--secret", "b", "x")
    dev("config", "set", "--path", "o.l[0]", "7")
    dev("up", "--skip-preview")
    dev("config", "set", "a", "2")
    dev("config", "rm-all", "b", "o")
    assert dev("config", "refresh", "--force").code == 0
    shown = dev("config", "--show-secrets", "--json").json
    assert {key: entry["value"] for key, entry in shown.items()} == {
        "proj:a": "1",
        "proj:b": "x",
        "proj:o": '{"l":[7]}',
    }
    dev("config", "refresh")
    assert dev.stack_file.with_name("Pulumi.dev.yaml.bak").exists()
    assert json.loads(dev("config", "get", "b", "--json").out)["value"] == "x"
