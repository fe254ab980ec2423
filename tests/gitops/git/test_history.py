"""Who last changed each file: one walk over the history says what git says file by file."""

from __future__ import annotations

import dataclasses
import io
import random
import subprocess
from typing import TYPE_CHECKING

import pytest

from gitops.git import history
from gitops.git.command import GitCommand
from gitops.git.source import read_snapshot
from providers.settings import GitSettings
from tests.support.repositories import ENVIRONMENT, FIRST_SECOND, Repository

if TYPE_CHECKING:
    from pathlib import Path

    from gitops.snapshot import Snapshot


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def snapshot(repository: Repository, folder: str = "f") -> Snapshot:
    return read_snapshot(GitSettings(repository.url, path=folder), repository.path.parent / "cache")


def commits(repository: Repository, folder: str = "f") -> dict[str, str]:
    return {path: who.commit for path, who in snapshot(repository, folder).attribution.items()}


def test_a_file_has_the_last_commit_that_changed_it(repository: Repository) -> None:
    first = repository.commit({"f/a.yaml": "1", "f/b.yaml": "1", "f/deep/er/c.yml": "1"})
    second = repository.commit({"f/b.yaml": "2"})
    repository.commit({"other.yaml": "1"})
    assert commits(repository) == {"f/a.yaml": first, "f/b.yaml": second, "f/deep/er/c.yml": first}


def test_attribution_is_author_and_author_time_in_utc(repository: Repository) -> None:
    made = repository.commit({"f/a.yaml": "1"}, author="Zoë O'Neil <zoe@example.com>")
    who = snapshot(repository).attribution["f/a.yaml"]
    assert (who.commit, who.author, who.committed_at) == (made, "Zoë O'Neil <zoe@example.com>", "2023-11-14T22:14:20Z")
    assert FIRST_SECOND == 1_700_000_000


def test_the_last_commit_of_the_folder_is_not_the_head(repository: Repository) -> None:
    last = repository.commit({"f/a.yaml": "1", "f/notes.txt": "1"})
    repository.commit({"other": "1"})
    head = repository.commit({}, "nothing at all")
    found = snapshot(repository)
    assert (found.last_folder_commit, found.commit) == (last, head)


def test_a_removed_file_moves_the_last_commit_of_the_folder_only(repository: Repository) -> None:
    first = repository.commit({"f/a.yaml": "1", "f/b.yaml": "1"})
    second = repository.commit({"f/b.yaml": None})
    assert commits(repository) == {"f/a.yaml": first}
    assert snapshot(repository).last_folder_commit == second


def test_a_renamed_file_was_changed_by_the_rename(repository: Repository) -> None:
    repository.commit({"f/a.yaml": "1"})
    renamed = repository.commit({"f/a.yaml": None, "f/b.yaml": "1"})
    assert commits(repository) == {"f/b.yaml": renamed}


def test_a_clean_merge_is_not_named(repository: Repository) -> None:
    repository.commit({"f/a.yaml": "1", "f/b.yaml": "1"})
    repository.git("checkout", "-q", "-b", "side")
    side = repository.commit({"f/a.yaml": "2"})
    repository.git("checkout", "-q", "main")
    main = repository.commit({"f/b.yaml": "2"})
    merge = repository.merge("side")
    assert commits(repository) == {"f/a.yaml": side, "f/b.yaml": main}
    assert snapshot(repository).last_folder_commit == merge  # its folder is that of neither parent


def test_a_merge_that_resolved_a_conflict_is_named(repository: Repository) -> None:
    first = repository.commit({"f/a.yaml": "1", "f/b.yaml": "1"})
    repository.git("checkout", "-q", "-b", "side")
    repository.commit({"f/a.yaml": "2"})
    repository.git("checkout", "-q", "main")
    repository.commit({"f/a.yaml": "3"})
    merge = repository.merge("side", content={"f/a.yaml": "2 and 3"})
    assert commits(repository) == {"f/a.yaml": merge, "f/b.yaml": first}


def test_an_overruled_side_branch_is_not_named_however_young(repository: Repository) -> None:
    repository.commit({"f/a.yaml": "1"})
    repository.git("checkout", "-q", "-b", "side")
    repository.git("checkout", "-q", "main")
    kept = repository.commit({"f/a.yaml": "2"})
    repository.git("checkout", "-q", "side")
    repository.commit({"f/a.yaml": "3"})
    repository.git("checkout", "-q", "main")
    repository.merge("side", "-s", "ours")
    assert commits(repository) == {"f/a.yaml": kept}


def test_what_a_message_says_does_not_matter(repository: Repository) -> None:
    spoof = f"{'0' * 40} (from {'1' * 40})\n\n:100644 x\ncommit {'2' * 40}\nauthor B <b> 1 +0000"
    first = repository.commit({"f/a.yaml": "1"}, spoof)
    second = repository.commit({"f/b.yaml": "1"}, ":")
    found = snapshot(repository).attribution
    assert {path: who.commit for path, who in found.items()} == {"f/a.yaml": first, "f/b.yaml": second}
    assert found["f/a.yaml"].author == "Ann <ann@example.com>"


