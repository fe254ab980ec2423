"""What is refused before the first resource: too many deletes, and what Pulumi's order cannot do."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from gitops import desired
from program import guard
from providers.core.identity import ObjectRef
from providers.core.manifest import Attribution, Manifest, Origin
from providers.errors import Forbidden, UnsafeChange


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
    result = []
    monkeypatch.setattr(guard.bootstrap, "cluster_of", lambda config: None)
    monkeypatch.setattr(guard.pulumi.log, "warn", result.append)

    def run(on_server, in_git, *, preview=False, allow=None, unlabelled=None, force_conflicts=False):
        monkeypatch.setattr(guard, "objects", lambda cluster, fabric, desired: (on_server, unlabelled or {}))
        config = SimpleNamespace(cluster=None, fabric="fabric-1", allow_deletes=allow, force_conflicts=force_conflicts)
        return guard.check(config, state(in_git), preview=preview), result

    return run


def test_a_reassignment_is_refused_with_the_verb_that_can_do_it(check):
    with pytest.raises(UnsafeChange) as error:
        check({vpc("a"): spec(1), vpc("o"): spec(2)}, {vpc("b"): spec(1), vpc("o"): spec(2)})
    line = str(error.value)
    assert line.startswith("this commit reassigns something")
    assert "VPC/default/b takes subnet 10.0.1.0/24 of VPC/default/a" in line
    assert "hhsync sync fabric-1" in line
    assert "\n" not in line


def test_a_preview_is_only_warned_of_it(check):
    _, result = check({vpc("a"): spec(1), vpc("o"): spec(2)}, {vpc("b"): spec(1), vpc("o"): spec(2)}, preview=True)
    assert len(result) == 1


def test_the_prune_rule_comes_first_and_counts_the_holder(check):
    with pytest.raises(UnsafeChange, match="none would stay"):
        check({vpc("a"): spec(1)}, {vpc("b"): spec(1)})


def test_a_move_between_objects_that_stay_is_a_matter_of_order(check):
    order, _ = check({vpc("a"): spec(1), vpc("b"): spec(2)}, {vpc("a"): spec(3), vpc("b"): spec(1)})
    ordered = state({vpc("a"): spec(3), vpc("b"): spec(1)}).ordered(order)
    assert ordered.references[vpc("b")] == (vpc("a"),)
    assert list(ordered.manifests) == [vpc("a"), vpc("b")]


def test_an_order_that_goes_in_a_circle_is_a_defect():
    with pytest.raises(ValueError, match="circle"):
        state({vpc("a"): spec(1), vpc("b"): spec(2)}).ordered({vpc("a"): [vpc("b")], vpc("b"): [vpc("a")]})


def kubectls(octet):
    """An object without a fabric's label, as kubectl made it."""
    fields = {"f:spec": {"f:subnets": {"f:default": {"f:subnet": {}, "f:vlan": {}}}}}
    owner = {"manager": "kubectl-create", "operation": "Update", "fieldsV1": fields}
    metadata = {"name": "b", "namespace": "default", "managedFields": [owner]}
    return {"apiVersion": "vpc.githedgehog.com/v1beta1", "kind": "VPC", "metadata": metadata, "spec": spec(octet)}


@pytest.fixture
def no_dry_runs(monkeypatch):
    """A cluster that refuses dry runs, so that Git's own words are compared."""

    class Reader:
        def replace(self, manifest, live, *, dry_run):
            assert dry_run
            raise Forbidden("not allowed", target="cluster", server="https://c")

    monkeypatch.setattr(guard.bootstrap, "cluster_of", lambda config: Reader())


def test_adopting_does_not_take_what_others_own(check, no_dry_runs):
    with pytest.raises(UnsafeChange, match=r"VPC/default/b: spec\.subnets\.default\.subnet \(kubectl-create\)"):
        check({}, {vpc("b"): spec(1)}, unlabelled={vpc("b"): kubectls(2)})


def test_adopting_is_allowed_by_the_stack(check, no_dry_runs):
    check({}, {vpc("b"): spec(1)}, unlabelled={vpc("b"): kubectls(2)}, force_conflicts=True)


def test_adopting_what_agrees_with_git_needs_nobodys_leave(check, no_dry_runs):
    check({}, {vpc("b"): spec(1)}, unlabelled={vpc("b"): kubectls(1)})
