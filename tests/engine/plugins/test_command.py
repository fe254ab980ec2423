"""`command.local.Command` and `command.local.run` without the plugin's binary."""

from __future__ import annotations

import json
import threading

import pulumi
import pulumi_command as command
import pytest

from embedded.engine.failures import ProviderFailed
from embedded.engine.plugins.command.process import Order, Runner, kill_all
from embedded.engine.values import Secret

LOG = "log"


@pytest.fixture
def log(tmp_path):
    """What commands wrote down, line by line."""
    path = tmp_path / LOG

    class Log:
        def __call__(self):
            return path.read_text().splitlines() if path.exists() else []

        def writes(self, text):
            return f"echo {text} >> {path}"

    return Log()


def one(**arguments):
    def program():
        opts = arguments.get("opts")
        made = command.local.Command(
            "c", **{key: value for key, value in arguments.items() if key != "opts"}, opts=opts
        )
        pulumi.export("stdout", made.stdout)

    return program


def test_a_command_runs_once_and_its_output_is_kept(engine, log):
    program = one(create=f"{log.writes('made')}; echo hello; echo oops >&2")
    assert engine.run("preview", program).changes == {"create": 2}
    assert log() == []
    assert engine.run("up", program).code == 0
    assert engine.run("up", program).changes == {"same": 2}
    assert log() == ["made"]
    entry = engine.entry("c")
    assert (entry.outputs["stdout"], entry.outputs["stderr"]) == ("hello", "oops")
    assert entry.id.startswith("c")
    assert len(entry.id) == len("c") + 8


def test_a_changed_input_runs_update_or_else_create(engine, log):
    engine.run("up", one(create=log.writes("create"), environment={"N": "1"}))
    assert engine.run("up", one(create=log.writes("create"), environment={"N": "2"})).ops() == {"c": "update"}
    engine.run("up", one(create=log.writes("create"), update=log.writes("update")))
    assert log() == ["create", "create", "update"]


def test_a_changed_trigger_replaces_and_the_old_one_is_deleted(engine, log):
    def program(trigger):
        return one(create=log.writes("create"), delete=log.writes("delete"), triggers=[trigger])

    engine.run("up", program("a"))
    result = engine.run("up", program("b"))
    assert result.changes == {"replace": 1, "same": 1}
    assert result.detail("c") == {"triggers[0]": "update-replace"}
    assert log() == ["create", "create", "delete"]


def test_the_output_before_reaches_the_next_command(engine, log):
    say = 'echo "[$PULUMI_COMMAND_STDOUT]"'
    engine.run("up", one(create="echo first", update=say))
    engine.run("up", one(create="echo first", update=f"{say} "))
    assert engine.entry("c").outputs["stdout"] == "[first]"
    engine.run("up", one(create="echo first", update=f"{say}  ", add_previous_output_in_env=False))
    assert engine.entry("c").outputs["stdout"] == "[]"


def test_stdin_folder_and_interpreter(engine, tmp_path):
    engine.run("up", one(create="import sys, os; print(os.getcwd(), sys.stdin.read())", stdin="in", dir=str(tmp_path),
                         interpreter=["python3", "-c"]))  # fmt: skip
    assert engine.entry("c").outputs["stdout"] == f"{tmp_path} in"


def test_destroy_runs_delete_with_the_state_alone(engine, log):
    engine.run("up", one(create="echo kept", delete=log.writes("$PULUMI_COMMAND_STDOUT")))
    assert engine.run("destroy", run_program=False).code == 0
    assert log() == ["kept"]
    assert engine.snapshot.resources == []


def test_output_of_secret_inputs_is_secret_and_not_logged(engine):
    def program():
        command.local.Command("c", create="echo $WORD", environment={"WORD": pulumi.Output.secret("hush-hush")})

    result = engine.run("up", program)
    assert engine.entry("c").outputs["stdout"] == Secret("hush-hush")
    assert "hush-hush" not in json.dumps(result.events) + result.text


def test_a_failing_command_with_a_secret_says_neither(engine):
    def program():
        command.local.Command("c", create=pulumi.Output.secret("echo hush-hush; exit 4"))

    result = engine.run("up", program)
    assert result.code == 1
    assert "exit code 4" in result.text
    assert "hush-hush" not in json.dumps(result.events) + result.text


def test_lines_are_shown_while_they_last_unless_logging_says_no(engine):
    shown = engine.run("up", one(create="echo out; echo err >&2", logging="stdout"))
    assert [event["message"].strip() for event in shown.of("diagnosticEvent") if event.get("ephemeral")] == ["out"]


