"""The rules of the built-in kubernetes plugin that need no server."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.engine.errors import NotSupported
from embedded.engine.failures import CheckFailed, ProviderFailed
from embedded.engine.plugins.kubernetes import (
    applying,
    config,
    decoding,
    difference,
    naming,
    objects,
    readiness,
    scopes,
    waiting,
)
from embedded.engine.plugins.kubernetes.client import ApiError, Kind
from embedded.engine.plugins.kubernetes.provider import KubernetesProvider
from embedded.engine.provider_protocol import Call
from embedded.engine.values import UNKNOWN, Secret

MANAGER = "pulumi-kubernetes-1"


def item(kind="ConfigMap", api="v1", name="n", namespace="default", **rest):
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": namespace}, **rest}


def stored(wanted, **server):
    """The outputs of a state: what the program wanted, and what the server made of it."""
    live = {**wanted, **server, "metadata": {**wanted["metadata"], "uid": "u", "resourceVersion": "1"}}
    return objects.checkpoint(wanted, live, wanted, wanted["apiVersion"], MANAGER)


def compared(before, after, namespaced=True, **server):
    immutable = difference.immutable_fields(after)
    return difference.compare(stored(before, **server), after, namespaced=namespaced, immutable=immutable)


# --- differences ------------------------------------------------------------------------------------------------------

DEPLOYMENT = {"replicas": 1, "selector": {"matchLabels": {"a": "b"}}}
REPLACED = [
    (item(data={"a": "1"}), item(data={"a": "2"}), ("data.a",)),
    (item("Secret", data={"a": "1"}), item("Secret", data={}), ("data.a",)),
    (item(name="a"), item(name="b"), ("metadata.name",)),
    (item(namespace="a"), item(namespace="b"), ("metadata.namespace",)),
    (item("Deployment", "apps/v1", spec=DEPLOYMENT),
     item("Deployment", "apps/v1", spec={"replicas": 1, "selector": {"matchLabels": {"a": "c"}}}),
     ("spec.selector.matchLabels.a",)),
    (item("Service", spec={"clusterIP": "10.0.0.1"}), item("Service", spec={"clusterIP": "10.0.0.2"}),
     ("spec.clusterIP",)),
    (item("RoleBinding", "rbac.authorization.k8s.io/v1", roleRef={"name": "a"}),
     item("RoleBinding", "rbac.authorization.k8s.io/v1", roleRef={"name": "b"}), ("roleRef.name",)),
    (item("Job", "batch/v1", spec={"template": {"x": 1}}), item("Job", "batch/v1", spec={"template": {"x": 2}}),
     ("spec.template.x",)),
]  # fmt: skip
UPDATED = [
    (item(), {**item(), "metadata": {"name": "n", "namespace": "default", "labels": {"a": "b"}}}, {"metadata.labels"}),
    (item("Deployment", "apps/v1", spec=DEPLOYMENT), item("Deployment", "apps/v1", spec={**DEPLOYMENT, "replicas": 2}),
     {"spec.replicas"}),
    (item("Thing", "x.org/v1", spec={"a": 1}), item("Thing", "x.org/v2", spec={"a": 1}), {"apiVersion"}),
    (item("PodDisruptionBudget", "policy/v1", spec={"a": 1}), item("PodDisruptionBudget", "policy/v1", spec={"a": 2}),
     {"spec.a"}),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "paths"), REPLACED)
def test_a_change_that_a_server_does_not_allow_replaces(before, after, paths):
    answer = compared(before, after)
    assert (answer.changes, answer.replaces) == (True, paths)


@pytest.mark.parametrize(("before", "after", "paths"), UPDATED)
def test_any_other_change_updates(before, after, paths):
    answer = compared(before, after)
    assert (answer.changes, answer.replaces, set(answer.detailed)) == (True, (), paths)


SAME = [
    (item(data={"a": "1"}), item(data={"a": "1"}), {"status": {"x": 1}}),
    (item("Service", spec={"ports": [{"port": 80}]}), item("Service", spec={"ports": [{"port": 80}]}),
     {"spec": {"ports": [{"port": 80, "protocol": "TCP"}], "clusterIP": "10.0.0.1"}}),
    (item(), item(data={}), {}),
    (item(namespace="default"), {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "n"}}, {}),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "server"), SAME)
def test_what_a_server_adds_makes_no_difference(before, after, server):
    assert compared(before, after, **server).changes is False


def test_what_someone_changed_on_the_server_is_a_difference():
    answer = compared(item(data={"a": "1"}), item(data={"a": "1"}), data={"a": "9"})
    assert answer.detailed == {"data.a": "update"}


def test_the_old_one_goes_first_when_the_program_names_it():
    assert compared(item(data={"a": "1"}), item(data={"a": "2"})).delete_before_replace
    assert not compared(item(name="a"), item(name="b")).delete_before_replace
    autonamed = objects.with_annotation(item(data={"a": "1"}), objects.AUTONAMED, "true")
    assert not compared(autonamed, {**autonamed, "data": {"a": "2"}}).delete_before_replace


def test_config_maps_and_secrets_may_be_declared_mutable():
    assert difference.immutable_fields(item(), mutable_config_maps=True) == (
        "kind",
        "metadata.name",
        "metadata.namespace",
    )
    frozen = item(immutable=True)
    assert "data" in difference.immutable_fields(frozen, mutable_config_maps=True)
    assert "type" in difference.immutable_fields(item("Secret"), mutable_secrets=True)


# --- the state's shape ------------------------------------------------------------------------------------------------


def test_secrets_stay_secret_in_the_object_and_in_its_inputs():
    wanted = item("Secret", data={"a": "eA=="}, stringData={"b": "x"})
    marked = {**wanted, "data": {"a": Secret("eA==")}, "stringData": {"b": Secret("x")}}
    live = {**wanted, "data": {"a": "eA==", "b": "eA=="}}
    found = objects.checkpoint(wanted, live, marked, "v1", MANAGER)
    assert found["data"] == {"a": Secret("eA=="), "b": Secret("eA==")}
    assert found["__inputs"]["stringData"] == {"b": Secret("x")}
    assert (found["__initialApiVersion"], found["__fieldManager"]) == ("v1", MANAGER)
    assert objects.parse_checkpoint(found) == (wanted, live)


def test_dashes_of_schemas_are_underscores_in_properties_and_back():
    properties = {"spec": {"x_kubernetes_preserve_unknown_fields": True, "list": [{"x_kubernetes_map_type": "atomic"}]}}
    wanted = objects.to_object(properties)
    assert wanted == {
        "spec": {"x-kubernetes-preserve-unknown-fields": True, "list": [{"x-kubernetes-map-type": "atomic"}]}
    }
    assert objects.to_properties(wanted) == properties


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=10,
)


@given(JSON)
def test_an_object_cut_to_its_own_shape_is_itself(value):
    assert objects.pruned(value, value) == value


@given(JSON, JSON)
def test_cutting_twice_is_cutting_once(live, shape):
    once = objects.pruned(live, shape)
    assert objects.pruned(once, shape) == once


def test_what_is_empty_is_not_lost_on_a_server_that_does_not_store_it():
    wanted = {"metadata": {"annotations": {}, "name": "n"}, "data": {}, "list": []}
    assert objects.with_empties({"metadata": {"name": "n"}}, wanted) == wanted


# --- names and kinds --------------------------------------------------------------------------------------------------


def test_an_object_without_a_name_gets_one_and_keeps_it():
    first = naming.named("web", item(name=""), {})
    name = objects.name_of(first)
    assert name.startswith("web-")
    assert len(name) == len("web-") + 8
    assert objects.is_true(first, objects.AUTONAMED)
    assert objects.name_of(naming.named("web", item(name=""), first)) == name
    assert objects.name_of(naming.named("web", item(name="mine"), first)) == "mine"


REFUSED = [
    ("kubernetes:core/v1:ConfigMapPatch", item(), "the Patch resource kubernetes:core/v1:ConfigMapPatch"),
    ("kubernetes:core/v1:ConfigMapList", item("ConfigMapList"), "declare each of its items"),
]


@pytest.mark.parametrize(("type_", "wanted", "said"), REFUSED)
def test_what_the_plugin_lacks_is_refused_by_name(type_, wanted, said):
    with pytest.raises(NotSupported, match=said):
        naming.refuse(type_, wanted)


def test_custom_kinds_may_be_called_anything():
    naming.refuse("kubernetes:x.org/v1:AccessList", item("AccessList", "x.org/v1"))
    naming.refuse("kubernetes:x.org/v1:OilPatch", item("OilPatch", "x.org/v1"))


SCOPES = [
    ("v1", "Namespace", False), ("v1", "ConfigMap", True), ("rbac.authorization.k8s.io/v1", "ClusterRole", False),
    ("rbac.authorization.k8s.io/v1", "Role", True), ("apiextensions.k8s.io/v1", "CustomResourceDefinition", False),
    ("x.org/v1", "Namespace", True),
]  # fmt: skip


@pytest.mark.parametrize(("api_version", "kind", "expected"), SCOPES)
def test_the_scope_of_built_in_kinds_is_known_without_a_server(api_version, kind, expected):
    assert scopes.is_namespaced(api_version, kind) is expected


POLICIES = [
    ({}, item("Deployment", "apps/v1"), "Foreground"),
    ({}, item(), "Background"),
    ({}, item("Thing", "x.org/v1"), "Foreground"),
    ({objects.PROPAGATION: "orphan"}, item("Deployment", "apps/v1"), "Orphan"),
    ({objects.PROPAGATION: "Background"}, item("Thing", "x.org/v1"), "Background"),
]


@pytest.mark.parametrize(("annotations", "live", "policy"), POLICIES)
def test_deletes_propagate_as_the_annotation_says(annotations, live, policy):
    inputs = objects.with_metadata(live, annotations=annotations)
    assert naming.propagation(inputs, live) == policy


def test_a_name_cannot_lead_to_another_path():
    assert Kind("/api/v1", "secrets", True).path("a/b", "../x") == "/api/v1/namespaces/a%2Fb/secrets/..%2Fx"
    assert Kind("/api/v1", "nodes", False).path("ignored") == "/api/v1/nodes"


# --- readiness --------------------------------------------------------------------------------------------------------


def seen(kind, api, generation=1, **rest):
    return {**item(kind, api, **rest), "metadata": {"name": "n", "generation": generation}}


def conditions(**states):
    return {"conditions": [{"type": name, "status": state} for name, state in states.items()]}


READY = [
    (seen("CustomResourceDefinition", "apiextensions.k8s.io/v1", status=conditions(Established="True")), ""),
    (seen("CustomResourceDefinition", "apiextensions.k8s.io/v1"), "the CRD to be established"),
    (seen("Deployment", "apps/v1", spec={"replicas": 2},
          status={"observedGeneration": 1, "updatedReplicas": 2, "availableReplicas": 1}),
     "its replicas to be ready (1 of 2)"),
    (seen("Deployment", "apps/v1", generation=2, status={"observedGeneration": 1}), "its controller to take it up"),
    (seen("Deployment", "apps/v1", status={"observedGeneration": 1, "updatedReplicas": 1, "availableReplicas": 1}), ""),
    (seen("StatefulSet", "apps/v1", status={"observedGeneration": 1, "readyReplicas": 1, "currentRevision": "a",
                                            "updateRevision": "b"}), "its update to be rolled out"),
    (seen("DaemonSet", "apps/v1", status={"observedGeneration": 1, "desiredNumberScheduled": 2, "numberAvailable": 2,
                                          "updatedNumberScheduled": 2}), ""),
    (seen("Pod", "v1", status={"phase": "Pending"}), "the pod to be ready"),
    (seen("Pod", "v1", status={"phase": "Succeeded"}), ""),
    (seen("Job", "batch/v1", status=conditions(Complete="True")), ""),
    (seen("PersistentVolumeClaim", "v1", status={"phase": "Pending"}), "the claim to be bound"),
    (seen("PersistentVolume", "v1", status={"phase": "Available"}), ""),
    (seen("Service", "v1", spec={"type": "LoadBalancer"}), "its load balancer's address"),
    (seen("Service", "v1", spec={"type": "ClusterIP"}), ""),
]  # fmt: skip


@pytest.mark.parametrize(("live", "waiting_for"), READY)
def test_each_kind_is_ready_when_its_status_says_so(live, waiting_for):
    assert readiness.rule_for(live)(live) == waiting_for


HOPELESS = [
    seen("Job", "batch/v1", status=conditions(Failed="True")),
    seen("Pod", "v1", status={"phase": "Failed"}),
    seen("CustomResourceDefinition", "apiextensions.k8s.io/v1", status=conditions(NamesAccepted="False")),
]


@pytest.mark.parametrize("live", HOPELESS)
def test_nobody_waits_for_what_has_failed(live):
    with pytest.raises(readiness.Hopeless):
        readiness.rule_for(live)(live)


CUSTOM = [
    ("condition=Ready", conditions(Ready="True"), True),
    ("condition=Ready=False", conditions(Ready="True"), False),
    ("jsonpath={.status.phase}=Running", {"phase": "Running"}, True),
    ("jsonpath={.status.phase}", {}, False),
    ('["condition=A", "condition=B"]', conditions(A="True", B="False"), False),
]


@pytest.mark.parametrize(("text", "status", "ready"), CUSTOM)
def test_an_annotation_says_what_to_wait_for(text, status, ready):
    live = {**objects.with_annotation(item("Thing", "x.org/v1"), objects.WAIT_FOR, text), "status": status}
    assert (readiness.rule_for(live)(live) == "") is ready


def test_an_annotation_that_cannot_be_read_is_a_finding():
    wanted = objects.with_annotation(item(), objects.WAIT_FOR, "soon")
    (found,) = naming.findings("kubernetes:core/v1:ConfigMap", wanted)
    assert "cannot be read here; write condition=" in found[1]


def test_skip_await_waits_for_nothing():
    assert readiness.rule_for(objects.with_annotation(item("Pod"), objects.SKIP_AWAIT, "true")) is None
    assert readiness.rule_for(item()) is None


def test_how_long_to_wait():
    annotated = objects.with_annotation(item(), objects.TIMEOUT, "30")
    assert waiting.seconds_for(Call(), item()) == 600
    assert waiting.seconds_for(Call(), annotated) == 30
    assert waiting.seconds_for(Call(asked=5), annotated) == 5


# --- field managers ---------------------------------------------------------------------------------------------------


def owned(manager, operation, *fields):
    return {"manager": manager, "operation": operation, "fieldsV1": {"f:data": {f"f:{name}": {} for name in fields}}}


def test_what_the_creator_and_kubectl_own_is_handed_to_the_resources_manager():
    managed = [owned("pulumi-kubernetes", "Update", "a"), owned("kubectl", "Apply", "b"), owned("other", "Update", "c")]
    found = applying.handed_over([*managed, owned(MANAGER, "Apply", "d")], MANAGER)
    assert found == [owned("other", "Update", "c"), owned(MANAGER, "Apply", "d", "a", "b")]


def test_nothing_is_handed_over_where_only_others_own():
    assert applying.handed_over([owned("other", "Update", "c"), owned(MANAGER, "Apply", "d")], MANAGER) is None


def test_a_conflict_names_manager_and_field_and_what_to_do():
    error = ApiError(409, "Conflict", "Apply failed", ((".data.a", 'conflict with "other" using v1'),))
    text = str(applying.conflict(error, item(), MANAGER))
    assert '.data.a: conflict with "other"' in text
    assert "ConfigMap default/n" in text
    assert objects.PATCH_FORCE in text
    assert "\n" not in text


# --- config and YAML --------------------------------------------------------------------------------------------------

WRONG_CONFIG = [
    ({"renderYamlToDirectory": "x"}, "renderYamlToDirectory"),
    ({"enableServerSideApply": False}, "client-side apply"),
    ({"enableServerSideApply": "maybe"}, "true or false"),
    ({"kubeconfi": "x"}, "no such property"),
    ({"namespace": 4}, "has to be a text"),
    ({"deleteUnreachable": "true"}, "not supported"),
]


@pytest.mark.parametrize(("inputs", "said"), WRONG_CONFIG)
def test_a_provider_config_that_cannot_be_kept_is_refused_by_name(inputs, said):
    with pytest.raises(CheckFailed, match=said):
        KubernetesProvider().check_config(Call(), {}, inputs)


def test_flags_come_as_texts_too():
    found = config.read({"enablePatchForce": "true", "upsertExistingObjects": True, "kubeconfig": {"a": 1}})
    assert (found.patch_force, found.upsert, found.kubeconfig) == (True, True, '{"a": 1}')
    assert not config.read({"kubeconfig": UNKNOWN}).known


KUBECONFIG = """
clusters: [{name: c, cluster: {server: 'https://SERVER'}}]
contexts: [{name: x, context: {cluster: c}}]
current-context: x
"""
MOVES = [
    ({"kubeconfig": KUBECONFIG}, {"kubeconfig": KUBECONFIG + "\n# a comment"}, ()),
    ({"kubeconfig": KUBECONFIG}, {"kubeconfig": KUBECONFIG.replace("SERVER", "OTHER")}, ("kubeconfig",)),
    ({"kubeconfig": KUBECONFIG}, {"kubeconfig": UNKNOWN}, ("kubeconfig",)),
    ({"kubeconfig": KUBECONFIG, "clusterIdentifier": "a"},
     {"kubeconfig": KUBECONFIG.replace("SERVER", "OTHER"), "clusterIdentifier": "a"}, ()),
    ({"clusterIdentifier": "a", "kubeconfig": KUBECONFIG}, {"clusterIdentifier": "b", "kubeconfig": KUBECONFIG},
     ("clusterIdentifier",)),
    ({"kubeconfig": KUBECONFIG}, {"kubeconfig": KUBECONFIG, "namespace": "x"}, ()),
    ({"kubeconfig": "/no/longer/there"}, {"kubeconfig": KUBECONFIG}, ()),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after", "replaces"), MOVES)
def test_only_another_cluster_replaces_a_provider(before, after, replaces):
    answer = KubernetesProvider().diff_config(Call(), before, after)
    assert (answer.changes, answer.replaces) == (True, replaces)


def test_yaml_is_decoded_as_the_plugin_does():
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {when: 2026-11-21}\n---\n---\nfoo: bar\n"
    (found,) = decoding.decode(text, "place", scopes.is_namespaced)
    assert found == item(name="a", namespace="place", data={"when": "2026-11-21"})


@pytest.mark.parametrize(("text", "said"), [("a: [", "no YAML at line 1"), ("- a", "document 1")])
def test_yaml_that_cannot_be_read_is_one_line(text, said):
    with pytest.raises(ProviderFailed, match=said):
        decoding.decode(text, "", scopes.is_namespaced)
