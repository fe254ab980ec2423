"""The engine behind the unmodified Automation API of the SDK (engine-contract §1)."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING, Any

import pytest
from pulumi import automation as auto
from pulumi.automation.errors import CommandError

from embedded.engine import operations
from embedded.engine.auto import EmbeddedCommand
from embedded.engine.state import Resource
from embedded.engine.values import Secret

if TYPE_CHECKING:
    from collections.abc import Callable

    from embedded.engine.request import Context, Request
    from tests.engine.files.world import Engine


def workspace(engine: Engine) -> auto.LocalWorkspace:
    return auto.LocalWorkspace(
        work_dir=str(engine.project), env_vars=dict(engine.env), pulumi_command=EmbeddedCommand()
    )


@pytest.fixture
def stack(engine: Engine) -> auto.Stack:
    return auto.Stack.create_or_select("dev", workspace(engine))


@pytest.fixture
def operation(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Request, Context], int]], None]:
    return lambda run: monkeypatch.setattr(operations, "run", run)


def test_the_version_selects_the_newest_ways_of_the_sdk() -> None:
    version = EmbeddedCommand().version
    assert version is not None
    assert (version.major, version.minor) == (3, 272)


def test_stacks_are_made_selected_listed_and_removed(engine: Engine) -> None:
    space = workspace(engine)
    with pytest.raises(auto.StackNotFoundError):
        auto.Stack.select("dev", space)
    auto.Stack.create("dev", space)
    with pytest.raises(auto.StackAlreadyExistsError):
        auto.Stack.create("dev", space)
    auto.Stack.create_or_select("dev", space)
    (summary,) = space.list_stacks()
    assert (summary.name, summary.current, summary.resource_count) == ("dev", True, 0)
    assert summary.last_update is not None
    current = space.stack()
    assert current is not None
    assert current.name == "dev"
    space.remove_stack("dev")
    assert space.list_stacks() == []


def test_configuration_goes_there_and_back(stack: auto.Stack) -> None:
    stack.set_config("plain", auto.ConfigValue("v"))
    stack.set_config("hidden", auto.ConfigValue("-s", secret=True))
    stack.set_config("o.list[0]", auto.ConfigValue("7"), path=True)
    stack.set_all_config({"a": auto.ConfigValue("1"), "b": auto.ConfigValue("x=y", secret=True)})
    hidden = stack.get_config("hidden")
    assert (hidden.value, hidden.secret) == ("-s", True)
    everything = stack.get_all_config()
    assert {key: (value.value, value.secret) for key, value in everything.items()} == {
        "proj:plain": ("v", False),
        "proj:hidden": ("-s", True),
        "proj:o": ('{"list":[7]}', False),
        "proj:a": ("1", False),
        "proj:b": ("x=y", True),
    }
    stack.remove_config("plain")
    stack.remove_all_config(["a", "b"])
    assert set(stack.get_all_config()) == {"proj:hidden", "proj:o"}
    with pytest.raises(CommandError, match="not found"):
        stack.get_config("plain")


def test_whoami_plugins_export_import_cancel(stack: auto.Stack) -> None:
    space = stack.workspace
    assert space.who_am_i().url == space.env_vars["PULUMI_BACKEND_URL"]
    assert space.list_plugins() == []
    stack.import_stack(stack.export_stack())
    stack.cancel()
    assert stack.history() == []
    assert stack.outputs() == {}


def test_outputs_and_history_of_a_run(stack: auto.Stack, operation: Any) -> None:
    def run(_request: Request, context: Context) -> int:
        urn = "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev"
        context.journal.write(
            Resource(urn, "pulumi:pulumi:Stack", custom=False, outputs={"open": 1, "closed": Secret("t0p")})
        )
        context.out("Updating (dev):")
        context.save()
        context.record_history(result="succeeded", started=1, ended=2, changes={"create": 1})
        return 0

    operation(run)
    stack.set_config("hidden", auto.ConfigValue("s", secret=True))
    lines: list[str] = []
    result = stack.refresh(on_output=lines.append, message="why")
    assert lines == ["Updating (dev):"]
    assert (result.summary.kind, result.summary.message, result.summary.result) == ("refresh", "why", "succeeded")
    outputs = stack.outputs()
    assert (outputs["open"].value, outputs["open"].secret) == (1, False)
    assert (outputs["closed"].value, outputs["closed"].secret) == ("t0p", True)
    (summary,) = stack.history()
    assert summary.resource_changes == {"create": 1}
    hidden = summary.config["proj:hidden"]
    assert (hidden.value, hidden.secret) == ("s", True)


def test_a_running_stack_is_a_concurrent_update(stack: auto.Stack, operation: Any) -> None:
    running, finish = threading.Event(), threading.Event()

    def run(_request: Request, _context: Context) -> int:
        running.set()
        finish.wait(30)
        return 0

    operation(run)
    first = threading.Thread(
        target=stack.workspace.pulumi_command.run,
        args=(["refresh", "--skip-preview", "--stack", "dev"], stack.workspace.work_dir, stack.workspace.env_vars),
    )
    first.start()
    running.wait(30)
    try:
        with pytest.raises(auto.ConcurrentUpdateError):
            stack.refresh()
    finally:
        finish.set()
        first.join()


def test_an_exit_code_is_an_error_with_both_texts(stack: auto.Stack, operation: Any) -> None:
    def run(_request: Request, context: Context) -> int:
        context.out("an unhandled error occurred: boom")
        context.err("error: update failed")
        return 1

    operation(run)
    errors: list[str] = []
    with pytest.raises(auto.errors.RuntimeError, match="boom") as caught:
        stack.refresh(on_error=errors.append)
    assert "error: update failed" in str(caught.value)
    assert errors == ["error: update failed"]


def test_lines_reach_the_callback_while_the_run_goes_on(stack: auto.Stack, operation: Any) -> None:
    seen: list[str] = []

    def run(_request: Request, context: Context) -> int:
        context.out("one \ntwo\n")
        assert seen == ["one", "two", ""]
        return 0

    operation(run)
    command = stack.workspace.pulumi_command
    result = command.run(["preview"], stack.workspace.work_dir, stack.workspace.env_vars, on_output=seen.append)
    assert (result.stdout, result.stderr, result.code) == ("one\ntwo\n", "", 0)


def test_the_process_is_left_as_it_was(stack: auto.Stack, operation: Any) -> None:
    before = (dict(os.environ), os.getcwd())
    given: list[dict[str, str]] = []
    operation(lambda _request, context: given.append(dict(context.env)) or 0)
    stack.workspace.pulumi_command.run(["preview"], stack.workspace.work_dir, stack.workspace.env_vars)
    assert (dict(os.environ), os.getcwd()) == before
    assert given[0]["PULUMI_AUTOMATION_API"] == "true"
    assert given[0].items() >= stack.workspace.env_vars.items()


def test_a_running_operation_can_be_asked_to_stop(stack: auto.Stack, operation: Any) -> None:
    command = EmbeddedCommand()

    def run(_request: Request, context: Context) -> int:
        threading.Thread(target=command.stop).start()
        return 8 if context.cancel.wait(30) else 0

    operation(run)
    with pytest.raises(CommandError, match="code: 8"):
        command.run(["refresh", "--skip-preview"], stack.workspace.work_dir, stack.workspace.env_vars)


def test_the_command_line_is_a_program_too(dev: Engine) -> None:
    import subprocess
    import sys

    environment = {**os.environ, **dev.env}
    line = [sys.executable, "-m", "embedded.engine", "config", "set", "k"]
    subprocess.run(line, cwd=dev.project, env=environment, input=b"from stdin\n", check=True)
    assert dev("config", "get", "k").out == "from stdin"
    missing = subprocess.run(
        [sys.executable, "-m", "embedded.engine", "stack", "select", "nope"],
        cwd=dev.project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (missing.returncode, missing.stdout, missing.stderr) == (6, "", "error: no stack named 'nope' found\n")


def test_an_interrupt_stops_an_operation_in_good_order(dev: Engine) -> None:
    import signal
    import subprocess
    import sys

    code = (
        "import sys, time\n"
        "from embedded.engine import operations, secrets\n"
        "from embedded.engine.__main__ import main\n"
        "secrets.ITERATIONS = 10\n"
        "def run(request, context):\n"
        "    context.out('running')\n"
        "    return 8 if context.cancel.wait(30) else 0\n"
        "operations.run = run\n"
        "sys.argv = ['pulumi', 'refresh', '--skip-preview']\n"
        "sys.exit(main())\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code], cwd=dev.project, env={**os.environ, **dev.env}, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 8
    process.stdout.close()
    assert list(dev.lock_folder.iterdir()) == []
