"""What failed on the way to a server, as one line a person can act on.

Knows the transport errors of httpx2, the status codes of HTTP, and the two bodies that are safe to show: a Kubernetes
`Status` and NetBox's field errors. Shows no other body, no header, no credential.
"""

from __future__ import annotations

import email.utils
import http
import socket
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import httpx2

from providers import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

# The longest part of a server's own words that a message repeats.
SHOWN_CHARACTERS = 256

# OpenSSL's X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH.
_WRONG_NAME = {62, 64}

# OpenSSL's X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED.
_EXPIRED = {9, 10}

# How Go's net/http and nginx answer plain HTTP on a TLS port; only matched, never shown.
_TLS_EXPECTED = ("HTTP request to an HTTPS server", "HTTP request was sent to HTTPS port")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server and the settings that lead to it, as error texts name them.

    `target` is "cluster" or "netbox", `title` what people call it, `url` the base URL. `url_key`, `credentials_key` and
    `ca_key` are what to change for a wrong address, credentials and an unknown certificate, e.g. "hhsync:netboxUrl".
    """

    target: str
    title: str
    url: str
    url_key: str
    credentials_key: str
    ca_key: str

    @property
    def server(self) -> str:
        """`scheme://host:port` of the URL, without user, password and path."""
        url = httpx2.URL(self.url)
        host = f"[{url.host}]" if ":" in url.host else url.host
        return f"{url.scheme}://{host}" + (f":{url.port}" if url.port else "")


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What a server answered: status, headers with lower-case names, and its JSON as parsed (None where it sent none).

    `tries` counts how often the call was sent; above 1, an earlier try may have been carried out unseen.
    """

    status: int
    headers: Mapping[str, str]
    body: Any
    tries: int = 1


def _line(endpoint: Endpoint, about: str, what: str) -> str:
    return (
        f"{about}: {endpoint.title} at {endpoint.server}: {what}"
        if about
        else f"{endpoint.title} at {endpoint.server}: {what}"
    )


def failure(kind: type[errors.TargetError], endpoint: Endpoint, about: str, what: str) -> errors.TargetError:
    """Make an error of the given kind that reads "<about>: <title> at <server>: <what>"."""
    return kind(_line(endpoint, about, what), target=endpoint.target, server=endpoint.server)


def shown(text: str) -> str:
    """Cut a server's words at 256 characters."""
    folded = " ".join(text.split())
    return folded if len(folded) <= SHOWN_CHARACTERS else folded[: SHOWN_CHARACTERS - 1] + "…"


def said(endpoint: Endpoint, body: Any) -> str:
    """The server's own reason, cut at 256 characters: a cluster's Status or NetBox's field errors, "" for anything else."""
    if endpoint.target == "netbox":
        return shown("; ".join(_field_errors(body, "")))
    message = body.get("message") if isinstance(body, dict) and body.get("kind") == "Status" else None
    return shown(message) if isinstance(message, str) else ""


def _field_errors(body: Any, path: str) -> list[str]:
    """Flatten {"field": ["why"]}, {"detail": "why"} and bulk's [{}, {"field": ["why"]}] to "field: why" lines."""
    if isinstance(body, str):
        return [f"{path}: {body}" if path else body]
    if isinstance(body, dict):
        lines: list[str] = []
        for key, value in body.items():
            if key in {"detail", "non_field_errors", "__all__", "error"}:
                lines += _field_errors(value, path)
            elif key not in {"exception", "netbox_version", "python_version"}:
                lines += _field_errors(value, f"{path}.{key}" if path else str(key))
        return lines
    if isinstance(body, list):
        lines = []
        for index, value in enumerate(body):
            lines += _field_errors(value, path if isinstance(value, str) else f"{path}[{index}]")
        return lines
    return []


def _causes(error: BaseException) -> list[BaseException]:
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__cause__ or current.__context__
    return chain


