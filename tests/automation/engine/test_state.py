"""What a stack's state records of a fabric."""

from __future__ import annotations

from automation.engine.state import recorded
from automation.handing_over import _result_urns

FABRIC = "urn:pulumi:f::hhsync::hhsync:index:Fabric$"
RESULT = "pulumi-python:dynamic/hedgehog:FabricResult"
HOOK = "command:local:Command"


def entry(type_, name, **more):
    return {"urn": f"{FABRIC}{type_}::{name}", "type": type_, "outputs": {"record": {"status": "success"}}, **more}


def test_what_follows_the_result_is_known_since_it_depends_on_every_cr():
    found = recorded([entry(RESULT, "f/result"), entry(HOOK, "after-sync-1"), entry(HOOK, "old", delete=True)])
    assert (found.crs, found.fabric) == ({}, {"status": "success"})
    assert _result_urns(found) == [f"{FABRIC}{HOOK}::after-sync-1", f"{FABRIC}{RESULT}::f/result"]


def test_objects_of_a_bootstrap_are_no_crs():
    assert recorded([entry("kubernetes:core/v1:Namespace", "bootstrap/namespace")]).crs == {}
