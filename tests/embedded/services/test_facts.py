"""Facts, parts and paths without any server."""

from __future__ import annotations

import pytest

from embedded.services import FabricAccess, NetBoxAccess, Running, Services, ServicesError
from embedded.services.files import default_cache
from embedded.services.programs.golang import GoTools


def running(home):
    netbox = NetBoxAccess("http://127.0.0.1:1", "admin", "a-password", "nbt_k.secret")
    fabric = FabricAccess(
        "fabric-1", "https://127.0.0.1:2", "ca", "a", "h", "r", "c", "t-admin", "t-hhsync", "t-reader"
    )
    return Running(str(home), netbox, (fabric,), "/git", {"netbox": 12})


def test_facts_are_the_same_after_saving_and_private(tmp_path):
    running(tmp_path).save()
    assert Running.load(tmp_path) == running(tmp_path)
    assert (tmp_path / "services.json").stat().st_mode & 0o777 == 0o600


def test_an_unused_home_has_no_facts_and_no_servers(tmp_path):
    assert Running.load(tmp_path / "none") is None
    assert Services(tmp_path / "none").status() == []


def test_broken_facts_are_one_line(tmp_path):
    (tmp_path / "services.json").write_text("{}")
    with pytest.raises(ServicesError, match=r"services.json is not what `services start` writes .*: start again"):
        Running.load(tmp_path)


def test_facts_do_not_show_secrets(tmp_path):
    text = repr(running(tmp_path))
    assert not [secret for secret in ("a-password", "nbt_k", "t-admin", "t-hhsync", "t-reader") if secret in text]


def test_a_fabric_that_was_not_started_is_named(tmp_path):
    with pytest.raises(ServicesError, match="fabric-9 has no API server in"):
        running(tmp_path).fabric("fabric-9")


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"HHSYNC_CACHE": "/a/b"}, "/a/b"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/hhsync"),
        ({"HOME": "/h"}, "/h/.cache/hhsync"),
    ],
)
def test_where_the_cache_is(monkeypatch, environment, folder):
    for name in ("HHSYNC_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert str(default_cache()) == folder


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda one: one.setup(["netbox", "ssh"]), "there is no part 'ssh': the parts are netbox, cluster, git"),
        (lambda one: one.start(fabrics=0), "--fabrics is 0: at least one fabric is needed"),
    ],
)
def test_a_wrong_argument_is_one_line(tmp_path, call, message):
    with pytest.raises(ServicesError, match=message):
        call(Services(tmp_path / "home", tmp_path / "cache"))


def test_start_without_crd_files_names_the_folder(tmp_path):
    services = Services(tmp_path / "home", crds=tmp_path / "none")
    services.setup = lambda parts: None
    with pytest.raises(ServicesError, match=f"the folder of CRD files is missing: {tmp_path}/none"):
        services.start(parts=("cluster",))


@pytest.mark.parametrize(
    ("program", "version"),
    [
        ("kube-apiserver", "v1.36."),
        ("kubectl", "v1.36."),
        ("etcd", "v3.6."),
        ("pulumi", "v3."),
        ("pulumi-resource-kubernetes", "v4."),
    ],
)
def test_the_pinned_versions_are_read_from_the_tools_modules(tmp_path, program, version):
    assert GoTools(tmp_path).version(program).startswith(version)


def test_another_tools_module_is_another_build(tmp_path):
    (tmp_path / "go.mod").write_text("module x\n")
    (tmp_path / "go.sum").write_text("")
    before = GoTools(tmp_path, tmp_path).path("etcd")
    (tmp_path / "go.mod").write_text("module y\n")
    assert GoTools(tmp_path, tmp_path).path("etcd") != before


def test_a_program_that_is_not_built_here_is_refused(tmp_path):
    with pytest.raises(ServicesError, match="helm is not one of the programs built here"):
        GoTools(tmp_path).build("helm", None)
