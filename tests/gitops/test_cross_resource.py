"""Findings across CRs have the line of their field; a name that leads out of Git is an error, a warning, or nothing."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from gitops import cross_resource, manifests, schemas
from gitops.documents import parse
from providers.core.identity import ObjectRef
from providers.core.manifest import Attribution
from providers.core.rules.unresolved import ASSUMED, NOTHING, Outside

if TYPE_CHECKING:
    from providers.core.finding import Finding

WHO = Attribution("c" * 40, "Ann <ann@example.com>", "2026-01-02T03:04:05Z")
ATTACHMENT = """\
apiVersion: vpc.githedgehog.com/v1beta1
kind: VPCAttachment
metadata: {name: a}
spec:
  subnet: vpc-1/default
  connection: server-1--unbundled--leaf-1
"""
VPC = """\
apiVersion: vpc.githedgehog.com/v1beta1
kind: VPC
metadata: {name: NAME}
spec:
  subnets:
    default: {subnet: 10.0.1.0/24, vlan: 1001}
"""


def across(text: str, outside: Outside) -> list[Finding]:
    documents, issues = parse("f/a.yaml", textwrap.dedent(text).encode())
    assert issues == []
    reading = manifests.read(documents, defaultdict(lambda: WHO), schemas.bundled())
    return cross_resource.across(reading.found, reading.refused, reading.issues, outside)


def result(issues: list[Finding]) -> list[tuple[str, str, str]]:
    return [(one.severity, one.rule, str(one)) for one in issues]


def knows(*refs: str) -> Outside:
    return Outside(lambda asked: {one for one in asked if str(one) in refs}, asked=True)


def test_a_finding_across_crs_has_its_line_and_names_the_other_place():
    assert result(
        across(f"{VPC.replace('NAME', 'one')}---\n{VPC.replace('NAME', 'two').replace('10.0.1', '10.0.2')}", NOTHING)
    ) == [
        (
            "error",
            "vlan-used-twice",
            "f/a.yaml:13: spec.subnets.default.vlan: VLAN 1001 of VLANNamespace default is used already by "
            "VPC/default/one (f/a.yaml:1); take a free one",
        )
    ]


@pytest.mark.parametrize("outside", [ASSUMED, NOTHING])
def test_a_kind_that_git_has_nothing_of_may_be_elsewhere(outside):
    assert result(across(ATTACHMENT, outside)) == [
        (
            "warning",
            "missing-reference",
            f"f/a.yaml:{line}: spec.{field}: names {ref}, which is not in Git; it must exist on the cluster",
        )
        for line, field, ref in (
            (5, "subnet", "VPC/default/vpc-1"),
            (6, "connection", "Connection/default/server-1--unbundled--leaf-1"),
        )
    ]


def test_a_name_of_a_kind_that_git_has_is_an_error_with_the_name_that_may_be_meant():
    found = across(f"{ATTACHMENT}---\n{VPC.replace('NAME', 'vcp-1')}", NOTHING)
    assert [(one.severity, one.field) for one in found] == [("error", "spec.subnet"), ("warning", "spec.connection")]
    assert 'names VPC/default/vpc-1, which is not in Git; did you mean "vcp-1"?' in found[0].message


@pytest.mark.parametrize(
    ("outside", "severity", "words"),
    [
        (ASSUMED, "warning", "not in Git; it must exist on the cluster"),
        (knows("VPC/default/vpc-1"), "warning", "not in Git; it must exist on the cluster"),
        (knows(), "error", "neither in Git nor on the cluster; correct the name"),
        (NOTHING, "error", "not in Git; correct the name"),
    ],
)
def test_who_is_asked_decides(outside, severity, words):
    found = across(f"{ATTACHMENT}---\n{VPC.replace('NAME', 'other')}", outside)
    assert found[0].severity == severity
    assert words in found[0].message


def test_nobody_is_asked_where_nothing_is_missing():
    def asked(_):
        raise AssertionError("asked")

    assert across(VPC.replace("NAME", "one"), Outside(asked, asked=True)) == []


def test_what_names_a_cr_with_an_error_of_its_own_is_not_told_off():
    broken = VPC.replace("NAME", "vpc-1").replace("1001", "many")
    found = across(f"{ATTACHMENT}---\n{broken}---\n{VPC.replace('NAME', 'other').replace('10.0.1', '10.0.9')}", NOTHING)
    assert [one.field for one in found] == ["spec.connection"]


def test_a_cr_with_an_error_of_its_own_is_judged_with_the_others():
    broken = VPC.replace("NAME", "two").replace("vlan: 1001", "vlan: 1001, colour: red")
    found = across(f"{VPC.replace('NAME', 'one')}---\n{broken}", NOTHING)
    assert [(one.rule, one.origin.line) for one in found] == [("subnet-overlap", 13), ("vlan-used-twice", 13)]


def test_a_field_with_an_error_of_its_own_is_not_told_twice():
    broken = VPC.replace("NAME", "two").replace("10.0.1.0/24", "10.0.2.0/24").replace("1001", "many")
    assert across(f"{VPC.replace('NAME', 'one')}---\n{broken}", NOTHING) == []


def test_of_two_documents_with_one_identity_the_first_counts():
    assert across(f"{VPC.replace('NAME', 'one')}---\n{VPC.replace('NAME', 'one')}", NOTHING) == []


def test_an_implied_default_namespace_is_not_missed():
    namespace = (
        "apiVersion: wiring.githedgehog.com/v1beta1\nkind: VLANNamespace\nmetadata: {name: other}\n"
        "spec: {ranges: [{from: 5}]}\n"
    )
    assert across(f"{VPC.replace('NAME', 'one')}---\n{namespace}", NOTHING) == []


def test_the_reference_that_is_asked_about_is_the_one_that_is_missing():
    seen: list[set[ObjectRef]] = []

    def asked(refs):
        seen.append(set(refs))
        return refs

    across(f"{ATTACHMENT}---\n{VPC.replace('NAME', 'vpc-1')}", Outside(asked, asked=True))
    assert seen == [{ObjectRef("Connection", "default", "server-1--unbundled--leaf-1")}]
