"""NetBox as the benchmark uses it: records to copy and to make in bulk, and the time of its own list page."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import httpx2

from providers.targets.netbox.api import PLUGIN_API, PLUGIN_PAGES
from providers.targets.netbox.types import FABRICS, OBJECT, TYPES

if TYPE_CHECKING:
    from pathlib import Path

    from embedded.services import NetBoxAccess

# Records in one POST; more make a list slower again.
BATCH = 100

PAGE = 1000
DEADLINE_SECONDS = 600.0

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class NetBox:
    """A running NetBox with hhsync's types."""

    access: NetBoxAccess

    def client(self) -> httpx2.Client:
        """A client for the REST API, logged in by token."""
        headers = {"Authorization": f"Bearer {self.access.token}"}
        return httpx2.Client(base_url=self.access.url, headers=headers, timeout=DEADLINE_SECONDS)

    def fabric(self, name: str) -> int:
        """The id of the fabric's record, made where there is none."""
        path = f"{PLUGIN_API}/{FABRICS.slug}/"
        with self.client() as client:
            found = _checked(client.get(path, params={"name": name})).json()["results"]
            mine = [record["id"] for record in found if record["name"] == name]
            return int(mine[0] if mine else _checked(client.post(path, json={"name": name})).json()["id"])

    def records(self, fabric: str) -> dict[str, list[Record]]:
        """The records of a fabric by kind, without their ids, as they would be posted."""
        number = self.fabric(fabric)
        with self.client() as client:
            return {kind: list(_posted(client, kind, number)) for kind in TYPES}

    def batches(self, records: dict[str, list[Record]], fabric: str, into: Path) -> int:
        """Write the records, as those of another fabric, to a file for `bench.raw`; returns how many they are."""
        number = self.fabric(fabric)
        batches: list[tuple[str, list[Record]]] = []
        for kind, group in records.items():
            moved = [r | {"fabric": number, "ref": f"{fabric}/{r['ref'].partition('/')[2]}"} for r in group]
            path = f"{PLUGIN_API}/{TYPES[kind].slug}/"
            batches += [(path, moved[start : start + BATCH]) for start in range(0, len(moved), BATCH)]
        into.write_text(json.dumps(batches))
        return sum(len(batch) for _, batch in batches)

    def remove(self, fabric: str) -> None:
        """Delete a fabric's records and its own, in lists."""
        number = self.fabric(fabric)
        with self.client() as client:
            for kind in TYPES:
                path = f"{PLUGIN_API}/{TYPES[kind].slug}/"
                while ids := [record["id"] for record in _page(client, kind, number)]:
                    for start in range(0, len(ids), BATCH):
                        body = [{"id": one} for one in ids[start : start + BATCH]]
                        _checked(client.request("DELETE", path, json=body))
            _checked(client.delete(f"{PLUGIN_API}/{FABRICS.slug}/{number}/"))

    def list_page(self, kind: str, fabric: str, rounds: int) -> tuple[list[float], int]:
        """Seconds of each GET of the kind's page filtered by fabric, and how many records the page says there are."""
        number = self.fabric(fabric)
        url = f"{PLUGIN_PAGES}/{TYPES[kind].slug}/"
        with httpx2.Client(base_url=self.access.url, timeout=DEADLINE_SECONDS, follow_redirects=True) as client:
            _log_in(client, self.access)
            page = _checked(client.get(url, params={"fabric": number})).text
            seconds = []
            for _ in range(rounds):
                started = time.monotonic()
                page = _checked(client.get(url, params={"fabric": number})).text
                seconds.append(time.monotonic() - started)
        return seconds, _shown(page)


def _checked(answer: httpx2.Response) -> httpx2.Response:
    if answer.is_error:
        raise RuntimeError(f"NetBox answers {answer.status_code} to {answer.request.method} {answer.request.url}")
    return answer


def _page(client: httpx2.Client, kind: str, fabric: int, offset: int = 0) -> list[Record]:
    path = f"{PLUGIN_API}/{TYPES[kind].slug}/"
    params: dict[str, str | int] = {"fabric": fabric, "limit": PAGE, "offset": offset, "ordering": "id"}
    found: list[Record] = _checked(client.get(path, params=params)).json()["results"]
    return found


def _posted(client: httpx2.Client, kind: str, fabric: int) -> list[Record]:
    names = [field.name for field in TYPES[kind].fields if field.type != OBJECT]
    records: list[Record] = []
    while page := _page(client, kind, fabric, len(records)):
        records += [{name: record[name] for name in names} for record in page]
    return records


def _log_in(client: httpx2.Client, access: NetBoxAccess) -> None:
    client.get("/login/")
    form = {
        "username": access.username,
        "password": access.password,
        "csrfmiddlewaretoken": client.cookies["csrftoken"],
    }
    _checked(client.post("/login/", data=form, headers={"Referer": f"{access.url}/login/"}))
    if "sessionid" not in client.cookies:
        raise RuntimeError(f"NetBox at {access.url} does not accept the login of {access.username}")


def _shown(page: str) -> int:
    """The count in the page's "Showing 1-50 of 10000"."""
    found = re.search(r"[Ss]howing\s+[\d,]+\s*[-–]\s*[\d,]+\s+of\s+([\d,]+)", page)
    return int(found[1].replace(",", "")) if found else 0
