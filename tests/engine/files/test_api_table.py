"""Every method of the Automation API (SDK 3.272) against the engine: what comes of it, as one table.

`COMES` has the methods that work, with what they give; `REFUSED` those that are out of scope, with the one line that
says so. A method that is in neither fails the last test.
"""

from __future__ import annotations

import inspect
import json
from typing import TYPE_CHECKING, Any

import pulumi
import pytest
from pulumi import automation as auto
from pulumi.automation.errors import CommandError

from embedded.engine.auto import EmbeddedCommand

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ROOT = "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev"


def program() -> None:
    pulumi.export("plain", pulumi.Config().get("k") or "none")
    pulumi.export("hidden", pulumi.Output.secret([1, "two"]))


@pytest.fixture
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> auto.Stack:
    """A new stack of an inline program, with one plain and one secret value."""
    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path / 'state'}")
    (tmp_path / "state").mkdir()
    (tmp_path / "work").mkdir()
    made = auto.create_stack(
        "dev",
        project_name="proj",
        program=program,
        opts=auto.LocalWorkspaceOptions(
            work_dir=str(tmp_path / "work"),
            pulumi_home=str(tmp_path / "home"),
            env_vars={"PULUMI_CONFIG_PASSPHRASE": "a phrase"},
            pulumi_command=EmbeddedCommand(),
        ),
    )
    made.set_all_config({"k": auto.ConfigValue("v"), "s": auto.ConfigValue("t0p", secret=True)})
    return made


def ran(stack: auto.Stack) -> auto.Stack:
    """The stack after its first update."""
    assert stack.up().summary.result == "succeeded"
    return stack


def config(stack: auto.Stack) -> dict[str, tuple[str, bool]]:
    return {key: (value.value, value.secret) for key, value in stack.get_all_config().items()}


def then(_: object, answer: object) -> object:
    """What is there after something else was done."""
    return answer


def listening(call: Callable[..., Any]) -> tuple[bool, set[str]]:
    """(whether lines came, the kinds of events that came) of a call that takes on_output and on_event."""
    lines: list[str] = []
    events: list[Any] = []
    call(on_output=lines.append, on_event=events.append)
    kinds = {
        key for event in events for key, value in vars(event).items() if value is not None and key.endswith("event")
    }
    return bool(lines), kinds & {"summary_event", "prelude_event", "cancel_event"}


HEARD = (True, {"summary_event", "prelude_event", "cancel_event"})
QUIET = {
    "color": "never",
    "log_flow": True,
    "log_verbosity": 9,
    "log_to_std_err": True,
    "tracing": "file:///dev/null",
    "debug": True,
    "suppress_progress": True,
    "suppress_outputs": True,
    "diff": True,
    "parallel": 3,
    "message": "why",
}
OUTPUTS = {"plain": ("v", False), "hidden": ([1, "two"], True)}

