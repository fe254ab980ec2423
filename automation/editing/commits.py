"""Ingest and write-back of one fabric: stack config → the operations of `authoring` → their results.

Shared by the verbs and the Python API. A change on an edit branch also opens its pull request, where a token allows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from authoring import edits, pull_requests
from authoring import revert as reverting
from authoring.changes import Change, ChangeRefused, Create, parse_ref
from authoring.edits import Request
from authoring.folder import identity
from authoring.ingest import run as ingesting
from authoring.options import BRANCH_PREFIX, Authoring
from authoring.text import normalise
from gitops import documents
from gitops.git.access import GitAccess
from program.config import cache_folder
from providers.errors import ConfigError, HhsyncError
from providers.settings import GitSettings
from providers.targets.forge import ForgeApi

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from authoring.folder import Folder
    from authoring.ingest.run import IngestResult
    from authoring.result import EditResult, Preview
    from automation.engine.workspace import Workspace

_BRANCH = re.compile(r"(?!.*(?:\.\.|//|/\.))[A-Za-z0-9][A-Za-z0-9._/-]*(?<![./])(?<!\.lock)")

# Names the fabric for verbs that take a CR first, where there is more than one stack.
FABRIC_VARIABLE = "HHSYNC_FABRIC"


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a change is to be written, whatever it is. `branch` is an edit branch, with or without its prefix."""

    message: str | None = None
    branch: str | None = None
    base: str | None = None
    dry_run: bool = False
    confirm: Callable[[Preview], bool] = lambda _: True

    def request(self, verb: str, fabric: str, changes: Callable[[Folder], Sequence[Change]]) -> Request:
        """The request for the operations below.

        Raises:
            ConfigError: the branch has no name.
        """
        branch = edit_branch(self.branch)
        return Request(verb, fabric, changes, self.base, self.message, branch, self.dry_run, self.confirm)


def edit_branch(name: str | None) -> str | None:
    """The full name of an edit branch.

    Raises:
        ConfigError: there is no name behind the prefix.
    """
    if name is None:
        return None
    rest = name.strip().removeprefix(BRANCH_PREFIX)
    if not rest:
        raise ConfigError(f"--branch needs a name, e.g. --branch {BRANCH_PREFIX}new-vlan")
    if not _BRANCH.fullmatch(rest):
        raise ConfigError(f'"{rest}" is no name of a branch: use letters, digits, "-", "_", "." and "/"')
    return f"{BRANCH_PREFIX}{rest}"


def the_fabric(workspace: Workspace, named: str | None) -> str:
    """The fabric that a verb without FABRIC is about: the one named, else $HHSYNC_FABRIC, else the only stack.

    Raises:
        ConfigError: there is more than one, or none.
    """
    chosen = named or workspace.env.get(FABRIC_VARIABLE, "").strip()
    if chosen:
        return chosen
    stacks = workspace.stacks()
    if len(stacks) == 1:
        return stacks[0]
    if not stacks:
        raise ConfigError(
            f"there is no stack on {workspace.backend} yet; make one with: hhsync init FABRIC --git-url …"
        )
    raise ConfigError(f"which fabric? There are {', '.join(stacks)}: name one with --fabric, or set {FABRIC_VARIABLE}")


def ingest(workspace: Workspace, fabric: str, *, dry_run: bool = False, validate_only: bool = False) -> IngestResult:
    """Bring raw/ into managed/; see `authoring.ingest.run.ingest`."""
    config = workspace.config(fabric)
    settings, options = GitSettings.from_config(config), Authoring.from_config(config)
    return ingesting.ingest(settings, cache_folder(), options, fabric, dry_run=dry_run, validate_only=validate_only)


def change(workspace: Workspace, fabric: str, verb: str, changes: Sequence[Change], wanted: Wanted) -> EditResult:
    """Make changes one commit; see `authoring.edits.change`."""
    return computed(workspace, fabric, verb, lambda _: changes, wanted)


def computed(
    workspace: Workspace, fabric: str, verb: str, changes: Callable[[Folder], Sequence[Change]], wanted: Wanted
) -> EditResult:
    """Make one commit of changes that depend on what the folder has."""
    return _written(workspace, fabric, wanted.request(verb, fabric, changes), edits.change)


