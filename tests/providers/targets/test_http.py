"""How a target is called: errors in one line, repeats only where safe, deadlines, proxies, and no secret in sight."""

from __future__ import annotations

import email.utils
import json
import socket
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
import stamina

from providers import errors
from providers.targets import http
from providers.targets.tls import for_threads, private_ca, tls_context
from tests.support import http_servers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

SECRET = "nbt_key.s3cr3t-s3cr3t"
ENDPOINT = http.Endpoint(
    target="netbox",
    title="NetBox",
    url="http://127.0.0.1:8000",
    url_key="hhsync:netboxUrl",
    credentials_key="hhsync:netboxToken",
    ca_key="hhsync:netboxCaFile",
)
CLUSTER = replace(ENDPOINT, target="cluster", title="cluster", url_key="hhsync:clusterUrl")


@pytest.fixture
def at_once() -> Iterator[None]:
    """Repeat as in earnest, without the waits."""
    with stamina.set_testing(True, attempts=http.ATTEMPTS):
        yield


@pytest.fixture
def only_once() -> Iterator[None]:
    with stamina.set_testing(True, attempts=1):
        yield


def _answering(
    handle: Callable[[httpx2.Request], httpx2.Response], endpoint: http.Endpoint = ENDPOINT
) -> http.HttpTarget:
    headers = {"Authorization": f"Bearer {SECRET}"}
    return http.HttpTarget(endpoint, headers=headers, transport=httpx2.MockTransport(handle))


def _always(status: int, **kwargs: Any) -> Callable[[httpx2.Request], httpx2.Response]:
    return lambda request: httpx2.Response(status, **kwargs)


def _raising(error: Exception, cause: Exception | None = None) -> Callable[[httpx2.Request], httpx2.Response]:
    def handle(request: httpx2.Request) -> httpx2.Response:
        raise error from cause

    return handle


def _at(port: int, scheme: str = "http") -> http.Endpoint:
    return replace(ENDPOINT, url=f"{scheme}://127.0.0.1:{port}")


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (
            301,
            errors.Unreachable,
            "it redirects to https://final.example/api; set hhsync:netboxUrl to the final address",
        ),
        (400, errors.Rejected, "400 Bad Request"),
        (401, errors.Unauthorized, "401 Unauthorized; check hhsync:netboxToken"),
        (403, errors.Forbidden, "403 Forbidden"),
        (404, errors.NotFound, "404 Not Found"),
        (407, errors.Unreachable, "the proxy wants credentials"),
        (409, errors.Conflict, "409 Conflict"),
        (412, errors.Conflict, "412 Precondition Failed"),
        (418, errors.Rejected, "418"),
        (422, errors.Rejected, "422"),
        (429, errors.ServerFailure, "429 Too Many Requests; it stayed too busy, try again later"),
        (500, errors.ServerFailure, "500 Internal Server Error"),
        (502, errors.ServerFailure, "502 Bad Gateway"),
        (599, errors.ServerFailure, "599 unknown status"),
    ],
)
def test_a_refusal_becomes_the_error_of_its_code(
    at_once: None, status: int, kind: type[errors.TargetError], words: str
) -> None:
    headers = {"Location": "https://user:pass@final.example/api?token=1"}
    target = _answering(_always(status, headers=headers))
    with pytest.raises(errors.TargetError) as caught:
        target.call("GET", "/api/", about="list VPC")
    assert type(caught.value) is kind
    assert str(caught.value).startswith("list VPC: NetBox at http://127.0.0.1:8000: ")
    assert words in str(caught.value)
    assert (caught.value.target, caught.value.server) == ("netbox", "http://127.0.0.1:8000")


def _dns(number: int, text: str) -> tuple[Exception, Exception]:
    return httpx2.ConnectError("all connection attempts failed"), socket.gaierror(number, text)


