"""What a stack may ask for beside the sync: settings, the kubeconfig made of them, and the account's rights."""

from __future__ import annotations

import json

import pytest
import yaml

from program.bootstrap import cluster_of, rules
from program.config import parse
from program.kubeconfig import access
from providers.core.identity import KINDS
from providers.errors import ConfigError, NotInstalled
from providers.session import cluster_for
from providers.settings import ClusterSettings
from providers.targets.cluster.target import Cluster

TOKEN = "hush-hush"
BASE = {"gitUrl": "/r", "netboxUrl": "https://n", "netboxToken": "t", "kubeconfig": "/k"}

BOOTSTRAPS = [
    ({}, None),
    ({"clusterBootstrap": "false"}, None),
    ({"clusterBootstrap": "true"}, "hhsync"),
    ({"clusterBootstrap": "true", "bootstrapNamespace": "ours"}, "ours"),
]


@pytest.mark.parametrize(("config", "namespace"), BOOTSTRAPS)
def test_a_cluster_is_made_ready_only_where_that_is_asked_for(config, namespace):
    found = parse({**BASE, **config}, "f")
    assert (found.bootstrap and found.bootstrap.namespace) == namespace
    assert (type(cluster_of(found)) is not Cluster) is bool(namespace)


HOOKS = [
    ("", ()),
    ("echo one", ("echo one",)),
    ('["echo one", "echo two"]', ("echo one", "echo two")),
    ("[]", ()),
]


@pytest.mark.parametrize(("text", "commands"), HOOKS)
def test_hooks_are_a_list_or_one_command(text, commands):
    assert parse({**BASE, "hooksAfterSync": text}, "f").hooks == commands


WRONG = [
    ({"clusterBootstrap": "yes"}, "hhsync:clusterBootstrap must be true or false"),
    ({"clusterBootstrap": "true", "bootstrapNamespace": "Not_One"}, "hhsync:bootstrapNamespace must be a namespace's"),
    ({"bootstrapNamespace": "ours"}, "hhsync:clusterBootstrap is not true; set both or none"),
    ({"hooksAfterSync": "[1]"}, "hhsync:hooksAfterSync must be a list of shell commands"),
    ({"hooksAfterSync": '["  "]'}, "hhsync:hooksAfterSync must be a list of shell commands"),
    ({"hooksAfterSync": '["hush-hush'}, "hhsync:hooksAfterSync must be a list of shell commands"),
]


@pytest.mark.parametrize(("config", "said"), WRONG)
def test_a_wrong_setting_is_named_and_never_quoted(config, said):
    with pytest.raises(ConfigError, match=said) as caught:
        parse({**BASE, **config}, "f")
    assert TOKEN not in str(caught.value)


def test_commands_are_in_no_repr():
    assert TOKEN not in repr(parse({**BASE, "hooksAfterSync": f"curl {TOKEN}"}, "f"))


def kubeconfig(folder):
    file = folder / "config"
    file.write_text(
        json.dumps({
            "clusters": [{"name": "c", "cluster": {"server": "https://c", "certificate-authority": "ca.crt"}}],
            "users": [{"name": "u", "user": {"token": TOKEN}}],
            "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "x",
        })
    )  # fmt: skip
    (folder / "ca.crt").write_text("PEM")
    return str(file)


def test_a_kubeconfig_is_named_and_not_copied(tmp_path):
    found = access(ClusterSettings(kubeconfig=kubeconfig(tmp_path), context="x"), {})
    assert (found.kubeconfig, found.context, found.secret) == (str(tmp_path / "config"), "x", False)


def place(text):
    """The cluster and the user that a kubeconfig's text leads to."""
    content = yaml.safe_load(text)
    (context,) = [one["context"] for one in content["contexts"] if one["name"] == content["current-context"]]
    (cluster,) = [one["cluster"] for one in content["clusters"] if one["name"] == context["cluster"]]
    (user,) = [one["user"] for one in content["users"] if one["name"] == context["user"]]
    return cluster, user


def test_settings_that_go_before_a_kubeconfig_make_another_one_which_is_secret(tmp_path):
    found = access(ClusterSettings(kubeconfig=kubeconfig(tmp_path), token="other"), {})
    cluster, user = place(found.kubeconfig)
    assert user == {"token": "other"}
    assert cluster == {"server": "https://c", "certificate-authority": str(tmp_path / "ca.crt")}
    assert found.secret
    assert "other" not in repr(found)


def test_url_token_and_ca_make_a_kubeconfig(tmp_path):
    kubeconfig(tmp_path)
    settings = ClusterSettings(url="https://u", token=TOKEN, ca_file=str(tmp_path / "ca.crt"))
    cluster, user = place(access(settings, {}).kubeconfig)
    assert cluster == {"server": "https://u", "certificate-authority-data": "UEVN"}
    assert user == {"token": TOKEN}


def test_a_pod_uses_its_service_account():
    environment = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}
    found = access(ClusterSettings(in_cluster=True), environment)
    cluster, user = place(found.kubeconfig)
    assert cluster["server"] == "https://10.0.0.1:443"
    assert user == {"tokenFile": "/var/run/secrets/kubernetes.io/serviceaccount/token"}
    assert not found.secret
    with pytest.raises(ConfigError, match="this is no pod of a cluster"):
        access(ClusterSettings(in_cluster=True), {})


@pytest.mark.parametrize("context", ["nowhere", None])
def test_a_kubeconfig_that_cannot_be_used_is_named_without_its_content(tmp_path, context):
    file = tmp_path / "config"
    file.write_text(f"users: {TOKEN}")
    with pytest.raises(ConfigError, match="has no usable") as caught:
        access(ClusterSettings(kubeconfig=str(file), context=context, insecure=True), {})
    assert TOKEN not in str(caught.value)


def test_a_kind_that_is_about_to_be_installed_has_no_objects(monkeypatch):
    def lacks(*_):
        raise NotInstalled("no CRD", target="cluster", server="s")

    monkeypatch.setattr(Cluster, "list", lacks)
    settings = ClusterSettings(kubeconfig="/k")
    assert cluster_for(settings, bootstrapped=True).list(KINDS["VPC"]) == {}
    with pytest.raises(NotInstalled):
        cluster_for(settings, bootstrapped=False).list(KINDS["VPC"])


def test_the_account_may_write_the_12_kinds_and_nothing_else():
    writing = {"create", "update", "patch", "delete"}
    found = {
        (group, name)
        for rule in rules("ours")
        if writing & set(rule["verbs"])
        for group in rule["api_groups"]
        for name in rule["resources"]
    }
    assert found == {(kind.group, kind.plural) for kind in KINDS.values()}
    assert all("*" not in text for rule in rules("ours") for part in rule.values() for text in part)
