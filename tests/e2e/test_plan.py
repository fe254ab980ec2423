"""A preview written down as a plan: done exactly so, or refused with the name of what moved."""

from __future__ import annotations

import json

import jsonschema_rs
import pytest

from providers.core.identity import KINDS, ObjectRef
from tests.support.project import CLONE, crs

pytestmark = pytest.mark.services


def test_a_plan_is_done_exactly_or_refused_by_the_name_of_what_moved(synced, tmp_path):
    first, second, third = synced.names[:3]
    path = tmp_path / "plan.json"
    synced.edit_vlan(first, 1999)
    planned = synced.verb("preview", "--plan", str(path), code=2)
    assert [(one["ref"], one["action"]) for one in planned["changes"]] == [(f"VPC/default/{first}", "update")]
    content = json.loads(path.read_text())
    schema = json.loads((CLONE / "docs" / "report.schema.json").read_text())
    jsonschema_rs.validator_for(schema).validate(content)
    assert [(one["ref"], one["action"]) for one in content["details"]] == [(f"VPC/default/{first}", "update")]

    def refused(what):
        versions, log = synced.versions(), synced.log_length()
        answer = synced.verb("sync", "--plan", str(path), code=1)
        assert "nothing was written" in answer["errors"][0]
        assert what in answer["errors"][0]
        assert (synced.versions(), synced.log_length()) == (versions, log)

    # the object that the plan would write, and one that it would not
    synced.edit_vlan(first, 1998)
    refused(f"VPC/default/{first} in the cluster")
    synced.edit_vlan(first, 1999)
    synced.edit_vlan(second, 1997)
    refused(f"VPC/default/{second} in the cluster")
    synced.edit_vlan(second, 1002)
    # a record
    ref = ObjectRef("VPC", "default", third).record_ref(synced.fabric)
    record = synced.records()[ref]
    synced.netbox.update(KINDS["VPC"], record.id, {"git_status": "Not from Git"})
    refused(f"VPC/default/{third} in NetBox")
    synced.netbox.update(KINDS["VPC"], record.id, {"git_status": "From Git"})
    # everything as it was: the plan holds
    done = synced.verb("sync", "--plan", str(path))
    assert [(one["ref"], one["action"]) for one in done["changes"]] == [(f"VPC/default/{first}", "update")]
    # the state has moved by that, and then Git
    refused(f"VPC/default/{first} in the state")
    synced.verb("preview", "--plan", str(path))
    synced.commit({f"vpcs/{first}.yaml": crs(*synced.names)[f"vpcs/{first}.yaml"] + "# a comment\n"})
    refused("Git (commit ")
    assert "plan of" in synced.run("sync", "other", "--plan", str(path)).stderr
