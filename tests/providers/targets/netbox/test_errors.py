"""What NetBox refuses, as the error and the line that a person gets; and that each refusal finds its record."""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest

from providers import errors
from providers.core.identity import KINDS
from providers.settings import NetBoxSettings
from providers.targets.netbox.target import NetBox

URL = "https://netbox.example"
TOKEN = "nbt_abcdefghijkl.0123456789012345678901234567890123456789"
SETTINGS = NetBoxSettings(url=URL, token=TOKEN)
VPC = KINDS["VPC"]
PLUGINS = {"netbox_custom_objects": "0.7.1"}


def answering(*answers: tuple[int, Any], settings: NetBoxSettings = SETTINGS) -> tuple[NetBox, list[httpx2.Request]]:
    """A NetBox that gives these answers one after the other, the last one for ever, and what it was asked."""
    asked: list[httpx2.Request] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        status, body = answers[min(len(asked), len(answers) - 1)]
        asked.append(request)
        if isinstance(body, str):
            return httpx2.Response(status, text=body)
        return httpx2.Response(status, json=body)

    return NetBox(settings, transport=httpx2.MockTransport(handle)), asked


def status_of(version: str, plugins: dict[str, str]) -> tuple[int, Any]:
    return 200, {"netbox-version": version, "plugins": plugins}


@pytest.mark.parametrize(
    ("response", "kind", "says"),
    [
        ((403, {"detail": "Invalid v2 token"}), errors.Unauthorized, "hhsync:netboxToken"),
        ((403, {"detail": "Token expired"}), errors.Unauthorized, "Token expired"),
        ((403, {"detail": "Authentication credentials were not provided."}), errors.Unauthorized, "hhsync:netboxToken"),
        (
            (403, {"detail": "You do not have permission to perform this action."}),
            errors.Forbidden,
            "hhsync:netboxToken",
        ),
        (status_of("4.7.3", {}), errors.NotInstalled, "netboxlabs-netbox-custom-objects"),
        (status_of("4.5.1", PLUGINS), errors.NotInstalled, "4.5.2 or newer"),
        (status_of("4.4.10-Docker-3.4.2", PLUGINS), errors.NotInstalled, "4.4.10"),
        ((200, {"hello": "world"}), errors.ServerFailure, "hhsync:netboxUrl"),
        ((200, "<html>login</html>"), errors.ServerFailure, "hhsync:netboxUrl"),
        ((302, ""), errors.Unreachable, "hhsync:netboxUrl"),
    ],
)
def test_check_says_what_is_wrong_in_one_line(
    response: tuple[int, Any], kind: type[errors.TargetError], says: str
) -> None:
    netbox, _ = answering(response)
    with pytest.raises(kind) as caught:
        netbox.check()
    assert says in str(caught.value)
    assert URL in str(caught.value)
    assert "\n" not in str(caught.value)
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(("actions", "may_write"), [({"POST": {}}, True), ({}, False)])
def test_check_tells_whether_the_token_may_write(actions: dict[str, Any], may_write: bool) -> None:
    netbox, _ = answering(status_of("4.7.3", PLUGINS), (200, {"actions": actions}))
    assert netbox.check().may_write is may_write


def test_check_asks_about_types_where_there_are_none_yet() -> None:
    netbox, asked = answering(
        status_of("4.7.3", PLUGINS), (404, {"detail": "Not found."}), (200, {"actions": {"POST": {}}})
    )
    assert netbox.check().may_write
    assert asked[-1].url.path == "/api/plugins/custom-objects/custom-object-types/"


@pytest.mark.parametrize(
    ("token", "header"),
    [
        (TOKEN, f"Bearer {TOKEN}"),
        ("0123456789012345678901234567890123456789", "Token 0123456789012345678901234567890123456789"),
    ],
)
def test_each_token_is_sent_in_its_own_scheme(token: str, header: str) -> None:
    netbox, asked = answering(status_of("4.7.3", PLUGINS), settings=NetBoxSettings(url=URL, token=token))
    netbox.check()
    assert asked[0].headers["authorization"] == header


def test_a_list_without_the_plugin_is_not_an_empty_list() -> None:
    netbox, _ = answering((404, "<html>Page not found</html>"))
    with pytest.raises(errors.NotInstalled):
        netbox.fabric("fabric-1")


def test_a_list_without_the_type_is_empty() -> None:
    netbox, _ = answering((404, {"detail": "Not found."}))
    assert netbox.fabric("fabric-1") is None


FABRIC = (200, {"results": [{"id": 7, "name": "fabric-1"}], "next": None})


