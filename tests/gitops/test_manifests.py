"""Documents to CRs: what is ours, what is somebody else's, and what a CR's metadata may say."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from gitops import manifests, schemas
from gitops.documents import parse
from providers.core.manifest import Attribution

if TYPE_CHECKING:
    from providers.core.finding import Finding

WHO = Attribution("c" * 40, "Ann <ann@example.com>", "2026-01-02T03:04:05Z")
VPC = "apiVersion: vpc.githedgehog.com/v1beta1\nkind: VPC\n"


def read(text: str) -> manifests.Reading:
    documents, issues = parse("f/a.yaml", textwrap.dedent(text).encode())
    assert issues == []
    return manifests.read(documents, defaultdict(lambda: WHO), schemas.bundled())


def only(text: str) -> Finding:
    reading = read(text)
    assert reading.found == []
    (issue,) = reading.issues
    assert issue.severity == "error"
    return issue


def vpc(metadata: str, rest: str = "") -> str:
    return f"{VPC}metadata:\n{textwrap.indent(textwrap.dedent(metadata).strip(), '  ')}\n{textwrap.dedent(rest)}"


def test_a_cr_is_read_as_git_says() -> None:
    (found,) = read(
        """\
        # a VPC
        apiVersion: vpc.githedgehog.com/v1beta1
        kind: VPC
        metadata: {name: vpc-1, labels: {a/b: c}, annotations: {note: "x y"}}
        spec: {subnets: {default: {subnet: 10.0.0.0/24, vlan: 1001, gateway: null}}}
        """
    ).found
    manifest = found.manifest
    assert str(manifest.ref) == "VPC/default/vpc-1"
    assert manifest.spec == {"subnets": {"default": {"subnet": "10.0.0.0/24", "vlan": 1001}}}
    assert (manifest.labels, manifest.annotations) == ({"a/b": "c"}, {"note": "x y"})
    assert (str(manifest.origin), manifest.origin.document, manifest.attribution) == ("f/a.yaml:2", 0, WHO)


def test_a_missing_spec_is_an_empty_one() -> None:
    (found,) = read("apiVersion: wiring.githedgehog.com/v1beta1\nkind: SwitchGroup\nmetadata: {name: g}\n").found
    assert found.manifest.spec == {}


LISTS = """\
apiVersion: v1
kind: List
items:
- apiVersion: wiring.githedgehog.com/v1beta1
  kind: Server
  metadata: {name: s-1}
- apiVersion: v1
  kind: List
  items:
  - {apiVersion: v1, kind: ConfigMap}
  - apiVersion: wiring.githedgehog.com/v1beta1
    kind: ServerList
    items:
    - metadata: {name: s-2}
    - metadata: {name: s-3}
      spec: {colour: red}