COMES: list[tuple[str, Callable[[auto.Stack], Any], Any]] = [
    ("up", lambda s: listening(s.up), HEARD),
    ("up, what it returns", lambda s: {k: (v.value, v.secret) for k, v in s.up().outputs.items()}, OUTPUTS),
    ("up, its summary", lambda s: s.up(message="m").summary.message, "m"),
    ("up, every flag for display and logs", lambda s: s.up(**QUIET).summary.resource_changes, {"create": 1}),
    ("up, nothing expected, nothing changed", lambda s: ran(s).up(expect_no_changes=True).summary.kind, "update"),
    ("preview", lambda s: listening(s.preview), HEARD),
    ("preview, what it returns", lambda s: s.preview().change_summary, {"create": 1}),
    ("preview as JSON", lambda s: json.loads(s.preview(json=True).stdout)["steps"][0]["op"], "create"),
    ("preview, every flag", lambda s: s.preview(**QUIET, refresh=True, run_program=True).change_summary, {"create": 1}),
    ("refresh", lambda s: listening(ran(s).refresh), HEARD),
    ("refresh, its summary", lambda s: ran(s).refresh(**QUIET).summary.kind, "refresh"),
    ("refresh with the program", lambda s: ran(s).refresh(run_program=True).summary.result, "succeeded"),
    ("preview_refresh", lambda s: ran(s).preview_refresh().change_summary, {"same": 1}),
    ("destroy", lambda s: listening(ran(s).destroy), HEARD),
    ("destroy, its summary", lambda s: ran(s).destroy(**QUIET).summary.resource_changes, {"delete": 1}),
    ("destroy and remove", lambda s: then(ran(s).destroy(remove=True), s.workspace.list_stacks()), []),
    ("preview_destroy", lambda s: ran(s).preview_destroy().change_summary, {"delete": 1}),
    ("outputs", lambda s: {k: (v.value, v.secret) for k, v in ran(s).outputs().items()}, OUTPUTS),
    ("history", lambda s: [u.kind for u in then(ran(s).refresh(), s.history())], ["refresh", "update"]),  # type: ignore[attr-defined]
    ("history, a page", lambda s: [u.kind for u in then(ran(s).refresh(), s.history(1, 2))], ["update"]),  # type: ignore[attr-defined]
    ("history with secrets", lambda s: ran(s).history(show_secrets=True)[0].config["proj:s"].value, "t0p"),
    ("history without", lambda s: ran(s).history(show_secrets=False)[0].config["proj:s"].value, "[secret]"),
    ("info", lambda s: (s.info(), ran(s).info().result), (None, "succeeded")),  # type: ignore[union-attr]
    ("rename", lambda s: then(ran(s).rename("new"), [x.name for x in s.workspace.list_stacks()]), ["new"]),
    ("rename, its summary", lambda s: ran(s).rename("new").summary.kind, "update"),  # type: ignore[union-attr]
    ("rename, then go on", lambda s: then(ran(s).rename("new"), s.up().summary.resource_changes), {"same": 1}),
    ("set_tag, get_tag", lambda s: then(s.set_tag("a", "b c"), s.get_tag("a")), "b c"),
    ("list_tags", lambda s: then(s.set_tag("a", "b"), s.list_tags()), {"a": "b"}),
    ("remove_tag", lambda s: then((s.set_tag("a", "b"), s.remove_tag("a")), s.list_tags()), {}),
    ("export_stack", lambda s: s.export_stack().version, 3),
    ("import_stack", lambda s: then(s.import_stack(ran(s).export_stack()), s.outputs()["hidden"].value), [1, "two"]),
    ("cancel", lambda s: s.cancel(), None),
    ("get_config", lambda s: vars(s.get_config("s")), {"value": "t0p", "secret": True}),
    ("get_all_config", config, {"proj:k": ("v", False), "proj:s": ("t0p", True)}),
    (
        "set_config",
        lambda s: then(s.set_config("a.b", auto.ConfigValue("1"), path=True), s.get_config("a").value),
        '{"b":1}',
    ),
    ("set_all_config", lambda s: then(s.set_all_config({"k": auto.ConfigValue("w")}), s.get_config("k").value), "w"),
    ("set_all_config_json", lambda s: then(s.set_all_config_json('{"k":{"value":"w"}}'), s.get_config("k").value), "w"),
    ("remove_config", lambda s: then(s.remove_config("k"), list(config(s))), ["proj:s"]),
    ("remove_all_config", lambda s: then(s.remove_all_config(["k", "s"]), config(s)), {}),
    ("refresh_config", lambda s: then((ran(s).remove_config("k"), s.refresh_config()), s.get_config("k").value), "v"),
    ("who_am_i", lambda s: s.workspace.who_am_i().url.startswith("file://"), True),  # type: ignore[union-attr]
    ("install", lambda s: s.workspace.install(no_plugins=True, reinstall=True), None),
    ("install_plugin, a built-in one", lambda s: s.workspace.install_plugin("kubernetes", "v4.0.0"), None),
    ("list_plugins", lambda s: s.workspace.list_plugins(), []),
    ("remove_plugin", lambda s: s.workspace.remove_plugin("random", ">=1"), None),
    ("stack", lambda s: s.workspace.stack().name, "dev"),  # type: ignore[union-attr]
    ("list_stacks", lambda s: s.workspace.list_stacks(include_all=True)[0].name, "dev"),
    ("create_stack", lambda s: then(s.workspace.create_stack("b"), s.workspace.stack().name), "b"),  # type: ignore[union-attr]
    ("select_stack", lambda s: s.workspace.select_stack("dev"), None),
    ("remove_stack", lambda s: then(s.workspace.remove_stack("dev", force=True), s.workspace.list_stacks()), []),
    ("stack_outputs", lambda s: s.workspace.stack_outputs("dev"), {}),
    ("stack_settings", lambda s: bool(s.workspace.stack_settings("dev").encryption_salt), True),
    ("save_stack_settings", lambda s: s.workspace.save_stack_settings("b", auto.StackSettings()), None),
    ("project_settings", lambda s: s.workspace.project_settings().name, "proj"),
    ("save_project_settings", lambda s: s.workspace.save_project_settings(s.workspace.project_settings()), None),
]


