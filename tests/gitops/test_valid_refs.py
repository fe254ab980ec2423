"""Which CRs a partial sync takes."""

from __future__ import annotations

from collections import defaultdict

from gitops import (
    documents,
    manifests,
    schemas,
)
from gitops.desired import DesiredState, build
from gitops.load import Loaded, valid_refs
from providers.core.finding import whole
from providers.core.identity import ObjectRef
from providers.core.manifest import Attribution, Manifest, Origin


def vpc(name):
    return ObjectRef("VPC", "default", name)


def manifest(name, path="a.yaml", document=0):
    by = Attribution("c" * 40, "A <a@example.org>", "")
    return Manifest(vpc(name), {}, Origin(path, document * 10 + 1, document), by)


def loaded(*manifests, errors=(), references=None, commit="c" * 40):
    made = {one.ref: one for one in manifests}
    return Loaded(
        "u", "main", "f", commit, commit, 1, DesiredState(made, references or dict.fromkeys(made, ())), errors
    )


def test_a_document_with_an_error_is_left_out_and_its_neighbours_are_not():
    found = loaded(manifest("a"), manifest("b", document=1), errors=(whole(Origin("a.yaml", 14, 1), "bad"),))
    assert valid_refs(found) == {vpc("a")}


def test_of_a_cr_that_is_written_twice_neither_document_is_taken():
    text = "apiVersion: wiring.githedgehog.com/v1beta1\nkind: Server\nmetadata: {name: NAME}\nspec: {}\n"
    found = [
        document
        for path, name in (("a.yaml", "a"), ("b.yaml", "a"), ("c.yaml", "b"))
        for document in documents.parse(path, text.replace("NAME", name).encode())[0]
    ]
    by = defaultdict(lambda: Attribution("c" * 40, "A <a@example.org>", ""))
    state, issues = build(manifests.read(found, by, schemas.bundled()).found)
    assert valid_refs(Loaded("u", "main", "f", "c", "c", 3, state, tuple(issues))) == {
        ObjectRef("Server", "default", "b")
    }


def test_a_reference_to_a_cr_that_is_left_out_is_no_dependency():
    found = loaded(manifest("a"), manifest("b"), references={vpc("a"): (vpc("b"),), vpc("b"): ()})
    state = found.desired.only({vpc("a")})
    assert (set(state.manifests), state.references) == ({vpc("a")}, {vpc("a"): ()})
