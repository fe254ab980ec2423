"""A second run says what a first one would, and does only what is new: no parsing of what was read before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gitops import documents, load
from gitops.cache import readings
from gitops.cache.store import Store
from gitops.git.source import STORE
from providers.settings import GitSettings
from sample.generate import generate
from tests.support.repositories import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from gitops.load import Loaded

SERVER = (
    "apiVersion: wiring.githedgehog.com/v1beta1\nkind: Server\nmetadata: {{name: {0}}}\nspec: {{description: {0}}}\n"
)
LIST = (
    "apiVersion: v1\nkind: List\nitems:\n"
    "- {apiVersion: wiring.githedgehog.com/v1beta1, kind: Server, metadata: {name: l-1}}\n"
    "- {apiVersion: wiring.githedgehog.com/v1beta1, kind: Server, metadata: {name: l-2, labels: {a: b}}}\n"
)
FILES = {
    "f/a.yaml": SERVER.format("s-1") + "---\n" + SERVER.format("s-2") + "---\napiVersion: v1\nkind: Secret\n",
    "f/list.yaml": LIST,
    "f/wrong.yaml": SERVER.format("s-3") + "  colour: red\n---\nx: [\n---\n# empty\n---\n" + SERVER.format("l-2"),
    "f/again.yaml": "\n" + SERVER.format("s-1"),
    "f/unknown.yaml": "apiVersion: vpc.githedgehog.com/v1beta1\nkind: VPCAttachment\nmetadata: {name: a}\n"
    "spec: {connection: c, subnet: v/default}\n",
    "f/readme.md": "x",
}


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "repository")
    made.commit(dict(FILES))
    return made


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that are parsed, in order."""
    seen: list[str] = []
    plain = documents.parse

    def counting(path: str, data: bytes, *more: Any) -> Any:
        seen.append(path)
        return plain(path, data, *more)

    monkeypatch.setattr(documents, "parse", counting)
    return seen


def inspected(repository: Repository, cache: str = "cache", folder: str = "f") -> Loaded:
    return load.inspect(GitSettings(repository.url, path=folder), repository.path.parent / cache)


def facts(found: Loaded) -> tuple[Any, ...]:
    state = found.desired
    return (
        list(state.manifests.items()), list(state.references.items()), state.drafts, state.skipped, state.warnings,
        state.unread, found.errors, found.commit, found.last_folder_commit, found.files,
    )  # fmt: skip


def test_a_second_run_parses_nothing_and_says_the_same(repository: Repository, parsed: list[str]) -> None:
    first = inspected(repository)
    assert len(first.errors) >= 3
    parsed.clear()
    second = inspected(repository)
    assert facts(second) == facts(first)
    assert not [path for path in parsed if path == "f/list.yaml"]


def test_a_new_commit_parses_what_it_changed(repository: Repository, parsed: list[str]) -> None:
    made = Repository(repository.path.parent / "valid")
    made.commit({f"f/{path}": text for path, text in generate(60).items()})
    inspected(made)
    parsed.clear()
    made.commit({"f/new.yaml": SERVER.format("new-1")})
    found = inspected(made)
    assert parsed == ["f/new.yaml"]
    assert facts(found) == facts(inspected(made, "other-cache"))


def test_a_commit_elsewhere_in_the_repository_parses_nothing(repository: Repository, parsed: list[str]) -> None:
    made = Repository(repository.path.parent / "valid")
    made.commit({f"f/{path}": text for path, text in generate(60).items()})
    first = inspected(made)
    parsed.clear()
    made.commit({"g/x.yaml": "broken: ["})
    second = inspected(made)
    assert parsed == []
    assert second.commit != first.commit
    assert facts(second)[:7] == facts(first)[:7]


def test_a_moved_file_keeps_its_content_and_gets_its_new_path(repository: Repository) -> None:
    inspected(repository)
    repository.git("mv", "f/list.yaml", "f/moved.yaml")
    repository.commit({})
    assert facts(inspected(repository)) == facts(inspected(repository, "other-cache"))


def test_findings_across_remembered_files_have_their_lines(repository: Repository) -> None:
    inspected(repository)
    repository.commit({"f/z.yaml": SERVER.format("l-1")})
    found = inspected(repository)
    assert facts(found) == facts(inspected(repository, "other-cache"))
    assert "f/z.yaml:3" in {str(one.origin) for one in found.errors}


@pytest.mark.parametrize("value", [None, 5, [], {}, {"found": [[1]]}, {"manifests": [[]], "errors": 3}])
def test_an_entry_of_another_form_is_a_miss(
    repository: Repository, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = inspected(repository)
    monkeypatch.setattr(Store, "get", lambda self, space, keys: dict.fromkeys(keys, value))
    assert facts(inspected(repository)) == facts(first)


def test_other_schemas_and_other_code_find_nothing(repository: Repository, parsed: list[str], monkeypatch: Any) -> None:
    inspected(repository)
    parsed.clear()
    monkeypatch.setattr(readings, "code_key", lambda: "another")
    inspected(repository)
    assert set(parsed) == {path for path in FILES if path.endswith(".yaml")}


def test_nothing_of_the_store_is_left_in_the_clear_for_others(repository: Repository) -> None:
    inspected(repository)
    assert (repository.path.parent / "cache" / STORE).parent.stat().st_mode & 0o077 == 0
