"""The stack commands: texts and codes that the Automation API recognises, and the JSON that it indexes."""

from __future__ import annotations

import getpass
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from embedded.engine.values import Secret

if TYPE_CHECKING:
    from tests.engine.files.world import Engine

ROOT = {"urn": "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev", "custom": False, "type": "pulumi:pulumi:Stack"}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def put_state(engine: Engine, resources: list[dict[str, Any]]) -> None:
    """Give the stack these resources, the way `stack import` does."""
    exported = engine("stack", "export").json
    exported["deployment"]["resources"] = resources
    ran = engine("stack", "import", stdin=json.dumps(exported))
    assert (ran.code, ran.out) == (0, "Import complete."), ran.err


def test_selecting_a_missing_stack_is_recognised_by_its_text(engine: Engine) -> None:
    ran = engine("stack", "select", "--stack", "dev")
    assert (ran.code, ran.err) == (6, "error: no stack named 'dev' found")


def test_init_makes_a_state_with_a_salt_and_no_resources(engine: Engine) -> None:
    assert engine("stack", "init", "dev").code == 0
    state = json.loads(engine.state_file.read_bytes())
    latest = state["checkpoint"]["latest"]
    assert (state["version"], state["checkpoint"]["stack"]) == (3, "organization/proj/dev")
    assert "resources" not in latest
    assert f"encryptionsalt: {latest['secrets_providers']['state']['salt']}\n" == engine.stack_file.read_text()


def test_init_twice_is_recognised_by_its_text(dev: Engine) -> None:
    ran = dev("stack", "init", "dev")
    assert (ran.code, ran.err) == (1, "error: stack 'organization/proj/dev' already exists")


def test_init_keeps_a_salt_that_the_stack_file_has(dev: Engine) -> None:
    dev("config", "set", "--secret", "k", "v")
    kept = dev.stack_file.read_text()
    dev("stack", "rm", "--yes", "--preserve-config", "dev")
    assert dev("stack", "init", "dev").code == 0
    assert dev.stack_file.read_text() == kept
    assert dev("config", "get", "k").out == "v"


@pytest.mark.parametrize("name", ["", "a/b/c/d", "acme/dev", "organization/proj/", "a b", "..", "x" * 101])
def test_a_stack_name_that_cannot_be_is_refused(engine: Engine, name: str) -> None:
    assert engine("stack", "init", name).code in (1, 2)
    assert not engine.state_file.parent.exists()


def test_a_stack_of_another_project_is_not_made_here(engine: Engine) -> None:
    ran = engine("stack", "init", "organization/other/dev")
    assert (ran.code, "doesn't match" in ran.err) == (1, True)


def test_the_selected_stack_is_used_when_none_is_named(engine: Engine) -> None:
    assert engine("stack", "output", "--json").code == 6
    engine("stack", "init", "one")
    engine("stack", "init", "two")
    engine("stack", "select", "one")
    engine("config", "set", "k", "1")
    assert (engine.project / "Pulumi.one.yaml").read_text().endswith('k: "1"\n')
    assert engine("stack", "--show-name", PULUMI_STACK="two").out == "two"


def test_select_with_create_makes_the_stack(engine: Engine) -> None:
    assert engine("stack", "select", "--create", "dev").code == 0
    assert engine.state_file.exists()


def test_ls_lists_the_stacks_of_the_project(dev: Engine) -> None:
    dev("stack", "init", "--no-select", "abc")
    put_state(dev, [ROOT])
    abc, listed = dev("stack", "ls", "--json").json
    assert TIME.fullmatch(listed.pop("lastUpdate"))
    assert listed == {"name": "dev", "current": True, "resourceCount": 1}
    assert (abc["name"], abc["current"], abc["resourceCount"]) == ("abc", False, 0)


def test_ls_all_names_other_projects_in_full(dev: Engine) -> None:
    (dev.project / "Pulumi.yaml").write_text("name: other\nruntime: python\n")
    assert dev("stack", "ls", "--json").json == []
    assert [stack["name"] for stack in dev("stack", "ls", "--json", "--all").json] == ["organization/proj/dev"]


def test_rm_takes_state_and_config_away_and_keeps_the_last_state_aside(dev: Engine) -> None:
    ran = dev("stack", "rm", "--yes", "dev")
    assert (ran.code, ran.out) == (0, "Stack 'dev' has been removed!")
    assert not dev.stack_file.exists()
    assert not dev.state_file.exists()
    assert dev.state_file.with_name("dev.json.bak").exists()
    assert dev("stack", "output").code == 6


def test_rm_needs_a_yes(dev: Engine) -> None:
    assert dev("stack", "rm", "dev").code == 2
    assert dev.state_file.exists()


def test_rm_refuses_a_stack_with_resources_unless_forced(dev: Engine) -> None:
    child = {**ROOT, "urn": "urn:pulumi:dev::proj::a:b:C::x", "type": "a:b:C"}
    put_state(dev, [ROOT, child])
    ran = dev("stack", "rm", "--yes", "dev")
    assert (ran.code, "still has resources" in ran.err) == (1, True)
    assert dev("stack", "rm", "--yes", "--force", "--preserve-config", "dev").code == 0
    assert dev.stack_file.exists()


