"""A resource's sections: from a manifest, back to a manifest, and with live values laid over them."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given

from providers.core import sections
from providers.core.diff import changes
from providers.core.equality import same
from providers.core.identity import FABRIC_LABEL
from tests.support.one_cr import SPEC, live_object, manifest, outputs_for
from tests.support.strategies import specs


def test_the_manifest_that_is_sent_is_gits_plus_our_label():
    sent = sections.manifest_of(sections.inputs_for("f", manifest(labels={"team": "net"}))["cluster"])
    assert sent == {
        "apiVersion": "vpc.githedgehog.com/v1beta1",
        "kind": "VPC",
        "metadata": {"name": "vpc-1", "namespace": "default", "labels": {"team": "net", FABRIC_LABEL: "f"}},
        "spec": SPEC,
    }


def test_a_record_carries_where_the_cr_comes_from():
    record = sections.inputs_for("f", manifest())["netbox"]
    assert record["ref"] == "f/vpc.githedgehog.com/VPC/default/vpc-1"
    assert (record["git_file_path"], record["git_commit"], record["git_status"]) == (
        "fabrics/f/vpcs.yaml",
        "c" * 40,
        "From Git",
    )


@given(specs, specs)
def test_the_recorded_answer_survives_its_storage(spec, response):
    inputs = sections.inputs_for("f", manifest(spec))
    outputs = outputs_for(inputs, live_object(inputs) | {"spec": response})
    assert same(sections.recorded_section(outputs, "cluster").get("spec"), response)


def test_pulumis_floats_do_not_change_the_recorded_answer():
    inputs = sections.inputs_for("f", manifest({"l": [{"vlan": 1}]}))
    outputs = outputs_for(inputs, live_object(inputs, l=[{"vlan": 2}]))
    outputs["applied"] = {"cluster": [[["spec", "l", 0.0, "vlan"], 2.0]]}
    assert sections.recorded_section(outputs, "cluster")["spec"] == {"l": [{"vlan": 2}]}


def test_a_clean_cr_shows_no_difference():
    inputs = sections.inputs_for("f", manifest())
    live = live_object(inputs)
    seen = sections.observed(outputs_for(inputs, live), live, inputs["netbox"])
    assert changes(seen, inputs) == []


@pytest.mark.parametrize("foreign", ["labels", "annotations"])
def test_a_foreign_label_or_annotation_is_not_ours_to_see(foreign):
    inputs = sections.inputs_for("f", manifest())
    live = live_object(inputs)
    live["metadata"].setdefault(foreign, {})["other.example/x"] = "1"
    seen = sections.observed(outputs_for(inputs, live), live, inputs["netbox"])
    assert changes(seen, inputs) == []


def test_our_label_removed_shows():
    inputs = sections.inputs_for("f", manifest())
    live = live_object(inputs)
    outputs = outputs_for(inputs, live)
    del live["metadata"]["labels"][FABRIC_LABEL]
    assert [str(one) for one in changes(sections.observed(outputs, live, inputs["netbox"]), inputs)] == [
        f"cluster.labels: (absent) => {{'{FABRIC_LABEL}': 'f'}}"
    ]


def test_an_object_made_again_by_somebody_else_shows_its_uid():
    inputs = sections.inputs_for("f", manifest())
    live = live_object(inputs)
    outputs = outputs_for(inputs, live)
    live["metadata"]["uid"] = "uid-2"
    assert [one.path for one in changes(sections.observed(outputs, live, inputs["netbox"]), inputs)] == [
        ("cluster", "uid")
    ]


def test_gone_on_one_side_is_that_section_missing():
    inputs = sections.inputs_for("f", manifest())
    outputs = outputs_for(inputs, live_object(inputs))
    assert set(sections.observed(outputs, None, inputs["netbox"])) == {"git", "netbox"}
    assert set(sections.observed(outputs, live_object(inputs), None)) == {"git", "cluster"}


def test_an_edited_record_shows_its_field():
    inputs = sections.inputs_for("f", manifest())
    live = live_object(inputs)
    edited = copy.deepcopy(inputs["netbox"])
    edited["spec"]["subnets"]["default"]["vlan"] = 1999
    seen = sections.observed(outputs_for(inputs, live), live, edited)
    assert [str(one) for one in changes(seen, inputs)] == ["netbox.spec.subnets.default.vlan: 1999 => 1001"]


def test_a_new_server_default_is_not_drift():
    """The dry run of our last wish takes the recorded answer's place."""
    inputs = sections.inputs_for("f", manifest())
    outputs = outputs_for(inputs, live_object(inputs))
    live = live_object(inputs, mode="l2vni")
    seen = sections.observed(outputs, live, inputs["netbox"], reference=live)
    assert changes(seen, inputs) == []


def test_a_default_that_the_server_lost_shows():
    inputs = sections.inputs_for("f", manifest())
    outputs = outputs_for(inputs, live_object(inputs, mtu=9036))
    seen = sections.observed(outputs, live_object(inputs), inputs["netbox"])
    assert [str(one) for one in changes(seen, inputs)] == ["cluster.lost: ['spec.mtu'] => (absent)"]


@given(specs, specs, specs)
def test_no_change_of_an_object_is_silent(spec, response, later):
    """Whatever a server made of our write: if the object differs from that now, something shows, unless it is Git's wish."""
    inputs = sections.inputs_for("f", manifest(spec))
    outputs = outputs_for(inputs, live_object(inputs) | {"spec": response})
    seen = sections.observed(outputs, live_object(inputs) | {"spec": later}, inputs["netbox"])
    moved = not same(response, later)
    if not moved:
        assert changes(seen, inputs) == []
    elif not same(later, spec):
        assert changes(seen, inputs) != []


@pytest.mark.parametrize(
    ("changed", "attribution"),
    [
        ({"git": {"commit": "d" * 40}, "netbox": {"git_commit": "d" * 40}}, True),
        ({"git": {"path": "elsewhere.yaml"}, "netbox": {"git_file_path": "elsewhere.yaml"}}, True),
        ({"netbox": {"git_status": "Not from Git"}}, False),
        ({"cluster": {"spec": {}}}, False),
    ],
)
def test_an_attribution_update_is_told_from_a_change(changed, attribution):
    inputs = sections.inputs_for("f", manifest())
    other = {name: {**section, **changed.get(name, {})} for name, section in inputs.items()}
    assert sections.only_attribution(changes(inputs, other)) is attribution


@given(specs, specs)
def test_stored_outputs_come_back_whole(spec, response):
    inputs = sections.inputs_for("f", manifest(spec, labels={"team": "net"}))
    outputs = outputs_for(inputs, live_object(inputs) | {"spec": response})
    kept = sections.stored(outputs)
    assert "netbox" not in kept
    assert sections.restored(kept) == outputs
