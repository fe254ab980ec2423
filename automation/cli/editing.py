"""Verbs that write to Git: ingest, edit, create, delete, promote and revert."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from automation.cli.terminal import Fabric, Terminal, verb

if TYPE_CHECKING:
    from collections.abc import Callable

    from authoring.result import EditResult, Preview
    from automation.editing.commits import Wanted

group = typer.Typer()

Cr = Annotated[str, typer.Argument(metavar="KIND/NAME", help="The CR, e.g. VPC/vpc-1; or KIND/NAMESPACE/NAME.")]
OfFabric = Annotated[
    str | None, typer.Option("--fabric", metavar="NAME", help="The fabric; default $HHSYNC_FABRIC, or the only one.")
]
Message = Annotated[str | None, typer.Option("--message", "-m", metavar="TEXT", help="The commit message.")]
Branch = Annotated[
    str | None,
    typer.Option("--branch", metavar="NAME", help="Push to the edit branch hhsync/NAME, with a pull request."),
]
Base = Annotated[
    str | None,
    typer.Option("--base", metavar="COMMIT", help="The commit that the change is based on; default the newest."),
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Show the difference and write nothing. Exit 2 when there is one.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before the commit.")]


@group.command()
@verb
def ingest(
    out: Terminal,
    fabric: Fabric,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would move, and write nothing.")] = False,
    validate_only: Annotated[bool, typer.Option("--validate-only", help="Only say what is wrong in raw/.")] = False,
) -> None:
    """Bring raw/ into managed/, one file a CR, as one commit. Exit 1 when a file has to stay."""
    from automation.editing import commits
    from automation.reports import edits

    out.progress(f"{fabric}: ").update("reading raw/")
    result = commits.ingest(out.workspace(), fabric, dry_run=dry_run, validate_only=validate_only)
    reported = () if out.shows_text else result.errors
    out.result(edits.ingest_text(result), result.to_json(), result.exit_code, reported)


@group.command()
@verb
def edit(
    out: Terminal,
    cr: Cr,
    sets: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Set a field; the value is YAML. Repeatable."),
    ] = None,
    texts: Annotated[
        list[str] | None, typer.Option("--set-string", metavar="PATH=TEXT", help="Set a field to this very text.")
    ] = None,
    unsets: Annotated[list[str] | None, typer.Option("--unset", metavar="PATH", help="Remove a field.")] = None,
    patch: Annotated[
        str | None, typer.Option("--patch", metavar="FILE", help="A JSON merge patch, as JSON or YAML; - is stdin.")
    ] = None,
    editor: Annotated[bool, typer.Option("--editor", help="Change the document in $VISUAL or $EDITOR.")] = False,
    fabric: OfFabric = None,
    message: Message = None,
    branch: Branch = None,
    base: Base = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Change a CR in Git: a commit that changes the lines of what was named, and no others."""
    from automation.cli import values
    from automation.editing import commits
    from providers.errors import ConfigError, HhsyncError

    ref = commits.parse_ref(cr)
    ways = [bool(sets or texts or unsets), patch is not None, editor].count(True)
    if ways != 1:
        raise ConfigError("say what to change: --set, --set-string and --unset, or --patch FILE, or --editor")
    wanted = _wanted(out, message, branch, base, dry_run, yes)
    if editor:
        session = values.Editor(ref, out.workspace().env)
        try:
            _finish(out, fabric, lambda ws, name: commits.computed(ws, name, "edit", session.changes, wanted))
        except HhsyncError as error:
            raise session.refused(error) from None
        except typer.Exit as end:
            if end.exit_code != 1:
                session.done()
            raise
        return
    if patch is not None:
        changes = values.patches(ref, commits.patch_of(values.file_text(patch), patch))
    else:
        changes = values.assignments(ref, sets or (), texts or (), unsets or ())
    _finish(out, fabric, lambda ws, name: commits.change(ws, name, "edit", changes, wanted))