FAILURES = [
    ({"create": "echo broken >&2; exit 3"}, "the command 'echo broken >&2; exit 3' ended with exit code 3: broken"),
    ({"create": "kill -9 $$"}, "ended by signal SIGKILL"),
    ({"create": "x", "interpreter": ["/no/such/shell"]}, "cannot be started with '/no/such/shell'"),
    ({"create": "x", "dir": "/no/such/folder"}, "cannot run in /no/such/folder: it is no folder; correct `dir`"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "said"), FAILURES)
def test_a_failure_is_one_line(engine, arguments, said):
    result = engine.run("up", one(**arguments))
    assert result.code == 1
    assert [said in line for line in result.errors()] == [True, False], result.errors()  # the second: `update failed`
    assert "c" not in engine.names()


WRONG = [
    ({"create": 1}, "property create value {1} has a problem: it has to be a text"),
    ({"environment": {"A": 1}}, "property environment"),
    ({"logging": "loud"}, "it has to be one of stdout, stderr, stdoutAndStderr, none"),
    ({"interpreter": "sh"}, "property interpreter"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG)
def test_wrong_inputs_are_named_in_a_preview(engine, arguments, said):
    result = engine.run("preview", lambda: pulumi.CustomResource("command:local:Command", "c", arguments))
    assert result.code == 1
    assert said in result.text


REFUSED = [
    ({"asset_paths": ["*"]}, "the property assetPaths of a command"),
    ({"archive_paths": ["*"]}, "the property archivePaths of a command"),
]


@pytest.mark.parametrize(("arguments", "said"), REFUSED)
def test_assets_are_refused_by_name_with_the_remedy(engine, arguments, said):
    result = engine.run("preview", one(create="true", **arguments))
    assert result.code == 1
    assert f"{said} is not supported by the embedded engine; read the files in the program" in result.text


def test_remote_commands_are_refused_by_name_with_the_remedy(engine):
    def program():
        command.remote.Command("r", connection={"host": "h"}, create="true")

    result = engine.run("preview", program)
    assert result.code == 1
    assert "command:remote:Command is not supported by the embedded engine; run ssh or scp" in result.text


def test_the_function_run_runs_in_previews_too(engine, log):
    def program():
        pulumi.export("said", command.local.run(command=f"{log.writes('ran')}; echo $N", environment={"N": "4"}).stdout)

    result = engine.run("preview", program)
    assert 'said: "4"' in result.text
    engine.run("up", program)
    assert log() == ["ran", "ran"]


def test_a_failing_function_fails_the_program_with_its_reason(engine):
    result = engine.run("preview", lambda: command.local.run(command="exit 5"))
    assert result.code == 1
    assert "command:local:run: the command 'exit 5' ended with exit code 5" in result.text


def test_an_unknown_trigger_is_a_replace_in_a_preview(engine, log):
    def program(text):
        first = command.local.Command("first", create=f"echo {text}")
        command.local.Command("second", create=log.writes("ran"), triggers=[first.stdout])

    engine.run("up", lambda: program("a"))
    assert engine.run("preview", lambda: program("b")).changes == {"update": 1, "replace": 1, "same": 1}
    engine.run("up", lambda: program("b"))
    assert log() == ["ran", "ran"]


def test_a_command_that_does_not_end_is_killed_with_what_it_started(engine):
    timeouts = pulumi.CustomTimeouts(create="300ms")
    result = engine.run(
        "up", one(create="sleep 600 & sleep 600", opts=pulumi.ResourceOptions(custom_timeouts=timeouts))
    )
    assert result.code == 1
    assert "did not end within 0.3 s and was killed" in result.text


def test_a_background_process_does_not_hold_the_command():
    assert Runner().run(Order("sleep 5 & echo done"), 60, lambda *_: None) == ("done", "")


def test_much_output_is_kept_whole():
    stdout, stderr = Runner().run(Order("seq 1 50000; seq 1 20000 >&2"), 60, lambda *_: None)
    assert (len(stdout.splitlines()), len(stderr.splitlines())) == (50000, 20000)


def test_nothing_is_started_once_the_run_was_given_up():
    runner = Runner()
    runner.end()
    with pytest.raises(ProviderFailed, match="was not started"):
        runner.run(Order("true"), 1, lambda *_: None)


def test_every_command_ends_when_the_process_has_to_end_at_once():
    begun, failures = threading.Event(), []

    def run():
        try:
            Runner().run(Order("echo on; sleep 600 & sleep 600"), 600, lambda *_: begun.set())
        except ProviderFailed as error:
            failures.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    assert begun.wait(30)
    kill_all()
    thread.join(30)
    assert "ended by signal SIGKILL" in failures[0]
