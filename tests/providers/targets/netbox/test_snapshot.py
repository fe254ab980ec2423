"""What a run remembers of NetBox: lists are fetched once, also when they fail."""

from __future__ import annotations

from typing import Any, cast

import pytest

from providers import errors
from providers.core.identity import KINDS, Kind, ObjectRef
from providers.targets.netbox.snapshot import NetBoxSnapshot
from providers.targets.netbox.target import NetBox, Record

REF = ObjectRef("VPC", "default", "vpc-1")
KEY = REF.record_ref("fabric-1")
VPC = KINDS["VPC"]


class Lists:
    """Answers lists from two dictionaries, or with an error, and counts."""

    def __init__(
        self, listed: dict[str, Record], misassigned: dict[str, Record], error: Exception | None = None
    ) -> None:
        self.listed, self.stray, self.error = listed, misassigned, error
        self.asked: list[str] = []

    def list(self, kind: Kind, fabric: str) -> dict[str, Record]:
        return self._answer("list", kind, self.listed)

    def misassigned(self, kind: Kind, fabric: str) -> dict[str, Record]:
        return self._answer("strays", kind, self.stray)

    def _answer(self, what: str, kind: Kind, records: dict[str, Record]) -> dict[str, Record]:
        self.asked.append(f"{what} {kind.name}")
        if self.error:
            raise self.error
        return dict(records)


def record(number: int) -> Record:
    return Record(number, f"https://netbox.example/{number}/", {"ref": KEY, "fabric": "fabric-1"})


def snapshot_of(lists: Any) -> NetBoxSnapshot:
    return NetBoxSnapshot(cast("NetBox", lists), "fabric-1")


def test_a_fabric_in_order_costs_one_list_per_kind() -> None:
    lists = Lists({KEY: record(1)}, {})
    snapshot = snapshot_of(lists)
    assert snapshot.get(REF) == snapshot.get(REF) == record(1)
    assert lists.asked == ["list VPC"]


def test_only_what_is_missing_is_looked_for_elsewhere() -> None:
    lists = Lists({}, {KEY: record(2)})
    assert snapshot_of(lists).get(REF) == record(2)
    assert lists.asked == ["list VPC", "strays VPC"]


def test_a_list_that_failed_stays_unknown_and_is_not_asked_for_again() -> None:
    lists = Lists({}, {}, errors.Unreachable("no answer", target="netbox", server="https://netbox.example"))
    snapshot = snapshot_of(lists)
    for _ in range(3):
        with pytest.raises(errors.Unreachable):
            snapshot.get(REF)
    assert lists.asked == ["list VPC"]


def test_our_own_writes_are_remembered_without_asking() -> None:
    lists = Lists({}, {KEY: record(2)})
    snapshot = snapshot_of(lists)
    assert snapshot.get(REF) == record(2)
    snapshot.put(REF, record(3))
    assert snapshot.get(REF) == record(3)
    assert snapshot.all(VPC) == {KEY: record(3)}
    snapshot.drop(REF)
    assert snapshot.get(REF) is None
    assert lists.asked == ["list VPC", "strays VPC"]


def test_a_write_before_the_first_look_does_not_hide_the_other_records() -> None:
    other = ObjectRef("VPC", "default", "vpc-2")
    lists = Lists({KEY: record(1), other.record_ref("fabric-1"): record(2)}, {})
    snapshot = snapshot_of(lists)
    snapshot.put(REF, record(1))
    assert snapshot.get(other) == record(2)
