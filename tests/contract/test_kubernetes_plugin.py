"""The built-in kubernetes plugin on a real API server, through whole runs of the engine."""

from __future__ import annotations

import json
import uuid

import pulumi
import pulumi_kubernetes as kubernetes
import pytest
from pulumi_kubernetes.yaml import ConfigFile, ConfigGroup

from embedded.engine.plugins.kubernetes.client import ApiError, Client
from embedded.engine.plugins.kubernetes.kubeconfig import load
from tests.engine.run.harness import Engine

pytestmark = pytest.mark.services

AUTONAMED = "pulumi.com/autonamed"


class World:
    """A stack, an API server to look at, and names of its own."""

    def __init__(self, home, access):
        self.engine = Engine(home)
        self.kubeconfig = access.admin_kubeconfig
        self.reader = access.reader_kubeconfig
        self.client = Client(load(self.kubeconfig).place())
        self.name = f"k-{uuid.uuid4().hex[:8]}"
        self.made = []

    def provider(self, **more):
        return kubernetes.Provider("k", **{"kubeconfig": self.kubeconfig, **more})

    def run(self, kind, program, **options):
        return self.engine.run(kind, program, **options)

    def config_maps(self):
        """Data by name of this test's config maps."""
        listed = self.client.call("GET", "/api/v1/namespaces/default/configmaps")["items"]
        return {
            one["metadata"]["name"]: one.get("data") for one in listed if one["metadata"]["name"].startswith(self.name)
        }

    def path(self, name=""):
        return f"/api/v1/namespaces/default/configmaps/{name or self.name}"

    def get(self, path):
        try:
            return self.client.call("GET", path)
        except ApiError as error:
            if error.status != 404:
                raise
            return None

    def apply(self, path, manager, body):
        """Another field manager applies something, by force."""
        params = {"fieldManager": manager, "force": "true"}
        self.client.call("PATCH", path, params=params, body=body, content="application/apply-patch+yaml")

    def clean(self):
        self.run("destroy", None, run_program=False)
        for name in self.config_maps():
            self.client.call("DELETE", self.path(name))
        for path in self.made:
            if self.get(path) is None:
                continue
            self.client.call("DELETE", path)
            left = self.get(path)
            if left is not None and left["kind"] == "Namespace":  # no controller is there to do it
                left["spec"] = {"finalizers": []}
                self.client.call("PUT", f"{path}/finalize", body=left)


@pytest.fixture
def world(tmp_path, services):
    made = World(tmp_path, services.fabric("fabric-1"))
    yield made
    made.clean()


def config_map(world, data, annotations=None, name=None, **provider):
    def program():
        options = pulumi.ResourceOptions(provider=world.provider(**provider))
        metadata = {"name": name or world.name, "annotations": annotations or {}}
        made = kubernetes.core.v1.ConfigMap("cm", metadata=metadata, data=data, opts=options)
        pulumi.export("uid", made.metadata.uid)

    return program


MUTABLE = {"enable_config_map_mutable": True}


def test_a_preview_writes_nothing_and_an_up_does_what_it_said(world):
    program = config_map(world, {"a": "1"})
    assert world.run("preview", program).changes == {"create": 3}
    assert world.config_maps() == {}
    assert world.run("up", program).changes == {"create": 3}
    assert world.config_maps() == {world.name: {"a": "1"}}
    assert world.run("preview", program).changes == {"same": 3}
    entry = world.engine.entry("cm")
    assert entry.id == f"default/{world.name}"
    assert entry.outputs["__initialApiVersion"] == "v1"
    assert entry.outputs["__fieldManager"].startswith("pulumi-kubernetes-")
    assert entry.outputs["__inputs"]["data"] == {"a": "1"}


