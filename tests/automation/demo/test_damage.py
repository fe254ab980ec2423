"""What the demo damages, its repository, and that it never touches a stack of the user's."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from automation.demo import damage as demo_plan
from automation.demo import run
from automation.demo.run import DemoFailed
from embedded import demo_repository
from gitops import load
from providers.errors import ConfigError
from providers.settings import GitSettings
from tests.support.fake_cli import FakeCommand, workspace

SAMPLE = Path(__file__).resolve().parents[3] / "sample" / "fabric-1"


@pytest.fixture
def repository(tmp_path):
    path = tmp_path / "fabrics.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", str(path)], check=True)
    return path


def publish(repository: Path) -> demo_repository.Published:
    return demo_repository.publish(str(repository), "main", SAMPLE, "fabric-1", "Set fabric-1 to the sample")


def test_the_sample_is_committed_once(repository):
    first, second = publish(repository), publish(repository)
    assert (first.committed, second.committed, first.commit == second.commit) == (True, False, True)


def test_a_changed_folder_is_set_back_by_a_new_commit(repository, tmp_path):
    publish(repository)
    work = tmp_path / "work"
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@y"]
    subprocess.run(["git", "clone", "-q", str(repository), str(work)], check=True)
    (work / "fabric-1" / "extra.yaml").write_text("kind: VPC\n")
    subprocess.run([*git, "add", "."], cwd=work, check=True)
    subprocess.run([*git, "commit", "-qm", "extra"], cwd=work, check=True)
    subprocess.run(["git", "push", "-q"], cwd=work, check=True)
    found = publish(repository)
    assert (found.committed, found.files) == (True, sum(path.is_file() for path in SAMPLE.rglob("*")))


def test_a_repository_that_is_not_there_is_one_line(tmp_path):
    with pytest.raises(demo_repository.RepositoryError) as caught:
        publish(tmp_path / "nowhere.git")
    assert "\n" not in str(caught.value)


def test_the_damage_is_three_different_crs_of_the_sample(repository, tmp_path):
    publish(repository)
    found = load.load_desired(GitSettings(str(repository), path="fabric-1"), tmp_path / "cache").desired
    damage = demo_plan.choose(found.manifests, found.references)
    assert len(set(damage.refs)) == 3
    assert set(damage.refs) <= {str(ref) for ref in found.manifests}
    subnet, fields = next(iter(damage.patch["spec"]["subnets"].items()))
    assert fields["vlan"] != found.manifests[damage.changed].spec["subnets"][subnet]["vlan"]


def test_nothing_that_others_refer_to_is_deleted(repository, tmp_path):
    publish(repository)
    found = load.load_desired(GitSettings(str(repository), path="fabric-1"), tmp_path / "cache").desired
    damage = demo_plan.choose(found.manifests, found.references)
    assert all(damage.deleted not in parents for parents in found.references.values())


def test_a_fabric_without_such_crs_is_refused():
    with pytest.raises(ConfigError, match="no VPC with a VLAN"):
        demo_plan.choose({}, {})


def own(tmp_path, git_url: str, stacks: list[str]) -> Path:
    space = workspace(tmp_path, FakeCommand(stacks=stacks))
    path = space.stack_file("fabric-1")
    path.write_text(json.dumps({"config": {"hhsync:gitUrl": git_url}}))
    run._own_stack_file(space)
    return path


def test_a_stack_of_the_users_is_left_alone(tmp_path):
    with pytest.raises(DemoFailed, match="belongs to a fabric of yours"):
        own(tmp_path, "https://git.example.com/f.git", [])


def test_the_demos_stack_file_stays_while_its_stack_exists(tmp_path):
    assert own(tmp_path, f"{tmp_path}/.hhsync/services/git", ["fabric-1"]).exists()


def test_a_stack_file_whose_state_is_gone_is_taken_away(tmp_path):
    assert not own(tmp_path, f"{tmp_path}/.hhsync/services/git", []).exists()
