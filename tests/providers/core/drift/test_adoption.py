"""Taking over what is in the cluster: what would change, whose it is, and the line that refuses it."""

from __future__ import annotations

import copy

import pytest

from providers.core import sections
from providers.core.drift import classify
from providers.core.drift.adoption import adoption, is_identical, refusal
from providers.core.drift.facts import Facts
from providers.core.drift.states import State
from providers.core.identity import FABRIC_LABEL, ObjectRef
from tests.support.one_cr import REF, SPEC, live_object, manifest

INPUTS = sections.inputs_for("f", manifest(labels={"team": "net"}))
DESIRED = INPUTS["cluster"]
VLAN = ("subnets", "default", "vlan")


def unmanaged(manager="kubectl-create", *, vlan=1001, **spec):
    """An object as somebody else made it, with its managedFields."""
    made = live_object(INPUTS, **spec)
    made["spec"]["subnets"]["default"]["vlan"] = vlan
    made["metadata"]["labels"] = {"team": "net"}
    inside = {"f:default": {".": {}, "f:subnet": {}, "f:vlan": {}}}
    fields = {"f:spec": {"f:subnets": {".": {}, **inside}, **{f"f:{name}": {} for name in spec}}}
    made["metadata"]["managedFields"] = [{"manager": manager, "operation": "Update", "fieldsV1": fields}]
    return made


def result(live, response=None):
    found = adoption(REF, DESIRED, live, response)
    return [str(one) for one in found.changes], dict(found.owned)


def test_an_object_that_says_what_git_says_is_identical_whoever_wrote_it():
    live = unmanaged()
    assert is_identical(DESIRED, live)
    assert result(live) == ([], {})


def test_what_git_changes_is_named_with_its_owner():
    path = "cluster.spec.subnets.default.vlan"
    assert result(unmanaged(vlan=1999)) == ([f"{path}: 1999 => 1001"], {path: ("kubectl-create",)})


def test_what_git_removes_is_named_with_its_owner():
    changes, owned = result(unmanaged(mode="l3vni"))
    assert (changes, owned) == (["cluster.spec.mode: 'l3vni' => (absent)"], {"cluster.spec.mode": ("kubectl-create",)})


def test_what_git_adds_belongs_to_nobody():
    live = unmanaged()
    del live["spec"]["subnets"]["default"]["vlan"]
    del live["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:subnets"]["f:default"]["f:vlan"]
    changes, owned = result(live)
    assert (len(changes), owned) == (1, {})


def test_what_the_server_would_fill_in_again_is_no_change():
    """The live object has a gateway that Git does not write; a dry run of Git's manifest gives the same one."""
    live = unmanaged(gateway="10.0.1.1")
    response = copy.deepcopy(live)
    response["metadata"]["labels"][FABRIC_LABEL] = "f"
    assert not is_identical(DESIRED, live)
    assert result(live, response) == ([], {})


def test_what_we_wrote_ourselves_is_nobody_elses():
    assert result(unmanaged("hhsync", vlan=1999))[1] == {}


def test_an_object_with_our_label_is_ours_whoever_wrote_it_since():
    """Only adoption asks for owners: after it Git decides, also where the state was lost."""
    live = unmanaged(vlan=1999)
    live["metadata"]["labels"][FABRIC_LABEL] = "f"
    assert result(live)[1] == {}


def test_a_label_of_another_manager_that_git_changes_is_named():
    live = unmanaged()
    live["metadata"]["labels"] = {"team": "other"}
    live["metadata"]["managedFields"].append(
        {"manager": "labeller", "operation": "Apply", "fieldsV1": {"f:metadata": {"f:labels": {"f:team": {}}}}}
    )
    assert result(live)[1] == {"cluster.labels.team": ("labeller",)}


def test_the_refusal_has_names_managers_and_remedy():
    found = [adoption(ObjectRef("VPC", "default", f"v{n}"), DESIRED, unmanaged(vlan=1999), None) for n in range(5)]
    line = refusal(found)
    for part in (
        "5 CRs",
        "VPC/default/v0: spec.subnets.default.vlan (kubectl-create)",
        "and 2 more",
        "hhsync:forceConflicts",
    ):
        assert part in line
    assert "\n" not in line


@pytest.mark.parametrize("live", [unmanaged(), unmanaged("hhsync", vlan=1999)])
def test_nothing_is_refused_that_takes_nothing_from_others(live):
    assert refusal([adoption(REF, DESIRED, live, None)]) == ""


@pytest.mark.parametrize(("vlan", "paths"), [(1001, []), (1999, ["cluster.spec.subnets.default.vlan"])])
def test_the_report_calls_it_an_adoption(vlan, paths):
    live = unmanaged(vlan=vlan)
    facts = Facts(REF, desired=INPUTS, live=live, adoption=adoption(REF, DESIRED, live, None))
    detail = classify.classify(facts)
    assert (detail.state, detail.action, detail.managers) == (State.COMMITTED, "adopt", ("kubectl-create",))
    assert [str(one) for one in detail.differences] == paths
    assert [(one.git, one.cluster) for one in detail.differences] == [(1001, vlan)] * len(paths)


def test_gits_spec_is_what_the_cases_start_from():
    assert sections.cluster_section(unmanaged(), DESIRED)["spec"] == SPEC
