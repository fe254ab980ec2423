"""Every way to log in to a cluster, and one clear line for each way that does not work."""

from __future__ import annotations

import base64
import copy
import json
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from providers import errors
from providers.core.identity import KINDS
from providers.settings import ClusterSettings
from providers.targets import http
from providers.targets.cluster import auth, credentials
from providers.targets.cluster.target import Cluster
from tests.support import http_servers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

VERSION = "client.authentication.k8s.io/v1"


class ApiServer:
    """Serves TLS and says who is there: lists nothing to those with an accepted token."""

    def __init__(self, folder: Path, port: int, authority: http_servers.Authority) -> None:
        self.folder = folder
        self.url = f"https://127.0.0.1:{port}"
        self.authority = authority
        self.accepted = {"good"}
        self.authorization: list[str] = []

    def kubeconfig(self, user: dict[str, Any] | None, **cluster: Any) -> Path:
        """Write a kubeconfig with one context, "lab"."""
        entry = {"server": self.url, "certificate-authority-data": _b64(self.authority.pem), **cluster}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "lab",
            "clusters": [{"name": "lab-cluster", "cluster": {k: v for k, v in entry.items() if v is not None}}],
            "contexts": [{"name": "lab", "context": {"cluster": "lab-cluster", "user": "lab-user"}}],
            "users": [{"name": "lab-user", "user": user or {}}],
        }
        return _write(self.folder, config)

    def cluster(self, user: dict[str, Any] | None, **cluster: Any) -> Cluster:
        """The cluster behind such a kubeconfig."""
        return Cluster(ClusterSettings(kubeconfig=str(self.kubeconfig(user, **cluster))))


def _b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _write(folder: Path, config: Any) -> Path:
    path = folder / "config"
    path.write_text(config if isinstance(config, str) else yaml.safe_dump(config))
    return path


def _lists(cluster: Cluster) -> bool:
    return cluster.list(KINDS["VPC"]) == {}


@pytest.fixture
def api(tmp_path: Path) -> Iterator[ApiServer]:
    authority = http_servers.Authority()
    box: list[ApiServer] = []

    def handle(request: Any) -> None:
        shown = request.headers.get("Authorization", "")
        box[0].authorization.append(shown)
        if shown.removeprefix("Bearer ") in box[0].accepted:
            http_servers.response(request, 200, b'{"metadata": {}, "items": []}')
        else:
            http_servers.response(request, 401, b'{"kind": "Status", "message": "Unauthorized"}')

    with http_servers.serving(handle, http_servers.server_tls(tmp_path, authority.issue("127.0.0.1"))) as port:
        box.append(ApiServer(tmp_path, port, authority))
        yield box[0]


def test_a_token(api: ApiServer) -> None:
    assert _lists(api.cluster({"token": "good"}))


def test_a_wrong_token_names_user_and_file_and_not_the_token(api: ApiServer) -> None:
    with pytest.raises(errors.Unauthorized, match=r"check user 'lab-user' of .*/config") as caught:
        _lists(api.cluster({"token": "wr0ng"}))
    assert "wr0ng" not in str(caught.value)


def test_a_token_of_the_stack_config_comes_before_the_kubeconfigs(api: ApiServer) -> None:
    path = api.kubeconfig({"token": "old"})
    assert _lists(Cluster(ClusterSettings(kubeconfig=str(path), token="good")))


def test_a_token_file_beside_the_kubeconfig_is_read_again_when_it_was_rotated(api: ApiServer) -> None:
    (api.folder / "token").write_text("good\n")
    cluster = api.cluster({"tokenFile": "token", "token": "ignored"})
    assert _lists(cluster)
    api.accepted = {"better"}
    (api.folder / "token").write_text("better")
    assert _lists(cluster)
    assert api.authorization == ["Bearer good", "Bearer good", "Bearer better"]


def test_user_and_password(api: ApiServer) -> None:
    api.accepted = {"Basic " + _b64("ann:secret")}
    assert _lists(api.cluster({"username": "ann", "password": "secret"}))