def revert(workspace: Workspace, fabric: str, commit: str, wanted: Wanted) -> EditResult:
    """Take a commit back; see `authoring.revert.revert`."""
    request = wanted.request("revert", fabric, lambda _: ())

    def write_it(settings: GitSettings, cache: Path, options: Authoring, request: Request) -> EditResult:
        return reverting.revert(settings, cache, options, commit, request)

    return _written(workspace, fabric, request, write_it)


def _written(
    workspace: Workspace,
    fabric: str,
    request: Request,
    write_it: Callable[[GitSettings, Path, Authoring, Request], EditResult],
) -> EditResult:
    config = workspace.config(fabric)
    settings, options = GitSettings.from_config(config), Authoring.from_config(config)
    result = write_it(settings, cache_folder(), options, request)
    if request.branch is None or not result.commit:
        return result
    return replace(result, pull_request=pull_request(settings, options, result))


def pull_request(settings: GitSettings, options: Authoring, result: EditResult) -> pull_requests.PullRequest:
    """Open the pull request of an edit branch, or say how a person does; the commit is pushed either way."""
    found = pull_requests.of(settings.url, options)
    if found is None:
        note = f"open a pull request from {result.branch} to {settings.branch} on your Git server"
        return pull_requests.PullRequest("", opened=False, note=note)
    page = found.page(result.branch, settings.branch)
    try:
        token = GitAccess(settings).token()
        if not token:
            note = "there is no token to open it with (hhsync:gitToken); open it on this page"
            return pull_requests.PullRequest(page, opened=False, note=note)
        api = ForgeApi(
            "GitHub" if found.kind == pull_requests.GITHUB else "GitLab",
            found.api,
            found.headers(token),
            settings.ca_file,
        )
        try:
            url = api.open(
                found.collection,
                found.body(result.branch, settings.branch, _title(result), _text(result)),
                found.query(result.branch, settings.branch),
                "html_url" if found.kind == pull_requests.GITHUB else "web_url",
            )
        finally:
            api.close()
    except HhsyncError as error:
        return pull_requests.PullRequest(
            page, opened=False, note=f"{error}; the commit is pushed, open it on this page"
        )
    return pull_requests.PullRequest(url, opened=True)


def _title(result: EditResult) -> str:
    refs = [f"{one.ref.kind}/{one.ref.name}" for one in result.changed]
    named = ", ".join(refs[:3]) + (", …" if len(refs) > 3 else "")
    return f"{result.fabric}: {result.verb} {named}"


def _text(result: EditResult) -> str:
    return "\n".join(f"- {one.action} {one.ref} ({one.path})" for one in result.changed)


def creations(text: str, name: str) -> list[Change]:
    """The CRs of a file as new files, one each.

    Raises:
        ChangeRefused: a document cannot be read, or is none of the 12 kinds.
    """
    from authoring import validation
    from authoring.ingest import read as ingest_read

    read = ingest_read.read(name, text.encode(), validation.Validator().schemas)
    if read.reasons:
        more = f" (and {len(read.reasons) - 1} more)" if len(read.reasons) > 1 else ""
        raise ChangeRefused(f"{read.reasons[0]}{more}; nothing was written")
    if not read.found:
        raise ChangeRefused(f"{name} holds no CR; nothing was written")
    made: dict[Any, Create] = {}
    for found in read.found:
        if found.ref in made:
            raise ChangeRefused(f"{found.raw}:{found.line}: {found.ref} is written twice; nothing was written")
        made[found.ref] = Create(found.ref, found.data)
    return list(made.values())


def created(value: dict[str, Any]) -> Create:
    """A CR that is given as a value, as a new file.

    Raises:
        ChangeRefused: it is none of the 12 kinds, or has no name.
    """
    ref = identity(value)
    if ref is None:
        raise ChangeRefused("the object is none of the 12 kinds, or has no apiVersion, kind and metadata.name")
    return Create(ref, normalise.plain(value))


def patch_of(text: str, name: str) -> Any:
    """A JSON merge patch, written as JSON or YAML.

    Raises:
        ChangeRefused: it cannot be read, or is not one mapping.
    """
    found, issues = documents.parse(name, text.encode())
    if issues:
        raise ChangeRefused(f"{issues[0]}; nothing was written")
    if len(found) != 1 or not isinstance(found[0].value, dict):
        raise ChangeRefused(f"{name} must hold one mapping, the JSON merge patch; nothing was written")
    return found[0].value


__all__ = ["Wanted", "change", "computed", "created", "creations", "ingest", "parse_ref", "revert", "the_fabric"]