def outputs(dev: Engine) -> None:
    salt = json.loads(dev.state_file.read_bytes())["checkpoint"]["latest"]["secrets_providers"]["state"]["salt"]
    from embedded.engine import checkpoint
    from embedded.engine.secrets import Cipher
    from embedded.engine.state import Resource

    cipher = Cipher(salt, dev.env)
    root = Resource(ROOT["urn"], ROOT["type"], custom=False, outputs={"s": Secret("t0p"), "l": [1, {"x": Secret(2)}]})
    entry = checkpoint.encode_resource(root, lambda text, place: {"ciphertext": cipher.encrypt(text, place)})
    put_state(dev, [entry])


def test_outputs_hide_secrets_unless_asked(dev: Engine) -> None:
    outputs(dev)
    assert dev("stack", "output", "--json").json == {"l": [1, {"x": "[secret]"}], "s": "[secret]"}
    assert dev("stack", "output", "--json", "--show-secrets").json == {"l": [1, {"x": 2}], "s": "t0p"}
    assert dev("stack", "output", "s", "--show-secrets").out == "t0p"
    assert dev("stack", "output", "--shell", "--show-secrets").out == "l='[1,{\"x\":2}]'\ns=t0p"
    assert dev("stack", "output", "nope").code == 1


def test_hidden_outputs_need_no_passphrase(dev: Engine) -> None:
    outputs(dev)
    assert dev("stack", "output", "--json", without="PULUMI_CONFIG_PASSPHRASE").json["s"] == "[secret]"


def test_export_keeps_secrets_sealed_unless_asked(dev: Engine) -> None:
    outputs(dev)
    assert "t0p" not in dev("stack", "export").out
    shown = dev("stack", "export", "--show-secrets").json["deployment"]["resources"][0]["outputs"]["s"]
    assert shown["plaintext"] == '"t0p"'


def test_an_export_with_secrets_shown_comes_back_sealed(dev: Engine) -> None:
    outputs(dev)
    exported = dev("stack", "export", "--show-secrets").out
    (dev.project / "state.json").write_text(exported)
    assert dev("stack", "import", "--file", "state.json").out == "Import complete."
    assert b"t0p" not in dev.state_file.read_bytes()
    assert dev("stack", "output", "s", "--show-secrets").out == "t0p"


BAD_IMPORTS = [
    ("{", "no exported state"),
    ('{"version": 3}', "no exported state"),
    ('{"version": 9, "deployment": {}}', "version 9"),
    ('{"version": 4, "features": ["dance"], "deployment": {}}', "dance"),
    ('{"version": 3, "deployment": {"resources": [{"urn": "u"}]}}', "no type"),
    ('{"version": 3, "deployment": {"manifest": {"magic": "x", "version": "1"}}}', "magic"),
    (
        '{"version": 3, "deployment": {"resources": [{"urn": "urn:pulumi:x::proj::t::n", "type": "t"}]}}',
        "another stack or project",
    ),
    (
        '{"version": 3, "deployment": {"resources": [{"urn": "urn:pulumi:dev::proj::t::n", "type": "t", "parent": "p"}]}}',
        "is missing",
    ),
]


@pytest.mark.parametrize(("text", "reason"), BAD_IMPORTS, ids=[row[1] for row in BAD_IMPORTS])
def test_a_bad_import_changes_nothing(dev: Engine, text: str, reason: str) -> None:
    before = dev.state_file.read_bytes()
    ran = dev("stack", "import", stdin=text)
    assert (ran.code, reason in ran.err) == (1, True), ran.err
    assert dev.state_file.read_bytes() == before


def test_import_drops_pending_operations_and_says_so(dev: Engine) -> None:
    exported = dev("stack", "export").json
    exported["deployment"]["pending_operations"] = [{"type": "creating", "resource": ROOT}]
    ran = dev("stack", "import", stdin=json.dumps(exported))
    assert (ran.code, "removing pending operation 'creating'" in ran.err) == (0, True)
    assert "pending_operations" not in dev("stack", "export").json["deployment"]


def test_history_of_a_new_stack_is_empty(dev: Engine) -> None:
    assert dev("stack", "history", "--json", "--show-secrets", "--page-size", "1", "--page", "1").json == []


def test_whoami_and_about_name_account_and_backend(engine: Engine) -> None:
    assert engine("whoami", "--json").json == {"user": getpass.getuser(), "url": engine.env["PULUMI_BACKEND_URL"]}
    about = engine("about", "--json").json
    assert (about["engine"], about["backend_from"]) == ("embedded (pure Python)", "PULUMI_BACKEND_URL")


def test_small_commands(engine: Engine) -> None:
    assert engine("version").out == "v3.272.0"
    assert engine("plugin", "ls", "--json").json == []
    assert engine("install", "--no-plugins").code == 0


def test_commands_outside_a_project_say_so(engine: Engine) -> None:
    (engine.project / "Pulumi.yaml").unlink()
    for line in (("stack", "init", "dev"), ("stack", "ls"), ("stack", "select", "dev")):
        ran = engine(*line)
        assert (ran.code, "no Pulumi.yaml project file found" in ran.err) == (1, True)


def test_another_folder_can_be_named(dev: Engine, tmp_path: Any) -> None:
    from embedded.engine.command import execute

    out: list[str] = []
    code = execute(
        ["-C", str(dev.project), "stack", "--show-name"], cwd=tmp_path, env=dev.env, out=out.append, err=out.append
    )
    assert (code, out) == (0, ["dev"])