def test_an_update_is_an_apply_by_the_resources_own_manager(world):
    world.run("up", config_map(world, {"a": "1", "b": "1"}, **MUTABLE))
    before = world.get(world.path())
    result = world.run("preview", config_map(world, {"a": "2"}, **MUTABLE))
    assert result.detail("cm") == {"data.a": "update", "data.b": "delete"}
    assert world.get(world.path()) == before
    world.run("up", config_map(world, {"a": "2"}, **MUTABLE))
    live = world.get(world.path())
    assert live["data"] == {"a": "2"}
    assert live["metadata"]["uid"] == before["metadata"]["uid"]
    (manager,) = {entry["manager"] for entry in live["metadata"]["managedFields"]}
    assert manager == world.engine.entry("cm").outputs["__fieldManager"]


def test_data_of_a_named_config_map_is_replaced_in_place_unless_it_is_declared_mutable(world):
    world.run("up", config_map(world, {"a": "1"}))
    uid = world.get(world.path())["metadata"]["uid"]
    result = world.run("up", config_map(world, {"a": "2"}))
    assert result.changes == {"replace": 1, "same": 2}
    assert world.config_maps() == {world.name: {"a": "2"}}
    assert world.get(world.path())["metadata"]["uid"] != uid


def test_a_name_is_made_up_and_kept_and_a_replace_makes_the_new_one_first(world):
    def program(data):
        def run():
            options = pulumi.ResourceOptions(provider=world.provider())
            kubernetes.core.v1.ConfigMap(world.name, data=data, opts=options)

        return run

    world.run("up", program({"a": "1"}))
    (first,) = world.config_maps()
    assert world.run("up", program({"a": "1"})).changes == {"same": 3}
    world.run("up", program({"a": "2"}))
    (second,) = world.config_maps()
    assert first != second
    assert world.get(world.path(second))["metadata"]["annotations"] == {AUTONAMED: "true"}


def test_drift_is_shown_and_repaired(world):
    program = config_map(world, {"a": "1"}, **MUTABLE)
    world.run("up", program)
    world.apply(world.path(), "someone", {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "9"}})
    shown = world.run("refresh", program, preview_only=True)
    assert shown.changes == {"same": 2, "update": 1}
    assert world.run("preview", program, refresh=True).detail("cm") == {"data.a": "update"}
    failed = world.run("up", program, refresh=True)
    assert failed.code == 1
    assert 'conflict with "someone"' in failed.text
    force = config_map(world, {"a": "1"}, annotations={"pulumi.com/patchForce": "true"}, **MUTABLE)
    assert world.run("up", force, refresh=True).code == 0
    assert world.config_maps() == {world.name: {"a": "1"}}


def test_what_others_add_is_left_alone_and_no_drift(world):
    program = config_map(world, {"a": "1"}, **MUTABLE)
    world.run("up", program)
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"labels": {"theirs": "yes"}}}
    world.apply(world.path(), "someone", body)
    assert world.run("refresh", program).changes == {"same": 3}
    assert world.run("up", config_map(world, {"a": "2"}, **MUTABLE), refresh=True).code == 0
    assert world.get(world.path())["metadata"]["labels"] == {"theirs": "yes"}


def test_what_someone_deleted_is_made_again(world):
    program = config_map(world, {"a": "1"})
    world.run("up", program)
    world.client.call("DELETE", world.path())
    assert world.run("up", program, refresh=True).changes == {"create": 1, "same": 2}
    assert world.config_maps() == {world.name: {"a": "1"}}


def test_a_conflict_is_one_line_that_names_the_manager(world):
    world.run("up", config_map(world, {"a": "1"}, **MUTABLE))
    world.apply(world.path(), "someone", {"apiVersion": "v1", "kind": "ConfigMap", "data": {"a": "9"}})
    result = world.run("up", config_map(world, {"a": "2"}, **MUTABLE))
    (line, _failed) = result.errors()
    assert "\n" not in line
    assert f"ConfigMap default/{world.name}" in line
    assert '.data.a: conflict with "someone"' in line
    assert "pulumi.com/patchForce" in line