@pytest.mark.parametrize("inline", [True, False])
def test_a_client_certificate_inline_or_by_file(tmp_path: Path, inline: bool) -> None:
    authority = http_servers.Authority()
    pair = authority.issue("hhsync")

    def handle(request: Any) -> None:
        subject = dict(entry[0] for entry in request.connection.getpeercert()["subject"])
        http_servers.response(request, 200, json.dumps({"metadata": {"uid": subject["commonName"]}}).encode())

    context = http_servers.server_tls(tmp_path, authority.issue("127.0.0.1"), clients=authority)
    if inline:
        user = {"client-certificate-data": _b64(pair.certificate), "client-key-data": _b64(pair.key)}
    else:
        pair.write(tmp_path, "user")
        user = {"client-certificate": "user.crt", "client-key": "user.key"}
    with http_servers.serving(handle, context) as port:
        assert ApiServer(tmp_path, port, authority).cluster(user).identity() == "hhsync"


def test_a_ca_by_file_and_another_ca_from_the_stack_config(api: ApiServer) -> None:
    (api.folder / "ca.crt").write_text(api.authority.pem)
    by_file = {"certificate-authority-data": None, "certificate-authority": "ca.crt"}
    assert _lists(api.cluster({"token": "good"}, **by_file))
    path = api.kubeconfig({"token": "good"}, **{"certificate-authority-data": _b64(http_servers.Authority().pem)})
    with pytest.raises(errors.Unreachable, match="name the CA's file with hhsync:clusterCaFile"):
        _lists(Cluster(ClusterSettings(kubeconfig=str(path))))
    assert _lists(Cluster(ClusterSettings(kubeconfig=str(path), ca_file=str(api.folder / "ca.crt"))))


def test_no_check_only_where_the_kubeconfig_or_the_stack_config_says_so(api: ApiServer) -> None:
    none = {"certificate-authority-data": None}
    with pytest.raises(errors.Unreachable, match="not trusted"):
        _lists(api.cluster({"token": "good"}, **none))
    assert _lists(api.cluster({"token": "good"}, **none, **{"insecure-skip-tls-verify": True}))
    path = api.kubeconfig({"token": "good"}, **none)
    assert _lists(Cluster(ClusterSettings(kubeconfig=str(path), insecure=True)))


def test_a_server_by_another_name(tmp_path: Path) -> None:
    authority = http_servers.Authority()
    context = http_servers.server_tls(tmp_path, authority.issue("api.example"))
    with http_servers.serving(
        lambda r: http_servers.response(r, 200, b'{"metadata": {}, "items": []}'), context
    ) as port:
        server = ApiServer(tmp_path, port, authority)
        assert _lists(server.cluster({"token": "good"}, **{"tls-server-name": "api.example"}))
        with pytest.raises(errors.Unreachable, match="certificate is for another name"):
            _lists(server.cluster({"token": "good"}))


def test_a_proxy_of_the_kubeconfig(api: ApiServer) -> None:
    asked: list[str] = []

    def proxy(request: Any) -> None:
        asked.append(f"{request.command} {request.path}")
        http_servers.response(request, 403, b"")

    with (
        http_servers.serving(proxy) as port,
        pytest.raises(errors.Unreachable, match="the proxy refused the connection"),
    ):
        _lists(api.cluster({"token": "good"}, **{"proxy-url": f"http://127.0.0.1:{port}"}))
    assert asked == [f"CONNECT {api.url.removeprefix('https://')}"]


def test_url_token_and_ca(api: ApiServer) -> None:
    (api.folder / "ca.crt").write_text(api.authority.pem)
    settings = ClusterSettings(url=api.url, token="good", ca_file=str(api.folder / "ca.crt"))
    assert _lists(Cluster(settings))


