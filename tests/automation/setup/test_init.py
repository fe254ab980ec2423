"""`hhsync init`: what is written where, and what is refused before anything is made."""

from __future__ import annotations

import pytest

from automation.cli import init_options, prompts
from automation.setup import connections, init
from automation.setup.connections import (
    FAILS,
    LIMITED,
    WORKS,
    PartCheck,
)
from providers.errors import ConfigError, Unreachable
from tests.support.fake_cli import FakeCommand, workspace

GIVEN = {
    "gitUrl": "https://git.example.com/f.git",
    "netboxUrl": "https://nb",
    "netboxToken": "hush",
    "inCluster": "true",
}


@pytest.fixture
def kubeconfig(tmp_path):
    path = tmp_path / "kubeconfig"
    path.write_text("{}")
    return path


def made(tmp_path, **options):
    fake = FakeCommand(stacks=[], **options)
    space = workspace(tmp_path, fake)
    space.stack_file("fabric-1").write_text("config: {}\n")
    return fake, space


def test_config_is_written_and_only_tokens_are_secret(tmp_path):
    fake, space = made(tmp_path)
    result = init.init(space, "fabric-1", GIVEN, check=False)
    assert result.created
    assert fake.config == {f"hhsync:{key}": value for key, value in GIVEN.items()}
    assert fake.secrets == {"hhsync:netboxToken"}


def test_a_second_init_changes_only_what_is_given(tmp_path):
    fake, space = made(tmp_path)
    init.init(space, "fabric-1", GIVEN, check=False)
    again = init.init(space, "fabric-1", {"gitBranch": "next"}, check=False)
    assert not again.created
    assert fake.config == {**{f"hhsync:{key}": value for key, value in GIVEN.items()}, "hhsync:gitBranch": "next"}


def test_another_way_to_the_cluster_takes_the_place_of_the_first(tmp_path, kubeconfig):
    fake, space = made(tmp_path)
    init.init(space, "fabric-1", GIVEN, check=False)
    init.init(space, "fabric-1", {"kubeconfig": str(kubeconfig)}, check=False)
    assert "hhsync:inCluster" not in fake.config
    assert fake.config["hhsync:kubeconfig"] == str(kubeconfig)


def test_a_token_command_takes_the_place_of_a_token(tmp_path):
    fake, space = made(tmp_path)
    init.init(space, "fabric-1", {**GIVEN, "gitToken": "hush"}, check=False)
    init.init(space, "fabric-1", {"gitTokenCommand": "app-token 7"}, check=False)
    assert "hhsync:gitToken" not in fake.config
    assert fake.config["hhsync:gitTokenCommand"] == "app-token 7"


REFUSED = {
    "no repository": ({**GIVEN, "gitUrl": ""}, "hhsync:gitUrl is missing"),
    "no cluster": ({**GIVEN, "inCluster": "false"}, "exactly one way"),
    "two ways to the cluster": ({**GIVEN, "clusterUrl": "https://c"}, "more than one is set"),
    "a password in the URL": (
        {**GIVEN, "gitUrl": "https://u:p@git.example.com/f.git"},
        "hhsync:gitUrl holds a password",
    ),
    "an unknown key": ({**GIVEN, "gitURL": "x"}, "unknown stack config gitURL"),
    "a kubeconfig that is not there": ({"kubeconfig": "/nowhere/config"}, "/nowhere/config, which is no file"),
    "a folder outside the repository": ({**GIVEN, "gitPath": "../x"}, "must stay inside"),
}


@pytest.mark.parametrize(("given", "says"), REFUSED.values(), ids=REFUSED.keys())
def test_wrong_values_are_refused_before_a_stack_is_made(tmp_path, given, says):
    fake, space = made(tmp_path)
    with pytest.raises(ConfigError, match=says) as caught:
        init.init(space, "fabric-1", given, check=False)
    assert fake.stacks == []
    assert "u:p@" not in str(caught.value)


NAMES = [("fabric-1", True), ("F.1_x", True), ("-x", False), ("a/b", False), ("", False), ("x" * 64, False)]


@pytest.mark.parametrize(("name", "good"), NAMES)
def test_names(name, good):
    if good:
        init.require_name(name)
    else:
        with pytest.raises(ConfigError, match="cannot be a fabric's name"):
            init.require_name(name)


def test_a_local_repository_becomes_an_absolute_path(tmp_path, monkeypatch):
    (tmp_path / "repo").mkdir()
    monkeypatch.chdir(tmp_path)
    assert init.normalised({"gitUrl": "repo"}) == {"gitUrl": str(tmp_path / "repo")}


def test_a_part_that_fails_does_not_hide_the_others(monkeypatch):
    def refuse(config):
        raise Unreachable("NetBox does not answer", target="netbox", server="https://nb")

    monkeypatch.setattr(connections, "git", lambda config: PartCheck("git", WORKS, "found"))
    monkeypatch.setattr(connections, "netbox", refuse)
    monkeypatch.setattr(connections, "cluster", lambda config: PartCheck("cluster", LIMITED, "read only"))
    found = connections.check_all({})
    assert [(one.part, one.state) for one in found] == [("git", WORKS), ("netbox", FAILS), ("cluster", LIMITED)]


CODES = [((), 0), ((WORKS, LIMITED), 0), ((WORKS, FAILS), 1)]


@pytest.mark.parametrize(("states", "code"), CODES)
def test_exit_code(tmp_path, states, code):
    checks = tuple(PartCheck("git", state, "") for state in states)
    assert init.InitResult("fabric-1", tmp_path, True, checks).exit_code == code


def test_a_token_comes_from_its_file_before_the_environment(tmp_path):
    file = tmp_path / "token"
    file.write_text("from-file\n")
    env = {"HHSYNC_NETBOX_TOKEN": "from-env"}
    assert prompts.secret("a token", file, "HHSYNC_NETBOX_TOKEN", env, ask=True) == "from-file"
    assert prompts.secret("a token", None, "HHSYNC_NETBOX_TOKEN", env, ask=True) == "from-env"


BAD_FILES = [(None, "cannot be read: No such file"), ("", "is empty")]


@pytest.mark.parametrize(("content", "says"), BAD_FILES)
def test_a_token_file_without_a_token_is_refused(tmp_path, content, says):
    file = tmp_path / "token"
    if content is not None:
        file.write_text(content)
    with pytest.raises(ConfigError, match=says):
        prompts.secret("a token", file, "X", {}, ask=True)


def test_without_a_terminal_a_missing_token_names_the_variable(tmp_path, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    with pytest.raises(ConfigError, match="set HHSYNC_NETBOX_TOKEN"):
        init_options.given(workspace(tmp_path, FakeCommand(stacks=[])), "fabric-1", {}, {})


def test_a_known_fabric_keeps_its_tokens_unasked(tmp_path):
    assert init_options.given(workspace(tmp_path, FakeCommand()), "fabric-1", {"gitBranch": "next"}, {}) == {
        "gitBranch": "next"
    }


def test_a_fabrics_name_confirms():
    prompts.confirm_name("fabric-1", "fabric-1", "This deletes.")
    with pytest.raises(ConfigError, match="nothing was done"):
        prompts.confirm_name("fabric-1", "fabric-2", "This deletes.")