def test_what_exists_already_is_refused_unless_the_provider_takes_over(world):
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": world.name}, "data": {"z": "1"}}
    world.client.call("POST", "/api/v1/namespaces/default/configmaps", body=body)
    refused = world.run("up", config_map(world, {"a": "1"}))
    assert refused.code == 1
    assert "already exists" in refused.text
    assert "upsertExistingObjects" in refused.text
    assert world.run("up", config_map(world, {"a": "1"}, upsert_existing_objects=True)).code == 0
    assert world.config_maps() == {world.name: {"a": "1", "z": "1"}}


def test_a_namespace_and_what_is_in_it(world):
    world.made.append(f"/api/v1/namespaces/{world.name}")

    def program():
        options = pulumi.ResourceOptions(provider=world.provider(), retain_on_delete=True)
        place = kubernetes.core.v1.Namespace("ns", metadata={"name": world.name}, opts=options)
        account = kubernetes.core.v1.ServiceAccount("sa", metadata={"namespace": place.metadata.name}, opts=options)
        pulumi.export("account", account.id)

    assert world.run("preview", program).code == 0
    result = world.run("up", program)
    assert result.code == 0, result.text
    assert world.engine.entry("ns").id == world.name
    assert world.engine.entry("sa").id.startswith(f"{world.name}/sa-")