def test_a_pods_service_account(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    (api.folder / "ca.crt").write_text(api.authority.pem)
    (api.folder / "token").write_text("good")
    monkeypatch.setattr(auth, "SERVICE_ACCOUNT", api.folder)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", api.url.rpartition(":")[2])
    assert _lists(Cluster(ClusterSettings(in_cluster=True)))
    (api.folder / "token").unlink()
    with pytest.raises(errors.ConfigError, match=r"hhsync:inCluster: token file .*/token cannot be read: No such file"):
        _lists(Cluster(ClusterSettings(in_cluster=True)))


def test_a_pod_on_ipv6_is_addressed_in_brackets(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    (api.folder / "ca.crt").write_text(api.authority.pem)
    monkeypatch.setattr(auth, "SERVICE_ACCOUNT", api.folder)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "fd00::1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    assert auth.login(ClusterSettings(in_cluster=True)).endpoint.url == "https://[fd00::1]:443"


# --- exec plugins -----------------------------------------------------------------------------------------------------


def _plugin(folder: Path, script: str, **section: Any) -> dict[str, Any]:
    """A kubeconfig user with a shell script as plugin, named relative to the kubeconfig."""
    path = folder / "bin" / "login"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\necho run >> {folder}/runs\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return {"exec": {"apiVersion": VERSION, "command": "./bin/login", "interactiveMode": "IfAvailable", **section}}


def _says(version: str = VERSION, **status: Any) -> str:
    response = json.dumps({"apiVersion": version, "kind": "ExecCredential", "status": status})
    return f"cat <<'END'\n{response}\nEND"


def _runs(folder: Path) -> int:
    return len((folder / "runs").read_text().splitlines())


@pytest.mark.parametrize("version", credentials.VERSIONS)
def test_an_exec_plugin_runs_once_for_all_threads(api: ApiServer, version: str) -> None:
    cluster = api.cluster(_plugin(api.folder, _says(version, token="good"), apiVersion=version))
    begin = threading.Barrier(8, timeout=20)

    def use(_: int) -> bool:
        begin.wait()
        return _lists(cluster)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(use, range(8)))
    assert _runs(api.folder) == 1


def test_an_exec_plugin_gets_arguments_environment_and_the_cluster(api: ApiServer) -> None:
    script = (
        f'printf "%s" "$1 $FROM_CONFIG" > {api.folder}/seen; printf "%s" "$KUBERNETES_EXEC_INFO" > {api.folder}/info\n'
    )
    section = {"args": ["two words"], "env": [{"name": "FROM_CONFIG", "value": "yes"}], "provideClusterInfo": True}
    assert _lists(api.cluster(_plugin(api.folder, script + _says(token="good"), **section)))
    assert (api.folder / "seen").read_text() == "two words yes"
    info = json.loads((api.folder / "info").read_text())
    assert (info["kind"], info["apiVersion"], info["spec"]["interactive"]) == ("ExecCredential", VERSION, False)
    assert info["spec"]["cluster"]["server"] == api.url


def test_an_exec_plugin_is_not_told_the_cluster_unasked(api: ApiServer) -> None:
    script = f'printf "%s" "$KUBERNETES_EXEC_INFO" > {api.folder}/info\n'
    assert _lists(api.cluster(_plugin(api.folder, script + _says(token="good"))))
    assert "cluster" not in json.loads((api.folder / "info").read_text())["spec"]


def test_an_exec_plugin_runs_again_after_a_401(api: ApiServer) -> None:
    cluster = api.cluster(_plugin(api.folder, _says(token="good")))
    assert _lists(cluster)
    api.accepted = {"better"}
    _plugin(api.folder, _says(token="better"))
    assert _lists(cluster)
    assert _runs(api.folder) == 2


def test_a_credential_that_stays_refused_is_asked_for_twice_and_no_more(api: ApiServer) -> None:
    cluster = api.cluster(_plugin(api.folder, _says(token="bad")))
    with pytest.raises(errors.Unauthorized, match="check user 'lab-user'"):
        _lists(cluster)
    assert _runs(api.folder) == 2


@pytest.mark.parametrize(("until", "runs"), [("2001-01-01T00:00:00Z", 2), ("2999-01-01T00:00:00Z", 1)])
def test_an_exec_plugin_runs_again_when_its_credential_has_expired(api: ApiServer, until: str, runs: int) -> None:
    cluster = api.cluster(_plugin(api.folder, _says(token="good", expirationTimestamp=until)))
    assert _lists(cluster)
    assert _lists(cluster)
    assert _runs(api.folder) == runs


def test_an_exec_plugin_may_give_a_client_certificate(tmp_path: Path) -> None:
    authority = http_servers.Authority()
    pair = authority.issue("from-plugin")

    def handle(request: Any) -> None:
        subject = dict(entry[0] for entry in request.connection.getpeercert()["subject"])
        http_servers.response(request, 200, json.dumps({"metadata": {"uid": subject["commonName"]}}).encode())

    context = http_servers.server_tls(tmp_path, authority.issue("127.0.0.1"), clients=authority)
    script = _says(clientCertificateData=pair.certificate, clientKeyData=pair.key)
    with http_servers.serving(handle, context) as port:
        cluster = ApiServer(tmp_path, port, authority).cluster(_plugin(tmp_path, script))
        assert cluster.identity() == "from-plugin"


@pytest.mark.parametrize(
    ("script", "section", "words"),
    [
        ("echo no >&2; echo 'session expired' >&2; exit 3", {}, "failed with exit code 3: session expired"),
        ("exit 1", {}, "failed with exit code 1"),
        ("echo not json s3cr3t", {}, "did not answer with an ExecCredential that has a status"),
        ("echo '[]'", {}, "did not answer with an ExecCredential that has a status"),
        ('echo \'{"status": "s3cr3t"}\'', {}, "did not answer with an ExecCredential that has a status"),
        (_says(token="x", expirationTimestamp="soon"), {}, "did not answer with an ExecCredential that has a status"),
        (_says(), {}, "answered neither a token nor a client certificate with key"),
        (
            _says("client.authentication.k8s.io/v1beta1", token="s3cr3t"),
            {},
            f"answered in another version than {VERSION}",
        ),
        ("", {"command": "no-such-plugin"}, "no-such-plugin was not found; install it, or correct the path"),
        (
            "",
            {"command": "no-such-plugin", "installHint": "See the wiki."},
            "no-such-plugin was not found; See the wiki.",
        ),
        ("", {"command": "./bin"}, "cannot be run: Permission denied"),
        ("", {"command": None}, "exec names no command"),
        ("", {"apiVersion": "client.authentication.k8s.io/v1alpha1"}, "not 'client.authentication.k8s.io/v1alpha1'"),
        ("", {"interactiveMode": "Always"}, "wants a terminal (interactiveMode: Always)"),
    ],
)
def test_an_exec_plugin_that_does_not_work_says_why(
    api: ApiServer, script: str, section: dict[str, Any], words: str
) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        _lists(api.cluster(_plugin(api.folder, script, **section)))
    assert words in str(caught.value)
    assert str(caught.value).startswith("user 'lab-user' of ")
    assert "s3cr3t" not in str(caught.value)


def test_an_exec_plugin_that_hangs_is_ended(api: ApiServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(credentials, "PLUGIN_DEADLINE", 0.2)
    with pytest.raises(errors.ConfigError, match=r"did not finish within 0\.2 s"):
        _lists(api.cluster(_plugin(api.folder, "exec sleep 60")))


# --- settings that lead nowhere ---------------------------------------------------------------------------------------

GOOD: dict[str, Any] = {
    "current-context": "lab",
    "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
    "contexts": [
        {"name": "lab", "context": {"cluster": "c", "user": "u"}},
        {"name": "attic", "context": {"cluster": "c"}},
    ],
    "users": [{"name": "u", "user": {"token": "t"}}],
}


def _with(change: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
    config = copy.deepcopy(GOOD)
    change(config)
    return config


def _user(**user: Any) -> dict[str, Any]:
    return _with(lambda config: config.update(users=[{"name": "u", "user": user}]))


def _server(**cluster: Any) -> dict[str, Any]:
    return _with(lambda config: config.update(clusters=[{"name": "c", "cluster": cluster}]))


_PAIR = http_servers.Authority().issue("x")

BAD = {
    "no YAML": ("a: [s3cr3t", "is no YAML"),
    "another file": ("hello", "is no kubeconfig (it has no contexts)"),
    "a manifest": ({"kind": "VPC"}, "is no kubeconfig (it has no contexts)"),
    "no current context": (
        _with(lambda config: config.pop("current-context")),
        "has no current context; set hhsync:kubeContext; it has: attic, lab",
    ),
    "an unknown current context": (
        _with(lambda config: config.update({"current-context": "gone"})),
        "has no context 'gone' (current-context); it has: attic, lab",
    ),
    "no contexts at all": (
        _with(lambda config: config.update(contexts=[])),
        "has no context 'lab' (current-context); it has: none",
    ),
    "a missing cluster": (
        _with(lambda config: config.update(clusters=[])),
        "names cluster 'c', which is missing; there are: none",
    ),
    "a missing user": (
        _with(lambda config: config.update(users=[{"name": "v", "user": {}}])),
        "names user 'u', which is missing; there are: v",
    ),
    "no server": (_server(), "its cluster names no server"),
    "a server that is no URL": (_server(server="127.0.0.1:6443"), "must be a URL like https://host:port"),
    "a server in clear": (_server(server="http://api.example"), "would carry the credentials in clear; use https://"),
    "a CA that is no base64": (_server(server="https://x", **{"certificate-authority-data": "?"}), "is no base64"),
    "a CA that is no certificate": (
        _server(server="https://x", **{"certificate-authority-data": _b64("hello")}),
        "its certificate-authority holds no PEM certificate",
    ),
    "a CA file that is missing": (
        _server(server="https://x", **{"certificate-authority": "no.crt"}),
        "certificate-authority no.crt cannot be read: No such file or directory",
    ),
    "a certificate without a key": (
        _user(**{"client-certificate-data": _b64(_PAIR.certificate)}),
        "a client certificate needs both client-certificate and client-key",
    ),
    "a key of another certificate": (
        _user(
            **{
                "client-certificate-data": _b64(_PAIR.certificate),
                "client-key-data": _b64(http_servers.Authority().issue("y").key),
            }
        ),
        "are no PEM, do not belong together, or the key is encrypted",
    ),
    "an auth provider": (_user(**{"auth-provider": {"name": "gcp"}}), "auth-provider is not supported; use a token"),
    "impersonation": (_user(token="t", **{"as": "root"}), "as is not supported"),
}


@pytest.mark.parametrize(("config", "words"), BAD.values(), ids=BAD.keys())
def test_a_kubeconfig_that_leads_nowhere_says_why(tmp_path: Path, config: Any, words: str) -> None:
    cluster = Cluster(ClusterSettings(kubeconfig=str(_write(tmp_path, config))))
    with pytest.raises(errors.ConfigError) as caught:
        _lists(cluster)
    assert words in str(caught.value)
    assert "config" in str(caught.value)
    assert "s3cr3t" not in str(caught.value)


def test_an_unknown_context_names_those_that_exist(tmp_path: Path) -> None:
    settings = ClusterSettings(kubeconfig=str(_write(tmp_path, GOOD)), context="labb")
    with pytest.raises(errors.ConfigError, match=r"has no context 'labb' \(hhsync:kubeContext\); it has: attic, lab"):
        auth.login(settings)


def test_a_context_is_chosen_by_the_stack_config(tmp_path: Path) -> None:
    path = str(_write(tmp_path, GOOD))
    assert auth.login(ClusterSettings(kubeconfig=path)).auth is not None
    assert auth.login(ClusterSettings(kubeconfig=path, context="attic")).auth is None


def test_a_missing_kubeconfig_is_named(tmp_path: Path) -> None:
    with pytest.raises(errors.ConfigError, match=rf"hhsync:kubeconfig: {tmp_path}/none does not exist"):
        auth.login(ClusterSettings(kubeconfig=f"{tmp_path}/none"))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (ClusterSettings(), "hhsync:clusterUrl is missing"),
        (ClusterSettings(url="https://x"), "hhsync:clusterToken is missing; set it with: pulumi config set --secret"),
        (ClusterSettings(url="http://api.example", token="t"), "would carry the credentials in clear; use https://"),
        (
            ClusterSettings(url="https://x", token="t", ca_file="/nowhere/ca"),
            "hhsync:clusterCaFile: /nowhere/ca cannot be",
        ),
        (ClusterSettings(in_cluster=True), "hhsync:inCluster is true, but this is no pod of a cluster"),
    ],
)
def test_settings_that_lead_nowhere_say_why(
    monkeypatch: pytest.MonkeyPatch, settings: ClusterSettings, words: str
) -> None:
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(errors.ConfigError) as caught:
        auth.login(settings)
    assert words in str(caught.value)


def test_an_empty_token_file_is_no_login(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("\n")
    with pytest.raises(errors.ConfigError, match=r"hhsync:inCluster: token file .* is empty"):
        credentials.read_token_file(tmp_path / "token", "hhsync:inCluster")


def test_no_credential_shows_in_a_repr(tmp_path: Path) -> None:
    user = _plugin(tmp_path, "", args=["--password=s3cr3t"], env=[{"name": "A", "value": "s3cr3t"}])["exec"]
    plugin = credentials.ExecPlugin.from_user(user, tmp_path, {}, "k")
    credential = credentials.Credential(token="s3cr3t", certificate=b"s3cr3t", key=b"s3cr3t", expires=time.time())
    login = auth.login(ClusterSettings(url="https://x", token="s3cr3t"))
    assert "s3cr3t" not in repr((plugin, credential, login, vars(http.HttpTarget(login.endpoint, auth=login.auth))))


def test_key_files_are_gone_after_loading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    data = {"client-certificate-data": _b64(_PAIR.certificate), "client-key-data": _b64(_PAIR.key)}
    path = _write(tmp_path, _user(**data))
    auth.login(ClusterSettings(kubeconfig=str(path)))
    assert [entry.name for entry in tmp_path.iterdir()] == ["config"]
