"""We delete only what we own: our label, our field manager and the recorded uid, all three."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from providers import writing
from providers.core import sections
from providers.core.identity import FABRIC_LABEL
from providers.errors import Conflict
from tests.support.one_cr import live_object, manifest, outputs_for

INPUTS = sections.inputs_for("f", manifest())
OURS = {"managedFields": [{"manager": "hhsync", "operation": "Update", "fieldsV1": {}}]}
KUBECTLS = {"managedFields": [{"manager": "kubectl", "operation": "Update", "fieldsV1": {}}]}

CASES = [
    (OURS, ""),
    ({}, ""),
    ({**OURS, "uid": "another"}, "uid another instead of uid-1"),
    ({**OURS, "labels": {}}, f"label {FABRIC_LABEL}=None"),
    ({**OURS, "labels": {FABRIC_LABEL: "g"}}, f"label {FABRIC_LABEL}=g"),
    (KUBECTLS, "written by kubectl, and not by hhsync"),
]


class Server:
    server = "https://c"

    def __init__(self) -> None:
        self.deleted = []

    def delete(self, ref, uid):
        self.deleted.append((ref, uid))


@pytest.mark.parametrize(("metadata", "lacks"), CASES)
def test_only_an_object_with_all_signs_of_ours_is_deleted(metadata, lacks):
    live = live_object(INPUTS)
    live["metadata"] |= metadata
    cluster, snapshot = Server(), SimpleNamespace(get=lambda ref: live, drop=lambda ref: None)
    nothing = SimpleNamespace(get=lambda ref: None)
    session = SimpleNamespace(cluster=cluster, live=snapshot, records=nothing, fabric="f")
    if lacks:
        with pytest.raises(Conflict, match="is not the object that we made") as refusal:
            writing.remove(session, outputs_for(INPUTS, live_object(INPUTS)))
        assert lacks in str(refusal.value)
    else:
        writing.remove(session, outputs_for(INPUTS, live_object(INPUTS)))
    assert len(cluster.deleted) == (0 if lacks else 1)
