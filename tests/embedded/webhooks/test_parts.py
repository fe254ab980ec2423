"""The parts under the rules: views of objects, what is stored of them, settings that change, and Agents."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded.webhooks.admission import patch, rewritten
from embedded.webhooks.agents import Behaviour, status_after_attempt, wanted_agents
from embedded.webhooks.networks import prefix
from embedded.webhooks.registration import manifests
from embedded.webhooks.rules.connections import _aliases
from embedded.webhooks.rules.externals import _is_community
from embedded.webhooks.rules.vpc_subnets import is_mac
from embedded.webhooks.settings import Defaults, Settings, WatchedFile
from embedded.webhooks.shapes import Unreadable
from embedded.webhooks.specs import SPECS
from tests.support.webhooks.recorded import Fabric, fabric, manifest

if TYPE_CHECKING:
    from pathlib import Path

VPC = {"VPC": "vpc-1", "spec": {"subnets": {"default": {"subnet": "10.0.1.0/24", "vlan": 1001}}}}

json_objects = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("ab/~"), inner, max_size=3),
    max_leaves=8,
).map(lambda value: value if isinstance(value, dict) else {"a": value})


def patched(value: dict[str, Any], operations: list[dict[str, Any]]) -> dict[str, Any]:
    result = json.loads(json.dumps(value))
    for one in operations:
        *steps, last = [step.replace("~1", "/").replace("~0", "~") for step in one["path"].split("/")[1:]]
        container = result
        for step in steps:
            container = container[step]
        if one["op"] == "remove":
            del container[last]
        else:
            container[last] = one["value"]
    return result


@given(json_objects, json_objects)
def test_the_patch_makes_the_one_object_of_the_other(sent: dict[str, Any], wanted: dict[str, Any]) -> None:
    made = patched(sent, patch(sent, wanted))
    assert json.dumps(made, sort_keys=True) == json.dumps(wanted, sort_keys=True)


@given(json_objects)
def test_what_defaulting_does_not_change_is_stored_as_sent(sent: dict[str, Any]) -> None:
    assert rewritten(sent, sent, sent) == sent


def test_a_zero_that_was_sent_stays_and_what_defaulting_takes_out_goes() -> None:
    sent = {"zero": 0, "gone": 1, "kept": 2}
    assert rewritten(sent, {"gone": 1, "kept": 2}, {"kept": 2, "filled": 3}) == {"zero": 0, "kept": 2, "filled": 3}


@pytest.mark.parametrize("vlan", [-1, 1 << 16, 1.5, "1001", True])
def test_a_vlan_that_is_no_uint16_cannot_be_read(vlan: object) -> None:
    with pytest.raises(Unreadable, match=r"spec\.subnets\.vlan"):
        SPECS["VPC"].read({"subnets": {"default": {"vlan": vlan}}}, "spec")


def test_false_and_absent_differ_only_where_the_type_says_so() -> None:
    spec = {"subnets": {"default": {"isolated": False, "hostBGP": False}}}
    assert SPECS["VPC"].write(SPECS["VPC"].read(spec, "spec")) == {
        "subnets": {"default": {"dhcp": {}, "isolated": False}}
    }


@pytest.mark.parametrize("text", ["10.0.0.0", "10.0.0.0/33", "10.0.0.0/08", "10.0.0/8", "10.0.0.0/255.0.0.0", "", "/8"])
def test_what_is_no_prefix(text: str) -> None:
    assert prefix(text) is None


@pytest.mark.parametrize(
    ("text", "community"),
    [
        ("0:0", True),
        ("65535:65535", True),
        ("65536:1", False),
        ("01:1", False),
        ("1", False),
        ("1:2:3", False),
        (":", False),
    ],
)
def test_communities(text: str, community: bool) -> None:
    assert _is_community(text) is community


@pytest.mark.parametrize(
    ("text", "mac"),
    [
        ("0c:20:12:fe:01:00", True),
        ("0C-20-12-FE-01-00", True),
        ("0c20.12fe.0100", True),
        ("0c:20:12:fe:01", False),
        ("0c:20:12:fe:01:0g", False),
        ("0c:20-12:fe:01:00", False),
        ("0c2012fe0100", False),
    ],
)
def test_macs(text: str, mac: bool) -> None:
    assert is_mac(text) is mac


@pytest.mark.parametrize(
    ("port", "names"),
    [
        ("leaf-01/E1/1", ["leaf-01/E1/1", "leaf-01/E1/1/1"]),
        ("leaf-01/E1/1/1", ["leaf-01/E1/1/1", "leaf-01/E1/1"]),
        ("leaf-01/E1/1/2", ["leaf-01/E1/1/2"]),
        ("server-01/enp2s1", ["server-01/enp2s1"]),
    ],
)
def test_a_port_is_also_its_first_lane(port: str, names: list[str]) -> None:
    assert list(_aliases(port)) == names


def test_newer_defaults_change_what_is_written_next() -> None:
    newer = Fabric(Settings(defaults=Defaults(gateway_offset=254)))
    newer.load([fabric()["IPv4Namespace/default"], fabric()["VLANNamespace/default"], manifest(VPC)])
    assert newer.stored["VPC", "vpc-1"]["spec"]["subnets"]["default"]["gateway"] == "10.0.1.254"


def test_settings_are_read_again_when_the_file_changes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "webhooks.json"
    settings = WatchedFile(path, Settings.read)
    assert settings() == Settings()
    path.write_text(json.dumps({"defaults": {"dhcp_mtu": 1500}, "cache_lag_seconds": 1, "agents": {}}))
    assert (settings().defaults.dhcp_mtu, settings().cache_lag_seconds) == (1500, 1.0)
    path.write_text(json.dumps({"defaults": {"colour": "red"}}))
    assert settings().defaults.dhcp_mtu == 1500
    assert "known are" in capsys.readouterr().err
    path.unlink()
    assert settings() == Settings()


@pytest.mark.parametrize(
    ("behaviour", "attempt", "applied"),
    [
        (Behaviour(), 3, 3),
        (Behaviour(failing={"leaf-01": "no"}), 3, None),
        (Behaviour(stuck=frozenset({"leaf-02"})), 3, 3),
    ],
)
def test_a_switch_takes_up_its_generation(behaviour: Behaviour, attempt: int, applied: int | None) -> None:
    status = status_after_attempt("leaf-01", 3, behaviour)
    assert status is not None
    assert (status["lastAttemptGen"], status.get("lastAppliedGen")) == (attempt, applied)


def test_a_stuck_switch_says_nothing() -> None:
    assert status_after_attempt("leaf-01", 3, Behaviour(stuck=frozenset({"leaf-01"}))) is None


def test_an_agent_changes_with_what_concerns_its_switch_and_nothing_else() -> None:
    world = Fabric()
    world.load(list(fabric().values()))
    before = wanted_agents(world.memory)
    peering = fabric()["VPCAttachment/vpc-1--server-07"]
    world.delete("VPCAttachment", peering["metadata"]["name"])
    after = wanted_agents(world.memory)
    assert {name for name in before if before[name] != after[name]} == {"leaf-03"}


def test_every_kind_but_switch_group_is_registered_for_both() -> None:
    made = manifests("https://127.0.0.1:1", "Q0E=")
    names = [{webhook["name"] for webhook in one["webhooks"]} for one in made]
    assert [len(each) for each in names] == [11, 11]
    assert {"mvpc.kb.io", "mvlannamespace.kb.io"} <= names[0]
    assert {"vvpc.kb.io", "vvlannamespace.kb.io"} <= names[1]
    assert all(webhook["failurePolicy"] == "Fail" for one in made for webhook in one["webhooks"])
