"""The unmodified Automation API on top of the engine, with inline programs and programs on disk."""

from __future__ import annotations

import os
from copy import copy

import pulumi
import pytest
from pulumi import automation as auto

from embedded.engine.auto import EmbeddedCommand
from tests.engine.run.test_on_disk import PROGRAM, ROOT
from tests.engine.run.thing import Server, Thing


@pytest.fixture
def options(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith("PULUMI_")]:
        monkeypatch.delenv(name)
    (tmp_path / "state").mkdir()
    settings = auto.ProjectSettings(
        name="proj", runtime="python", backend=auto.ProjectBackend(url=f"file://{tmp_path / 'state'}")
    )
    return auto.LocalWorkspaceOptions(
        work_dir=str(tmp_path),
        pulumi_home=str(tmp_path / "home"),
        project_settings=settings,
        pulumi_command=EmbeddedCommand(),
        env_vars={"PULUMI_CONFIG_PASSPHRASE": "pw", "PYTHONPATH": str(ROOT), "WHO": "me"},
    )


def stack_of(options, tmp_path, program=None):
    if program is None:
        stack = auto.create_or_select_stack("dev", work_dir=str(tmp_path), opts=options)
    else:
        stack = auto.create_or_select_stack("dev", project_name="proj", program=program, opts=options)
    stack.set_config("server", auto.ConfigValue(str(tmp_path / "server")))
    stack.set_config("word", auto.ConfigValue("hush-hush", secret=True))
    return stack


def test_a_stack_lives_its_whole_life_inline(options, tmp_path):
    def program():
        thing = Thing("a", size=pulumi.Config().get_int("size") or 1, word=pulumi.Config().require_secret("word"))
        pulumi.export("uid", thing.uid)

    stack = stack_of(options, tmp_path, program)
    events = []
    assert stack.preview(on_event=events.append).change_summary == {"create": 2}
    done = stack.up(on_event=events.append)
    server = Server(tmp_path / "server")
    assert done.outputs["uid"].value == server.objects()["a"]["uid"]
    assert done.summary.resource_changes == {"create": 2}
    assert stack.up(expect_no_changes=True).summary.resource_changes == {"same": 2}
    stack.set_config("size", auto.ConfigValue("5"))
    assert stack.preview(refresh=True, run_program=True).change_summary == {"same": 1, "update": 1}
    assert stack.up(refresh=True, run_program=True).summary.resource_changes == {"same": 1, "update": 1}
    assert stack.refresh(run_program=True).summary.resource_changes == {"same": 2}
    assert stack.preview_destroy(run_program=True)
    assert stack.destroy(run_program=True).summary.resource_changes == {"delete": 2}
    assert server.objects() == {}
    assert "hush-hush" not in repr([vars(event) for event in events])
    ops = {event.res_outputs_event.metadata.op for event in events if event.res_outputs_event}
    assert ops == {"create"}


def test_a_program_on_disk_gets_the_environment_of_the_workspace(options, tmp_path):
    (tmp_path / "__main__.py").write_text("import os\npulumi_who = os.environ['WHO']\n" + PROGRAM)
    stack = stack_of(options, tmp_path)
    lines = []
    assert stack.up(on_output=lines.append).summary.resource_changes == {"create": 2}
    assert any("created" in line for line in lines)
    assert stack.destroy().summary.result == "succeeded"


def test_the_errors_of_programs_and_providers_are_those_of_the_api(options, tmp_path):
    def broken():
        raise ValueError("boom")

    stack = stack_of(options, tmp_path, broken)
    with pytest.raises(auto.InlineSourceRuntimeError, match="boom"):
        stack.preview()
    stack.workspace.program = lambda: Thing("a", size=-1)
    with pytest.raises(auto.CommandError, match=r"property size value \{-1\} has a problem: it is negative"):
        stack.preview()


def test_two_stacks_of_one_project_run_at_the_same_time(options, tmp_path):
    from concurrent.futures import ThreadPoolExecutor

    def one(name):
        # The SDK writes Pulumi.yaml for every inline workspace without a lock: each has a folder of its own, as it has
        # by default. The home and the backend are shared.
        folder = tmp_path / f"work-{name}"
        folder.mkdir()
        own = copy(options)
        own.work_dir = str(folder)
        stack = auto.create_or_select_stack(name, project_name="proj", program=lambda: Thing(name), opts=own)
        stack.set_config("server", auto.ConfigValue(str(tmp_path / name)))
        return stack.up().summary.resource_changes

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(one, ["east", "west"])) == [{"create": 2}, {"create": 2}]
    for name in ("east", "west"):
        assert list(Server(tmp_path / name).objects()) == [name]
