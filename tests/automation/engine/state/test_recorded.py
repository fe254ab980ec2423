"""What a stack's state records of a fabric."""

from __future__ import annotations

import io
import json

import pytest

from automation.engine.state import recorded
from automation.engine.state.recorded import PendingOperation
from providers.core.identity import ObjectRef
from providers.errors import EngineError
from tests.support import states
from tests.support.states import (
    FABRIC,
    HOOK,
    IDENTITY,
    RESULT,
    SECRET,
    STACK,
    VPC,
)

RECA = ObjectRef("VPC", "default", "reca")


def parse(export):
    return recorded.parse(io.StringIO(json.dumps(export)), STACK)


def test_a_state_of_the_engine_before_is_read_as_it_is():
    found = parse(states.export())
    assert sorted(map(str, found.crs)) == [
        "IPv4Namespace/default/reca-ip",
        "VLANNamespace/default/reca-vl",
        "VPC/default/reca",
        "VPC/default/recb",
    ]
    assert (found.urns[RECA], found.component_urn, found.identity_urn, found.result_urn) == (
        VPC,
        FABRIC,
        IDENTITY,
        RESULT,
    )
    assert found.identity["git_path"] == "fabrics/f"
    assert found.result["counts"] == {"IPv4Namespace": 1, "VLANNamespace": 1, "VPC": 2}
    assert found.fabric == {**found.identity, **found.result}
    assert found.receipts
    assert set(found.depends[RECA]) == {
        ObjectRef("IPv4Namespace", "default", "reca-ip"),
        ObjectRef("VLANNamespace", "default", "reca-vl"),
    }
    assert found.depends[ObjectRef("IPv4Namespace", "default", "reca-ip")] == ()
    assert found.uids.keys() == found.crs.keys()
    assert (dict(found.hooks), found.hook_urns) == ({"after-sync-1": "echo done"}, (HOOK,))
    assert found.bootstrap == {"bootstrap/namespace": {"metadata": {"name": "hhsync"}}}
    assert (found.pending, found.unfinished) == ((), ())


def test_the_outputs_of_a_cr_are_whole_and_hold_no_code():
    outputs = parse(states.export()).crs[RECA]
    assert {"git", "cluster", "netbox", "applied", "uid", "receipt"} <= outputs.keys()
    assert "__provider" not in outputs


def test_a_new_stack_has_nothing():
    found = parse({"version": 3, "deployment": {"manifest": {"time": "t", "version": "v"}}})
    assert (found.crs, found.fabric, found.result_urn, found.all_urns) == ({}, None, "", ())


def test_what_is_on_its_way_out_is_not_recorded_and_known_to_be_unfinished():
    export = states.export()
    states.entry(export, VPC)["delete"] = True
    found = parse(export)
    assert RECA not in found.crs
    assert found.unfinished == (VPC,)
    assert VPC in found.all_urns


def test_pending_operations_name_what_was_done_and_to_what():
    export = states.export()
    export["deployment"]["pending_operations"] = [{"resource": states.entry(export, VPC), "type": "updating"}]
    (found,) = parse(export).pending
    assert (found, found.name) == (PendingOperation(VPC, "updating"), "VPC/default/reca")


def test_a_secret_hook_has_no_text_until_it_is_decrypted():
    export = states.export()
    states.entry(export, HOOK)["inputs"]["create"] = SECRET
    found = parse(export)
    assert dict(found.hooks) == {"after-sync-1": None}
    states.entry(export, HOOK)["inputs"]["create"] = {**SECRET, "plaintext": '"echo hush"'}
    clear = recorded._with_secret_hooks(found, io.StringIO(json.dumps(export)))
    assert dict(clear.hooks) == {"after-sync-1": "echo hush"}


BROKEN = [
    ("cut short", lambda text: text[: len(text) // 2], "it ends early"),
    ("cut at the last character", lambda text: text[:-1], "it ends early"),
    ("empty", lambda _text: "", "it ends early"),
    ("nonsense", lambda _text: "pulumi: hello", "no '{' at character"),
    ("nonsense inside", lambda text: text.replace('"custom":', '"custom"::', 1), "at character"),
    ("more than one", lambda text: text + text, "something follows it"),
    ("a bottomless one", lambda _text: '{"deployment":{"resources":[' + "[" * 100_000, "nested too deeply"),
    ("from the future", lambda text: text.replace('"version": 3', '"version": 9', 1), "newer than"),
    (
        "outputs of another program",
        lambda text: text.replace('"committed_at"', '"c"').replace('"git"', '"g"'),
        "outputs",
    ),
]


@pytest.mark.parametrize(("damage", "why"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_a_damaged_state_is_one_line_that_says_so(damage, why):
    with pytest.raises(EngineError) as caught:
        recorded.parse(io.StringIO(damage(json.dumps(states.export()))), STACK)
    assert why in str(caught.value)
    assert f"the state of stack {STACK}" in str(caught.value)
