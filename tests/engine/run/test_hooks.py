"""Resource hooks: when they are called, with what, and what their failures do."""

from __future__ import annotations

import signal
import threading
import time

import pulumi
import pytest
from pulumi import ErrorHook, ResourceHook, ResourceHookBinding, ResourceHookOptions, ResourceOptions

from tests.engine.run.thing import Thing

KINDS = ("before_create", "after_create", "before_update", "after_update", "before_delete", "after_delete")


class Notes:
    """What hooks were told, in order."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.args: dict[str, pulumi.ResourceHookArgs] = {}

    def bind(self, fails: str = "", **options: bool) -> ResourceHookBinding:
        def hook(kind: str) -> ResourceHook:
            def run(args: pulumi.ResourceHookArgs) -> None:
                self.lines.append(f"{kind} {args.name}")
                self.args[kind] = args
                if kind == fails:
                    raise RuntimeError("no, thank you")

            return ResourceHook(f"{kind}-hook", run, ResourceHookOptions(**options))

        return ResourceHookBinding(**{kind: [hook(kind)] for kind in KINDS})


def hooked(notes, *, fails="", size=1, **options):
    return lambda: Thing("a", ResourceOptions(hooks=notes.bind(fails, **options)), size=size)


def test_hooks_surround_their_steps_and_see_both_sides(engine):
    notes = Notes()
    engine.run("up", hooked(notes))
    assert notes.lines == ["before_create a", "after_create a"]
    before, after = notes.args["before_create"], notes.args["after_create"]
    assert (before.id, before.new_inputs["size"], before.old_inputs, before.new_outputs) == ("", 1.0, None, None)
    assert (after.id, after.new_outputs["uid"]) == ("id-a", engine.entry("a").outputs["uid"])
    assert engine.run("up", hooked(notes)).changes == {"same": 2}
    engine.run("up", hooked(notes, size=2))
    assert notes.lines[2:] == ["before_update a", "after_update a"]
    args = notes.args["after_update"]
    assert (args.old_inputs["size"], args.new_inputs["size"], args.old_outputs["size"]) == (1.0, 2.0, 1.0)
    assert engine.entry("a").extra["resourceHooks"]["BeforeDelete"] == ["before_delete-hook"]

    def gone():
        notes.bind()

    engine.run("up", gone)
    assert notes.lines[4:] == ["before_delete a", "after_delete a"]


def test_a_replace_is_a_create_and_a_delete_to_hooks(engine):
    notes = Notes()
    engine.run("up", lambda: Thing("a", ResourceOptions(hooks=notes.bind()), kind=1))
    notes.lines.clear()
    engine.run("up", lambda: Thing("a", ResourceOptions(hooks=notes.bind()), kind=2))
    assert notes.lines == ["before_delete a", "after_delete a", "before_create a", "after_create a"]


def test_a_component_has_hooks_around_its_registration(engine):
    notes = Notes()

    class Group(pulumi.ComponentResource):
        def __init__(self, props):
            super().__init__("test:index:Group", "g", props, ResourceOptions(hooks=notes.bind()))
            Thing("child", ResourceOptions(parent=self)).uid.apply(lambda _: notes.lines.append("child"))
            self.register_outputs({"out": 1})

    engine.run("up", lambda: Group({"p": 1}))
    assert notes.lines[0] == "before_create g"
    assert "after_create g" in notes.lines
    notes.lines.clear()
    engine.run("up", lambda: Group({"p": 2}))
    assert [line for line in notes.lines if line != "child"] == ["before_update g", "after_update g"]


@pytest.mark.parametrize(("on_dry_run", "lines"), [(False, []), (True, ["before_create a", "after_create a"])])
def test_a_preview_calls_only_hooks_that_want_it(engine, on_dry_run, lines):
    notes = Notes()
    assert engine.run("preview", hooked(notes, on_dry_run=on_dry_run)).code == 0
    assert notes.lines == lines


@pytest.mark.parametrize(
    ("fails", "calls", "names"),
    [("before_create", [], {"proj-dev"}), ("after_create", [("create", "a")], {"proj-dev", "a"})],
)
def test_a_hook_that_fails_fails_the_run_and_before_a_step_the_step(engine, fails, calls, names):
    result = engine.run("up", hooked(Notes(), fails=fails))
    when = fails.split("_")[0]
    assert result.code == 1
    assert f'{when} hook "{fails}-hook" failed: no, thank you' in result.errors()
    assert engine.server.calls("create") == calls
    assert engine.names() == names
    assert engine.snapshot.pending_operations == []
    assert not any(event["metadata"].get("status") for event in result.of("resOpFailedEvent"))


@pytest.mark.parametrize("fails", ["before_delete", "after_delete"])
def test_a_hook_that_fails_at_a_delete(engine, fails):
    notes = Notes()
    engine.run("up", hooked(notes))
    result = engine.run("up", lambda: notes.bind(fails) and None)
    assert result.code == 1
    assert set(engine.server.objects()) == ({"a"} if fails == "before_delete" else set())
    assert engine.names() == ({"proj-dev", "a"} if fails == "before_delete" else {"proj-dev"})


def test_a_failure_that_is_ignored_is_a_warning(engine):
    result = engine.run("up", hooked(Notes(), fails="before_create", ignore_errors=True))
    assert (result.code, result.errors()) == (0, [])
    assert 'before_create hook "before_create-hook" failed: no, thank you' in result.text


def test_a_delete_hook_needs_the_program(engine):
    notes = Notes()
    engine.run("up", hooked(notes))
    result = engine.run("destroy", run_program=False)
    assert result.code == 1
    assert "was not registered; the hooks of a delete need the program: pass --run-program" in result.errors()[0]
    assert set(engine.server.objects()) == {"a"}
    assert engine.run("destroy", hooked(notes)).code == 0
    assert notes.lines[-2:] == ["before_delete a", "after_delete a"]


def test_a_name_can_be_registered_once(engine):
    def program():
        ResourceHook("h", lambda args: None)
        ResourceHook("h", lambda args: None)

    result = engine.run("preview", program)
    assert (result.code, 'resource hook already registered for name "h"' in result.text) == (1, True)


@pytest.mark.parametrize(("fault", "kind", "sizes"), [("create_a", "create", (1,)), ("update_a", "update", (1, 2))])
def test_an_error_hook_may_ask_for_another_try(engine, fault, kind, sizes):
    told = []

    def again(args):
        told.append((args.failed_operation, args.errors))
        if len(told) == 2:
            engine.server.order()
        return True

    def program(size):
        hook = ErrorHook("again", again)
        return Thing("a", ResourceOptions(hooks=ResourceHookBinding(on_error=[hook])), size=size)

    for size in sizes:
        if size == sizes[-1]:
            engine.server.order(**{fault: "busy"})
        result = engine.run("up", lambda size=size: program(size))
        assert result.code == 0, result.text
    assert told == [(kind, ["busy"]), (kind, ["busy", "busy"])]


def test_an_error_hook_may_give_up(engine):
    def program():
        hook = ErrorHook("never", lambda args: False)
        Thing("a", ResourceOptions(hooks=ResourceHookBinding(on_error=[hook])))

    engine.server.order(create_a="busy")
    result = engine.run("up", program)
    assert (result.code, result.errors()[0]) == (1, "busy")
    assert engine.server.calls("create") == [("create", "a")]


def test_a_second_interrupt_gives_up_on_a_hook_that_never_returns(engine):
    waiting, release = threading.Event(), threading.Event()

    def program():
        def wait(args):
            waiting.set()
            release.wait(60)

        hook = ResourceHook("slow", wait)
        Thing("a", ResourceOptions(hooks=ResourceHookBinding(before_create=[hook])))

    def twice():
        waiting.wait(60)
        for _ in range(2):
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
            time.sleep(0.5)
        release.set()

    timer = threading.Thread(target=twice)
    timer.start()
    result = engine.run("up", program)
    timer.join()
    assert result.code == 8, result.text
    assert engine.server.calls("create") == []
