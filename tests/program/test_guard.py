"""What is refused before the first resource: too many deletes, and what Pulumi's order cannot do."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from program import desired, guard
from providers.core.identity import ObjectRef
from providers.core.manifest import Attribution, Manifest, Origin
from providers.errors import HandOverNeeded, UnsafeChange


def vpc(name):
    return ObjectRef("VPC", "default", name)


def spec(octet):
    return {"subnets": {"default": {"subnet": f"10.0.{octet}.0/24", "vlan": 1000 + octet}}}


def state(specs):
    made = {
        ref: Manifest(ref, spec, Origin("f/x.yaml", 1, 0), Attribution("c" * 40, "A <a@example.org>", ""))
        for ref, spec in specs.items()
    }
    return desired.DesiredState(made, dict.fromkeys(made, ()))


@pytest.fixture
def check(monkeypatch):
    told = []
    monkeypatch.setattr(guard, "Cluster", lambda settings: None)
    monkeypatch.setattr(guard.pulumi.log, "warn", told.append)

    def run(on_server, in_git, *, preview=False, allow=None):
        monkeypatch.setattr(guard, "managed_objects", lambda cluster, fabric: on_server)
        config = SimpleNamespace(cluster=None, fabric="fabric-1", allow_deletes=allow)
        return guard.check(config, state(in_git), preview=preview), told

    return run


def test_a_hand_over_is_refused_with_the_verb_that_can_do_it(check):
    with pytest.raises(HandOverNeeded) as error:
        check({vpc("a"): spec(1), vpc("o"): spec(2)}, {vpc("b"): spec(1), vpc("o"): spec(2)})
    line = str(error.value)
    assert line.startswith(guard.HAND_OVER)
    assert "VPC/default/b takes subnet 10.0.1.0/24 of VPC/default/a" in line
    assert "hhsync sync fabric-1" in line
    assert "\n" not in line


def test_a_preview_is_only_warned_of_it(check):
    plan, told = check({vpc("a"): spec(1), vpc("o"): spec(2)}, {vpc("b"): spec(1), vpc("o"): spec(2)}, preview=True)
    assert plan.detour == {vpc("a")}
    assert len(told) == 1


def test_the_prune_rule_comes_first_and_counts_the_holder(check):
    with pytest.raises(UnsafeChange, match="none would stay") as error:
        check({vpc("a"): spec(1)}, {vpc("b"): spec(1)})
    assert not isinstance(error.value, HandOverNeeded)


def test_a_move_between_objects_that_stay_is_a_matter_of_order(check):
    plan, _ = check({vpc("a"): spec(1), vpc("b"): spec(2)}, {vpc("a"): spec(3), vpc("b"): spec(1)})
    ordered = state({vpc("a"): spec(3), vpc("b"): spec(1)}).ordered(plan.order)
    assert ordered.references[vpc("b")] == (vpc("a"),)
    assert list(ordered.manifests) == [vpc("a"), vpc("b")]


def test_an_order_that_goes_in_a_circle_is_a_defect():
    with pytest.raises(ValueError, match="circle"):
        state({vpc("a"): spec(1), vpc("b"): spec(2)}).ordered({vpc("a"): [vpc("b")], vpc("b"): [vpc("a")]})
