"""What the plugins do and the built-in ones do not: refused by name, with the remedy, before anything happens."""

from __future__ import annotations

import pulumi
import pulumi_command as command
import pulumi_kubernetes as kubernetes
import pytest
from pulumi_kubernetes import helm, kustomize, yaml


def somewhere():
    """A provider whose cluster is never asked."""
    return pulumi.ResourceOptions(provider=kubernetes.Provider("k", kubeconfig="/no/such/file"))


CLI = "install the Pulumi CLI and put it on PATH"
PROGRAMS = {
    "a Helm release": (
        lambda: helm.v3.Release("x", chart="nginx"),
        "kubernetes:helm.sh/v3:Release is not supported by the embedded engine; render it to YAML (helm template)",
    ),
    "a Helm chart": (
        lambda: helm.v3.Chart("x", helm.v3.ChartOpts(chart="nginx")),
        "render it to YAML (helm template) and read that with pulumi_kubernetes.yaml.ConfigFile",
    ),
    "a Helm chart of v4": (lambda: helm.v4.Chart("x", chart="nginx"), "kubernetes:helm.sh/v4:Chart is not supported"),
    "Kustomize": (
        lambda: kustomize.Directory("x", "folder"),
        "kubernetes:kustomize:directory is not supported by the embedded engine; render it to YAML (kubectl kustomize)",
    ),
    "Kustomize of v2": (
        lambda: kustomize.v2.Directory("x", directory="folder"),
        "kubernetes:kustomize/v2:Directory is not supported",
    ),
    "YAML of v2": (
        lambda: yaml.v2.ConfigGroup("x", yaml="a: b"),
        "kubernetes:yaml/v2:ConfigGroup is not supported by the embedded engine; use ConfigFile or ConfigGroup",
    ),
    "a Patch resource": (
        lambda: kubernetes.core.v1.ConfigMapPatch("x", metadata={"name": "a"}, opts=somewhere()),
        "the Patch resource kubernetes:core/v1:ConfigMapPatch is not supported",
    ),
    "a list": (
        lambda: kubernetes.core.v1.ConfigMapList("x", items=[], opts=somewhere()),
        "declare each of its items as a resource of its own",
    ),
    "a generated name": (
        lambda: kubernetes.core.v1.ConfigMap("x", metadata={"generate_name": "a-"}, opts=somewhere()),
        "server-side apply does not support it; leave out the name instead",
    ),
    "YAML files": (
        lambda: kubernetes.Provider("k", render_yaml_to_directory="out"),
        "property renderYamlToDirectory",
    ),
    "client-side apply": (
        lambda: kubernetes.Provider("k", enable_server_side_apply=False),
        "client-side apply is not supported",
    ),
    "copying to another machine": (
        lambda: command.remote.CopyToRemote(
            "x", connection={"host": "h"}, source=pulumi.FileAsset("f"), remote_path="p"
        ),
        "command:remote:CopyToRemote is not supported by the embedded engine; run ssh or scp",
    ),
}


@pytest.mark.parametrize("what", PROGRAMS)
def test_it_is_refused_in_a_preview_already(engine, what):
    program, said = PROGRAMS[what]
    result = engine.run("preview", program)
    assert result.code == 1
    assert said in result.text
    assert "Traceback" not in result.text


def test_a_kubeconfig_that_is_missing_is_named(engine):
    result = engine.run("preview", lambda: kubernetes.core.v1.ConfigMap("x", opts=somewhere()))
    assert result.code == 1
    assert "the kubeconfig /no/such/file does not exist" in result.errors()[0]
