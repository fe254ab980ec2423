"""What hhsync relies on NetBox for, tried on a real one with the custom objects plugin; pynetbox is the second witness."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pynetbox
import pytest
from pynetbox.core.query import Request

from providers import errors
from providers.core.identity import KINDS, ObjectRef
from providers.settings import NetBoxSettings
from providers.targets.netbox.snapshot import NetBoxSnapshot
from providers.targets.netbox.target import NetBox, Record
from providers.targets.netbox.types import ALL, TYPES, canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.services import Running
    from providers.core.identity import Kind

pytestmark = [pytest.mark.services, pytest.mark.timeout(900)]

VPC, SERVER = KINDS["VPC"], KINDS["Server"]
FABRIC, OTHER = "contract-a", "contract-b"
COMMIT = "0123456789abcdef0123456789abcdef01234567"

AWKWARD_SPEC = {
    "subnets": {"default": {"subnet": "10.0.1.0/24", "vlan": 1001, "dhcp": {"enable": True, "range": {}}}},
    "empty": {},
    "none": [],
    "zero": 0,
    "no": False,
    "share": 0.25,
    "big": 4294967296001,
    "nested": {"a": [{"b": [[1], [], {}]}]},
    "text": ' spaces kept, ünïcode ✓ 漢字 \U0001f600, "quotes", back\\slash\nand a line ',
    "odd keys": {"with/slash": 1, "": 2, "dotted.key": 3},
}


@pytest.fixture(scope="module")
def config(services: Running) -> NetBoxSettings:
    assert services.netbox is not None
    return NetBoxSettings(url=services.netbox.url, token=services.netbox.token)


@pytest.fixture(scope="module")
def netbox(config: NetBoxSettings) -> NetBox:
    made = NetBox(config)
    made.ensure_types()
    return made


@pytest.fixture(scope="module")
def witness(config: NetBoxSettings) -> Any:
    return pynetbox.api(config.url, token=config.token)


@pytest.fixture
def fabrics(netbox: NetBox) -> Iterator[tuple[str, str]]:
    """Two fabrics without records; both are removed afterwards, with the VPCs that were put into them."""
    for name in (FABRIC, OTHER):
        netbox.save_fabric(name, {"git_repository": "git@example.com:net/fabrics.git", "git_branch": "main"})
    yield FABRIC, OTHER
    for name in (FABRIC, OTHER):
        for record in [*netbox.list(VPC, name).values(), *netbox.misassigned(VPC, name).values()]:
            netbox.delete(VPC, record.id)
        netbox.delete_fabric(name)


def fields(name: str, fabric: str = FABRIC, kind: Kind = VPC, **other: Any) -> dict[str, Any]:
    return {
        "ref": ObjectRef(kind.name, "default", name).record_ref(fabric),
        "name": name,
        "fabric": fabric,
        "namespace": "default",
        "spec": {"vlan": 1001},
        "labels": {},
        "annotations": {},
        "git_file_path": "fabrics/one/managed/vpcs.yaml",
        "git_commit": COMMIT,
        "git_author": "Ann Öther <ann@example.com>",
        "git_last_modified": "2026-11-21T14:00:00Z",
        "git_status": "From Git",
        "sync_state": "Synced",
        "sync_error": "",
        "cluster_uid": "7d5c3f6e-7a63-4c4b-8a53-0d7a4d2f8a11",
        "cluster_generation": 3,
        **other,
    }


def side_by_side(function: Any, items: list[Any]) -> list[Any]:
    """Call for all items at once, each in a thread of its own; answers or errors in their order."""

    def one(item: Any) -> Any:
        try:
            return function(item)
        except errors.TargetError as error:
            return error

    with ThreadPoolExecutor(len(items)) as pool:
        return list(pool.map(one, items))


def create_all(netbox: NetBox, wanted: list[dict[str, Any]], kind: Kind = VPC) -> list[Any]:
    return side_by_side(lambda one: netbox.create(kind, one), wanted)


def writes(witness: Any) -> int:
    """How many changes NetBox has logged, ever."""
    return int(witness.core.object_changes.count())


def vpcs(witness: Any) -> Any:
    return getattr(witness.plugins.custom_objects, "hedgehog-vpcs")


# Types


def test_check_finds_a_netbox_that_can_be_used(netbox: NetBox) -> None:
    status = netbox.check()
    assert status.version.startswith("4.")
    assert status.plugin_version
    assert status.may_write


def test_types_that_are_there_cost_two_requests_and_no_write(netbox: NetBox, witness: Any) -> None:
    logged, sent = writes(witness), netbox.requests
    assert netbox.ensure_types() == []
    assert netbox.requests == sent + 2
    assert writes(witness) == logged


def test_three_clients_at_once_end_with_one_set_of_types(config: NetBoxSettings, netbox: NetBox, witness: Any) -> None:
    gone = {"hedgehog-vlannamespaces", "hedgehog-switchgroups"}
    types = witness.plugins.custom_objects.custom_object_types
    for object_type in types.all():
        if object_type.slug in gone:
            object_type.delete()

    made = side_by_side(lambda client: client.ensure_types(), [NetBox(config) for _ in range(3)])

    assert {slug for slugs in made for slug in slugs} == gone
    present = {entry.slug: entry for entry in types.all() if entry.slug.startswith("hedgehog-")}
    assert set(present) == {object_type.slug for object_type in ALL}
    for object_type in ALL:
        assert {field.name for field in present[object_type.slug].fields} == {f.name for f in object_type.fields}
    assert netbox.ensure_types() == []


def test_a_field_of_another_type_is_reported_and_left_alone(netbox: NetBox, witness: Any) -> None:
    all_fields = witness.plugins.custom_objects.custom_object_type_fields
    mine = {"name": "git_author", "custom_object_type": "hedgehog-vlannamespaces"}
    all_fields.get(**mine).delete()
    object_type = witness.plugins.custom_objects.custom_object_types.get(slug="hedgehog-vlannamespaces")
    foreign = all_fields.create(custom_object_type=object_type.id, name="git_author", type="integer")
    try:
        with pytest.raises(errors.Conflict) as caught:
            netbox.ensure_types()
    finally:
        foreign.delete()
    assert 'field "git_author" of custom object type hedgehog-vlannamespaces has type integer' in str(caught.value)
    assert netbox.ensure_types() == ["hedgehog-vlannamespaces"]


def test_uninstall_is_refused_while_there_are_fabrics(netbox: NetBox, fabrics: tuple[str, str]) -> None:
    with pytest.raises(errors.UnsafeChange, match="contract-a, contract-b"):
        netbox.uninstall()
    assert netbox.fabric(FABRIC) is not None


# Credentials and addresses


@pytest.mark.parametrize("token", ["nbt_abcdefghijkl.0123456789abcdefghijABCDEFGHIJ0123456789", "0" * 40])
def test_a_wrong_token_names_the_setting(config: NetBoxSettings, token: str) -> None:
    with pytest.raises(errors.Unauthorized, match="hhsync:netboxToken"):
        NetBox(NetBoxSettings(url=config.url, token=token)).check()


def test_a_read_only_token_may_read_and_not_write(
    config: NetBoxSettings, witness: Any, netbox: NetBox, fabrics: tuple[str, str]
) -> None:
    user = next(iter(witness.users.users.filter(username="admin")))
    made = witness.users.tokens.create(user=user.id, write_enabled=False, version=2)
    try:
        reader = NetBox(NetBoxSettings(url=config.url, token=f"nbt_{made.key}.{made.token}"))
        assert reader.check().may_write is False
        assert reader.list(VPC, FABRIC) == {}
        with pytest.raises(errors.Forbidden, match=r"create contract-a/.*hhsync:netboxToken"):
            reader.create(VPC, fields("vpc-1"))
    finally:
        made.delete()


# Records


def test_what_was_written_is_what_a_list_returns(netbox: NetBox, fabrics: tuple[str, str]) -> None:
    wanted = [
        fields("vpc-1", spec=AWKWARD_SPEC, labels={"a/b": "c"}, annotations={"note": "x" * 5000}),
        fields("vpc-2", sync_error="long " * 1000, spec={}, cluster_generation=None),
        fields("vpc-3", namespace="", git_author=""),
    ]
    answered = create_all(netbox, wanted)
    listed = netbox.list(VPC, FABRIC)
    for one, response in zip(wanted, answered, strict=True):
        assert response.fields == canonical(TYPES["VPC"], one)
        assert listed[one["ref"]] == response


def test_many_writes_at_once_are_few_requests(netbox: NetBox, witness: Any, fabrics: tuple[str, str]) -> None:
    sent = netbox.requests
    records = create_all(netbox, [fields(f"vpc-{n}") for n in range(60)])
    assert netbox.requests - sent <= 4
    side_by_side(lambda record: netbox.update(VPC, record.id, {"spec": {"vlan": record.id}}), records)
    listed = netbox.list(VPC, FABRIC)
    assert {record.fields["spec"]["vlan"] for record in listed.values()} == {record.id for record in records}
    side_by_side(lambda record: netbox.delete(VPC, record.id), records)
    assert netbox.list(VPC, FABRIC) == {}
    assert netbox.requests - sent <= 14


def test_an_update_changes_only_what_it_names(netbox: NetBox, fabrics: tuple[str, str]) -> None:
    record = netbox.create(VPC, fields("vpc-1", spec=AWKWARD_SPEC))
    response = netbox.update(VPC, record.id, {"git_commit": "f" * 40})
    assert response.fields == {**record.fields, "git_commit": "f" * 40}


def test_the_change_log_carries_the_commit(netbox: NetBox, witness: Any, fabrics: tuple[str, str]) -> None:
    record = netbox.create(VPC, fields("vpc-1"))
    netbox.update(VPC, record.id, {"git_commit": "f" * 40})
    netbox.delete(VPC, record.id, message="hhsync: commit " + "e" * 40)
    logged = {
        change.action.value: change.message
        for change in witness.core.object_changes.filter(changed_object_id=record.id)
        if "hedgehog" not in str(change.changed_object_type) and change.message
    }
    assert logged == {
        "create": f"hhsync: commit {COMMIT}",
        "update": "hhsync: commit " + "f" * 40,
        "delete": "hhsync: commit " + "e" * 40,
    }


def test_one_refused_record_is_named_and_the_others_are_written(netbox: NetBox, fabrics: tuple[str, str]) -> None:
    wanted = [fields(f"vpc-{n}") for n in range(8)]
    wanted[5]["name"] = ""  # required
    got = create_all(netbox, wanted)
    assert [index for index, one in enumerate(got) if not isinstance(one, Record)] == [5]
    assert isinstance(got[5], errors.Rejected)
    assert wanted[5]["ref"] in str(got[5])
    assert "name: This field may not be blank." in str(got[5])
    assert set(netbox.list(VPC, FABRIC)) == {one["ref"] for index, one in enumerate(wanted) if index != 5}


def test_one_record_that_breaks_the_server_is_named_and_the_others_are_written(
    netbox: NetBox, fabrics: tuple[str, str]
) -> None:
    wanted = [fields(f"vpc-{n}") for n in range(8)]
    wanted[2]["spec"] = {"text": "PostgreSQL's jsonb cannot hold \x00"}
    got = create_all(netbox, wanted)
    assert [index for index, one in enumerate(got) if not isinstance(one, Record)] == [2]
    assert wanted[2]["ref"] in str(got[2])
    assert len(netbox.list(VPC, FABRIC)) == 7


def test_a_ref_that_is_taken_is_adopted(netbox: NetBox, witness: Any, fabrics: tuple[str, str]) -> None:
    first = create_all(netbox, [fields("vpc-1"), fields("vpc-2")])
    logged = writes(witness)
    again = create_all(netbox, [fields("vpc-1"), fields("vpc-2", spec={"vlan": 7}), fields("vpc-3")])
    assert [record.id for record in again[:2]] == [record.id for record in first]
    assert again[1].fields["spec"] == {"vlan": 7}
    assert len(netbox.list(VPC, FABRIC)) == 3
    assert writes(witness) == logged + 2  # vpc-1 was as wanted


def test_a_record_that_is_gone_is_told_from_one_that_is_there(netbox: NetBox, fabrics: tuple[str, str]) -> None:
    first, second = create_all(netbox, [fields("vpc-1"), fields("vpc-2")])
    netbox.delete(VPC, first.id)
    netbox.delete(VPC, first.id)
    got = side_by_side(lambda record: netbox.update(VPC, record.id, {"namespace": "x"}), [first, second])
    assert isinstance(got[0], errors.NotFound)
    assert got[1].fields["namespace"] == "x"


def test_pynetbox_reads_the_same(netbox: NetBox, witness: Any, fabrics: tuple[str, str]) -> None:
    record = netbox.create(VPC, fields("vpc-1", spec=AWKWARD_SPEC))
    endpoint = vpcs(witness)
    seen = endpoint.get(record.id)
    for name in (
        "ref",
        "name",
        "namespace",
        "git_file_path",
        "git_commit",
        "git_author",
        "git_last_modified",
        "git_status",
    ):
        assert getattr(seen, name) == record.fields[name]
    # pynetbox makes objects of nested JSON; its request gives the JSON itself.
    (raw,) = Request(base=endpoint.url, key=record.id, http_session=witness.http_session, token=endpoint.token).get()
    assert raw["spec"] == AWKWARD_SPEC
    assert seen.fabric.display == FABRIC


def test_the_address_of_a_record_is_its_page(config: NetBoxSettings, netbox: NetBox, fabrics: tuple[str, str]) -> None:
    record = netbox.create(VPC, fields("vpc-1"))
    assert record.url == f"{config.url}/plugins/custom-objects/hedgehog-vpcs/{record.id}/"


# Fabrics


def test_two_fabrics_do_not_see_each_others_records(netbox: NetBox, fabrics: tuple[str, str]) -> None:
    create_all(netbox, [fields("vpc-1"), fields("vpc-1", OTHER), fields("vpc-2", OTHER)])
    assert list(netbox.list(VPC, FABRIC)) == [fields("vpc-1")["ref"]]
    assert len(netbox.list(VPC, OTHER)) == 2
    assert netbox.list(SERVER, FABRIC) == {}
    assert netbox.list(VPC, "contract-never-saved") == {}


def test_netbox_ignores_unknown_filters_so_every_record_is_checked(
    netbox: NetBox, witness: Any, fabrics: tuple[str, str]
) -> None:
    create_all(netbox, [fields("vpc-1"), fields("vpc-1", OTHER)])
    assert len(list(vpcs(witness).filter(no_such_filter="x"))) >= 2


def test_a_fabric_goes_only_without_records_and_leaves_the_others_alone(
    netbox: NetBox, fabrics: tuple[str, str]
) -> None:
    mine, _ = create_all(netbox, [fields("vpc-1"), fields("vpc-1", OTHER)])
    with pytest.raises(errors.Conflict):
        netbox.delete_fabric(FABRIC)
    netbox.delete(VPC, mine.id)
    netbox.delete_fabric(FABRIC)
    netbox.delete_fabric(FABRIC)
    assert netbox.fabric(FABRIC) is None
    assert len(netbox.list(VPC, OTHER)) == 1


def test_saving_a_fabric_again_writes_only_what_differs(netbox: NetBox, witness: Any, fabrics: tuple[str, str]) -> None:
    result = {
        "status": "partial",
        "error": "1 of 2 failed",
        "counts": {"VPC": 2, "Server": 0},
        "last_applied_commit": COMMIT,
    }
    saved = netbox.save_fabric(FABRIC, result)
    logged = writes(witness)
    assert netbox.save_fabric(FABRIC, result) == saved
    assert writes(witness) == logged
    assert netbox.save_fabric(FABRIC, {"error": None, "status": "success"}).fields["error"] == ""
    assert writes(witness) == logged + 1
    assert netbox.fabric(FABRIC).fields["counts"] == {"VPC": 2, "Server": 0}  # type: ignore[union-attr]


def test_two_clients_that_save_one_fabric_at_once_make_one(
    config: NetBoxSettings, netbox: NetBox, witness: Any
) -> None:
    clients = [NetBox(config) for _ in range(4)]
    got = side_by_side(lambda client: client.save_fabric("contract-c", {"git_branch": "main"}), clients)
    try:
        assert len({record.id for record in got}) == 1
    finally:
        netbox.delete_fabric("contract-c")


# What a run sees


def test_a_run_lists_each_kind_once_whatever_the_number_of_threads(netbox: NetBox, fabrics: tuple[str, str]) -> None:
    create_all(netbox, [fields("vpc-1"), fields("vpc-2")])
    snapshot = NetBoxSnapshot(netbox, FABRIC)
    sent = netbox.requests
    refs = [ObjectRef("VPC", "default", f"vpc-{n}") for n in (1, 2)] * 8
    assert all(side_by_side(snapshot.get, refs))
    assert netbox.requests == sent + 1


def test_a_record_that_was_moved_to_another_fabric_is_found(
    netbox: NetBox, witness: Any, fabrics: tuple[str, str]
) -> None:
    record = netbox.create(VPC, fields("vpc-1"))
    other = netbox.fabric(OTHER)
    assert other is not None
    vpcs(witness).update([{"id": record.id, "fabric": other.id}])
    ref = ObjectRef("VPC", "default", "vpc-1")

    found = NetBoxSnapshot(netbox, FABRIC).get(ref)

    assert found is not None
    assert (found.id, found.fields["fabric"]) == (record.id, OTHER)
    netbox.update(VPC, record.id, {"fabric": FABRIC})
    assert netbox.list(VPC, FABRIC)[record.fields["ref"]].id == record.id


def test_a_run_remembers_its_own_writes(netbox: NetBox, fabrics: tuple[str, str]) -> None:
    snapshot = NetBoxSnapshot(netbox, FABRIC)
    ref = ObjectRef("VPC", "default", "vpc-1")
    assert snapshot.get(ref) is None
    record = netbox.create(VPC, fields("vpc-1"))
    snapshot.put(ref, record)
    assert snapshot.get(ref) == record
    snapshot.drop(ref)
    assert snapshot.get(ref) is None
    assert snapshot.all(VPC) == {}
