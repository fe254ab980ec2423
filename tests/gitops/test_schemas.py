"""The schemas of a folder judge instead of the bundled ones, and what cannot judge is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

import providers
from gitops import schemas
from providers.core.identity import KINDS
from providers.errors import ConfigError
from providers.settings import GitSettings

CRDS = Path(providers.__file__).parent / "crds"
CONTENT = {"spec": {"subnets": {"default": {"colour": "red"}}}}


def crd(kind: str = "vpcs.vpc") -> dict:
    return yaml.safe_load((CRDS / f"{kind}.githedgehog.com.yaml").read_text("utf-8"))


def write(path: Path, *documents: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump_all(documents), "utf-8")


def test_the_folder_that_hhsync_ships_judges_as_the_bundled_schemas_do(tmp_path):
    for path in CRDS.glob("*.yaml"):
        (tmp_path / path.name).write_text(path.read_text("utf-8"))
    found, validator = schemas.of_folder(tmp_path)
    assert validator == f"the schemas in {tmp_path}"
    assert found.keys() == KINDS.keys()
    assert found["VPC"].findings(CONTENT) == schemas.bundled()["VPC"].findings(CONTENT) != ()


def test_a_folder_decides_about_its_kinds_and_says_who_decides_about_the_others(tmp_path):
    changed = crd()
    subnets = changed["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]["subnets"]
    subnets["additionalProperties"]["properties"]["colour"] = {"type": "string"}
    write(tmp_path / "deep/a.yml", {"kind": "ConfigMap"}, changed, None, "text")
    found, validator = schemas.of_folder(tmp_path)
    assert found["VPC"].findings(CONTENT) == ()
    assert found["Switch"] is schemas.bundled()["Switch"]
    assert ", and the bundled schemas of Hedgehog v0.126 for Connection, External" in validator


def other_version() -> dict:
    changed = crd()
    changed["spec"]["versions"][0]["name"] = "v2"
    return changed


@pytest.mark.parametrize(
    ("documents", "words"),
    [
        ([{"kind": "ConfigMap"}], "no YAML file under"),
        ([{"kind": "CustomResourceDefinition"}], "cannot be used: KeyError"),
        ([other_version()], "does not serve v1beta1"),
    ],
)
def test_a_folder_that_cannot_judge_is_refused(tmp_path, documents, words):
    write(tmp_path / "a.yaml", *documents)
    with pytest.raises(ConfigError, match=words):
        schemas.of_folder(tmp_path)


def test_a_stack_may_name_its_folder(tmp_path):
    write(tmp_path / "a.yaml", crd())
    config = {"gitUrl": "/x"}
    assert schemas.chosen(GitSettings.from_config(config)) == (schemas.bundled(), schemas.BUNDLED)
    found = GitSettings.from_config({**config, "schemasDir": str(tmp_path)})
    assert schemas.chosen(found)[1].startswith(f"the schemas in {tmp_path}, and")
    with pytest.raises(ConfigError, match=r'schemasDir must be an absolute path.*"crds"'):
        GitSettings.from_config({**config, "schemasDir": "crds"})


def test_a_file_that_is_no_yaml_is_named(tmp_path):
    (tmp_path / "a.yaml").write_text("a: [")
    with pytest.raises(ConfigError, match=r"a\.yaml cannot be read") as caught:
        schemas.of_folder(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match=f"no folder {tmp_path / 'x'}"):
        schemas.of_folder(tmp_path / "x")
