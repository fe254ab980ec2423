"""The 13 types that hhsync keeps in NetBox, and the form in which values compare."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.core.identity import KINDS
from providers.targets.netbox.types import (
    ALL,
    FABRICS,
    OBJECT,
    TYPES,
    ObjectType,
    canonical,
)

IDENTIFIER = re.compile(r"^[a-z0-9]+(_[a-z0-9]+)*$")
SLUG = re.compile(r"^[a-z0-9]+(-[a-z0-9]+)*$")

RESERVED = {
    "clean",
    "contacts",
    "created",
    "delete",
    "id",
    "images",
    "jobs",
    "last_updated",
    "model",
    "objects",
    "owner",
}
RESERVED |= {"pk", "save", "snapshot", "subscriptions", "tags", "bookmarks", "clone", "custom_object_type"}


def test_each_kind_has_a_type_and_fabrics_have_one() -> None:
    assert set(TYPES) == set(KINDS)
    assert len(ALL) == 13
    assert ALL[0] is FABRICS  # the others refer to it, so it must be made first


@pytest.mark.parametrize("attribute", ["name", "slug", "singular", "plural"])
def test_no_two_types_share_a_name(attribute: str) -> None:
    counts = Counter(getattr(object_type, attribute) for object_type in ALL)
    assert not [name for name, count in counts.items() if count > 1]


@pytest.mark.parametrize("object_type", ALL, ids=lambda object_type: str(object_type.slug))
class TestType:
    def test_netbox_accepts_its_names(self, object_type: ObjectType) -> None:
        assert IDENTIFIER.match(object_type.name)
        assert SLUG.match(object_type.slug)
        assert object_type.slug.startswith("hedgehog-")
        assert len(object_type.description) <= 200

    def test_netbox_accepts_its_fields(self, object_type: ObjectType) -> None:
        names = [field.name for field in object_type.fields]
        assert len(set(names)) == len(names)
        assert all(IDENTIFIER.match(name) and len(name) <= 50 and name not in RESERVED for name in names)
        assert all(len(field.label) <= 50 and len(field.description) <= 200 for field in object_type.fields)

    def test_one_unique_required_field_names_a_record(self, object_type: ObjectType) -> None:
        primary = [field for field in object_type.fields if field.primary]
        assert [(field.unique, field.required) for field in primary] == [(True, True)]


@pytest.mark.parametrize("kind", KINDS)
def test_a_record_of_each_kind_belongs_to_a_fabric_and_tells_where_it_comes_from(kind: str) -> None:
    object_type = TYPES[kind]
    assert object_type.field("fabric").type == OBJECT
    for name in (
        "ref",
        "spec",
        "labels",
        "annotations",
        "git_file_path",
        "git_commit",
        "git_author",
        "git_last_modified",
    ):
        assert object_type.field(name)
    # "From Git" is contained in "Not from Git", so that a filter that looks for contained text would find both.
    assert object_type.field("git_status").filter == "exact"


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ({"name": " vpc-1 "}, {"name": "vpc-1"}),
        ({"namespace": None}, {"namespace": ""}),
        ({"fabric": None}, {"fabric": ""}),
        ({"spec": None}, {"spec": {}}),
        ({"spec": {"a": [], "b": " kept "}}, {"spec": {"a": [], "b": " kept "}}),
        ({"cluster_generation": 3.0}, {"cluster_generation": 3}),
        ({"cluster_generation": None}, {"cluster_generation": None}),
    ],
)
def test_values_have_one_form(sent: dict[str, Any], stored: dict[str, Any]) -> None:
    assert canonical(TYPES["VPC"], sent) == stored


@given(st.dictionaries(st.sampled_from(["name", "git_author", "sync_error"]), st.text(" \n\tax") | st.none()))
def test_the_one_form_stays_as_it_is(fields: dict[str, Any]) -> None:
    once = canonical(TYPES["VPC"], fields)
    assert canonical(TYPES["VPC"], once) == once


def test_an_unknown_field_is_a_defect() -> None:
    with pytest.raises(KeyError, match="hedgehog-vpcs has no field vlan"):
        canonical(TYPES["VPC"], {"vlan": 1})
