"""What fails ends the run cleanly, is told in one line, and leaves a state that is true."""

from __future__ import annotations

import signal
import threading
import time

import pulumi
import pytest

from embedded.engine.errors import NotSupported
from embedded.engine.state import Resource, Snapshot
from tests.engine.run.harness import thing_urn
from tests.engine.run.thing import Thing


def things(*names, **props):
    def program():
        for name in names:
            Thing(name, **props)

    return program


def test_a_failed_create_leaves_nothing_and_is_told_in_one_line(engine):
    engine.server.order(create_a="the server has no space left")
    result = engine.run("up", things("a"))
    assert result.code == 1
    assert result.errors() == ["the server has no space left", "update failed"]
    assert "Traceback" not in result.text
    assert engine.names() == {"proj-dev"}
    assert engine.snapshot.pending_operations == []
    [failed] = result.of("resOpFailedEvent")
    assert (failed["metadata"]["urn"], failed["status"]) == (thing_urn("a"), 0)
    assert result.of("summaryEvent")[0]["result"] == "failed"
    assert result.history[0]["result"] == "failed"


def test_a_failed_update_keeps_the_old_entry_and_is_not_clear(engine):
    engine.run("up", things("a", size=1))
    engine.server.order(update_a="refused")
    result = engine.run("up", things("a", size=2))
    assert result.code == 1
    assert engine.entry("a").inputs["size"] == 1
    assert result.of("resOpFailedEvent")[0]["status"] == 2
    assert result.of("summaryEvent")[0]["maybeCorrupt"] is True
    engine.server.order()
    assert engine.run("up", things("a", size=2)).changes == {"same": 1, "update": 1}


def test_a_failed_delete_keeps_what_it_needs(engine):
    def program():
        a = Thing("a")
        Thing("b", opts=pulumi.ResourceOptions(depends_on=[a]))

    engine.run("up", program)
    engine.server.order(delete_b="still in use")
    result = engine.run("up", lambda: None)
    assert result.code == 1
    assert engine.names() == {"proj-dev", "a", "b"}
    assert set(engine.server.objects()) == {"a", "b"}


def test_after_a_failure_nothing_new_starts_and_nothing_is_deleted(engine):
    engine.run("up", things("old"))
    engine.server.order(create_a="refused")

    def program():
        a = Thing("a")
        Thing("b", other=a.uid)

    result = engine.run("up", program)
    assert result.code == 1
    assert ("create", "b") not in engine.server.calls()
    assert engine.server.calls("delete") == []
    assert engine.names() == {"proj-dev", "old"}


def test_steps_under_way_are_finished_and_kept_when_another_fails(engine):
    engine.server.order(create_a="after b: refused", created_b="sleep 1")

    def program():
        Thing("b")
        Thing("a")

    result = engine.run("up", program)
    assert result.code == 1
    assert engine.names() == {"proj-dev", "b"}
    assert set(engine.server.objects()) == {"b"}


def test_check_findings_are_one_line_each_and_stop_a_preview_too(engine):
    result = engine.run("preview", lambda: Thing("a", size=-1, tags={"x": "y"}))
    assert result.code == 1
    assert result.errors() == [
        "pulumi-python:dynamic/test:Thing resource 'a': property size value {-1} has a problem: it is negative",
        "pulumi-python:dynamic/test:Thing resource 'a': property tags.x value {\"y\"} has a problem: it is not wanted",
    ]


def test_a_provider_that_cannot_be_configured_says_why(engine):
    (engine.server.root / "refuse").touch()
    result = engine.run("preview", things("a", "b"))
    assert result.code == 1
    assert result.errors()[0] == "the server refuses the token"


def test_a_program_that_raises_shows_its_own_frames_and_deletes_nothing(engine):
    engine.run("up", things("a"))

    def program():
        Thing("b")
        raise ValueError("the program is wrong")

    result = engine.run("up", program)
    assert result.code == 1
    assert "python inline source runtime error: the program is wrong" in result.text
    assert "test_failures.py" in result.text
    assert "site-packages/pulumi" not in result.text
    assert engine.server.calls("delete") == []
    assert "a" in engine.names()


def test_a_run_error_is_only_its_message(engine):
    def program():
        raise pulumi.RunError("the folder is empty")

    result = engine.run("up", program)
    assert result.code == 1
    assert result.errors() == ["the folder is empty"]