def test_odd_file_names_are_found(repository: Repository) -> None:
    names = ["f/:100644 a.yaml", "f/é ü.yaml", "f/commit x.yaml", "f/a\nb.yaml", "f/[a]*.yaml"]
    made = repository.commit(dict.fromkeys(names, "1"))
    assert commits(repository) == dict.fromkeys(names, made)


@pytest.mark.parametrize("seed", range(6))
def test_the_walk_agrees_with_git_file_by_file(repository: Repository, seed: int) -> None:
    dice = random.Random(seed)
    names = [f"f/{letter}.yaml" for letter in "abcd"] + ["g/x.yaml"]
    repository.commit(dict.fromkeys(names, "0"))
    branches = ["main"]
    for step in range(24):
        repository.git("checkout", "-q", dice.choice(branches))
        if dice.random() < 0.25 and len(branches) < 4:
            branches.append(f"b{step}")
            repository.git("checkout", "-q", "-b", branches[-1])
        elif dice.random() < 0.3:
            files = {name: str(dice.randrange(3)) for name in dice.sample(names, dice.randrange(3))}
            repository.merge(dice.choice(branches), content=files)
        else:
            repository.commit({name: str(dice.randrange(3)) for name in dice.sample(names, dice.randint(1, 2))})
    repository.git("checkout", "-q", "main")
    expected = {name: repository.git("log", "-1", "--format=%H", "--", name) for name in names if name.startswith("f/")}
    assert commits(repository) == expected
    assert snapshot(repository).last_folder_commit == repository.git("log", "-1", "--format=%H", "--", "f")


def changes_of(
    repository: Repository, head: str = "HEAD", before: history.Changes | None = None
) -> history.Changes | None:
    """What the walk finds, from an earlier answer where one is given."""
    stop = [f"^{before.head}"] if before else []
    name = repository.git("rev-parse", head)
    log = subprocess.run(
        ["git", *history.LOG_ARGUMENTS, name, *stop, "--", "f/"],
        cwd=repository.path, env=ENVIRONMENT, capture_output=True, check=True,
    ).stdout  # fmt: skip
    paths = [
        path.encode() for path in repository.git("ls-tree", "-r", "-z", "--name-only", name, "f/").split("\0") if path
    ]
    return history.last_changes(io.BytesIO(log), name, paths, before)


@pytest.mark.parametrize("seed", range(4))
def test_from_an_earlier_answer_the_walk_finds_the_same_or_gives_up(repository: Repository, seed: int) -> None:
    dice = random.Random(seed)
    names = [f"f/{letter}.yaml" for letter in "abcde"]
    heads = [repository.commit(dict.fromkeys(names, "0"))]
    for step in range(16):
        if dice.random() < 0.3:
            repository.git("checkout", "-q", "-b", f"b{step}", dice.choice(heads))
            repository.commit({dice.choice(names): f"b{step}"})
            repository.git("checkout", "-q", "main")
            repository.merge(f"b{step}", content={dice.choice(names): f"m{step}"})
        else:
            repository.commit(
                {dice.choice(names): str(step), **({f"f/n{step}.yaml": "1"} if dice.random() < 0.3 else {})}
            )
        heads.append(repository.head())
    whole = changes_of(repository)
    answers = [changes_of(repository, before=changes_of(repository, head)) for head in heads]
    assert answers[-1] == whole
    assert [one for one in answers if one is not None and one != whole] == []
    assert sum(one is not None for one in answers) > len(answers) // 3


def test_an_answer_that_lacks_a_path_is_not_enough(repository: Repository) -> None:
    repository.commit({"f/a.yaml": "1", "f/b.yaml": "1"})
    before = changes_of(repository)
    repository.commit({"f/a.yaml": "2"})
    lacking = dataclasses.replace(before, who={b"f/a.yaml": before.who[b"f/a.yaml"]})
    assert changes_of(repository, before=lacking) is None


def test_a_second_read_walks_only_the_new_commits(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []
    plain = GitCommand.stream
    monkeypatch.setattr(GitCommand, "stream", lambda self, *given: (asked.append(given), plain(self, *given))[1])
    first = repository.commit({"f/a.yaml": "1", "f/b.yaml": "1"})
    snapshot(repository)
    second = repository.commit({"f/b.yaml": "2"})
    assert commits(repository) == {"f/a.yaml": first, "f/b.yaml": second}
    assert snapshot(repository).last_folder_commit == second
    assert [f"^{first}" in given for given in asked] == [False, True]


def test_a_rewritten_history_is_walked_from_its_start(repository: Repository) -> None:
    repository.commit({"f/a.yaml": "1", "f/b.yaml": "1"})
    snapshot(repository)
    repository.git("commit", "-q", "--amend", "-m", "rewritten")
    assert commits(repository) == {"f/a.yaml": repository.head(), "f/b.yaml": repository.head()}
