"""Drift on a server that rewrites, without any server: what hhsync would apply goes through the webhooks' rules.

Laws: what was applied and left alone is in sync, whatever the server made of it; what others change, if the server takes it and
stores something else than before, is drift with a path, and nothing else is.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.core import sections
from providers.core.drift.classify import classify
from providers.core.drift.facts import Facts
from providers.core.drift.states import State
from providers.core.equality import same
from providers.core.identity import ObjectRef
from providers.core.manifest import Attribution, Manifest, Origin
from sample.generate import generate
from tests.support.edits import (
    add,
    change,
    leaves,
    remove,
)
from tests.support.webhooks.recorded import Fabric, fabric, in_order
from tests.support.webhooks.yaml_documents import documents_of

if TYPE_CHECKING:
    from collections.abc import Mapping

FABRIC = "f"


@dataclass(frozen=True, slots=True)
class Applied:
    """A fabric right after its first sync: the webhooks' world, and of each CR the inputs and what the state keeps."""

    world: Fabric
    inputs: Mapping[ObjectRef, sections.Inputs]
    outputs: Mapping[ObjectRef, dict[str, Any]]

    def live(self, ref: ObjectRef) -> dict[str, Any]:
        """The object as a LIST gives it."""
        stored = copy.deepcopy(self.world.stored[ref.kind, ref.name])
        return stored | {"metadata": stored["metadata"] | {"uid": f"uid-{ref.name}"}}

    def state(self, ref: ObjectRef) -> tuple[State, tuple[str, ...]]:
        """What a report says of the CR: its state, and the paths that differ."""
        wish = self.inputs[ref]
        facts = Facts(ref, desired=wish, outputs=self.outputs[ref], live=self.live(ref), record=wish["netbox"])
        detail = classify(facts)
        return detail.state, tuple(str(one) for one in detail.differences)


def applied(documents: list[dict[str, Any]]) -> Applied:
    """Sync these documents to an empty fabric."""
    made = Applied(Fabric(), {}, {})
    inputs, outputs = {}, {}
    for document in in_order(documents):
        metadata = document["metadata"]
        ref = ObjectRef(document["kind"], "default", metadata["name"])
        by = Attribution("c" * 40, "Ann <ann@example.org>", "2026-01-01T00:00:00Z")
        manifest = Manifest(ref, document.get("spec") or {}, Origin("f.yaml", 1, 0), by, metadata.get("labels") or {})
        wish = sections.inputs_for(FABRIC, manifest)
        code, message, _ = made.world.write(sections.manifest_of(wish["cluster"]))
        assert code == 200, f"{ref}: {message}"
        answer = sections.cluster_section(made.live(ref), wish["cluster"])
        delta = sections.applied_delta(wish["cluster"], answer)
        inputs[ref] = wish
        outputs[ref] = {**wish, "applied": {"cluster": delta} if delta else {}, "uid": f"uid-{ref.name}"}
    return Applied(made.world, inputs, outputs)


SAMPLES = {
    "recorded": list(fabric().values()),
    "generated": [one for text in generate(150).values() for one in documents_of(text)],
}


@pytest.mark.parametrize("name", SAMPLES)
def test_what_was_applied_and_left_alone_is_in_sync(name: str) -> None:
    made = applied(SAMPLES[name])
    assert {str(ref): made.state(ref) for ref in made.inputs if made.state(ref) != (State.SYNCED, ())} == {}


@given(st.sampled_from(sorted(SAMPLES)), st.integers(0, 1 << 32))
def test_found_is_what_others_changed_and_the_server_took(name: str, seed: int) -> None:
    random = Random(seed)
    made = applied(SAMPLES[name]) if name not in _KEPT else _KEPT[name]
    _KEPT[name] = made
    ref = random.choice(sorted(made.inputs))
    before = made.world.stored[ref.kind, ref.name]
    edited = copy.deepcopy(before)
    way = random.choice(("change", "remove", "add", "label", "foreign"))
    if way == "add":
        add(ref.kind, edited.setdefault("spec", {}), random)
    elif way == "label":
        edited["metadata"]["labels"].popitem()
    elif way == "foreign":
        edited["metadata"].setdefault("labels", {})["example.org/by"] = "others"
    elif list(leaves(edited.get("spec") or {})):
        (change if way == "change" else remove)(edited["spec"], random)
    if way in ("change", "remove", "add") and edited.get("spec") == {}:
        return
    made.world.write(edited)
    after = made.world.stored[ref.kind, ref.name]
    ours = made.inputs[ref]["cluster"]["labels"].keys()
    moved = not same(before.get("spec"), after.get("spec")) or not same(*(_only(one, ours) for one in (before, after)))
    state, paths = made.state(ref)
    made.world.memory.put(ref.kind, before)
    made.world.stored[ref.kind, ref.name] = before
    assert (state is State.DRIFTED, bool(paths)) == (moved, moved)
    assert all(path.startswith("cluster.") for path in paths)


_KEPT: dict[str, Applied] = {}


def _only(stored: Mapping[str, Any], keys: Any) -> dict[str, str]:
    return {key: value for key, value in (stored["metadata"].get("labels") or {}).items() if key in keys}