def test_stack_outputs_survive_a_failure_and_new_ones_lie_over_them(engine):
    def first():
        pulumi.export("a", 1)
        pulumi.export("b", 1)

    engine.run("up", first)

    def second():
        pulumi.export("a", 2)
        Thing("x")

    engine.server.order(create_x="refused")
    assert engine.run("up", second).code == 1
    assert engine.entry("proj-dev").outputs in ({"a": 2, "b": 1}, {"a": 1, "b": 1})
    assert engine.entry("proj-dev").outputs["b"] == 1


def test_one_urn_registered_twice_fails(engine):
    result = engine.run("up", things("a", "a"))
    assert result.code == 1
    assert any("Duplicate resource URN" in error for error in result.errors())


def test_a_call_that_never_returns_ends_with_its_deadline_and_stays_pending(engine):
    engine.env["PULUMI_EMBEDDED_CALL_TIMEOUT"] = "0.5"
    engine.server.order(create_a="hang")
    result = engine.run("up", things("a"))
    assert result.code == 1
    assert "the provider's create did not return within 0.5 s" in result.errors()[0]
    [pending] = engine.snapshot.pending_operations
    assert (pending.type, pending.resource.urn) == ("creating", thing_urn("a"))
    engine.server.order()
    again = engine.run("up", things("a"))
    assert "interrupted while creating" in again.text
    assert engine.snapshot.pending_operations == []


def test_cancelling_finishes_what_runs_and_starts_nothing_new(engine):
    engine.run("up", things("old"))
    engine.server.order(created_a="sleep 1")

    def program():
        a = Thing("a")
        Thing("b", other=a.uid)

    timer = threading.Thread(
        target=lambda: (_until(lambda: ("create", "a") in engine.server.calls()), engine.cancel.set())
    )
    timer.start()
    result = engine.run("up", program)
    timer.join()
    assert result.code == 8
    assert result.of("summaryEvent")[0]["result"] == "canceled"
    assert engine.names() == {"proj-dev", "old", "a"}
    assert ("create", "b") not in engine.server.calls()
    assert engine.server.calls("delete") == []


def test_interrupting_twice_gives_up_at_once_and_keeps_the_operation_in_mind(engine):
    engine.server.order(create_a="hang")

    def twice():
        _until(lambda: ("create", "a") in engine.server.calls())
        for _ in range(2):
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            time.sleep(0.5)

    timer = threading.Thread(target=twice)
    timer.start()
    result = engine.run("up", things("a"))
    timer.join()
    assert result.code == 8
    assert [pending.resource.urn for pending in engine.snapshot.pending_operations] == [thing_urn("a")]


def _until(done):
    while not done():
        time.sleep(0.02)


REFUSED_PROGRAMS = [
    (lambda: pulumi.CustomResource("random:index/randomId:RandomId", "p", {}), "the plugin 'random'"),
    (lambda: pulumi.ProviderResource("aws", "p", {}), "the plugin 'aws' of the resource type pulumi:providers:aws"),
    (lambda: pulumi.CustomResource("command:remote:Command", "p", {}), "command:remote:Command"),
    (lambda: pulumi.CustomResource("kubernetes:helm.sh/v3:Release", "p", {}), "kubernetes:helm.sh/v3:Release"),
    (
        lambda: pulumi.CustomResource("aws:s3:Bucket", "p", {}, pulumi.ResourceOptions(id="x")),
        "reading the resource type aws:s3:Bucket",
    ),
    (lambda: pulumi.runtime.invoke("aws:index:getRegion", {}), "the function aws:index:getRegion"),
    (lambda: pulumi.ComponentResource("x:index:Remote", "r", {}, None, True), "the remote component type"),
]


@pytest.mark.parametrize(("program", "named"), REFUSED_PROGRAMS)
def test_what_the_engine_lacks_is_refused_by_name_with_the_remedy(engine, program, named):
    result = engine.run("preview", program)
    assert result.code == 1
    assert any(named in error and "install the Pulumi CLI" in error for error in result.errors()), result.text


def test_a_state_of_another_plugin_is_refused_before_anything_happens(engine):
    engine.snapshot = Snapshot([Resource("urn:pulumi:dev::proj::aws:s3:Bucket::b", "aws:s3:Bucket", True, "b")])
    with pytest.raises(NotSupported, match="the plugin 'aws', which manages urn:pulumi:dev"):
        engine.run("up", things("a"))