---
apiVersion: v1
kind: List
"""


def test_lists_are_taken_apart_with_the_line_of_each_item() -> None:
    reading = read(LISTS)
    origins = {found.manifest.ref.name: found.manifest.origin for found in reading.found}
    assert {name: (origin.line, origin.document) for name, origin in origins.items()} == {"s-1": (4, 0), "s-2": (14, 0)}
    assert [str(issue) for issue in reading.issues] == [
        "f/a.yaml:16: spec.colour: unknown field; known here: description, profile"
    ]
    assert reading.skipped == {"v1/ConfigMap": 1}


@pytest.mark.parametrize("items", ["5", "{a: 1}", "text"])
def test_items_that_are_no_list_are_refused(items: str) -> None:
    assert "must be a list" in only(f"apiVersion: v1\nkind: List\nitems: {items}\n").message


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        ("apiVersion: v1\nkind: ConfigMap\n", "v1/ConfigMap"),
        ("apiVersion: apps/v1\nkind: Deployment\n", "apps/v1/Deployment"),
        ("apiVersion: example.com/v1\nkind: Server\n", "example.com/v1/Server"),
        (
            "apiVersion: wiring.githedgehog.com/v1beta1\nkind: SwitchProfile\n",
            "wiring.githedgehog.com/v1beta1/SwitchProfile",
        ),
        ("apiVersion: gateway.githedgehog.com/v1alpha1\nkind: Gateway\n", "gateway.githedgehog.com/v1alpha1/Gateway"),
    ],
)
def test_other_kinds_and_groups_are_counted_and_not_touched(text: str, counted: str) -> None:
    reading = read(text + "---\n" + text)
    assert (reading.found, reading.issues, reading.skipped) == ([], [], {counted: 2})


@pytest.mark.parametrize(
    ("text", "field", "words"),
    [
        ("- a\n", "", "not a Kubernetes object"),
        ("just text\n", "", "not a Kubernetes object"),
        ("a: 1\n", "", "apiVersion and kind missing"),
        ("kind: VPC\n", "", "apiVersion missing"),
        ("apiVersion: v1\nkind: 5\n", "", "kind missing"),
        (
            "apiVersion: vpc.githedgehog.com/v1alpha2\nkind: VPC\n",
            "apiVersion",
            "is not served; the served version is vpc.githedgehog.com/v1beta1",
        ),
        (
            "apiVersion: wiring.githedgehog.com/v1beta1\nkind: VPC\n",
            "apiVersion",
            "VPC is of vpc.githedgehog.com/v1beta1",
        ),
        ("apiVersion: vpc.githedgehog.com/v1beta1\nkind: Vpc\n", "kind", 'did you mean "VPC"?'),
        ("apiVersion: vpc.githedgehog.com/v1beta1\nkind: VPCAttachement\n", "kind", 'did you mean "VPCAttachment"?'),
        (VPC, "metadata", "must be a mapping with a name"),
        (VPC + "metadata: {name: }\n", "metadata.name", "is required and missing"),
        (VPC + "metadata: {name: 123}\n", "metadata.name", "put 123 in quotes"),
        (VPC + "metadata: {name: VPC_1}\n", "metadata.name", "is no valid name"),
        (VPC + "metadata: {name: -a}\n", "metadata.name", "is no valid name"),
        (VPC + "metadata: {generateName: a-, name: a}\n", "metadata.generateName", "is not supported"),
        (VPC + "metadata: {name: a, finalizers: [x/y]}\n", "metadata.finalizers", "is not supported"),
        (VPC + "metadata: {name: a, namespace: prod}\n", "metadata.namespace", 'must be "default"'),
        (VPC + "metadata: {name: a, label: {}}\n", "metadata.label", 'did you mean "labels"?'),
        (VPC + "metadata: {name: a, labels: [x]}\n", "metadata.labels", "must be a mapping of text to text"),
        (VPC + "metadata: {name: a, labels: {rack: 7}}\n", "metadata.labels.rack", "put the value in quotes"),
        (VPC + "metadata: {name: a, labels: {on: yes}}\n", "metadata.labels.true", "is true or false"),
        (VPC + "metadata: {name: a, labels: {a: 'b c'}}\n", "metadata.labels.a", "is no label value"),
        (VPC + "metadata: {name: a, labels: {a b: c}}\n", "metadata.labels.a b", "is no valid key"),
        (VPC + "metadata: {name: a, annotations: {-/b: c}}\n", "metadata.annotations.-/b", "is no valid key"),
        (
            VPC + "metadata: {name: a, labels: {hhsync.dev/fabric: x}}\n",
            'metadata.labels["hhsync.dev/fabric"]',
            "set by hhsync",
        ),
        (VPC + "metadata: {name: a}\nspec: [1]\n", "spec", "must be a mapping; it is a list"),
        (VPC + "metadata: {name: a}\nspecs: {}\n", "specs", 'did you mean "spec"?'),
        (
            VPC + "metadata: {name: a}\nspec:\n  subnets: {d: {vlna: 1}}\n",
            "spec.subnets.d.vlna",
            'did you mean "vlan"?',
        ),
    ],
)
def test_what_cannot_be_a_cr_is_refused_by_name(text: str, field: str, words: str) -> None:
    issue = only(text)
    assert issue.field == field
    assert words in issue.message


def test_a_finding_has_the_line_of_its_field() -> None:
    issue = only(VPC + "metadata:\n  name: a\nspec:\n  subnets:\n    d:\n      subnet: x\n      vlan: 'ten'\n")
    assert str(issue).startswith("f/a.yaml:9: spec.subnets.d.vlan: must be an integer")


def test_all_findings_of_a_document_come_at_once() -> None:
    reading = read(VPC + "metadata: {name: A_B, labels: {x: 1}}\nspec: {vlan: 1, modes: a}\n")
    assert [issue.field for issue in reading.issues] == [
        "metadata.name",
        "metadata.labels.x",
        "spec.modes",
        "spec.vlan",
    ]


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (VPC + "metadata: {name: vpc-12345678}\n", "metadata.name"),
        (VPC + "metadata: {name: a, resourceVersion: '5'}\n", "metadata.resourceVersion"),
        (VPC + "metadata: {name: a, uid: x}\n", "metadata.uid"),
        (VPC + "metadata: {name: a, managedFields: []}\n", "metadata.managedFields"),
        (VPC + "metadata: {name: a}\nstatus: {x: 1}\n", "status"),
        (
            VPC + "metadata: {name: a}\nspec: {subnets: {d: {dhcp: {options: {interfaceMTU: 9000}}}}}\n",
            "spec.subnets.d.dhcp.options.leaseTimeSeconds",
        ),
    ],
)
def test_what_a_server_settles_is_only_a_warning(text: str, field: str) -> None:
    reading = read(text)
    assert len(reading.found) == 1
    assert [(issue.severity, issue.field) for issue in reading.issues] == [("warning", field)]


@pytest.mark.parametrize(
    "text",
    [
        VPC + "metadata: {name: vpc-1234567, namespace: default}\n",
        VPC + "metadata: {name: a, creationTimestamp: null, labels: null, namespace: ''}\n",
        VPC + "metadata: {name: a, labels: {fabric.githedgehog.com/x: 'yes', empty: ''}}\n",
        "apiVersion: wiring.githedgehog.com/v1beta1\nkind: Server\nmetadata: {name: a-very-long.name-of-a-server}\n",
    ],
)
def test_metadata_as_people_write_it_is_taken_in_silence(text: str) -> None:
    reading = read(text)
    assert (len(reading.found), reading.issues) == (1, [])