@pytest.mark.parametrize(
    ("failure", "words", "tries"),
    [
        (_dns(socket.EAI_NONAME, "Name or service not known"), "its name cannot be resolved (Name or service", 1),
        (_dns(socket.EAI_AGAIN, "Temporary failure"), "its name cannot be resolved (Temporary failure", http.ATTEMPTS),
        ((httpx2.ConnectTimeout("timed out"), None), "no connection within 5 s; is it up, and is hhsync:netboxUrl", 1),
        ((httpx2.ReadTimeout("timed out"), None), "no answer within 30 s", http.ATTEMPTS),
        ((httpx2.ProxyError("403"), None), "the proxy refused the connection; check HTTPS_PROXY and NO_PROXY", 1),
        ((httpx2.ReadError("x"), ConnectionResetError(104, "reset")), "it broke the connection off", http.ATTEMPTS),
        ((httpx2.ConnectError("x"), OSError(101, "Network is unreachable")), "network is unreachable", http.ATTEMPTS),
        ((httpx2.RemoteProtocolError("x"), None), "it closed the connection without an answer", http.ATTEMPTS),
    ],
)
def test_a_failing_network_is_named_with_the_remedy(
    at_once: None, failure: tuple[Exception, Exception | None], words: str, tries: int
) -> None:
    target = _answering(_raising(*failure))
    with pytest.raises(errors.Unreachable) as caught:
        target.call("GET", "/api/")
    assert words in str(caught.value)
    assert target.requests == tries


def test_a_refused_connection_is_tried_again_even_for_a_post(at_once: None) -> None:
    target = http.HttpTarget(_at(http_servers.closed_port()))
    with pytest.raises(errors.Unreachable, match=r"connection refused; is it running, and is hhsync:netboxUrl right\?"):
        target.call("POST", "/api/", body={})
    assert target.requests == http.ATTEMPTS


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_write_whose_answer_was_lost_is_not_repeated_and_says_that_nobody_knows(at_once: None, method: str) -> None:
    target = _answering(_raising(httpx2.ReadTimeout("timed out")))
    with pytest.raises(errors.Unreachable, match="whether the change was made is unknown, the next run finds out"):
        target.call(method, "/api/")
    assert target.requests == 1


@pytest.mark.parametrize(
    ("method", "repeat", "status", "tries"),
    [
        ("GET", None, 503, http.ATTEMPTS),
        ("GET", None, 502, http.ATTEMPTS),
        ("GET", None, 504, http.ATTEMPTS),
        ("GET", None, 500, 1),
        ("GET", None, 404, 1),
        ("GET", False, 503, 1),
        ("POST", None, 503, 1),
        ("POST", None, 429, http.ATTEMPTS),
        ("POST", True, 503, http.ATTEMPTS),
        ("PUT", None, 503, 1),
        ("PUT", True, 503, http.ATTEMPTS),
        ("PUT", True, 409, 1),
        ("DELETE", True, 503, http.ATTEMPTS),
    ],
)
def test_only_what_is_safe_is_repeated(
    at_once: None, method: str, repeat: bool | None, status: int, tries: int
) -> None:
    target = _answering(_always(status))
    with pytest.raises(errors.TargetError):
        target.call(method, "/api/", repeat=repeat)
    assert target.requests == tries


def _waits(monkeypatch: pytest.MonkeyPatch, *retry_after: str | None) -> tuple[list[float], http.HttpResponse]:
    """Answer 429 with each Retry-After in turn, then 200; give the waits and the answer."""
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    replies = [httpx2.Response(429, headers={"Retry-After": value} if value else {}) for value in retry_after]
    replies.append(httpx2.Response(200, json={"ok": True}))
    target = _answering(lambda request: replies.pop(0))
    return waits, target.call("POST", "/api/", body={})


def test_a_server_that_names_a_wait_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    waits, response = _waits(monkeypatch, "1", "2")
    assert [int(wait) for wait in waits] == [1, 2]
    assert (response.status, response.body, response.tries) == (200, {"ok": True}, 3)


def test_a_wait_may_be_named_as_a_date(monkeypatch: pytest.MonkeyPatch) -> None:
    when = email.utils.format_datetime(datetime.now(UTC) + timedelta(seconds=4), usegmt=True)
    waits, _ = _waits(monkeypatch, when)
    # More than the first pause of its own can be (0.5 s), however long the test took to come here.
    assert 0.5 < waits[0] <= 4.3


def test_without_a_named_wait_the_pauses_grow_up_to_a_cap(monkeypatch: pytest.MonkeyPatch) -> None:
    waits, _ = _waits(monkeypatch, None, "soon", None)
    # They double from 0.2 s, each with up to 0.3 s of jitter, which may put two neighbours out of order.
    for wait, least in zip(waits, (0.2, 0.4, 0.8), strict=True):
        assert least <= wait <= min(least + 0.3, 2.0)


def test_a_server_that_wants_minutes_is_reported_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(errors.ServerFailure, match="429 Too Many Requests"):
        _waits(monkeypatch, "120")