@group.command()
@verb
def create(
    out: Terminal,
    file: Annotated[
        str, typer.Option("--file", "-f", metavar="FILE", help="The CRs, one or more documents; - is stdin.")
    ],
    fabric: OfFabric = None,
    message: Message = None,
    branch: Branch = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Commit new CRs, each as a file of its own."""
    from automation.cli import values
    from automation.editing import commits

    changes = commits.creations(values.file_text(file), "stdin" if file == "-" else file)
    wanted = _wanted(out, message, branch, None, dry_run, yes or file == "-")
    _finish(out, fabric, lambda ws, name: commits.change(ws, name, "create", changes, wanted))


@group.command()
@verb
def delete(
    out: Terminal,
    crs: Annotated[list[str], typer.Argument(metavar="KIND/NAME...", help="The CRs, e.g. VPC/vpc-1.")],
    fabric: OfFabric = None,
    message: Message = None,
    branch: Branch = None,
    base: Base = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Take CRs out of Git; the next sync deletes them from the cluster and NetBox."""
    from authoring.changes import Remove
    from automation.editing import commits

    changes = [Remove(commits.parse_ref(one)) for one in dict.fromkeys(crs)]
    wanted = _wanted(out, message, branch, base, dry_run, yes)
    _finish(out, fabric, lambda ws, name: commits.change(ws, name, "delete", changes, wanted))


@group.command()
@verb
def promote(
    out: Terminal,
    cr: Cr,
    source: Annotated[str, typer.Option("--from", metavar="cluster|netbox", help="Whose value becomes Git's.")],
    fabric: OfFabric = None,
    message: Message = None,
    branch: Branch = None,
    allow_deletes: Annotated[
        int | None, typer.Option("--allow-deletes", min=0, metavar="N", help="Let that many managed CRs leave Git.")
    ] = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Take a server's value into Git: drift resolved the other way. What was made there is created, what is gone deleted."""
    from automation.editing import commits
    from automation.editing import promote as promoting

    ref = commits.parse_ref(cr)
    wanted = _wanted(out, message, branch, None, dry_run, yes)
    _finish(out, fabric, lambda ws, name: promoting.promote(ws, name, ref, source, wanted, allow_deletes))


@group.command()
@verb
def revert(
    out: Terminal,
    commit: Annotated[str, typer.Argument(metavar="COMMIT", help="The commit to take back.")],
    fabric: OfFabric = None,
    message: Message = None,
    branch: Branch = None,
    dry_run: DryRun = False,
    yes: Yes = False,
) -> None:
    """Take back what a commit changed in this fabric's folder; a conflict with later commits is refused."""
    from automation.editing import commits

    wanted = _wanted(out, message, branch, None, dry_run, yes)
    _finish(out, fabric, lambda ws, name: commits.revert(ws, name, commit, wanted))


def _wanted(
    out: Terminal, message: str | None, branch: str | None, base: str | None, dry_run: bool, yes: bool
) -> Wanted:
    from automation.cli import prompts
    from automation.editing import commits

    asks = sys.stdin.isatty() and sys.stderr.isatty() and not (yes or out.as_json or out.quiet)

    def confirm(preview: Preview) -> bool:
        return prompts.yes(preview.diff, "Commit this?") if asks else True

    return commits.Wanted(message, branch, base, dry_run, confirm)


def _finish(out: Terminal, fabric: str | None, write_it: Callable[..., EditResult]) -> None:
    """Find the fabric, do it, and print the result; a conflict is shown with its three versions."""
    from authoring.conflict import EditConflict
    from automation.editing import commits
    from automation.reports import edits

    workspace = out.workspace()
    name = commits.the_fabric(workspace, fabric)
    try:
        result = write_it(workspace, name)
    except EditConflict as error:
        text = edits.conflict_text(error)
        out.result(text, edits.conflict_json(out.verb, name, error), 1, [str(error)])
    out.result(edits.edit_text(result), result.to_json(), result.exit_code)


__all__ = ["group"]