def _tls(endpoint: Endpoint, error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _WRONG_NAME:
            return f"its TLS certificate is for another name ({error.verify_message}); check {endpoint.url_key}"
        if error.verify_code in _EXPIRED:
            return f"its TLS certificate is not valid now ({error.verify_message}); renew it on the server"
        return f"its TLS certificate is not trusted ({error.verify_message}); name the CA's file with {endpoint.ca_key}"
    reason = (error.reason or "handshake failed").replace("_", " ").lower()
    if error.reason in {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"}:
        return f"it does not speak TLS on this port ({reason}); does {endpoint.url_key} have to begin with http://?"
    if error.reason and "CERTIFICATE_REQUIRED" in error.reason:
        return f"it wants a client certificate; check {endpoint.credentials_key}"
    return f"TLS failed ({reason}); check {endpoint.url_key} and {endpoint.ca_key}"


def _network(endpoint: Endpoint, error: httpx2.TransportError, deadline: float, connect: float) -> str:
    key = endpoint.url_key
    if isinstance(error, httpx2.ConnectTimeout):
        return f"no connection within {connect:g} s; is it up, and is {key} right?"
    if isinstance(error, httpx2.TimeoutException):
        return f"no answer within {deadline:g} s"
    if isinstance(error, httpx2.ProxyError):
        return "the proxy refused the connection; check HTTPS_PROXY and NO_PROXY"
    if isinstance(error, httpx2.UnsupportedProtocol):
        return f"{key} must begin with http:// or https://"
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError):
            return _tls(endpoint, cause)
        if isinstance(cause, socket.gaierror):
            return f"its name cannot be resolved ({cause.strerror}); check {key}"
        if isinstance(cause, ConnectionRefusedError):
            return f"connection refused; is it running, and is {key} right?"
        if isinstance(cause, ConnectionResetError):
            return "it broke the connection off"
        if isinstance(cause, OSError) and cause.strerror:
            return f"{cause.strerror.lower()}; check {key}"
    return "it closed the connection without an answer"


def is_refused(error: httpx2.TransportError) -> bool:
    """Whether the request surely never reached the server and may reach it soon: a connection that was refused."""
    return isinstance(error, httpx2.ConnectError) and not is_permanent(error)


def is_permanent(error: httpx2.TransportError) -> bool:
    """Whether another try cannot help: an untrusted certificate, an unknown name, a wrong scheme, a host that stays silent."""
    if isinstance(
        error, httpx2.ConnectTimeout | httpx2.UnsupportedProtocol | httpx2.ProxyError | httpx2.LocalProtocolError
    ):
        return True
    causes = _causes(error)
    # EAI_AGAIN is the resolver's own "try again".
    unknown_name = any(isinstance(cause, socket.gaierror) and cause.errno != socket.EAI_AGAIN for cause in causes)
    return unknown_name or any(isinstance(cause, ssl.SSLError) for cause in causes)


def unreachable(
    endpoint: Endpoint, about: str, error: httpx2.TransportError, *, deadline: float, connect: float, write: bool
) -> errors.TargetError:
    """Translate a transport error; `write` adds that the change may have been made where nobody can know."""
    what = _network(endpoint, error, deadline, connect)
    unsure = write and not isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout | httpx2.PoolTimeout)
    if unsure and not is_permanent(error):
        what += "; whether the change was made is unknown, the next run finds out"
    return failure(errors.Unreachable, endpoint, about, what)


_KINDS: dict[int, type[errors.TargetError]] = {
    400: errors.Rejected,
    401: errors.Unauthorized,
    403: errors.Forbidden,
    404: errors.NotFound,
    409: errors.Conflict,
    410: errors.NotFound,
    412: errors.Conflict,
    413: errors.Rejected,
    422: errors.Rejected,
}


def refused(endpoint: Endpoint, about: str, response: HttpResponse, text: str = "") -> errors.TargetError:
    """Translate an answer of 300 or above by its code, with the server's reason where it may be shown.

    `text` is the raw body, only looked at for the words of a TLS port that was spoken to in plain HTTP.
    """
    status = response.status
    name = http.HTTPStatus(status).phrase if status in http.HTTPStatus.__members__.values() else "unknown status"
    reason = said(endpoint, response.body)
    words = f": {reason}" if reason and reason != name else ""
    kind = _KINDS.get(status, errors.ServerFailure if status >= 500 or status == 429 else errors.Rejected)
    if any(marker in text for marker in _TLS_EXPECTED):
        return failure(
            errors.Unreachable, endpoint, about, f"it wants TLS; {endpoint.url_key} must begin with https://"
        )
    if 300 <= status < 400:
        where = _location(response.headers.get("location", ""))
        return failure(
            errors.Unreachable, endpoint, about, f"it redirects to {where}; set {endpoint.url_key} to the final address"
        )
    if status == 401:
        words += f"; check {endpoint.credentials_key}"
    elif status == 407:
        return failure(
            errors.Unreachable, endpoint, about, "the proxy wants credentials; check HTTPS_PROXY and NO_PROXY"
        )
    elif status == 429:
        words += "; it stayed too busy, try again later"
    return failure(kind, endpoint, about, f"{status} {name}{words}")


def _location(value: str) -> str:
    """A redirect's address without user, password and query."""
    try:
        url = httpx2.URL(value)
    except httpx2.InvalidURL:
        return "an address that is no URL"
    return str(url.copy_with(userinfo=b"", query=None, fragment=None)) or "nowhere"


def retry_after(value: str | None) -> float | None:
    """Seconds of a Retry-After header, which is a number or a date; None where it is neither."""
    if value is None:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass
    try:
        when = email.utils.parsedate_to_datetime(value)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())