@pytest.mark.parametrize(
    ("endpoint", "body", "words"),
    [
        (ENDPOINT, {"detail": "Invalid token"}, "403 Forbidden: Invalid token"),
        (ENDPOINT, {"name": ["This field is required."]}, "name: This field is required."),
        (ENDPOINT, [{}, {"slug": ["Taken."], "spec": ["Bad."]}], "[1].slug: Taken.; [1].spec: Bad."),
        (
            ENDPOINT,
            {"error": "IntegrityError", "exception": "x", "netbox_version": "4.7.3"},
            "403 Forbidden: IntegrityError",
        ),
        (ENDPOINT, {"non_field_errors": ["Twice."]}, "403 Forbidden: Twice."),
        (CLUSTER, {"kind": "Status", "message": "vpcs is forbidden"}, "403 Forbidden: vpcs is forbidden"),
    ],
)
def test_the_servers_reason_is_shown_where_its_form_is_known(endpoint: http.Endpoint, body: Any, words: str) -> None:
    with pytest.raises(errors.Forbidden) as caught:
        _answering(_always(403, json=body), endpoint).call("GET", "/api/")
    assert str(caught.value).endswith(words)


@pytest.mark.parametrize(
    "reply",
    [
        {"text": "<html>debug: SECRET_KEY=abc</html>"},
        {"json": {"debug": {"SECRET_KEY": "abc"}}},
        {"json": "SECRET_KEY=abc"},
        {"json": {"kind": "Status", "message": {"SECRET_KEY": "abc"}}},
    ],
)
def test_a_body_of_unknown_form_is_not_shown(reply: dict[str, Any]) -> None:
    with pytest.raises(errors.Forbidden) as caught:
        _answering(_always(403, **reply), CLUSTER).call("GET", "/api/")
    assert str(caught.value).endswith(": 403 Forbidden")


def test_a_long_reason_is_cut_at_256_characters() -> None:
    with pytest.raises(errors.Rejected) as caught:
        _answering(_always(400, json={"detail": "z" * 2000})).call("GET", "/api/")
    assert str(caught.value).count("z") == 255
    assert str(caught.value).endswith("…")


def test_a_server_that_repeats_our_token_does_not_put_it_into_the_error() -> None:
    with pytest.raises(errors.Forbidden) as caught:
        _answering(_always(403, json={"detail": f"token {SECRET} is bad"})).call("GET", "/api/")
    assert SECRET not in str(caught.value)
    assert "token (hidden) is bad" in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_credentials_in_a_url_are_refused_and_not_shown() -> None:
    with pytest.raises(errors.ConfigError) as caught:
        http.HttpTarget(replace(ENDPOINT, url=f"https://admin:{SECRET}@netbox.example"))
    assert "must not carry credentials; use hhsync:netboxToken" in str(caught.value)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("url", ["netbox.example", "ftp://netbox.example", "http://", "https://a:b:c", "/api"])
def test_what_is_no_url_is_refused_by_its_setting(url: str) -> None:
    with pytest.raises(errors.ConfigError, match="hhsync:netboxUrl"):
        http.HttpTarget(replace(ENDPOINT, url=url))


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("https://netbox.example/base/", "https://netbox.example"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("https://[::1]:6443", "https://[::1]:6443"),
    ],
)
def test_a_server_is_named_by_scheme_host_and_port(url: str, server: str) -> None:
    assert replace(ENDPOINT, url=url).server == server


def test_a_base_path_is_kept() -> None:
    target = _answering(
        lambda request: httpx2.Response(200, json=request.url.path), replace(ENDPOINT, url="http://127.0.0.1/netbox")
    )
    assert target.call("GET", "/api/status/").body == "/netbox/api/status/"


def test_a_full_url_is_no_path() -> None:
    with pytest.raises(ValueError, match="path below the base URL"):
        _answering(_always(200)).call("GET", "https://elsewhere.example/api/")


def test_numbers_come_as_they_were_sent() -> None:
    body = _answering(_always(200, content=b'{"a": 1, "b": 1.0}')).call("GET", "/").body
    assert [type(body[key]) for key in "ab"] == [int, float]


@pytest.mark.parametrize("content", [b"", b"null"])
def test_an_empty_success_has_no_body(content: bytes) -> None:
    assert _answering(_always(204, content=content)).call("DELETE", "/").body is None


