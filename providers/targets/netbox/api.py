"""NetBox's REST API as hhsync uses it: log in, read lists whole, write lists, and say what was refused and why.

Knows NetBox's token schemes, paging and error bodies. Knows nothing of fabrics or CRs. Facts from NetBox 4.7.3 and the custom
objects plugin 0.7.1, tried on a running server:
a wrong token is a 403, told from a missing permission only by its words; a list with an unknown filter answers everything;
a bulk write is done whole or not at all, and a refusal names each element by index or id; a duplicate of a unique field is a
500 with `exception: IntegrityError`.
"""

from __future__ import annotations

import urllib.parse
from typing import TYPE_CHECKING, Any

from providers import errors
from providers.targets import http_errors
from providers.targets.http import HttpTarget
from providers.targets.http_errors import Endpoint, HttpResponse
from providers.targets.netbox.batches import RejectedItems
from providers.targets.tls import tls_context

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping, Sequence

    import httpx2

    from providers.settings import NetBoxSettings

PLUGIN = "netbox_custom_objects"
PLUGIN_PACKAGE = "netboxlabs-netbox-custom-objects"
PLUGIN_API = "/api/plugins/custom-objects"
PLUGIN_PAGES = "/plugins/custom-objects"

# NetBox's default MAX_PAGE_SIZE; a server with a smaller one answers smaller pages.
PAGE = 1000

# Seconds for a bulk write: 100 records take 2–4 s on an idle server, and a busy one ten times as much.
WRITE_DEADLINE = 120.0

# Seconds for a change of types: 15 fields take 2–4 s on an idle server, and a lost answer leaves work under way
# there.
SCHEMA_DEADLINE = 300.0

# How NetBox begins the 403 of an accepted token; every other 403 is about the token itself.
_NO_PERMISSION = "You do not have permission"

_REFUSED = frozenset({400, 403, 404, 409, 500})


