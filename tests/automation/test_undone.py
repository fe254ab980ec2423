"""What a failed sync left undone and why, what a partial one left out, and orphans by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from automation import partial
from automation.engine.state import Recorded
from automation.orphans import _ordered, parse
from automation.results import Counts, OperationResult
from automation.undone import left
from program.desired import DesiredState
from program.load import Loaded
from program.partial import PARTIAL_VARIABLE, read
from providers.core.identity import ObjectRef
from providers.core.manifest import Attribution, Issue, Manifest, Origin
from providers.errors import ConfigError
from tests.automation.fake_engine import FakeCommand, workspace

VPC, PEER = ObjectRef("VPC", "default", "a"), ObjectRef("VPCPeering", "default", "a--b")
CHILD, OTHER = ObjectRef("VPCAttachment", "default", "x"), ObjectRef("VPC", "default", "b")
REFERENCES = {VPC: (), OTHER: (), CHILD: (VPC,), PEER: (VPC, OTHER)}
WHY = "VPC/default/a: refused by the server: vlan 5 is reserved"

TABLE = [
    # settled, failed -> not done
    ({VPC, OTHER, CHILD, PEER}, set(), {}),
    ({OTHER}, {VPC}, {VPC: WHY, CHILD: f"waits for {VPC}", PEER: f"waits for {VPC}"}),
    ({VPC, OTHER, PEER}, {CHILD}, {CHILD: "refused"}),
    ({VPC}, set(), dict.fromkeys((OTHER, CHILD), "not begun: the run ended before") | {PEER: f"waits for {OTHER}"}),
]


@pytest.mark.parametrize(("settled", "failed", "expected"), TABLE)
def test_what_was_not_done_and_why(settled, failed, expected):
    found = left(REFERENCES, set(map(str, settled)), set(map(str, failed)), [WHY])
    assert {one.ref: one.why for one in found} == {str(ref): why for ref, why in expected.items()}


def test_a_delete_that_was_refused_is_not_done_although_git_does_not_name_the_cr():
    (one,) = left({}, set(), {str(VPC)}, [WHY])
    assert (one.ref, one.why) == (str(VPC), WHY)


def test_what_refers_to_others_is_removed_before_them():
    live = {
        VPC: {"spec": {}},
        CHILD: {"spec": {"subnet": "a/default", "connection": "c"}},
        OTHER: None,
    }
    order = _ordered(live)
    assert order.index(CHILD) < order.index(VPC)
    assert set(order) == set(live)


@pytest.mark.parametrize("text", ["VPC/a", "VPC/default/a"])
def test_a_cr_is_named_with_or_without_its_namespace(text):
    assert parse(text) == VPC


@pytest.mark.parametrize("text", ["a", "VPC", "VPC/", "Pod/a", "VPC/default/a/b", ""])
def test_what_names_no_cr_is_refused_with_the_form(text):
    with pytest.raises(ConfigError, match="KIND/NAME"):
        parse(text)


def test_a_partial_sync_counts_nothing_that_it_left_out(tmp_path, monkeypatch):
    """The engine calls an excluded resource unchanged; nobody has looked at it."""
    issue = Issue(Origin("b.yaml", 1, 0), "broken YAML")
    there = Manifest(VPC, {}, Origin("a.yaml", 1, 0), Attribution("c" * 40, "A <a@example.org>", ""))
    loaded = Loaded("u", "main", "f", "c", "c", 2, DesiredState({VPC: there}, {VPC: ()}), (issue,))
    monkeypatch.setattr("program.load.inspect", lambda *_args, **_options: loaded)
    monkeypatch.setattr("automation.engine.state.read", lambda *_args: Recorded(urns={VPC: "urn:a", OTHER: "urn:b"}))
    given = {}

    def run(workspace, fabric, verb, progress, environment, *, excludes):
        given.update(excludes=excludes, selection=read(Path(environment[PARTIAL_VARIABLE])))
        return OperationResult(verb, fabric, Counts(unchanged=2), settled=(str(VPC), str(OTHER)))

    monkeypatch.setattr(partial, "run", run)
    fake = FakeCommand(config={"hhsync:gitUrl": "https://git.example.com/f.git"})
    result = partial.sync(workspace(tmp_path, fake), "fabric-1")
    assert (result.partial, result.counts.unchanged, result.exit_code) == (True, 1, 0)
    assert given["excludes"] == ["urn:b"]
    assert given["selection"].refs == {VPC}
    assert [line for line in result.warnings if "b.yaml:1" in line or str(OTHER) in line] == list(result.warnings)
