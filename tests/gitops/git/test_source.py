"""Reading a folder of a repository: what is read, what is said when it cannot be, and what git is never given."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from gitops.git import lock
from gitops.git import mirror as git_mirror
from gitops.git.command import GitCommand
from gitops.git.source import read_snapshot
from providers.errors import GitError
from providers.settings import GitSettings
from tests.support.git_server import serving
from tests.support.repositories import Repository

if TYPE_CHECKING:
    from pathlib import Path

    from gitops.snapshot import Snapshot

SECRET = "s3cret-t0ken"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    made = Repository(tmp_path / "repository")
    made.commit({"f/a.yaml": "a: 1\n", "f/sub/b.yml": "b: 1\n", "f/readme.md": "x", "g/c.yaml": "c: 1\n"})
    return made


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def read(repository: Repository, folder: str = "f", **more: str) -> Snapshot:
    return read_snapshot(GitSettings(repository.url, path=folder, **more), repository.path.parent / "cache")


def refusal(settings: GitSettings, cache: Path) -> str:
    with pytest.raises(GitError) as caught:
        read_snapshot(settings, cache)
    text = str(caught.value)
    assert "\n" not in text
    assert SECRET not in text
    return text


def test_only_yaml_of_the_folder_is_read(repository: Repository) -> None:
    found = read(repository)
    assert found.files == {"f/a.yaml": b"a: 1\n", "f/sub/b.yml": b"b: 1\n"}
    assert found.attribution.keys() == found.files.keys()
    assert (found.commit, found.branch, found.folder) == (repository.head(), "main", "f")


def test_an_empty_folder_setting_is_the_whole_repository(repository: Repository) -> None:
    assert read(repository, "").files.keys() == {"f/a.yaml", "f/sub/b.yml", "g/c.yaml"}


def test_a_folder_is_not_a_prefix(repository: Repository) -> None:
    repository.commit({"f2/x.yaml": "1", "f.yaml": "1"})
    assert read(repository).files.keys() == {"f/a.yaml", "f/sub/b.yml"}


def test_a_folder_name_is_no_pattern(repository: Repository) -> None:
    repository.commit({"f[1]*/x.yaml": "1"})
    assert read(repository, "f[1]*").files.keys() == {"f[1]*/x.yaml"}


def test_what_is_committed_counts_and_not_the_work_tree(repository: Repository) -> None:
    (repository.path / "f/a.yaml").write_text("changed: 1\n")
    (repository.path / "f/new.yaml").write_text("new: 1\n")
    assert read(repository).files["f/a.yaml"] == b"a: 1\n"


def test_the_next_read_sees_the_next_commit(repository: Repository) -> None:
    before = read(repository)
    repository.commit({"f/a.yaml": None, "f/n.yaml": "n: 1\n"})
    after = read(repository)
    assert after.files.keys() == {"f/n.yaml", "f/sub/b.yml"}
    assert after.commit != before.commit


def test_a_rewritten_branch_is_followed(repository: Repository) -> None:
    read(repository)
    repository.git("commit", "-q", "--amend", "-m", "rewritten")
    assert read(repository).commit == repository.head()


def test_branches_share_a_mirror_and_may_nest(repository: Repository) -> None:
    repository.git("branch", "team")
    assert read(repository, branch="team").branch == "team"
    repository.git("branch", "-D", "team")
    repository.git("branch", "team/one")
    assert read(repository, branch="team/one").branch == "team/one"
    mirrors = [entry for entry in (repository.path.parent / "cache/git").iterdir() if entry.is_dir()]
    assert len(mirrors) == 1


@pytest.mark.parametrize("form", ["{path}", "file://{path}", "{path}/.git"])
def test_a_local_repository_can_be_named_in_several_ways(repository: Repository, cache: Path, form: str) -> None:
    settings = GitSettings(form.format(path=repository.path), path="f")
    assert read_snapshot(settings, cache).commit == repository.head()


def test_links_and_submodules_are_reported_and_not_followed(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text("secret: 1\n")
    for name, target in (("link.yaml", "../../outside.yaml"), ("folder", "../g"), ("up.yml", "a.yaml")):
        (repository.path / "f" / name).symlink_to(target)
    repository.git("add", "--all")
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{repository.head()},f/module")
    repository.git("commit", "-q", "-m", "links")
    found = read(repository)
    assert found.files.keys() == {"f/a.yaml", "f/sub/b.yml"}
    assert {issue.origin.path: issue.severity for issue in found.issues} == {
        "f/folder": "warning",
        "f/link.yaml": "error",
        "f/module": "warning",
        "f/up.yml": "error",
    }


def test_a_selection_reads_only_what_it_names(repository: Repository, cache: Path) -> None:
    asked: list[tuple[str, list[str]]] = []

    def select(folder: str, paths: object) -> list[str]:
        asked.append((folder, list(paths)))  # type: ignore[call-overload]
        return ["f/a.yaml", "f/readme.md", "f/none.yaml"]

    found = read_snapshot(GitSettings(repository.url, path="f"), cache, select)
    assert found.files.keys() == {"f/a.yaml"}
    assert asked == [("f", ["f/a.yaml", "f/readme.md", "f/sub/b.yml"])]
    assert found.paths == ("f/a.yaml", "f/readme.md", "f/sub/b.yml")


def test_many_runs_at_once_read_the_same(repository: Repository, cache: Path) -> None:
    settings = GitSettings(repository.url, path="f")
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda _: read_snapshot(settings, cache).commit, range(6)))
    assert found == [repository.head()] * 6


@pytest.mark.parametrize("damage", ["HEAD", "objects", "lock", "all"])
def test_a_damaged_mirror_is_made_anew(repository: Repository, damage: str) -> None:
    read(repository)
    (mirror,) = (entry for entry in (repository.path.parent / "cache/git").iterdir() if entry.is_dir())
    if damage == "lock":  # as a kill in the middle of a fetch leaves it
        (ref,) = (mirror / "refs/hhsync").iterdir()
        ref.with_suffix(".lock").touch()
        repository.commit({"f/a.yaml": "2"})
    elif damage == "HEAD":
        (mirror / "HEAD").write_text("")
    else:
        subprocess.run(["rm", "-rf", str(mirror / ("objects" if damage == "objects" else "."))], check=False)
    assert read(repository).commit == repository.head()


def test_a_mirror_that_another_run_holds_is_waited_for_no_longer_than_the_deadline(
    repository: Repository, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = GitSettings(repository.url, path="f")
    monkeypatch.setattr(lock, "LOCK_DEADLINE", 0.1)
    with git_mirror.fetched(settings, cache):
        assert "another run" in refusal(settings, cache)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"url": "/no/such/place"}, "no Git repository at /no/such/place"),
        ({"url": "{folder}"}, "no Git repository is there"),
        ({"url": "file:///no/such/place"}, "no Git repository is there"),
        ({"branch": "dev"}, 'no branch "dev" (hhsync:gitBranch); it has: main'),
        ({"branch": "a..b"}, "is not a branch name"),
        ({"branch": "--upload-pack=x"}, "is not a branch name"),
        ({"branch": "a:refs/heads/b"}, "is not a branch name"),
        ({"path": "fabrics/one"}, 'no folder "fabrics/one" on branch main (hhsync:gitPath); folders at its root: f, g'),
        ({"path": "f/a.yaml"}, 'no folder "f/a.yaml"'),
        ({"url": "some/where"}, "write the whole path"),
        ({"url": "ext::sh -c id"}, "neither a URL nor an absolute path"),
        ({"url": "ftp://host/x"}, "cannot be reached by ftp://"),
        ({"url": "-oProxyCommand=id:x"}, "neither a URL nor an absolute path"),
        ({"url": f"https://git:{SECRET}@127.0.0.1/x"}, "holds a password"),
        ({"url": "http://127.0.0.1:1/x.git"}, "the server does not answer"),
        ({"url": "https://no-such-host.invalid/x.git"}, "the host name does not resolve"),
    ],
)
def test_each_mistake_has_its_own_line(
    repository: Repository, cache: Path, tmp_path: Path, changes: dict[str, str], words: str
) -> None:
    (tmp_path / "folder").mkdir()
    changes = {key: value.replace("{folder}", str(tmp_path / "folder")) for key, value in changes.items()}
    settings = dataclasses.replace(GitSettings(repository.url, path="f", token=SECRET), **changes)
    assert words in refusal(settings, cache)


def test_a_repository_without_a_commit_says_so(tmp_path: Path, cache: Path) -> None:
    assert "has no branch yet" in refusal(GitSettings(Repository(tmp_path / "empty").url), cache)


def test_the_token_opens_the_repository(repository: Repository, cache: Path) -> None:
    with serving(repository) as server:
        server.password = SECRET
        found = read_snapshot(GitSettings(server.url, path="f", token=SECRET), cache)
        assert found.commit == repository.head()
        assert set(server.seen) == {f"git:{SECRET}"}


def test_the_user_of_the_settings_goes_with_the_token(repository: Repository, cache: Path) -> None:
    with serving(repository) as server:
        server.user, server.password = "bob", SECRET
        settings = GitSettings(server.url, path="f", username="bob", token=SECRET)
        assert read_snapshot(settings, cache).commit == repository.head()


@pytest.mark.parametrize(
    ("token", "status", "words"),
    [
        (SECRET, 0, "does not accept user git with the token in hhsync:gitToken"),
        (None, 0, "wants credentials; set hhsync:gitToken"),
        (SECRET, 403, "no permission: the credentials are accepted, but may not read"),
        (SECRET, 404, "no such repository"),
        (SECRET, 500, "500"),
    ],
)
def test_a_server_that_refuses_is_told_apart(
    repository: Repository, cache: Path, token: str | None, status: int, words: str
) -> None:
    with serving(repository) as server:
        server.status = status
        assert words in refusal(GitSettings(server.url, path="f", token=token), cache)


def test_a_plain_server_under_https_is_a_tls_failure(repository: Repository, cache: Path) -> None:
    with serving(repository) as server:
        url = server.url.replace("http://", "https://")
        assert "TLS failed" in refusal(GitSettings(url, path="f", token=SECRET), cache)


def test_the_token_does_not_follow_a_redirect_to_another_server(repository: Repository, cache: Path) -> None:
    with serving(repository) as first, serving(repository) as second:
        first.redirect = second.url.removesuffix("/.git")
        assert "wants credentials" in refusal(GitSettings(first.url, path="f"), cache)
        refusal(GitSettings(first.url, path="f", token=SECRET), cache)
        assert second.seen == []


def test_the_token_is_in_no_argument_and_no_file(
    repository: Repository, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments: list[str] = []
    plain = GitCommand._argv

    def recording(self: GitCommand, given: list[str], network: bool = False) -> list[str]:
        arguments.extend(plain(self, given, network))
        return plain(self, given, network)

    monkeypatch.setattr(GitCommand, "_argv", recording)
    with serving(repository) as server:
        server.password = SECRET
        read_snapshot(GitSettings(server.url, path="f", token=SECRET), cache)
    assert arguments
    assert not [one for one in arguments if SECRET in one]
    assert not [file for file in cache.rglob("*") if file.is_file() and SECRET.encode() in file.read_bytes()]
    assert SECRET not in repr(GitSettings(server.url, token=SECRET))


def test_git_variables_of_the_caller_do_not_matter(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"):
        monkeypatch.setenv(name, str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_TRACE", "1")
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'log.showRoot=false'")
    assert read(repository).attribution["f/a.yaml"].commit == repository.head()


def test_a_configuration_of_the_user_does_not_change_what_is_read(
    repository: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    hook = tmp_path / "hooks/reference-transaction"
    hook.parent.mkdir()
    hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    hook.chmod(0o755)
    config = tmp_path / "gitconfig"
    config.write_text(
        f"[core]\nhooksPath = {hook.parent}\nquotePath = true\n[log]\nshowRoot = false\ndate = relative\n"
        '[diff]\nnoprefix = true\nrenames = copies\n[color]\nui = always\n[protocol "file"]\nallow = never\n'
    )
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    assert read(repository).attribution["f/a.yaml"].commit == repository.head()
    assert not (tmp_path / "ran").exists()


def test_a_git_that_is_too_old_is_named(repository: Repository, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(git_mirror, "OLDEST_GIT", (99, 1))
    assert "is too old; hhsync needs git 99.1" in refusal(GitSettings(repository.url, path="f"), cache)


def test_the_cache_is_nobody_elses_to_read(repository: Repository) -> None:
    read(repository)
    assert (repository.path.parent / "cache/git").stat().st_mode & 0o077 == 0


def test_no_git_on_the_machine_is_one_line(repository: Repository, cache: Path) -> None:
    code = (
        "import sys, pathlib\nfrom gitops.git.source import read_snapshot\nfrom providers.errors import GitError\n"
        "from providers.settings import GitSettings\n"
        "try:\n    read_snapshot(GitSettings(sys.argv[1]), pathlib.Path(sys.argv[2]))\n"
        "except GitError as error:\n    print(error)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, repository.url, str(cache)],
        env={"PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert (ran.stdout, ran.stderr) == ("there is no git command on this machine; install git\n", "")