class NetBoxApi:
    """The calls that the rest of the NetBox target is made of. Thread-safe; connects when first used."""

    def __init__(self, settings: NetBoxSettings, *, transport: httpx2.BaseTransport | None = None) -> None:
        endpoint = Endpoint(
            target="netbox",
            title="NetBox",
            url=settings.url,
            url_key="hhsync:netboxUrl",
            credentials_key="hhsync:netboxToken",
            ca_key="hhsync:netboxCaFile",
        )
        scheme = "Bearer" if settings.token.startswith("nbt_") else "Token"
        self.endpoint = endpoint
        self.base = settings.url
        self.http = HttpTarget(
            endpoint,
            tls=_tls(settings, endpoint),
            headers={"Authorization": f"{scheme} {settings.token}"},
            refusal=refusal,
            transport=transport,
        )

    @property
    def server(self) -> str:
        """`scheme://host:port`, for messages."""
        return self.http.server

    def failure(self, kind: type[errors.TargetError], about: str, what: str) -> errors.TargetError:
        """An error of the given kind that names this server."""
        return http_errors.failure(kind, self.endpoint, about, what)

    def get(self, path: str, *, about: str) -> HttpResponse:
        """Read one thing.

        Raises:
            TargetError: by cause.
        """
        return self.http.call("GET", path, about=about)

    def options(self, path: str, *, about: str) -> HttpResponse:
        """Ask what may be done at a path; a path that is not there is an answer too.

        Raises:
            TargetError: by cause.
        """
        return self.http.call("OPTIONS", path, about=about, accept={404})

    def pages(self, path: str, params: Mapping[str, str | int], *, about: str) -> Iterator[list[dict[str, Any]]]:
        """Read a list page by page, by primary key where NetBox can (4.6 and newer): nothing is skipped while others write.

        No pages at all where the plugin knows no such type.

        Raises:
            NotInstalled: the plugin is not there.
            TargetError: by cause.
        """
        query: dict[str, str | int] = {**params, "limit": PAGE, "start": 0}
        while True:
            response = self.http.call("GET", path, params=query, about=about, accept={404})
            if response.status == 404:
                self._expect_plugin(response, about)
                return
            yield response.body["results"]
            following = response.body.get("next")
            if not following:
                return
            # Only the query: behind a proxy NetBox may not know its own address.
            query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(following).query))

    def _expect_plugin(self, response: HttpResponse, about: str) -> None:
        """A 404 of the plugin itself is JSON; NetBox's own page for an unknown path is not."""
        if not isinstance(response.body, dict):
            raise self.not_installed(about)

    def not_installed(self, about: str = "") -> errors.TargetError:
        """The error for a NetBox without the plugin."""
        return self.failure(
            errors.NotInstalled,
            about,
            f"the custom objects plugin is missing; install {PLUGIN_PACKAGE} there and add {PLUGIN} to PLUGINS",
        )

    def write_schema(self, method: str, path: str, body: Any, *, about: str) -> Any:
        """Write a type or its fields; returns them as NetBox stored them (None after a DELETE).

        Raises:
            TargetError: by cause.
        """
        return self.http.call(method, path, body=body, about=about, deadline=SCHEMA_DEADLINE).body

    def write_list(self, method: str, path: str, body: list[dict[str, Any]], abouts: Sequence[str]) -> HttpResponse:
        """Write a list, all or nothing. `abouts` says of each element what is being done to what, for errors.

        A refused list is an answer here when it is a duplicate (see `is_duplicate`). Safe to repeat: a second POST of the
        same unique values is a duplicate, a PATCH sets the same values, a DELETE finds nothing to delete.

        Raises:
            RejectedItems: refused, and NetBox named the elements.
            TargetError: refused without a name, or by cause.
        """
        about = abouts[0] if len(abouts) == 1 else f"{abouts[0]} and {len(abouts) - 1} more"
        try:
            response = self.http.call(method, path, body=body, about=about, accept=_REFUSED, deadline=WRITE_DEADLINE)
        except ValueError as error:  # not a number, or half a surrogate pair: no JSON can hold it
            raise self.failure(errors.Rejected, about, f"a value cannot be sent as JSON ({error})") from None
        if response.status < 300 or is_duplicate(response):
            return response
        rejected = self._rejected(response, body, abouts)
        if rejected:
            raise RejectedItems(rejected)
        raise refusal(self.endpoint, about, response) or http_errors.refused(self.endpoint, about, response)

    def duplicate(self, response: HttpResponse, about: str) -> errors.TargetError:
        """The error for a duplicate that nobody could resolve."""
        return http_errors.refused(self.endpoint, about, response)

    def _rejected(
        self, response: HttpResponse, body: Sequence[Mapping[str, Any]], abouts: Sequence[str]
    ) -> dict[int, errors.TargetError]:
        """The errors by position: {"errors": [{"index" or "id", "errors"}]}; before 4.7 a list as long as the request."""
        found: dict[int, Any] = {}
        if isinstance(response.body, list) and len(response.body) == len(body):
            found = {index: entry for index, entry in enumerate(response.body) if entry}
        elif isinstance(response.body, dict) and isinstance(response.body.get("errors"), list):
            positions = {element.get("id"): index for index, element in enumerate(body)}
            for entry in response.body["errors"]:
                index = entry["index"] if "index" in entry else positions.get(entry.get("id"))
                if isinstance(index, int) and 0 <= index < len(body):
                    found[index] = entry.get("errors")
        return {index: self._entry_error(response, entry, abouts[index]) for index, entry in found.items()}

    def _entry_error(self, response: HttpResponse, entry: Any, about: str) -> errors.TargetError:
        if isinstance(entry, dict) and any("does not exist" in str(why) for why in entry.get("id", ())):
            return self.failure(errors.NotFound, about, "no such record any more")
        return http_errors.refused(self.endpoint, about, HttpResponse(response.status, response.headers, entry))


def _tls(settings: NetBoxSettings, endpoint: Endpoint) -> ssl.SSLContext | None:
    """The rules for certificates; None where plain HTTP needs none."""
    if settings.url.startswith("http://") and settings.ca_file is None:
        return None
    return tls_context(ca_file=settings.ca_file, insecure=settings.insecure, key=endpoint.ca_key)


def is_duplicate(response: HttpResponse) -> bool:
    """Whether a write was refused because a unique value is taken, by anyone, perhaps by our own lost call."""
    body = response.body
    if not isinstance(body, dict):
        return False
    return response.status == 500 and body.get("exception") == "IntegrityError"


def refusal(endpoint: Endpoint, about: str, response: HttpResponse) -> errors.TargetError | None:
    """NetBox's own reading of a refusal: a 403 about the token itself is a matter of credentials, not of permission."""
    detail = response.body.get("detail") if isinstance(response.body, dict) else None
    if response.status == 403 and isinstance(detail, str) and not detail.startswith(_NO_PERMISSION):
        reason = http_errors.shown(detail)
        return http_errors.failure(
            errors.Unauthorized,
            endpoint,
            about,
            f"the token is not accepted ({reason}); check {endpoint.credentials_key}",
        )
    if response.status == 403:
        return http_errors.failure(
            errors.Forbidden,
            endpoint,
            about,
            f"403 Forbidden: the user of {endpoint.credentials_key} lacks the permission, or the token is read-only",
        )
    return None
