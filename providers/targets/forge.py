"""The few calls to GitHub's and GitLab's REST APIs that open a pull request. Knows nothing of Git."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from providers.errors import Rejected
from providers.targets import http_errors
from providers.targets.http import Endpoint, HttpResponse, HttpTarget
from providers.targets.tls import tls_context

if TYPE_CHECKING:
    from collections.abc import Mapping

_DUPLICATE = frozenset({409, 422})
_SAID = 200


class ForgeApi:
    """One forge's API. Connects when first used."""

    def __init__(self, title: str, url: str, headers: Mapping[str, str], ca_file: str | None = None) -> None:
        self._endpoint = Endpoint(
            target="forge",
            title=title,
            url=url,
            url_key="hhsync:gitForgeUrl",
            credentials_key="hhsync:gitToken",
            ca_key="hhsync:gitCaFile",
        )
        tls = tls_context(ca_file=ca_file, insecure=False, key="hhsync:gitCaFile") if ca_file else None
        self._http = HttpTarget(self._endpoint, tls=tls, headers=headers, refusal=_refusal)

    def close(self) -> None:
        """Close all connections."""
        self._http.close()

    def open(self, path: str, body: Mapping[str, Any], query: Mapping[str, str], page_key: str) -> str:
        """Open a request, or find the one that is open already; returns its page (the field `page_key` of the answer).

        Raises:
            TargetError: by cause; the token may not, there is no such repository, the server does not answer.
        """
        response = self._http.call("POST", path, body=body, accept=_DUPLICATE, about="open the pull request")
        if response.status in _DUPLICATE:
            found = self._http.call("GET", path, params=dict(query), about="find the open pull request").body
            if isinstance(found, list) and found and isinstance(found[0], dict) and found[0].get(page_key):
                return str(found[0][page_key])
            message = _words(response) or f"refused ({response.status})"
            raise http_errors.failure(Rejected, self._endpoint, "open the pull request", message)
        page = response.body.get(page_key) if isinstance(response.body, dict) else None
        if not page:
            raise http_errors.failure(
                Rejected, self._endpoint, "open the pull request", f"the answer has no {page_key}; is this the API?"
            )
        return str(page)


def _refusal(endpoint: Endpoint, about: str, response: HttpResponse) -> None:
    """The general errors say enough."""


def _words(response: HttpResponse) -> str:
    """What the forge says for itself: GitHub's message and errors, GitLab's message."""
    body = response.body if isinstance(response.body, dict) else {}
    message = [body.get("message")]
    message += [one.get("message") for one in body.get("errors") or () if isinstance(one, dict)]
    words = [" ".join(map(str, one)) if isinstance(one, list) else str(one) for one in message if one]
    return "; ".join(words)[:_SAID]