def test_a_login_page_is_no_success() -> None:
    with pytest.raises(errors.ServerFailure, match="answered 200 without JSON; does hhsync:netboxUrl lead to the API"):
        _answering(_always(200, text="<html>Log in</html>")).call("GET", "/api/")


def test_an_accepted_code_is_an_answer() -> None:
    assert _answering(_always(404, text="404 page not found")).call("GET", "/", accept={404}).status == 404


def test_a_targets_own_errors_come_first() -> None:
    own = errors.NotInstalled("no plugin", target="netbox", server="x")
    target = http.HttpTarget(ENDPOINT, refusal=lambda *_: own, transport=httpx2.MockTransport(_always(404)))
    with pytest.raises(errors.NotInstalled, match="no plugin"):
        target.call("GET", "/")


@pytest.mark.parametrize(
    "words", ["Client sent an HTTP request to an HTTPS server.", "The plain HTTP request was sent to HTTPS port"]
)
def test_plain_http_to_a_tls_port_names_https(words: str) -> None:
    with pytest.raises(errors.Unreachable, match="it wants TLS; hhsync:netboxUrl must begin with https://"):
        _answering(_always(400, text=words)).call("GET", "/")


def _says_ok(request: Any) -> None:
    http_servers.response(request, 200, b'{"ok": true}')


@pytest.mark.parametrize(
    ("issued", "trusted", "words"),
    [
        ({"name": "127.0.0.1"}, False, "its TLS certificate is not trusted"),
        ({"name": "netbox.example"}, True, "its TLS certificate is for another name"),
        (
            {"name": "127.0.0.1", "expired": True},
            True,
            "its TLS certificate is not valid now (certificate has expired)",
        ),
    ],
)
def test_a_bad_certificate_is_named_and_not_tried_again(
    at_once: None, tmp_path: Path, issued: dict[str, Any], trusted: bool, words: str
) -> None:
    authority = http_servers.Authority()
    ca_file = tmp_path / "ca.pem"
    ca_file.write_text(authority.pem if trusted else http_servers.Authority("another").pem)
    with http_servers.serving(_says_ok, http_servers.server_tls(tmp_path, authority.issue(**issued))) as port:
        tls = tls_context(ca_file=str(ca_file), insecure=False, key="hhsync:netboxCaFile")
        target = http.HttpTarget(_at(port, "https"), tls=tls)
        with pytest.raises(errors.Unreachable) as caught:
            target.call("GET", "/")
    assert words in str(caught.value)
    assert target.requests == 1


def test_an_untrusted_certificate_names_the_setting_for_the_ca(tmp_path: Path) -> None:
    pair = http_servers.Authority().issue("127.0.0.1")
    with http_servers.serving(_says_ok, http_servers.server_tls(tmp_path, pair)) as port:
        target = http.HttpTarget(_at(port, "https"))
        with pytest.raises(errors.Unreachable, match="name the CA's file with hhsync:netboxCaFile"):
            target.call("GET", "/")


def test_a_private_ca_is_trusted_by_file_and_another_name_by_setting(tmp_path: Path) -> None:
    authority = http_servers.Authority()
    (tmp_path / "ca.pem").write_text(authority.pem)
    with http_servers.serving(_says_ok, http_servers.server_tls(tmp_path, authority.issue("api.example"))) as port:
        tls = tls_context(ca_file=str(tmp_path / "ca.pem"), insecure=False, key="k")
        assert http.HttpTarget(_at(port, "https"), tls=tls, tls_name="api.example").call("GET", "/").body == {
            "ok": True
        }


def test_no_check_is_made_only_where_asked_for(tmp_path: Path) -> None:
    pair = http_servers.Authority().issue("elsewhere.example", expired=True)
    with http_servers.serving(_says_ok, http_servers.server_tls(tmp_path, pair)) as port:
        tls = tls_context(ca_file=None, insecure=True, key="k")
        assert http.HttpTarget(_at(port, "https"), tls=tls).call("GET", "/").body == {"ok": True}


def test_tls_to_a_plain_port_says_so() -> None:
    with (
        http_servers.serving(_says_ok) as port,
        pytest.raises(errors.Unreachable, match="does not speak TLS on this port"),
    ):
        http.HttpTarget(_at(port, "https")).call("GET", "/")


