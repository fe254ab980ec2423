"""A fabric's folder at the head of its branch: files from Git's objects, and who last changed each. No work tree."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitops.cache.store import Store
from gitops.git import attribution as git_attribution
from gitops.git import mirror, trust
from gitops.git.blobs import Blobs
from gitops.git.command import CommandFailed, GitCommand
from gitops.snapshot import Snapshot
from gitops.yaml_values import DEFAULT_LIMITS
from providers.core.finding import Finding, whole
from providers.core.manifest import Attribution, Origin
from providers.errors import GitError

if TYPE_CHECKING:
    from pathlib import Path

    from providers.settings import GitSettings

type Select = Callable[[str, Sequence[str]], Collection[str]]
type Known = Callable[[str, str, Mapping[str, str]], Collection[str]]

# The store of earlier results, below the cache folder.
STORE = "git/known.sqlite"

_SUFFIXES = (".yaml", ".yml")
_LINK, _SUBMODULE = "120000", "160000"


@dataclass(frozen=True, slots=True)
class _Entry:
    mode: str
    object_id: str
    size: int
    path: str


def read_snapshot(
    settings: GitSettings, cache: Path, select: Select | None = None, known: Known | None = None
) -> Snapshot:
    """Fetch the repository into the cache and read the folder's *.yaml and *.yml files.

    `select` gets the folder and the paths of all its files and says which to read; without it all YAML is read. Symbolic
    links, submodules and files over the size limit become issues and are not read. `known` gets the folder, its tree id
    and the blob id of each file, and says which files' bytes are not needed now; asked for later, they are read then.

    Raises:
        GitError: one line that distinguishes a wrong URL, missing repository, branch or folder, credentials, TLS and network
            apart, or that says why the commit's signature is no good.
    """
    with mirror.fetched(settings, cache) as (command, head):
        try:
            signer = trust.require_signature(command, settings, head)
            found = _read(command, settings, head, select, known, Store(cache / STORE))
            return replace(found, signer=signer)
        except CommandFailed as failure:
            raise GitError(f"Git repository {command.url} at {head[:12]}: {command.meaning(failure)}") from None


def _read(
    command: GitCommand, settings: GitSettings, head: str, select: Select | None, known: Known | None, store: Store
) -> Snapshot:
    folder = settings.path
    entries, issues = _entries(command, head, folder)
    if folder and not entries:
        raise _missing_folder(command, settings, head)
    readable = {entry.path: entry for entry in entries if _is_readable(entry, issues)}
    paths = tuple(entry.path for entry in entries)
    chosen = sorted(readable.keys() if select is None else readable.keys() & select(folder, paths))
    files = Blobs(command, {path: readable[path].object_id for path in chosen})
    tree = command.run("rev-parse", f"{head}:{folder}").decode("ascii").strip()
    files.load(files.ids.keys() - set(known(folder, tree, files.ids) if known else ()))
    changes = git_attribution.changes(command, store, head, folder, [path.encode() for path in chosen])
    unknown = Attribution(head, "unknown", "1970-01-01T00:00:00Z")
    return Snapshot(
        commit=head,
        branch=settings.branch,
        folder=folder,
        files=files,
        attribution={path: changes.who.get(path.encode(), unknown) for path in chosen},
        last_folder_commit=changes.folder,
        paths=paths,
        issues=tuple(issues),
        tree=tree,
        blobs=files.ids,
    )


def _entries(command: GitCommand, head: str, folder: str) -> tuple[list[_Entry], list[Finding]]:
    scope = ("--", f"{folder}/") if folder else ()
    entries: list[_Entry] = []
    issues: list[Finding] = []
    for record in command.run("ls-tree", "-r", "-z", "-l", "--full-tree", head, *scope).split(b"\0"):
        if not record:
            continue
        facts, _, raw_path = record.partition(b"\t")
        mode, _, object_id, size = facts.decode("ascii").split()
        try:
            path = raw_path.decode("utf-8")
        except UnicodeDecodeError:
            shown = raw_path.decode("utf-8", "backslashreplace")
            issues.append(whole(Origin(shown, 1, 0), "the file's name is not UTF-8; rename it"))
            continue
        entries.append(_Entry(mode, object_id, int(size) if size.isdigit() else 0, path))
    return entries, issues


def _is_readable(entry: _Entry, issues: list[Finding]) -> bool:
    """Whether an entry is a YAML file to read; what looks like input and is not read becomes an issue."""
    yaml_name = entry.path.endswith(_SUFFIXES)
    origin = Origin(entry.path, 1, 0)
    if entry.mode == _LINK:
        # A link with another name may lead to a folder of YAML, but also to a licence: not worth stopping for.
        issues.append(
            whole(
                origin,
                "a symbolic link, which is not followed; put the file itself here",
                severity="error" if yaml_name else "warning",
            )
        )
        return False
    if entry.mode == _SUBMODULE:
        issues.append(whole(origin, "a submodule, which is not read; put its files here", severity="warning"))
        return False
    if yaml_name and entry.size > DEFAULT_LIMITS.file_bytes:
        issues.append(
            whole(origin, f"the file has {entry.size} bytes, more than {DEFAULT_LIMITS.file_bytes}; split it")
        )
        return False
    return yaml_name


def _missing_folder(command: GitCommand, settings: GitSettings, head: str) -> GitError:
    names = (
        command.run("ls-tree", "-z", "-d", "--name-only", "--full-tree", head).decode("utf-8", "replace").split("\0")
    )
    folders = sorted(name for name in names if name)
    shown = f"; folders at its root: {', '.join(folders[:10])}" if folders else ""
    return GitError(
        f'Git repository {command.url} has no folder "{settings.path}" on branch {settings.branch} (hhsync:gitPath){shown}'
    )