def crd_of(world):
    group = f"{world.name}.example.org"
    schema = {
        "type": "object",
        "properties": {"spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}},
    }
    return group, {
        "group": group,
        "scope": "Namespaced",
        "names": {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"},
        "versions": [{"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}],
    }


def test_a_crd_and_its_objects_in_one_up(world):
    group, spec = crd_of(world)
    annotations = {"pulumi.com/deletionPropagationPolicy": "background"}

    def program(count=1):
        def run():
            provider = world.provider()
            options = pulumi.ResourceOptions(provider=provider)
            crd = kubernetes.apiextensions.v1.CustomResourceDefinition(
                "crd", metadata={"name": f"things.{group}"}, spec=spec, opts=options
            )
            kubernetes.apiextensions.CustomResource(
                "thing",
                api_version=f"{group}/v1",
                kind="Thing",
                metadata={"name": "one", "annotations": annotations},
                spec={"count": count, "nested": {"under_score": 1}},
                opts=pulumi.ResourceOptions(provider=provider, depends_on=[crd]),
            )

        return run

    assert world.run("preview", program()).changes == {"create": 4}
    result = world.run("up", program())
    assert result.code == 0, result.text
    live = world.get(f"/apis/{group}/v1/namespaces/default/things/one")
    assert live["spec"] == {"count": 1, "nested": {"under_score": 1}}
    assert world.run("up", program(), refresh=True).changes == {"same": 4}
    assert world.run("preview", program(2)).detail("thing") == {"spec.count": "update"}
    assert world.run("up", program(2)).changes == {"same": 3, "update": 1}
    stored = world.engine.entry("crd").outputs["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    assert stored["x_kubernetes_preserve_unknown_fields"] is True
    assert world.run("destroy", None, run_program=False).code == 0
    assert world.get(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.{group}") is None


def test_a_kind_without_its_crd_is_named_with_the_remedy(world, monkeypatch):
    monkeypatch.setattr("embedded.engine.plugins.kubernetes.provider._RETRIES", (0.01,))

    def program():
        options = pulumi.ResourceOptions(provider=world.provider())
        kubernetes.apiextensions.CustomResource(
            "x", api_version="no.such/v1", kind="Thing", metadata={"name": "x"}, opts=options
        )

    assert world.run("preview", program).code == 0
    result = world.run("up", program)
    assert result.code == 1
    assert "does not serve Thing of no.such/v1; install its CRD" in result.text


def test_yaml_files_and_texts_become_resources(world, tmp_path):
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}}}\ndata: {{a: '1'}}\n"
    file = tmp_path / "a.yaml"
    file.write_text("\n---\n".join(text.format(name=f"{world.name}-{letter}") for letter in "ab"))

    def program():
        options = pulumi.ResourceOptions(provider=world.provider())
        ConfigFile("file", file=str(file), opts=options)
        ConfigGroup("group", yaml=[text.format(name=f"{world.name}-c")], opts=options)

    result = world.run("up", program)
    assert result.code == 0, result.text
    assert world.config_maps() == {f"{world.name}-{letter}": {"a": "1"} for letter in "abc"}
    assert set(world.run("up", program, refresh=True).changes) == {"same"}
    assert world.run("destroy", None, run_program=False).code == 0
    assert world.config_maps() == {}


def test_a_reader_previews_and_its_writes_are_refused_in_one_line(world):
    world.run("up", config_map(world, {"a": "1"}, **MUTABLE))

    def as_reader():
        options = pulumi.ResourceOptions(provider=world.provider(kubeconfig=world.reader))
        kubernetes.core.v1.Namespace("x", metadata={"name": world.name}, opts=options)

    world.engine.snapshot.resources.clear()
    assert world.run("preview", as_reader).code == 0
    result = world.run("up", as_reader)
    assert "cannot create Namespace" in result.text
    assert "is forbidden" in result.text
    assert "give the user of that kubeconfig the right" in result.text


def test_secrets_are_stored_as_secrets_and_shown_nowhere(world):
    def program():
        options = pulumi.ResourceOptions(provider=world.provider())
        data = {"word": pulumi.Output.secret("aHVzaC1odXNo")}
        kubernetes.core.v1.Secret("s", metadata={"name": world.name}, data=data, opts=options)

    result = world.run("up", program)
    assert result.code == 0, result.text
    outputs = world.engine.entry("s").outputs
    assert repr(outputs["data"]) == repr(outputs["__inputs"]["data"]) == "Secret(...)" or "aHVz" not in repr(outputs)
    assert "aHVz" not in json.dumps(result.events) + result.text


WRONG = [
    ({"kubeconfig": "/no/such/file"}, "the kubeconfig /no/such/file does not exist"),
    ({"context": "nowhere"}, "it has no context 'nowhere'; there are: fabric-1"),
    ({"cluster": "nowhere"}, "it has no cluster 'nowhere'"),
]


@pytest.mark.parametrize(("config", "said"), WRONG)
def test_a_wrong_config_is_one_line_with_what_there_is(world, config, said):
    result = world.run("preview", config_map(world, {"a": "1"}, **config))
    assert result.code == 1
    assert said in result.errors()[0], result.text


def test_a_server_that_does_not_answer_is_named(world):
    contents = json.dumps({
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c"}}],
        "current-context": "x",
    })  # fmt: skip
    result = world.run("preview", config_map(world, {"a": "1"}, kubeconfig=contents))
    assert result.code == 1
    assert "https://127.0.0.1:1 (context 'x' of the provider's kubeconfig) cannot be reached" in result.text


def test_an_object_that_is_not_ready_in_time_is_kept_and_waited_for_again(world):
    def program(wanted):
        def run():
            options = pulumi.ResourceOptions(
                provider=world.provider(**MUTABLE),
                custom_timeouts=pulumi.CustomTimeouts(create="300ms", update="300ms"),
            )
            annotations = {"pulumi.com/waitFor": f"jsonpath={{.data.a}}={wanted}"}
            metadata = {"name": world.name, "annotations": annotations}
            kubernetes.core.v1.ConfigMap("cm", metadata=metadata, data={"a": "1"}, opts=options)

        return run

    result = world.run("up", program("2"))
    assert result.code == 1
    assert "was written, but is not ready after 0.3 s" in result.text
    entry = world.engine.entry("cm")
    assert entry.id == f"default/{world.name}"
    assert len(entry.init_errors) == 1
    assert world.run("up", program("1")).code == 0
    assert world.engine.entry("cm").init_errors == []
