"""What the program declares again after a refused hand-over: the CRs as the servers had them."""

from __future__ import annotations

from program import desired, put_back
from providers.core import sections
from providers.core.identity import ObjectRef
from providers.core.manifest import Attribution, Manifest, Origin

BY = Attribution("c" * 40, "Ann <ann@example.org>", "2026-01-01T00:00:00Z")


def manifest(kind, name, spec, **more):
    return Manifest(ObjectRef(kind, "default", name), spec, Origin("f/x.yaml", 1, 2), BY, **more)


def outputs(one, answer_spec=None):
    made = sections.inputs_for("fabric-1", one)
    answer = {**made["cluster"], "spec": answer_spec or made["cluster"]["spec"]}
    return {**made, "applied": {"cluster": sections.applied_delta(made["cluster"], answer)}}


def test_a_cr_comes_back_as_the_server_had_answered(tmp_path):
    one = manifest("VPC", "a", {"mode": "l3vni"}, labels={"team": "red"}, annotations={"note": "x"})
    stored = outputs(one, {"mode": "l3vni", "ipv4Namespace": "default"})
    put_back.write(tmp_path / "f", [stored])
    (back,) = put_back.read(tmp_path / "f")
    assert back.ref == one.ref
    assert back.spec == {"mode": "l3vni", "ipv4Namespace": "default"}
    assert (back.labels, back.annotations, back.attribution) == (one.labels, one.annotations, BY)
    assert (back.origin.path, back.origin.document) == ("f/x.yaml", 2)


def test_a_cr_without_labels_and_annotations_comes_back_without(tmp_path):
    put_back.write(tmp_path / "f", [outputs(manifest("Server", "s", {}))])
    (back,) = put_back.read(tmp_path / "f")
    assert (dict(back.labels), dict(back.annotations), dict(back.spec)) == ({}, {}, {})


def test_what_comes_back_takes_its_place_in_the_order():
    now = manifest("VPCAttachment", "x", {"subnet": "b/default"})
    state = desired.DesiredState({now.ref: now}, {now.ref: ()})
    vpc, then = manifest("VPC", "a", {}), manifest("VPCAttachment", "x", {"subnet": "a/default"})
    whole = state.including([then, vpc])
    assert list(whole.manifests.values()) == [vpc, then]
    assert whole.references[then.ref] == (vpc.ref,)
