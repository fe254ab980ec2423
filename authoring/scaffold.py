"""`hhsync init --scaffold`: the folders raw/, managed/ and archive/ and the manifest, as one commit; also the first of all."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from authoring import layout, logs, repository, write
from authoring.options import Author
from gitops.desired import ARCHIVE, MANAGED, RAW
from gitops.git.command import CommandFailed, GitCommand
from providers.errors import GitError

if TYPE_CHECKING:
    from authoring.options import Authoring
    from authoring.repository import Content
    from authoring.write import Outcome, Source
    from providers.settings import GitSettings


def scaffold(settings: GitSettings, cache: Path, options: Authoring, fabric: str) -> Outcome:
    """Commit what is missing of the folder's layout; nothing where all is there.

    Raises:
        GitError: the folder is read whole by now, and its CRs would not be any more; or the commit cannot be written.
    """
    message = options.message_for(summary=f"Set up the folders of {fabric}", verb="init", fabric=fabric, count=0)
    first = _first_commit(settings, options, message)
    if first is not None:
        return first

    def planner(source: Source) -> write.Plan:
        folder = source.folder
        if folder.is_flat and folder.layout.desired:
            raise GitError(
                f'the folder "{folder.root or "."}" of {settings.url} is read whole, and has {len(folder.layout.desired)} YAML '
                f"files: with managed/ and raw/ these would be read no more. Move them into "
                f"{layout.joined(folder.root, MANAGED)}/ first (git mv; any names will do), then run this again; nothing "
                f"was written"
            )
        return write.Plan(_missing(folder.root, set(source.entries)), message)

    return write.publish(settings, cache, options, planner)


def _missing(root: str, there: set[str]) -> dict[str, Content]:
    files: dict[str, Content] = {}
    for name in (RAW, MANAGED, ARCHIVE):
        start = layout.joined(root, f"{name}/")
        if not any(path.startswith(start) for path in there):
            files[start + layout.KEPT] = b""
    manifest = layout.joined(root, layout.MANIFEST)
    if manifest not in there:
        files[manifest] = logs.empty_manifest()
    return files


def _first_commit(settings: GitSettings, options: Authoring, message: str) -> Outcome | None:
    """Make the folders in a repository without any commit; None where it has one."""
    with tempfile.TemporaryDirectory(prefix="hhsync-") as folder:
        command = GitCommand(settings, Path(folder) / "first.git")
        try:
            if command.run("ls-remote", "--heads", "--", command.url, network=True).strip():
                return None
            write.require_signature(settings, options)
            command.run("init", "--bare", "--quiet", str(Path(folder) / "first.git"))
            author = options.author or write.default_author(command) or Author("hhsync", "hhsync@localhost")
            files = _missing(settings.path, set())
            commit = repository.build(command, None, files, message, author, options.signing_key)
            repository.push(command, commit, settings.branch, None)
        except repository.BranchMoved:
            return None
        except CommandFailed as failure:
            raise GitError(f"Git repository {command.url}: {command.meaning(failure)}") from None
        changed = repository.changed(command, None, commit, settings.path)
    return write.Outcome(settings.branch, "", commit, changed)
