"""A server that fills in, sorts, drops and refuses: no false drift, and none missed.

One generated fabric of 60 CRs is synced to it once; the stories come one after the other.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from embedded.services import Services
from sample.generate import generate
from tests.support.edits import RENAMED, Others, refs_of
from tests.support.project import Project
from tests.support.services import FABRICS, HEDGEHOG, OWNER, ROOT
from tests.support.webhooks.emulator import emulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from embedded.services import Running
    from embedded.services.kubernetes.webhooks import Webhooks

pytestmark = pytest.mark.services

CRS = 60
SWITCHES = 4

# On each side; more with HHSYNC_TEST_EDITS.
EDITS = 12

HYDRATED = re.compile(r"^  (asn|ip|protocolIP|vtepIP): .*\n", re.MULTILINE)


@pytest.fixture(scope="module")
def webhooks(services: Running) -> Iterator[Webhooks]:
    with emulator(services) as one:
        yield one


@pytest.fixture(scope="module")
def fabric(tmp_path_factory: pytest.TempPathFactory, services: Running, webhooks: Webhooks) -> Iterator[Project]:
    """A stack whose Git has nothing yet."""
    made = Project(tmp_path_factory.mktemp("rewriting") / "project", services, cluster=HEDGEHOG)
    yield made
    # after a failed test others may still hold what is ours; a sync takes it back
    made.run("sync", made.fabric)
    made.verb("destroy", "--yes", made.fabric)


@pytest.fixture(scope="module")
def synced(fabric: Project) -> Project:
    fabric.commit(dict(generate(CRS)), "Hydrate the wiring")
    assert fabric.init().returncode == 0
    assert fabric.verb("sync")["counts"]["created"] == CRS
    return fabric


def restart(services: Running) -> None:
    """Restart the API server and the webhooks, where they are this session's own."""
    home = Path(services.home)
    if (home / OWNER).exists():
        servers = Services(home, crds=ROOT / "providers" / "crds")
        servers._fabric(HEDGEHOG).stop()
        servers.start(fabrics=FABRICS, webhooks=[HEDGEHOG])


def test_wiring_that_is_not_hydrated_is_refused_as_a_whole(fabric: Project) -> None:
    bare = {path: HYDRATED.sub("", text) if "switch" in path or "spine" in path else text
            for path, text in generate(CRS).items()}  # fmt: skip
    fabric.commit(bare)
    assert fabric.init().returncode == 0
    said = fabric.run("sync", fabric.fabric)
    assert said.returncode == 1
    switches = [
        one["metadata"]["name"] for text in bare.values() for one in yaml.safe_load_all(text) if one["kind"] == "Switch"
    ]
    assert len(switches) == SWITCHES
    for name in switches:
        line = next(line for line in said.stderr.splitlines() if f"Switch/default/{name} " in line)
        assert "hhfab" in line
    assert fabric.objects() == fabric.records() == {}
    assert fabric.netbox.fabric(fabric.fabric) is None


def test_syncs_again_and_again_write_nothing(synced: Project, services: Running) -> None:
    versions, log = synced.versions(), synced.log_length()
    for _ in range(2):
        restart(services)
        assert synced.verb("sync")["counts"]["unchanged"] == CRS
        assert synced.verb("drift")["in_sync"] == CRS
    assert synced.verb("preview")["changes"] == []
    assert (synced.versions(), synced.log_length()) == (versions, log)


def test_new_defaults_of_the_server_are_no_drift_of_objects_that_nobody_touched(
    synced: Project, webhooks: Webhooks
) -> None:
    versions = synced.versions()
    newer = {"dhcp_mtu": 1500, "dhcp_lease_seconds": 60, "gateway_offset": 200}
    webhooks.settings.write_text(json.dumps({"defaults": newer}))
    try:
        assert synced.verb("drift")["in_sync"] == CRS
        assert synced.verb("sync")["counts"]["unchanged"] == CRS
    finally:
        webhooks.settings.unlink()
    assert synced.versions() == versions


@pytest.mark.parametrize("seed", [1])
def test_every_edit_of_others_is_found_and_nothing_else(synced: Project, seed: int) -> None:
    random = Random(seed)
    others, count = Others(synced, random), int(os.environ.get("HHSYNC_TEST_EDITS", EDITS))
    chosen = random.sample(refs_of(synced), 2 * count)
    made = {str(ref) for ref in chosen[:count] if others.edit_object(ref)}
    made |= {str(ref) for ref in chosen[count:] if others.edit_record(ref)}
    report: dict[str, Any] = json.loads(synced.run("drift", synced.fabric, "--json").stdout)
    # a record that was given another ref is found twice: it is missing, and there is one that Git does not know
    found = {one["ref"]: one for one in report["details"] if one["managed"]}
    assert found.keys() == made
    assert all(one["ref"].endswith(RENAMED) for one in report["details"] if not one["managed"])
    assert all(one["differences"] for one in found.values())
    others.remove_renamed_records()
    synced.verb("sync")
    assert synced.verb("drift")["in_sync"] == CRS
