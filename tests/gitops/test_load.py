"""From a repository to the desired state in one call, and every way in which bad input ends it in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitops import load
from providers.core.identity import KINDS
from providers.errors import GitError, HhsyncError, ValidationFailed
from providers.settings import GitSettings
from tests.support.repositories import Repository

SAMPLE = Path(__file__).resolve().parents[2] / "sample"
SERVER = "apiVersion: wiring.githedgehog.com/v1beta1\nkind: Server\nmetadata: {{name: {0}}}\n"
GOOD = SERVER.format("s-1")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def loaded(repository: Repository, folder: str = "f") -> load.Loaded:
    return load.load_desired(GitSettings(repository.url, path=folder), repository.path.parent / "cache")


def failure(repository: Repository, folder: str = "f") -> ValidationFailed:
    with pytest.raises(ValidationFailed) as caught:
        loaded(repository, folder)
    assert "\n" not in str(caught.value)
    return caught.value


def test_a_fabric_is_read_with_the_facts_about_it(repository: Repository) -> None:
    first = repository.commit(
        {"f/a.yaml": GOOD, "f/b/c.yml": SERVER.format("s-2") + "---\napiVersion: v1\nkind: Secret\n"}
    )
    head = repository.commit({"g/x.yaml": "broken: ["})
    found = loaded(repository)
    assert [str(ref) for ref in found.desired.manifests] == ["Server/default/s-1", "Server/default/s-2"]
    assert (found.commit, found.last_folder_commit, found.files) == (head, first, 2)
    manifest = next(iter(found.desired.manifests.values()))
    assert (str(manifest.origin), manifest.attribution.commit) == ("f/a.yaml:1", first)
    assert found.summary.startswith(
        f"read 2 CRs of 1 kinds from 2 files at {head[:12]}; not touched: v1/Secret: 1 (git "
    )


def test_only_managed_is_desired_where_it_exists(repository: Repository) -> None:
    repository.commit(
        {
            "f/managed/a.yaml": GOOD,
            "f/raw/b.yaml": SERVER.format("s-2") + "---\nbroken: [\n---\n" + GOOD,
            "f/raw/c.yaml": "a: 1\na: 2\n",
            "f/archive/d.yaml": "broken: [",
            "f/e.yaml": "broken: [",
        }
    )
    state = loaded(repository).desired
    assert [str(ref) for ref in state.manifests] == ["Server/default/s-1"]
    drafts = {(str(one.ref) if one.ref else None, one.origin.path) for one in state.drafts}
    assert drafts == {
        ("Server/default/s-1", "f/raw/b.yaml"),
        ("Server/default/s-2", "f/raw/b.yaml"),
        (None, "f/raw/b.yaml"),
        (None, "f/raw/c.yaml"),
    }
    assert {one.origin.path for one in state.warnings} == {"f/raw/b.yaml", "f/raw/c.yaml"}
    assert state.unread == ("f/archive/d.yaml", "f/e.yaml")


def test_every_finding_of_every_file_comes_at_once(repository: Repository) -> None:
    repository.commit(
        {
            "f/a.yaml": GOOD + "spec: {colour: red}\n---\n" + GOOD,
            "f/b.yaml": "x: [\n---\n" + GOOD,
            "f/c.yaml": "\n\na: 1\n",
        }
    )
    (repository.path / "f/d.yaml").symlink_to("a.yaml")
    repository.commit({})
    error = failure(repository)
    assert [str(issue) for issue in error.issues] == [
        "f/a.yaml:4: spec.colour: unknown field; known here: description, profile",
        "f/b.yaml:2: broken YAML: did not find expected node content while parsing a flow node",
        "f/b.yaml:5: metadata.name: Server/default/s-1 is written twice: here and at f/a.yaml:6; remove one",
        "f/c.yaml:3: apiVersion and kind missing: not a Kubernetes object; complete it or move it out of the fabric's folder",
        "f/d.yaml:1: a symbolic link, which is not followed; put the file itself here",
    ]
    assert str(error).startswith("Git is not valid, nothing was written: f/a.yaml:4: spec.colour: unknown field")
    assert "(and 4 more in 4 files)" in str(error)


def test_what_is_wrong_between_crs_stops_a_sync_and_no_report(repository: Repository) -> None:
    vpc = "apiVersion: vpc.githedgehog.com/v1beta1\nkind: VPC\nmetadata: {{name: {0}}}\nspec:\n  subnets:\n"
    subnet = "    default: {subnet: 10.0.1.0/24, vlan: 1001}\n"
    repository.commit({"f/a.yaml": vpc.format("a") + subnet, "f/b.yaml": vpc.format("b") + subnet})
    found = [str(issue) for issue in failure(repository).issues]
    assert [one.partition(": ")[0] for one in found] == ["f/b.yaml:6", "f/b.yaml:6"]
    settings, cache = GitSettings(repository.url, path="f"), repository.path.parent / "cache"
    result = load.inspect(settings, cache)
    load.require_valid(result, across=False)
    assert ([str(one) for one in result.errors], len(result.desired.manifests)) == (found, 2)
    repository.commit({"f/c.yaml": GOOD + "spec: {colour: red}\n"})
    with pytest.raises(ValidationFailed) as caught:
        load.require_valid(load.inspect(settings, cache), across=False)
    assert [one.field for one in caught.value.issues] == ["spec.colour"]


def test_inspect_gives_what_is_valid_beside_the_findings(repository: Repository) -> None:
    repository.commit({"f/a.yaml": GOOD, "f/b.yaml": SERVER.format("S_2")})
    found = load.inspect(GitSettings(repository.url, path="f"), repository.path.parent / "cache")
    assert [str(ref) for ref in found.desired.manifests] == ["Server/default/s-1"]
    assert [issue.field for issue in found.errors] == ["metadata.name"]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"f/readme.md": "x"}, "an empty folder never empties a fabric: check hhsync:gitPath"),
        ({"f/a.yaml": "# nothing\n"}, "an empty folder never empties a fabric"),
        ({"f/a.yaml": "apiVersion: v1\nkind: ConfigMap\n"}, "an empty folder never empties a fabric"),
        ({"f/managed/.gitkeep": "", "f/a.yaml": GOOD}, "an empty folder never empties a fabric"),
        ({"f/raw/a.yaml": GOOD}, "it has 1 drafts in raw/ and nothing in managed/; run: hhsync ingest"),
    ],
)
def test_a_folder_without_a_cr_is_refused(repository: Repository, files: dict[str, str], words: str) -> None:
    repository.commit(dict(files))
    error = failure(repository)
    assert words in str(error)
    assert error.issues == ()


def test_git_errors_pass_as_they_are(repository: Repository) -> None:
    repository.commit({"f/a.yaml": GOOD})
    with pytest.raises(GitError, match="no folder"):
        loaded(repository, "g")
    assert issubclass(GitError, HhsyncError)


@pytest.mark.parametrize(("folder", "least"), [("fabric-1", 60), ("fabric-2", 20)])
def test_the_sample_fabrics_load_without_an_error(repository: Repository, folder: str, least: int) -> None:
    files = {str(path.relative_to(SAMPLE)): path.read_text() for path in (SAMPLE / folder).rglob("*") if path.is_file()}
    repository.commit(dict(files))
    state = loaded(repository, folder).desired
    assert len(state.manifests) >= least
    assert {ref.kind for ref in state.manifests} == KINDS.keys()
    assert [str(one) for one in state.warnings] == []
