"""Providers as resources: explicit ones, default ones, and what becomes of resources when theirs changes."""

from __future__ import annotations

import pulumi
import pulumi_command as command
import pytest

from tests.engine.run.harness import PROJECT, STACK

COMMAND_PROVIDER = f"urn:pulumi:{STACK}::{PROJECT}::pulumi:providers:command"


def test_resources_without_one_share_the_default_provider_of_the_sdks_version(engine):
    def program():
        command.local.Command("a", create="true")
        command.local.Command("b", create="true")

    assert engine.run("up", program).changes == {"create": 3}  # providers that nobody declared are not counted
    version = command._utilities.get_version()
    urn = f"{COMMAND_PROVIDER}::default_{version.replace('.', '_')}"
    (provider,) = [entry for entry in engine.snapshot.resources if entry.urn == urn]
    assert provider.inputs == {"__internal": {}, "version": version}
    assert provider.outputs == {"version": version}
    assert {engine.entry(name).provider for name in "ab"} == {f"{urn}::{provider.id}"}


def test_an_explicit_provider_is_a_resource_and_named_by_those_that_use_it(engine):
    def program():
        provider = command.Provider("mine")
        command.local.Command("a", create="true", opts=pulumi.ResourceOptions(provider=provider))
        group = pulumi.ComponentResource("my:mod:Group", "g", None, pulumi.ResourceOptions(providers=[provider]))
        command.local.Command("b", create="true", opts=pulumi.ResourceOptions(parent=group))

    result = engine.run("up", program)
    assert result.changes == {"create": 5}
    reference = f"{COMMAND_PROVIDER}::mine::{engine.entry('mine').id}"
    assert {engine.entry(name).provider for name in "ab"} == {reference}
    assert engine.run("up", program).changes == {"same": 5}


def test_a_preview_uses_a_provider_that_does_not_exist_yet(engine):
    def program():
        provider = command.Provider("mine")
        command.local.Command("a", create="true", opts=pulumi.ResourceOptions(provider=provider))

    assert engine.run("preview", program).changes == {"create": 3}
    assert engine.snapshot.resources == []


def test_a_change_from_the_default_to_an_explicit_provider_replaces_nothing_when_it_leads_to_the_same_place(engine):
    def program(explicit):
        opts = pulumi.ResourceOptions(provider=command.Provider("mine")) if explicit else None
        command.local.Command("a", create="true", opts=opts)

    engine.run("up", lambda: program(False))
    result = engine.run("up", lambda: program(True))
    assert result.changes == {"create": 1, "same": 2}
    assert "::mine::" in engine.entry("a").provider
    assert not [entry for entry in engine.snapshot.resources if "::default" in entry.urn]


def test_what_a_dropped_provider_made_is_deleted_through_it(engine, tmp_path):
    log = tmp_path / "log"

    def program():
        provider = command.Provider("mine")
        opts = pulumi.ResourceOptions(provider=provider)
        command.local.Command("a", create="true", delete=f"echo gone > {log}", opts=opts)

    engine.run("up", program)
    assert engine.run("up", lambda: None).changes == {"delete": 2, "same": 1}
    assert log.read_text() == "gone\n"


def test_a_program_that_raised_in_a_function_leaves_the_state_alone(engine):
    def program():
        command.local.Command("a", create="true")

    engine.run("up", program)
    before = list(engine.snapshot.resources)
    assert engine.run("up", lambda: command.local.run(command="exit 1")).code == 1
    assert {entry.urn for entry in engine.snapshot.resources} == {entry.urn for entry in before}


@pytest.mark.parametrize("package", ["aws", "docker"])
def test_a_provider_of_another_package_is_refused_by_name(engine, package):
    result = engine.run("preview", lambda: pulumi.ProviderResource(package, "p", {}))
    assert f"the plugin {package!r} of the resource type pulumi:providers:{package} is not supported" in result.text


@pytest.mark.parametrize("kind", ["refresh", "destroy"])
def test_a_function_in_a_run_that_makes_nothing_adds_no_provider(engine, kind):
    assert engine.run("up", lambda: None).code == 0
    result = engine.run(kind, lambda: command.local.run(command="true"))
    assert result.code == 0, result.text
    assert [entry for entry in engine.snapshot.resources if "providers" in entry.type] == []


def test_a_stack_config_that_a_default_provider_refuses_is_named(engine):
    engine.config["kubernetes:renderYamlToDirectory"] = "out"
    result = engine.run("preview", lambda: pulumi.CustomResource("kubernetes:core/v1:ConfigMap", "c", {}))
    assert result.code == 1
    assert "stack config kubernetes:renderYamlToDirectory: writing YAML files is not supported" in result.errors()[0]


def test_wrong_arguments_of_a_function_are_named(engine):
    result = engine.run("preview", lambda: pulumi.runtime.invoke("command:local:run", {"command": 5}))
    assert result.code == 1
    assert "command:local:run: command: it has to be a text" in result.text
