"""Making the types when others make them too, when somebody made them differently, and when NetBox will not."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from providers import errors
from providers.settings import NetBoxSettings
from providers.targets.netbox import schema
from providers.targets.netbox.target import NetBox
from providers.targets.netbox.types import ALL, FABRICS, OBJECT

if TYPE_CHECKING:
    from collections.abc import Callable

API = "/api/plugins/custom-objects"
TYPES, FIELDS = f"{API}/custom-object-types/", f"{API}/custom-object-type-fields/"
TAKEN = httpx2.Response(500, json={"error": "duplicate key value", "exception": "IntegrityError"})


@dataclass
class Plugin:
    """Types and fields as the plugin keeps them. `before_write` may answer a POST itself, or change what is there."""

    types: dict[int, dict[str, Any]] = field(default_factory=dict)
    fields: list[dict[str, Any]] = field(default_factory=list)
    fabrics: list[str] = field(default_factory=list)
    writes: list[tuple[str, str]] = field(default_factory=list)
    before_write: Callable[[Plugin, httpx2.Request], httpx2.Response | None] = lambda _plugin, _request: None

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path
        if request.method == "GET":
            rows = {TYPES: list(self.types.values()), FIELDS: self.fields}.get(
                path, [{"name": n} for n in self.fabrics]
            )
            return httpx2.Response(200, json={"results": rows, "next": None})
        self.writes.append((request.method, path))
        response = self.before_write(self, request)
        if response is not None:
            return response
        if request.method == "DELETE":
            gone = self.types.pop(int(path.removeprefix(TYPES).strip("/")), None)
            return httpx2.Response(204 if gone else 404)
        body = json.loads(request.content)
        return httpx2.Response(201, json=self.add_type(body["slug"]) if path == TYPES else self.add_fields(body))

    def add_type(self, slug: str) -> dict[str, Any]:
        key = len(self.types) + 1
        self.types[key] = {"id": key, "slug": slug, "table_model_name": f"Table{key}Model"}
        return self.types[key]

    def add_fields(self, bodies: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for body in bodies:
            target = {"model": "table1model"} if body["type"] == OBJECT else None
            self.fields.append({**body, "type": {"value": body["type"]}, "related_object_type": target})
        return bodies


def client(plugin: Plugin) -> NetBox:
    settings = NetBoxSettings(url="https://netbox.example", token="nbt_a.b")
    return NetBox(settings, transport=httpx2.MockTransport(plugin))


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema.time, "sleep", lambda _seconds: None)


@pytest.fixture
def installed() -> Plugin:
    plugin = Plugin()
    client(plugin).ensure_types()
    plugin.writes.clear()
    return plugin


def test_an_empty_netbox_gets_all_types_fabrics_first_and_references_last() -> None:
    plugin = Plugin()
    assert client(plugin).ensure_types() == [object_type.slug for object_type in ALL]
    assert next(entry["slug"] for entry in plugin.types.values()) == FABRICS.slug
    assert len(plugin.fields) == sum(len(object_type.fields) for object_type in ALL)
    assert [one["name"] for one in plugin.fields[-12:]] == ["fabric"] * 12


def test_nothing_is_written_when_all_is_there(installed: Plugin) -> None:
    assert client(installed).ensure_types() == []
    assert installed.writes == []


def test_only_what_is_missing_is_made(installed: Plugin) -> None:
    installed.fields = [
        one for one in installed.fields if (one["custom_object_type"], one["name"]) != (3, "git_author")
    ]
    assert client(installed).ensure_types() == [installed.types[3]["slug"]]
    assert installed.writes == [("POST", FIELDS)]
    assert [one["name"] for one in installed.fields[-1:]] == ["git_author"]


def test_fields_and_types_of_others_do_not_matter(installed: Plugin) -> None:
    installed.types[99] = {"id": 99, "slug": "circuits", "table_model_name": "Table99Model"}
    installed.fields.append({"name": "spec", "custom_object_type": 99, "type": {"value": "text"}})
    installed.fields.append({"name": "owner_team", "custom_object_type": 2, "type": {"value": "text"}})
    assert client(installed).ensure_types() == []


@pytest.mark.parametrize("refusal", [400, 500])
def test_a_type_that_another_client_made_first_is_taken_as_it_is(refusal: int) -> None:
    def faster(plugin: Plugin, request: httpx2.Request) -> httpx2.Response | None:
        if (
            request.url.path == TYPES
            and json.loads(request.content)["slug"] == "hedgehog-servers"
            and len(plugin.types) == 9
        ):
            plugin.add_type("hedgehog-servers")
            return TAKEN if refusal == 500 else httpx2.Response(400, json={"slug": ["already exists."]})
        return None

    plugin = Plugin(before_write=faster)
    client(plugin).ensure_types()
    assert len(plugin.types) == 13
    assert len(plugin.fields) == sum(len(object_type.fields) for object_type in ALL)


def test_a_refusal_that_nobody_explains_is_reported_after_one_more_look() -> None:
    too_many = httpx2.Response(400, json={"__all__": ["Maximum number of Custom Object Types (0) exceeded"]})
    plugin = Plugin(before_write=lambda _plugin, _request: too_many)
    with pytest.raises(errors.Rejected, match=r"create custom object type hedgehog-fabrics.*Maximum number"):
        client(plugin).ensure_types()
    assert plugin.writes == [("POST", TYPES)]


def test_a_server_that_fails_is_not_asked_for_ever() -> None:
    plugin = Plugin(before_write=lambda _plugin, _request: TAKEN)
    with pytest.raises(errors.ServerFailure):
        client(plugin).ensure_types()
    assert len(plugin.writes) < 10


def spoil(plugin: Plugin, **change: Any) -> None:
    """Change the first field of that name in another type than fabrics."""
    name = change.pop("name")
    next(one for one in plugin.fields if one["name"] == name and one["custom_object_type"] == 2).update(change)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "spec", "type": {"value": "text"}}, "has type text, not json"),
        ({"name": "ref", "unique": False}, "is not unique"),
        ({"name": "fabric", "related_object_type": {"model": "site"}}, "refers to other objects than hedgehog-fabrics"),
    ],
)
def test_a_field_that_is_not_as_needed_stops_before_any_write(
    installed: Plugin, change: dict[str, Any], says: str
) -> None:
    spoil(installed, **change)
    with pytest.raises(errors.Conflict) as caught:
        client(installed).ensure_types()
    assert f'"{change["name"]}" of custom object type hedgehog-vpcs {says}; rename or delete the field' in str(
        caught.value
    )
    assert installed.writes == []


def test_uninstall_refuses_while_there_are_fabrics_and_names_them(installed: Plugin) -> None:
    installed.fabrics = ["fabric-2", "fabric-1"]
    with pytest.raises(errors.UnsafeChange, match="fabric-1, fabric-2"):
        client(installed).uninstall()
    assert installed.writes == []


@pytest.mark.parametrize(("fabrics", "result"), [([], False), (["fabric-1"], True)])
def test_uninstall_removes_our_types_and_no_others(installed: Plugin, fabrics: list[str], result: bool) -> None:
    installed.fabrics = fabrics
    installed.types[99] = {"id": 99, "slug": "circuits", "table_model_name": "Table99Model"}
    deleted = client(installed).uninstall(with_fabrics=result)
    assert deleted == [object_type.slug for object_type in reversed(ALL)]  # what refers to fabrics goes before them
    assert list(installed.types) == [99]


def test_uninstall_twice_is_no_error() -> None:
    assert client(Plugin()).uninstall() == []
