"""What cannot be read is unknown; reading needs no permission to write; what is partial says so and deletes nothing."""

from __future__ import annotations

import uuid
from pathlib import Path

import httpx2
import pytest

from providers.core.identity import ObjectRef
from tests.support.project import crs

pytestmark = pytest.mark.services


@pytest.fixture
def reader(services):
    """A NetBox user who may look at custom objects and do nothing else, and whose token cannot write; the token."""
    access = services.netbox
    with httpx2.Client(base_url=access.url, headers={"Authorization": f"Bearer {access.token}"}, timeout=60) as admin:

        def made(kind, **fields):
            answer = admin.post(f"/api/users/{kind}/", json=fields)
            assert answer.status_code == 201, answer.text
            return answer.json()

        name = f"reader-{uuid.uuid4().hex[:8]}"
        listed = admin.get(
            "/api/core/object-types/", params={"app_label": "netbox_custom_objects", "limit": 200}
        ).json()
        types = [f"{one['app_label']}.{one['model']}" for one in listed["results"]]
        user = made("users", username=name, password=f"A1!{uuid.uuid4().hex}")
        permission = made("permissions", name=name, object_types=types, users=[user["id"]], actions=["view"])
        token = made("tokens", user=user["id"], version=2, write_enabled=False)
        yield f"nbt_{token['key']}.{token['token']}"
        for kind, one in (("tokens", token), ("permissions", permission), ("users", user)):
            admin.delete(f"/api/users/{kind}/{one['id']}/")


def test_drift_and_preview_work_with_read_only_credentials_for_both_servers(synced, reader):
    synced.edit_vlan(synced.names[0], 1999)
    done = synced.run(
        "init", synced.fabric, "--kubeconfig", synced.access.reader_kubeconfig, "--no-check", HHSYNC_NETBOX_TOKEN=reader
    )
    assert done.returncode == 0, done.stderr
    records, versions = synced.records(), synced.versions()
    drift = synced.verb("drift", code=2)
    assert (drift["drifted"], drift["in_sync"], drift["unknown"]) == (1, 6, 0)
    assert any("compared without a dry run" in note for note in drift["notes"])
    previewed = synced.verb("preview", code=2)
    assert [one["ref"] for one in previewed["changes"]] == [f"VPC/default/{synced.names[0]}"]
    assert any("without a dry run" in line for line in previewed["warnings"])
    assert (synced.records(), synced.versions()) == (records, versions)
    failed = synced.verb("sync", code=1)
    assert [one["ref"] for one in failed["not_done"]] == [f"VPC/default/{synced.names[0]}"]
    assert synced.versions() == versions
    assert synced.init().returncode == 0
    assert synced.verb("sync")["counts"]["updated"] == 1


@pytest.mark.parametrize("down", ["cluster", "netbox"])
def test_a_server_that_cannot_be_read_makes_crs_unknown_and_never_in_sync(synced, down, tmp_path):
    if down == "netbox":
        synced.run("pulumi", "--", "config", "set", "hhsync:netboxUrl", "http://127.0.0.1:1", "--stack", synced.fabric)
    else:
        text = Path(synced.access.hhsync_kubeconfig).read_text().replace(synced.access.url, "https://127.0.0.1:1")
        (tmp_path / "kubeconfig").write_text(text)
        synced.run("init", synced.fabric, "--kubeconfig", str(tmp_path / "kubeconfig"), "--no-check")
    drift = synced.verb("drift", code=1)
    assert (drift["unknown"], drift["in_sync"]) == (7, 0)
    assert all("127.0.0.1:1" in one["reason"] for one in drift["details"])
    assert drift["ok"] is False
    page = tmp_path / "report.html"
    assert synced.run("drift", synced.fabric, "--format", "html", "--output", str(page)).returncode == 1
    assert "127.0.0.1:1" in page.read_text()
    assert synced.init().returncode == 0


def test_the_fabrics_own_record_is_reported_and_repaired(synced):
    record = synced.netbox.fabric(synced.fabric)
    synced.netbox.save_fabric(synced.fabric, {"git_branch": "elsewhere"})
    drift = synced.verb("drift", code=2)
    assert (drift["in_sync"], drift["fabric_record"]["state"]) == (7, "Drifted")
    assert [(one["path"], one["netbox"]) for one in drift["fabric_record"]["differences"]] == [
        ("record.git_branch", "elsewhere")
    ]
    assert len(synced.verb("preview", code=2)["fabric_changes"]) == 1
    synced.verb("sync")
    assert synced.netbox.fabric(synced.fabric).fields["git_branch"] == record.fields["git_branch"]
    assert synced.verb("drift")["fabric_record"]["state"] == "Synced"


def test_a_partial_sync_takes_the_valid_crs_and_deletes_nothing(synced):
    changed, broken, dropped = synced.names[:3]
    text = crs(*synced.names, vlan=1100)[f"vpcs/{changed}.yaml"]
    synced.commit(
        {f"vpcs/{changed}.yaml": text, f"vpcs/{broken}.yaml": "kind: VPC\nspec: [\n", f"vpcs/{dropped}.yaml": None}
    )
    refused = synced.verb("sync", code=1)
    assert synced.vpc(changed)["spec"]["subnets"]["default"]["vlan"] == 1001
    assert refused["partial"] is False
    before = {name: synced.vpc(name)["metadata"]["resourceVersion"] for name in (broken, dropped)}

    done = synced.verb("sync", "--partial")
    assert done["partial"] is True
    counts = done["counts"]
    assert (counts["updated"], counts["deleted"], counts["created"], counts["unchanged"]) == (1, 0, 0, 4)
    assert any(f"vpcs/{broken}.yaml" in line for line in done["warnings"])
    assert synced.vpc(changed)["spec"]["subnets"]["default"]["vlan"] == 1101
    assert {name: synced.vpc(name)["metadata"]["resourceVersion"] for name in (broken, dropped)} == before
    assert len(synced.records()) == 7
    assert synced.netbox.fabric(synced.fabric).fields["status"] == "partial"
    assert "partial: " in synced.run("sync", synced.fabric, "--partial").stdout

    synced.commit({f"vpcs/{broken}.yaml": crs(*synced.names)[f"vpcs/{broken}.yaml"]})
    done = synced.verb("sync")
    assert (done["partial"], done["counts"]["deleted"]) == (False, 1)
    assert synced.netbox.fabric(synced.fabric).fields["status"] == "success"
    assert synced.cluster.get(ObjectRef("VPC", "default", dropped)) is None
