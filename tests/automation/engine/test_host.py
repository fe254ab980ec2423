"""Our host of dynamic providers answers every request as Pulumi's own does, which runs here as the process it is."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2 as proto
from pulumi.runtime.proto import provider_pb2_grpc

from automation.engine import host
from automation.engine.problems import diagnostic_line
from providers.errors import EngineError
from providers.lifecycle import HedgehogProvider
from tests.support.echo_provider import Echo

ROOT = Path(__file__).resolve().parents[3]
PICKLE = serialize_provider(Echo())
NAME = "tests.support.echo_provider.Echo"
SECRET = {rpc._special_sig_key: rpc._special_secret_sig, "value": {"token": "hush"}}
VALUES = {
    "text": "ä \n 1",
    "whole": 7,
    "part": 1.5,
    "flag": False,
    "nothing": None,
    "list": [1, "two", {"three": []}],
    "map": {"a.b": {"c/d": "e"}},
    "large": 2**53,
}


@contextmanager
def _theirs():
    with subprocess.Popen(
        [sys.executable, "-m", "pulumi.dynamic"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PULUMI_PROJECT": "hhsync"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield int(process.stdout.readline())
        finally:
            process.kill()


@contextmanager
def _stub(port):
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield provider_pb2_grpc.ResourceProviderStub(channel)


@pytest.fixture(scope="module")
def theirs():
    """Pulumi's own host."""
    with _theirs() as port, _stub(port) as stub:
        stub.Configure(proto.ConfigureRequest(args=_struct({})))
        yield stub


@pytest.fixture(scope="module")
def ours():
    """Ours, which asks the instance that it was given."""
    with host.serve({NAME: Echo()}) as port, _stub(port) as stub:
        yield stub


def _struct(values, pickle=PICKLE):
    found = struct_pb2.Struct()
    json_format.ParseDict({**values, **({"__provider": pickle} if pickle is not None else {})}, found)
    return found


def check(news, olds=None):
    return "Check", proto.CheckRequest(news=_struct(news), olds=_struct(olds or {}))


def diff(news, olds=None):
    return "Diff", proto.DiffRequest(id="x", news=_struct(news), olds=_struct(olds or {}))


def create(props):
    return "Create", proto.CreateRequest(properties=_struct(props))


def update(news, olds=None):
    return "Update", proto.UpdateRequest(id="x", news=_struct(news), olds=_struct(olds or {}))


def delete(props):
    return "Delete", proto.DeleteRequest(id="x", properties=_struct(props))


def read(props, inputs=None, pickle=PICKLE):
    return "Read", proto.ReadRequest(id="x", properties=_struct(props, pickle), inputs=_struct(inputs or {}))


REQUESTS = {
    "check": check(VALUES),
    "check, with a fault": check({"bad": ["map", "list"]}),
    "check, with what is not known yet": check({"url": rpc.UNKNOWN, "list": [rpc.UNKNOWN]}),
    "check, with a secret": check({"password": SECRET}),
    "check of what there was before": check({"a": 1}, {"a": 2}),
    "diff, left to the engine": diff(VALUES, VALUES),
    "diff, with what is not known yet": diff({"url": rpc.UNKNOWN}, {"url": "x"}),
    "diff: it changes": diff({"diff": {"changes": True}}),
    "diff: it does not": diff({"diff": {"changes": False}}),
    "diff: replaced": diff({"diff": {"changes": True, "replaces": ["a", "b"], "delete_before_replace": True}}),
    "diff: replaced, made first": diff({"diff": {"changes": True, "replaces": ["a"], "delete_before_replace": False}}),
    "create": create(VALUES),
    "create, with a secret": create({"password": SECRET}),
    "create without outputs": create({"outs": "none"}),
    "update": update(VALUES, {"text": "old"}),
    "update without outputs": update({"outs": "none"}),
    "delete": delete(VALUES),
    "read": read(VALUES),
    "read: other inputs": read({"observed": {"spec": {"vlan": 1}}}),
    "read: no input left": read({"observed": {}}),
    "read: gone": read({"gone": True}),
    "read by inputs alone": read({}, {"a": 1}, pickle=None),
    "configure": ("Configure", proto.ConfigureRequest(args=_struct({"hhsync:gitUrl": "x"}), acceptSecrets=True)),
    "cancel": ("Cancel", empty_pb2.Empty()),
    "its version": ("GetPluginInfo", empty_pb2.Empty()),
}


@pytest.mark.parametrize(("call", "request_"), REQUESTS.values(), ids=REQUESTS.keys())
def test_both_hosts_give_the_same_answer(theirs, ours, call, request_):
    expected, found = (getattr(stub, call)(request_) for stub in (theirs, ours))
    assert json_format.MessageToDict(found) == json_format.MessageToDict(expected)


FAILURES = {
    "check": check({"refuse": "check"}),
    "diff": diff({"refuse": "diff"}),
    "create": create({"refuse": "create"}),
    "update": update({"refuse": "update"}),
    "delete": delete({"refuse": "delete"}),
    "read": read({"refuse": "read"}),
}


@pytest.mark.parametrize(("call", "request_"), FAILURES.values(), ids=FAILURES.keys())
def test_a_failure_is_the_same_status_and_the_same_line(theirs, ours, call, request_):
    expected, found = (_failure(stub, call, request_) for stub in (theirs, ours))
    assert found.code() == expected.code()
    assert diagnostic_line(found.details()) == diagnostic_line(expected.details())
    assert "\n" not in found.details(), "the engine prints it as it is"


def _failure(stub, call, request_) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as caught:
        getattr(stub, call)(request_)
    return caught.value


STRANGERS = {
    "a class that the run has no instance of": (serialize_provider(HedgehogProvider()), "which hhsync does not have"),
    "no reference": ("gASVBQAAAAAAAABdlEsBYS4=", "not a plain reference"),
    "none at all": (None, "not one of hhsync's"),
}


@pytest.mark.parametrize(("pickle", "why"), STRANGERS.values(), ids=STRANGERS.keys())
def test_a_provider_that_the_run_does_not_have_is_refused(ours, pickle, why):
    request_ = proto.CreateRequest(properties=_struct({"a": 1}, pickle))
    assert why in _failure(ours, "Create", request_).details()


def test_more_calls_run_at_once_than_the_engine_sends():
    everybody = threading.Barrier(32, timeout=60)

    class Meeting(Echo):
        def create(self, props):
            everybody.wait()
            return super().create(props)

    with host.serve({NAME: Meeting()}) as port, _stub(port) as stub:
        waiting = [stub.Create.future(create({"number": number})[1]) for number in range(32)]
        assert {one.result().id for one in waiting} == {"made"}


def test_a_port_that_cannot_be_opened_is_one_line(monkeypatch):
    class Full:
        def add_generic_rpc_handlers(self, *_):
            pass

        def add_registered_method_handlers(self, *_):
            pass

        def add_insecure_port(self, _address):
            raise RuntimeError("Failed to bind to address\n127.0.0.1:0")

    monkeypatch.setattr(host.grpc, "server", lambda *_a, **_k: Full())
    with (
        pytest.raises(EngineError, match=r"no port could be opened on 127\.0\.0\.1 for the provider: Failed to bind"),
        host.serve({}),
    ):
        pass