def entry(record_id: int, ref: str, fabric: int | None = 7) -> dict[str, Any]:
    nested = None if fabric is None else {"id": fabric, "display": f"fabric-{fabric}"}
    return {"id": record_id, "ref": ref, "fabric": nested, "spec": {}, "git_status": "From Git"}


def test_records_of_other_fabrics_do_not_count_whatever_the_server_lists() -> None:
    everything = [entry(1, "fabric-1/a"), entry(2, "fabric-2/a", 9), entry(3, "fabric-3/a", None)]
    netbox, asked = answering(FABRIC, (200, {"results": everything, "next": None}))
    assert list(netbox.list(VPC, "fabric-1")) == ["fabric-1/a"]
    assert asked[1].url.params["fabric_id"] == "7"


def test_a_fabric_is_known_by_its_id_and_not_by_how_netbox_shows_it() -> None:
    shown = entry(1, "fabric-1/a") | {"fabric": {"id": 7, "display": "My favourite fabric"}}
    netbox, _ = answering(FABRIC, (200, {"results": [shown], "next": None}))
    assert netbox.list(VPC, "fabric-1")["fabric-1/a"].fields["fabric"] == "fabric-1"


def test_pages_are_followed_on_our_own_address() -> None:
    further = "http://inside.example/api/plugins/custom-objects/hedgehog-vpcs/?fabric_id=7&limit=1000&start=2"
    pages = [{"results": [entry(n, f"fabric-1/{n}")], "next": link} for n, link in ((1, further), (2, None))]
    netbox, asked = answering(FABRIC, (200, pages[0]), (200, pages[1]))
    assert list(netbox.list(VPC, "fabric-1")) == ["fabric-1/1", "fabric-1/2"]
    assert asked[2].url.host == "netbox.example"
    assert asked[2].url.params["start"] == "2"


FIELD_ERROR = {"git_status": ["Not a valid string."]}

REFUSED = [
    pytest.param(
        {"detail": "1 of 1 objects could not be created.", "errors": [{"index": 0, "errors": FIELD_ERROR}]}, id="4.7"
    ),
    pytest.param([FIELD_ERROR], id="4.5"),
    pytest.param(FIELD_ERROR, id="unnamed"),
]


@pytest.mark.parametrize("body", REFUSED)
def test_a_refused_record_is_named_with_its_field(body: Any) -> None:
    netbox, _ = answering(FABRIC, (400, body))
    with pytest.raises(errors.Rejected) as caught:
        netbox.create(VPC, {"ref": "fabric-1/x/VPC/default/vpc-1", "fabric": "fabric-1"})
    assert "fabric-1/x/VPC/default/vpc-1" in str(caught.value)
    assert "git_status: Not a valid string." in str(caught.value)


def test_a_record_that_is_gone_cannot_be_updated_and_need_not_be_deleted() -> None:
    gone = {"detail": "…", "errors": [{"id": 5, "errors": {"id": ["Object with ID 5 does not exist"]}}]}
    netbox, _ = answering((400, gone))
    with pytest.raises(errors.NotFound):
        netbox.update(VPC, 5, {"name": "vpc-1"})
    netbox.delete(VPC, 5)


def test_a_record_for_an_unknown_fabric_is_refused_before_it_is_sent() -> None:
    netbox, asked = answering((200, {"results": [], "next": None}))
    with pytest.raises(errors.NotFound, match="no fabric fabric-1"):
        netbox.create(VPC, {"ref": "fabric-1/a", "fabric": "fabric-1"})
    assert {request.method for request in asked} == {"GET"}


@pytest.mark.parametrize("value", [float("nan"), "\ud800"])
def test_what_json_cannot_hold_is_refused_by_name(value: Any) -> None:
    netbox, _ = answering(FABRIC)
    with pytest.raises(errors.Rejected, match="fabric-1/a"):
        netbox.create(VPC, {"ref": "fabric-1/a", "fabric": "fabric-1", "spec": {"key": value}})


def test_a_taken_ref_is_looked_up_and_brought_to_our_fields() -> None:
    duplicate = (500, {"error": "duplicate key value", "exception": "IntegrityError"})
    there = entry(4, "fabric-1/a", None)
    netbox, asked = answering(
        FABRIC, duplicate, (200, {"results": [there], "next": None}), (200, [entry(4, "fabric-1/a")])
    )
    record = netbox.create(VPC, {"ref": "fabric-1/a", "fabric": "fabric-1", "git_status": "From Git"})
    assert record.id == 4
    assert [request.method for request in asked] == ["GET", "POST", "GET", "PATCH"]
    assert json.loads(asked[3].content) == [{"id": 4, "fabric": 7, "changelog_message": "hhsync"}]
