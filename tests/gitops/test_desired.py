"""CRs to the desired state: what a folder's layout means, identities, references and the order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitops.desired import build, layout
from gitops.documents import Document, parse
from gitops.manifests import Located
from providers.core.identity import ObjectRef
from providers.core.manifest import Attribution, Manifest
from providers.core.references import references

if TYPE_CHECKING:
    import random

WHO = Attribution("c" * 40, "Ann <ann@example.com>", "2026-01-02T03:04:05Z")
DOCUMENT = parse("f/a.yaml", b"metadata: {name: x}\nspec: {}\n")[0][0]


def cr(kind: str, name: str, spec: dict[str, object] | None = None, document: Document = DOCUMENT) -> Located:
    return Located(Manifest(ObjectRef(kind, "default", name), spec or {}, document.origin, WHO), document)


def at(path: str, index: int = 0) -> Document:
    return parse(path, b"---\nmetadata: {name: x}\n" * (index + 1))[0][index]


def vpc(name: str, *relays: str) -> Located:
    return cr("VPC", name, {"subnets": {relay: {"dhcp": {"relayVPC": relay}} for relay in relays}})


@pytest.mark.parametrize(
    ("paths", "desired", "drafts", "unread"),
    [
        (["a.yaml", "sub/b.yml", "c.txt"], ["a.yaml", "sub/b.yml"], [], []),
        (["managed/a.yaml", "b.yaml", "x/managed/c.yaml"], ["managed/a.yaml"], [], ["b.yaml", "x/managed/c.yaml"]),
        (["managed/a.yaml", "raw/b.yaml", "archive/c.yaml"], ["managed/a.yaml"], ["raw/b.yaml"], ["archive/c.yaml"]),
        (["managed/.gitkeep", "b.yaml"], [], [], ["b.yaml"]),
        (["raw/b.yaml", "c.yaml"], [], ["raw/b.yaml"], ["c.yaml"]),
        (["a.yaml", "archive/c.yaml"], ["a.yaml"], [], ["archive/c.yaml"]),
        (
            ["a.yaml", ".github/ci.yaml", "x/.y/z.yaml", ".z.yml"],
            ["a.yaml"],
            [],
            [".github/ci.yaml", ".z.yml", "x/.y/z.yaml"],
        ),
        (["managed.yaml", "raw.yml", "managedx/a.yaml"], ["managed.yaml", "managedx/a.yaml", "raw.yml"], [], []),
        ([], [], [], []),
    ],
)
@pytest.mark.parametrize("folder", ["", "fabrics/one"])
def test_a_layout_says_what_is_desired(
    folder: str, paths: list[str], desired: list[str], drafts: list[str], unread: list[str]
) -> None:
    def under(names: list[str]) -> tuple[str, ...]:
        return tuple(f"{folder}/{name}" if folder else name for name in names)

    found = layout(folder, reversed(under(paths)))
    assert (found.desired, found.drafts, found.unread) == (under(desired), under(drafts), under(unread))


def test_two_documents_with_one_identity_name_both_origins() -> None:
    _, issues = build([cr("Server", "s", document=at("f/b.yaml")), cr("Server", "s", document=at("f/a.yaml", 1))])
    assert [str(issue) for issue in issues] == [
        "f/b.yaml:2: metadata.name: Server/default/s is written twice: here and at f/a.yaml:4; remove one"
    ]


def test_one_name_in_two_kinds_is_no_duplicate() -> None:
    state, issues = build([cr("Server", "s"), cr("SwitchGroup", "s")])
    assert (len(state.manifests), issues) == (2, [])


def test_references_are_limited_to_what_is_in_git() -> None:
    state, issues = build([cr("VPCAttachment", "a", {"subnet": "v/default", "connection": "c"}), vpc("v")])
    attachment, parent = ObjectRef("VPCAttachment", "default", "a"), ObjectRef("VPC", "default", "v")
    assert issues == []
    assert state.references == {parent: (), attachment: (parent,)}


@pytest.mark.parametrize(
    ("given_", "words"),
    [
        ([vpc("a", "b"), vpc("b", "a")], "VPC/default/a → VPC/default/b → VPC/default/a"),
        ([vpc("a", "a")], "VPC/default/a → VPC/default/a"),
        (
            [vpc("c", "a"), vpc("a", "b"), vpc("b", "c"), vpc("d", "c")],
            "VPC/default/a → VPC/default/b → VPC/default/c → VPC/default/a",
        ),
    ],
)
def test_a_circle_of_references_is_refused_and_named(given_: list[Located], words: str) -> None:
    _, issues = build(given_)
    assert len(issues) == 1
    assert words in issues[0].message
    assert issues[0].severity == "error"
    assert "f/a.yaml:1" in issues[0].message


def test_every_circle_is_named() -> None:
    _, issues = build([vpc("a", "b"), vpc("b", "a"), vpc("c", "d"), vpc("d", "c")])
    assert len(issues) == 2


NAMES = st.sampled_from(["a", "b", "c", "d", "e"])
SPECS = {
    "VPC": st.builds(
        lambda names: {"subnets": {n: {"dhcp": {"relayVPC": n}} for n in names}, "ipv4Namespace": "a"}, st.sets(NAMES)
    ),
    "VPCAttachment": st.builds(lambda v, c: {"subnet": f"{v}/x", "connection": c}, NAMES, NAMES),
    "Connection": st.builds(
        lambda s, v: {"staticExternal": {"withinVPC": v, "link": {"switch": {"port": f"{s}/E1/1"}}}}, NAMES, NAMES
    ),
    "Switch": st.builds(lambda g: {"groups": [g]}, NAMES),
    "SwitchGroup": st.just({}),
    "IPv4Namespace": st.just({}),
}
FOUND = st.lists(
    st.sampled_from(sorted(SPECS)).flatmap(lambda kind: st.builds(cr, st.just(kind), NAMES, SPECS[kind])),
    max_size=14,
    unique_by=lambda one: one.manifest.ref,
)


@given(FOUND)
def test_every_reference_stands_before_the_cr_that_names_it(found: list[Located]) -> None:
    state, issues = build(found)
    assert set(state.manifests) == {one.manifest.ref for one in found}
    place = {ref: number for number, ref in enumerate(state.manifests)}
    if not issues:  # a circle has no such order
        for ref, manifest in state.manifests.items():
            named = {one.ref for one in references(ref.kind, manifest.spec)} & place.keys()
            assert set(state.references[ref]) == named
            assert all(place[parent] < place[ref] for parent in named)


@given(FOUND, st.randoms(use_true_random=False))
def test_the_order_does_not_depend_on_the_files(found: list[Located], dice: random.Random) -> None:
    mixed = found.copy()
    dice.shuffle(mixed)
    first, second = build(found)[0], build(mixed)[0]
    assert list(first.manifests) == list(second.manifests)
    assert first.references == second.references