@pytest.mark.parametrize(("call", "answer"), [row[1:] for row in COMES], ids=[row[0] for row in COMES])
def test_a_method_of_the_api_works(stack: auto.Stack, call: Callable[[auto.Stack], Any], answer: Any) -> None:
    assert call(stack) == answer


CLOUD = "it needs Pulumi Cloud"
REFUSED: list[tuple[str, Callable[[auto.Stack], Any], str]] = [
    ("up with a plan", lambda s: s.up(plan="p.json"), "--plan is not supported"),
    ("preview to a plan", lambda s: s.preview(plan="p.json"), "--save-plan is not supported"),
    ("preview for import", lambda s: s.preview(import_file="f"), "--import-file is not supported"),
    ("up with policies", lambda s: s.up(policy_packs=["p"]), "--policy-pack is not supported"),
    ("up with a debugger", lambda s: s.up(attach_debugger=True), "--attach-debugger is not supported"),
    (
        "up, something expected not to change",
        lambda s: s.up(expect_no_changes=True),
        "no changes were expected for update",
    ),
    ("import_resources", lambda s: s.import_resources(resources=[]), "`pulumi import` is not supported"),
    ("add_environments", lambda s: s.add_environments("e"), CLOUD),
    ("list_environments", lambda s: s.list_environments(), CLOUD),
    ("remove_environment", lambda s: s.remove_environment("e"), CLOUD),
    ("org_get_default", lambda s: s.workspace.org_get_default(), "has no organizations"),
    ("org_set_default", lambda s: s.workspace.org_set_default("o"), "has no organizations"),
    ("install_plugin", lambda s: s.workspace.install_plugin("random", "v4.0.0"), "the resource plugin random"),
    ("install_plugin_from_server", lambda s: s.workspace.install_plugin_from_server("x", "1", "u"), "plugin x"),
    ("new", lambda s: s.workspace.new("python"), "`pulumi new` is not supported"),
    ("get_tag, not there", lambda s: s.get_tag("nope"), "stack tag 'nope' not found"),
    ("rename to one that is there", lambda s: s.rename("dev"), "already exists"),
    ("a workspace made remote", lambda s: remote(s).up(), f"--remote is not supported .* {CLOUD}"),
]


def remote(stack: auto.Stack) -> auto.Stack:
    """The stack as RemoteWorkspace has it."""
    names = [
        "env_vars",
        "pre_run_commands",
        "skip_install_dependencies",
        "executor_image",
        "inherit_settings",
        "git_url",
    ]
    names += ["git_project_path", "git_branch", "git_commit_hash", "git_auth"]
    vars(stack.workspace).update({f"_remote_{name}": None for name in names}, _remote=True)
    return stack


@pytest.mark.parametrize(("call", "line"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_method_out_of_scope_fails_with_one_clear_line(
    stack: auto.Stack, call: Callable[[auto.Stack], Any], line: str
) -> None:
    with pytest.raises(CommandError, match=line) as caught:
        call(stack)
    (said,) = [text for text in str(caught.value).split("\n") if "error: " in text]
    assert said.strip().startswith("stderr: error: ")


@pytest.mark.parametrize("kind", [auto.Stack, auto.LocalWorkspace])
def test_the_tables_have_every_method_of_the_sdk(kind: type) -> None:
    inner = {"serialize_args_for_op", "post_command_callback"}
    methods = {name for name, _ in inspect.getmembers(kind, inspect.isfunction) if not name.startswith("_")}
    named = {word for name, *_ in [*COMES, *REFUSED] for word in name.split(" and ")[0].replace(",", " ").split()}
    assert methods - inner - named == set()


def test_a_caller_of_asyncio_may_run_several_stacks_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK's calls block; from asyncio they are used by threads, each with a workspace of its own."""
    import asyncio

    monkeypatch.setenv("PULUMI_BACKEND_URL", f"file://{tmp_path / 'state'}")
    (tmp_path / "state").mkdir()

    def up(name: str) -> Any:
        (tmp_path / name).mkdir()
        made = auto.create_stack(
            name,
            project_name="proj",
            program=lambda: pulumi.export("mine", pulumi.get_stack()),
            opts=auto.LocalWorkspaceOptions(
                work_dir=str(tmp_path / name),
                env_vars={"PULUMI_CONFIG_PASSPHRASE": name, "PULUMI_HOME": str(tmp_path / "home")},
                pulumi_command=EmbeddedCommand(),
            ),
        )
        return made.up().outputs["mine"].value

    async def both() -> list[Any]:
        return await asyncio.gather(*(asyncio.to_thread(up, name) for name in ("one", "two")))

    assert asyncio.run(both()) == ["one", "two"]