def test_a_missing_client_certificate_is_named(only_once: None, tmp_path: Path) -> None:
    authority = http_servers.Authority()
    context = http_servers.server_tls(tmp_path, authority.issue("127.0.0.1"), clients=authority)
    with http_servers.serving(_says_ok, context) as port:
        target = http.HttpTarget(_at(port, "https"), tls=tls_context(ca_file=None, insecure=True, key="k"))
        with pytest.raises(errors.Unreachable, match="wants a client certificate; check hhsync:netboxToken"):
            target.call("GET", "/")


@pytest.mark.parametrize(
    ("content", "words"), [(None, "cannot be read: No such file"), ("hello", "no PEM certificate")]
)
def test_a_bad_ca_file_is_named_by_setting_and_path(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(errors.ConfigError, match=words) as caught:
        tls_context(ca_file=str(path), insecure=False, key="hhsync:netboxCaFile")
    assert str(caught.value).startswith(f"hhsync:netboxCaFile: {path} ")


@pytest.mark.parametrize("drip", [False, True], ids=["silent", "a byte at a time"])
def test_a_call_ends_at_its_deadline(only_once: None, drip: bool) -> None:
    over = threading.Event()

    def handle(request: Any) -> None:
        if drip:
            request.send_response(200)
            request.send_header("Content-Length", "1000000")
            request.end_headers()
        while not over.wait(0.02):
            if drip:
                request.wfile.write(b" ")

    with http_servers.serving(handle) as port:
        try:
            with pytest.raises(errors.Unreachable, match=r"no answer within 0\.2 s"):
                http.HttpTarget(_at(port)).call("GET", "/", deadline=0.2)
        finally:
            over.set()


def test_32_threads_get_a_connection_each() -> None:
    together = threading.Barrier(32, timeout=60)

    def handle(request: Any) -> None:
        together.wait()
        _says_ok(request)

    with http_servers.serving(handle) as port, ThreadPoolExecutor(32) as pool:
        target = http.HttpTarget(_at(port))
        answers = list(pool.map(lambda _: target.call("GET", "/").status, range(32)))
    assert answers == [200] * 32
    assert target.requests == 32


def test_a_proxy_of_the_environment_is_for_other_hosts_and_never_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    def proxy(request: Any) -> None:
        asked.append(request.path)
        http_servers.response(request, 200, b'"by proxy"')

    for name in ("no_proxy", "NO_PROXY", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    with http_servers.serving(proxy) as proxy_port, http_servers.serving(_says_ok) as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy_port}")
        assert http.HttpTarget(_at(port)).call("GET", "/").body == {"ok": True}
        far = http.HttpTarget(replace(ENDPOINT, url="http://netbox.example"))
        assert far.call("GET", "/api/").body == "by proxy"
    assert asked == ["http://netbox.example/api/"]


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("localhost", True),
        ("db.localhost", True),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
    ],
)
def test_what_counts_as_this_machine(host: str, loopback: bool) -> None:
    assert http.is_loopback(host) is loopback


def test_cookies_are_not_kept() -> None:
    seen: list[str | None] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.headers.get("cookie"))
        return httpx2.Response(200, json={}, headers={"Set-Cookie": "sessionid=abc; Path=/"})

    target = _answering(handle)
    target.call("GET", "/")
    target.call("GET", "/")
    assert seen == [None, None]


def test_a_body_is_sent_as_json_and_extra_headers_go_along() -> None:
    def handle(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(
            200, json=[json.loads(request.content), request.headers["if-match"], str(request.url.query)]
        )

    response = _answering(handle).call("PATCH", "/", body={"a": [1]}, headers={"If-Match": "v1"}, params={"limit": 2})
    assert response.body == [{"a": [1]}, "v1", "b'limit=2'"]


def test_a_clients_tls_rules_do_not_ask_more_of_a_ca_than_kubectl_does() -> None:
    context = private_ca(ssl.create_default_context())
    assert not context.verify_flags & ssl.VERIFY_X509_STRICT


def test_the_protocol_is_named_once_on_rules_that_threads_share() -> None:
    """OpenSSL frees the name at each naming, while another thread's connection may be copying it."""
    named: list[list[str]] = []

    class Watched(ssl.SSLContext):
        def set_alpn_protocols(self, alpn_protocols: Iterable[str]) -> None:
            named.append([*alpn_protocols])
            super().set_alpn_protocols(alpn_protocols)

    shared = for_threads(Watched(ssl.PROTOCOL_TLS_CLIENT))
    shared.set_alpn_protocols(["http/1.1"])
    shared.set_alpn_protocols(["http/1.1"])
    assert named == [["http/1.1"]]
