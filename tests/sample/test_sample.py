"""The samples are what they promise: read and validated by hhsync itself, and without fault by a real fabric's rules."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from gitops.load import load_desired
from providers.core import sections
from providers.core.identity import KINDS
from providers.settings import GitSettings
from sample.generate import LARGEST, SMALLEST, generate
from tests.support.sample_rules import faults
from tests.support.state_entry import entry
from tests.support.webhooks.recorded import Fabric, in_order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitops.desired import DesiredState

SAMPLE = Path(__file__).resolve().parents[2] / "sample"


def _git(folder: Path, *arguments: str) -> None:
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.net")
    subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True)


def _read(folder: Path, name: str) -> DesiredState:
    """The desired state of one fabric's folder in a repository at `folder`."""
    _git(folder, "init", "-q", "-b", "main")
    _git(folder, "add", "-A")
    _git(folder, "commit", "-q", "-m", "Sample")
    return load_desired(GitSettings(url=str(folder), path=name), folder / ".git" / "hhsync-cache").desired


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def _documents(state: DesiredState) -> list[dict[str, Any]]:
    return [sections.manifest_of(sections.inputs_for("any", each)["cluster"]) for each in state.manifests.values()]


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> dict[str, DesiredState]:
    """Each sample fabric as hhsync reads it."""
    found = {}
    for name in ("fabric-1", "fabric-2"):
        folder = tmp_path_factory.mktemp(name)
        shutil.copytree(SAMPLE / name, folder / name)
        found[name] = _read(folder, name)
    folder = tmp_path_factory.mktemp("generated")
    _write(folder / "generated", generate(1000))
    return found | {"generated": _read(folder, "generated")}


@pytest.mark.parametrize(("name", "at_least"), [("fabric-1", 60), ("fabric-2", 12), ("generated", 1000)])
def test_it_has_all_kinds_and_enough_crs(samples: dict[str, DesiredState], name: str, at_least: int) -> None:
    assert {ref.kind for ref in samples[name].manifests} == set(KINDS)
    assert len(samples[name].manifests) >= at_least


@pytest.mark.parametrize("name", ["fabric-1", "fabric-2", "generated"])
def test_every_reference_is_to_a_cr_of_the_same_fabric(samples: dict[str, DesiredState], name: str) -> None:
    assert samples[name].warnings == ()


@pytest.mark.parametrize("name", ["fabric-1", "fabric-2", "generated"])
def test_hedgehogs_webhooks_take_it_in_the_order_of_its_references(samples: dict[str, DesiredState], name: str) -> None:
    fabric = Fabric()
    for document in in_order(_documents(samples[name])):
        code, message, _ = fabric.write(document)
        assert code == 200, f"{document['kind']}/{document['metadata']['name']}: {message}"


@pytest.mark.parametrize("name", ["fabric-1", "fabric-2", "generated"])
def test_a_real_fabric_finds_no_fault(samples: dict[str, DesiredState], name: str) -> None:
    assert faults(_documents(samples[name])) == []


def test_fabric_1_shows_what_folders_can_hold(samples: dict[str, DesiredState]) -> None:
    paths = [each.origin.path for each in samples["fabric-1"].manifests.values()]
    texts = {file: file.read_text() for file in (SAMPLE / "fabric-1").rglob("*.yaml")}
    assert max(path.count("/") for path in paths) >= 3, "nested folders"
    assert max(paths.count(path) for path in paths) > 1, "files of several documents"
    assert any("\nkind: List\n" in text for text in texts.values())
    assert any("\n# " in text for text in texts.values())
    assert samples["fabric-1"].skipped == {"v1/ConfigMap": 1}


def test_fabric_2_has_managed_and_a_draft(samples: dict[str, DesiredState]) -> None:
    assert {each.origin.path.split("/")[1] for each in samples["fabric-2"].manifests.values()} == {"managed"}
    assert [str(draft.ref) for draft in samples["fabric-2"].drafts] == ["VPC/default/voice"]


def test_the_fabrics_share_names_with_other_content(samples: dict[str, DesiredState]) -> None:
    one, two = samples["fabric-1"].manifests, samples["fabric-2"].manifests
    assert any(one[ref].spec != two[ref].spec for ref in one.keys() & two.keys())


def test_text_that_looks_like_a_number_stays_text(samples: dict[str, DesiredState]) -> None:
    specs = {each.ref.name: each.spec for each in samples["fabric-1"].manifests.values()}
    assert specs["leaf-05"]["boot"]["mac"] == "10:20:30:40:50:11"
    assert specs["partner"]["inboundCommunity"] == "64500:30"


@pytest.mark.parametrize("count", [SMALLEST, SMALLEST + 1, 177, 400])
def test_a_generated_fabric_has_exactly_as_many_crs_and_no_fault(count: int) -> None:
    documents = [document for text in generate(count).values() for document in yaml.safe_load_all(text)]
    assert len(documents) == count
    assert {document["kind"] for document in documents} == set(KINDS)
    assert faults(documents) == []


def test_the_same_count_and_seed_give_the_same_files() -> None:
    assert generate(200, seed=7) == generate(200, seed=7)


def test_another_seed_gives_another_fabric() -> None:
    assert generate(200, seed=7) != generate(200, seed=8)


@pytest.mark.parametrize("count", [SMALLEST - 1, LARGEST + 1])
def test_a_count_out_of_range_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match=f"cannot generate {count} CRs"):
        generate(count)


STATE_LIMIT = 4096


@pytest.mark.parametrize("name", ["fabric-1", "fabric-2"])
def test_the_state_of_every_cr_stays_within_4_kb(samples: dict[str, DesiredState], name: str) -> None:
    state = samples[name]
    sizes = {
        str(ref): len(json.dumps(entry(manifest, state.references.get(ref, ())), separators=(",", ":")))
        for ref, manifest in state.manifests.items()
    }
    assert {ref: size for ref, size in sizes.items() if size > STATE_LIMIT} == {}
