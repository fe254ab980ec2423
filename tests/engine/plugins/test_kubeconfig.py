"""Kubeconfigs and logins of the built-in kubernetes plugin."""

from __future__ import annotations

import base64
import json
import stat

import httpx2
import pytest

from embedded.engine.failures import ProviderFailed
from embedded.engine.plugins.kubernetes.client import ApiError, Client
from embedded.engine.plugins.kubernetes.kubeconfig import Place, load
from embedded.engine.plugins.kubernetes.login import login

SECRET = "hush-hush-token"


def config(user=None, **more):
    return json.dumps({
        "clusters": [{"name": "c", "cluster": {"server": "https://c.example.org"}},
                     {"name": "d", "cluster": {"server": "https://d.example.org"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u", "namespace": "place"}},
                     {"name": "y", "context": {"cluster": "d"}}],
        "users": [{"name": "u", "user": user or {"token": SECRET}}],
        "current-context": "x",
        **more,
    })  # fmt: skip


def signed(place):
    """The Authorization header of a request."""
    seen = []

    def answer(request):
        seen.append(request.headers.get("authorization"))
        return httpx2.Response(200, json={"kind": "ConfigMap"})

    Client(place, httpx2.MockTransport(answer)).call("GET", "/x")
    return seen[-1]


def test_contents_and_a_path_mean_the_same(tmp_path):
    file = tmp_path / "config"
    file.write_text(config())
    for text in (config(), str(file)):
        place = load(text).place()
        assert (place.server, place.namespace) == ("https://c.example.org", "place")
        assert signed(place) == f"Bearer {SECRET}"


def test_context_cluster_and_namespace_can_be_chosen():
    found = load(config())
    assert found.place("y").server == "https://d.example.org"
    assert found.place(cluster="d").server == "https://d.example.org"
    assert found.place(namespace="n").namespace == "n"
    assert found.place("y").namespace == "default"


def test_the_usual_places_are_merged_and_the_first_wins(tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    one.write_text(config(**{"current-context": "y"}))
    two.write_text(config(clusters=[{"name": "d", "cluster": {"server": "https://other"}}]))
    found = load("", {"KUBECONFIG": f"{one}:{two}:{tmp_path / 'missing'}"})
    assert found.place().server == "https://d.example.org"


WRONG = [
    ("/no/such/kubeconfig", "does not exist, and is no kubeconfig itself"),
    ("a: [", "is no YAML"),
    ("a: b", "is no kubeconfig"),
    (config(**{"current-context": ""}), "it has no current context; set `context`; there are: x, y"),
    (config(**{"current-context": "z"}), "it has no context 'z'"),
    (config(users=[]), "it has no user 'u'; there are: none"),
]


@pytest.mark.parametrize(("text", "said"), WRONG)
def test_what_is_wrong_is_said_without_what_is_secret(text, said):
    with pytest.raises(ProviderFailed, match=said) as caught:
        load(text).place()
    assert SECRET not in str(caught.value)


def test_nothing_anywhere_says_where_it_may_be(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(ProviderFailed, match="there is no kubeconfig: set `kubeconfig`"):
        load("", {})


def plugin(tmp_path, body, code=0):
    script = tmp_path / "plugin"
    script.write_text(f"#!/bin/sh\necho run >> {tmp_path}/runs\ncat <<'END'\n{body}\nEND\nexit {code}\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(script)}}


def credential(**status):
    return json.dumps({"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status})


def test_an_exec_plugin_runs_once_and_again_when_its_token_is_refused(tmp_path):
    place = load(config(plugin(tmp_path, credential(token=SECRET)))).place()
    answers = iter([200, 401, 200])
    client = Client(place, httpx2.MockTransport(lambda _: httpx2.Response(next(answers), json={"kind": "X"})))
    client.call("GET", "/a")
    assert (tmp_path / "runs").read_text() == "run\n"
    client.call("GET", "/b")
    assert (tmp_path / "runs").read_text() == "run\nrun\n"


PLUGINS = [
    (credential(), 0, "answered neither a token nor a client certificate"),
    (SECRET, 0, "did not answer with an ExecCredential"),
    ("", 3, "failed with exit code 3"),
]


@pytest.mark.parametrize(("body", "code", "said"), PLUGINS)
def test_an_exec_plugin_that_fails_is_one_line_without_its_answer(tmp_path, body, code, said):
    with pytest.raises(ProviderFailed, match=said) as caught:
        signed(load(config(plugin(tmp_path, body, code))).place())
    assert SECRET not in str(caught.value)


def test_other_credentials(tmp_path):
    (tmp_path / "token").write_text(f"{SECRET}\n")
    assert signed(load(config({"tokenFile": str(tmp_path / "token")})).place()) == f"Bearer {SECRET}"
    basic = base64.b64encode(b"me:pw").decode()
    assert signed(load(config({"username": "me", "password": "pw"})).place()) == f"Basic {basic}"
    assert signed(load(config()).place("y")) is None


REFUSED = [
    ({"auth-provider": {"name": "gcp"}}, "auth-provider of the user is not supported"),
    ({"as": "root"}, "as of the user is not supported"),
    ({"client-certificate-data": "eA=="}, "needs client-certificate and client-key"),
    ({"client-certificate-data": "eA==", "client-key-data": "eA=="}, "are no PEM"),
    ({"client-certificate": "/no/such", "client-key": "/no/such"}, "cannot be read"),
]


@pytest.mark.parametrize(("user", "said"), REFUSED)
def test_what_cannot_log_in_is_named(user, said):
    with pytest.raises(ProviderFailed, match=said):
        login(load(config(user)).place())


def test_credentials_never_travel_in_clear():
    place = Place("here", {"server": "http://c.example.org"}, {"token": SECRET})
    with pytest.raises(ProviderFailed, match="would carry the credentials in clear; use https"):
        signed(place)


def test_nothing_of_a_place_is_secret_in_its_repr():
    assert SECRET not in repr(load(config())) + repr(load(config()).place())


ANSWERS = [
    (httpx2.Response(404, text="404 page not found"), ApiError, "there is no /x"),
    (httpx2.Response(500, text="<html>"), ProviderFailed, "is no Kubernetes API server: it answers HTTP 500"),
    (httpx2.Response(200, text="hello"), ProviderFailed, "is no Kubernetes API server"),
    (httpx2.Response(401, text=""), ApiError, "it refuses the credentials"),
    (httpx2.Response(409, json={"kind": "Status", "reason": "Conflict", "message": "two\nlines"}), ApiError, "two lines"),
]  # fmt: skip


@pytest.mark.parametrize(("response", "kind", "said"), ANSWERS)
def test_an_answer_that_is_no_object_is_told_apart(response, kind, said):
    client = Client(load(config()).place(), httpx2.MockTransport(lambda _: response))
    with pytest.raises(kind, match=said):
        client.call("GET", "/x")


def test_only_what_may_be_repeated_is_sent_again(monkeypatch):
    monkeypatch.setattr("embedded.engine.plugins.kubernetes.client.time.sleep", lambda _: None)
    sent = []

    def answer(request):
        sent.append(request.method)
        return httpx2.Response(503, json={"kind": "Status", "message": "starting"})

    client = Client(load(config()).place(), httpx2.MockTransport(answer))
    for method, repeat in (("GET", True), ("POST", False)):
        with pytest.raises(ApiError):
            client.call(method, "/x", repeat=repeat)
    assert sent == ["GET"] * 4 + ["POST"]
