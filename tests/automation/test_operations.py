"""Operations through the real SDK, with an engine that plays given events."""

from __future__ import annotations

import io

import pytest

from automation import operations
from automation.progress import Progress
from automation.results import Counts
from providers.errors import ConfigError, EngineError, StackLocked
from tests.automation.engine_events import begins, cr, done, failed, payloads, says
from tests.support.fake_cli import FakeCommand, workspace

VPC = "VPC/default/vpc-1"
LOCK = (
    "error: the stack is currently locked by 1 lock(s). Either wait for the other process(es) to end or delete the lock\n"
    "  file:///x/locks/y.json: created by ops@host (pid 42) at 2026-11-21T10:00:00Z"
)


def test_a_preview_reports_each_change(tmp_path):
    fake = FakeCommand(
        events=payloads(done("update", VPC, cr(1999), cr(1001)), done("same", "Server/default/s1", {}, {}))
    )
    result = operations.preview(workspace(tmp_path, fake), "fabric-1")
    assert (result.counts, [change.ref for change in result.changes], result.exit_code) == (
        Counts(updated=1, unchanged=1),
        [VPC],
        2,
    )


@pytest.mark.parametrize("verb", ["preview", "sync", "destroy"])
def test_every_run_reads_todays_config_and_refreshes(tmp_path, verb):
    fake = FakeCommand()
    getattr(operations, verb)(workspace(tmp_path, fake), "fabric-1")
    run = next(args for args, _ in fake.runs if args[0] in {"preview", "up", "destroy"})
    assert {"--run-program=true", "--refresh"} <= set(run)


def test_only_destroy_tells_the_program_not_to_read_git(tmp_path):
    fake = FakeCommand()
    for verb in (operations.preview, operations.sync, operations.destroy):
        verb(workspace(tmp_path, fake), "fabric-1")
    told = {args[0]: env.get("HHSYNC_VERB") for args, env in fake.runs if args[0] in {"preview", "up", "destroy"}}
    assert told == {"preview": "preview", "up": None, "destroy": "destroy"}


def test_allowed_deletes_reach_the_program(tmp_path):
    fake = FakeCommand()
    operations.sync(workspace(tmp_path, fake), "fabric-1", allow_deletes=7)
    assert [env.get("HHSYNC_ALLOW_DELETES") for args, env in fake.runs if args[0] == "up"] == ["7"]


def test_a_refused_program_is_its_errors_and_nothing_written(tmp_path):
    events = payloads(says("error", "vpcs/web.yaml:3: spec.vlan: must be a number"), says("error", "update failed"))
    result = operations.sync(
        workspace(tmp_path, FakeCommand(events=events, failure="error: update failed")), "fabric-1"
    )
    assert (result.errors, result.counts, result.exit_code) == (
        ("vpcs/web.yaml:3: spec.vlan: must be a number",),
        Counts(),
        1,
    )


def test_a_failed_sync_is_told_to_netbox_once_a_server_refused(tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(
        "providers.outcome.record_failure",
        lambda config, fabric, error, wrote_something: told.append((fabric, error, wrote_something)),
    )
    events = payloads(
        done("create", "Server/default/s1", None, {}),
        begins("create", VPC),
        says("error", "no", VPC),
        failed("create", VPC),
    )
    operations.sync(workspace(tmp_path, FakeCommand(events=events, failure="error: update failed")), "fabric-1")
    assert told == [("fabric-1", f"{VPC}: no", True)]


def test_a_sync_refused_before_it_began_is_not_told_to_netbox(tmp_path, monkeypatch):
    monkeypatch.setattr("providers.outcome.record_failure", lambda *a, **k: pytest.fail("was called"))
    events = payloads(says("error", "no such branch"))
    operations.sync(workspace(tmp_path, FakeCommand(events=events, failure="error: update failed")), "fabric-1")


def test_a_stack_that_does_not_exist_names_those_that_do(tmp_path):
    with pytest.raises(EngineError, match=r"no stack fabric-9 .*existing stacks: fabric-1.*hhsync init fabric-9"):
        operations.preview(workspace(tmp_path, FakeCommand()), "fabric-9")


def test_a_missing_passphrase_is_said_before_anything_runs(tmp_path):
    fake = FakeCommand()
    bare = workspace(tmp_path, fake)
    bare.env.pop("PULUMI_CONFIG_PASSPHRASE")
    with pytest.raises(ConfigError, match="PULUMI_CONFIG_PASSPHRASE_FILE"):
        operations.preview(bare, "fabric-1")
    assert fake.runs == []


def test_a_locked_stack_says_who_holds_it_and_how_to_free_it(tmp_path):
    with pytest.raises(StackLocked, match=r"ops@host \(pid 42\).*hhsync pulumi -- cancel --yes --stack fabric-1"):
        operations.sync(workspace(tmp_path, FakeCommand(failure=LOCK)), "fabric-1")


def test_progress_tells_what_the_program_said_and_the_last_counts(tmp_path):
    stream = io.StringIO()
    events = payloads(
        says("info", "read 2 CRs"), done("update", VPC, cr(1), cr(2)), done("same", "Server/default/s", {}, {})
    )
    operations.sync(workspace(tmp_path, FakeCommand(events=events)), "fabric-1", Progress(stream))
    assert stream.getvalue().splitlines() == [
        "reading Git and the servers",
        "read 2 CRs",
        "2 CRs: 1 updated, 1 unchanged",
    ]


def test_an_interrupted_run_says_that_it_can_go_on(tmp_path, monkeypatch):
    monkeypatch.setattr("providers.outcome.record_failure", lambda *a, **k: pytest.fail("was called"))
    events = payloads(done("create", VPC, None, cr(1)), says("error", "update canceled"))
    result = operations.sync(
        workspace(tmp_path, FakeCommand(events=events, failure="error: update canceled")), "fabric-1"
    )
    assert (result.exit_code, result.counts, len(result.errors)) == (130, Counts(created=1), 1)
    assert "run the same command again" in result.errors[0]
