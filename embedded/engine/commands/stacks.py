"""Commands that make, choose, list and remove stacks."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from embedded.engine.backend import StackRef
from embedded.engine.errors import (
    BadInvocation,
    EngineError,
    NoStackSelected,
    NotSupported,
    StackAlreadyExists,
    StackNotFound,
)
from embedded.engine.journal_file import provider
from embedded.engine.locks import StackLock
from embedded.engine.secrets import new_salt
from embedded.engine.stack import ROOT_TYPE, Stack
from embedded.engine.state import Snapshot
from embedded.engine.workspace import Selection

if TYPE_CHECKING:
    from embedded.engine import checkpoint
    from embedded.engine.arguments import Invocation
    from embedded.engine.backend import Backend
    from embedded.engine.project import Project
    from embedded.engine.shell import Shell


def init(shell: Shell, line: Invocation) -> int:
    """Make a stack with no resources, give it a salt, and select it."""
    project = shell.project()
    name = shell.named(line)
    if not name:
        raise BadInvocation("missing stack name")
    ref = StackRef.parse(name, project.name)
    stack = _create(shell, line, project, ref)
    if not line.flag("no-select"):
        Selection(shell.env, project, stack.backend.url).set(ref.qualified)
    shell.out(f"Created stack '{ref.name}'")
    return 0


def _create(shell: Shell, line: Invocation, project: Project, ref: StackRef) -> Stack:
    if line.text("secrets-provider") not in ("", "default", "passphrase"):
        raise NotSupported("a --secrets-provider other than passphrase", "leave it out")
    backend = shell.backend(project)
    stack = Stack(backend, ref, shell.env, shell.err, shell.cwd, project)
    stack.require_project()
    with StackLock(backend.lock_folder(ref), shell.err):
        if backend.exists(ref):
            raise StackAlreadyExists(ref.qualified)
        config = stack.config
        if config.salt:
            stack.cipher(config.salt).unlock()
        else:
            config.set_salt(new_salt(shell.env))
        stack.save(Snapshot(secrets_provider=provider(config.salt)))
        config.save()
    return stack


def select(shell: Shell, line: Invocation) -> int:
    """Remember a stack as the one meant when none is named; with --create, make it when it is missing."""
    name = shell.named(line)
    if not name:
        raise NoStackSelected
    project = shell.project()
    backend = shell.backend(project)
    ref = StackRef.parse(name, project.name)
    if not backend.exists(ref):
        if not line.flag("create"):
            raise StackNotFound(shell.shown(ref, project))
        _create(shell, line, project, ref)
        shell.out(f"Created stack '{ref.name}'")
    Selection(shell.env, project, backend.url).set(ref.qualified)
    return 0


def unselect(shell: Shell, _line: Invocation) -> int:
    """Forget which stack is selected."""
    project = shell.project()
    Selection(shell.env, project, shell.backend(project).url).set("")
    shell.out("Stack was unselected")
    return 0


def show(shell: Shell, line: Invocation) -> int:
    """The selected stack: its name, when it was changed last, how many resources it has."""
    stack = shell.stack(line)
    if line.flag("show-name"):
        shell.out(stack.ref.name)
        return 0
    _, document = stack.document()
    changed = _changed(document) or "never"
    shell.out(f"Current stack is {stack.ref.name}:\n    Last updated: {changed}")
    shell.out(f"Current stack resources ({len(document.resources)}):")
    for entry in document.resources:
        shown = f"    {entry['type']}  {entry['urn'].rpartition('::')[2]}"
        shell.out(shown + (f"  {entry['urn']}" if line.flag("show-urns") else ""))
    return 0


def ls(shell: Shell, line: Invocation) -> int:
    """The stacks of this project, or with --all of every project in the backend."""
    if line.text("organization") not in ("", "organization"):
        raise BadInvocation("organization name must be 'organization'")
    project = shell.find_project() if line.flag("all") or line.text("project") else shell.project()
    backend = shell.backend(project)
    wanted = line.text("project") or (None if line.flag("all") or project is None else project.name)
    current = Selection(shell.env, project, backend.url).get() if project else ""
    stacks = [_summary(shell, backend, ref, project, current) for ref in backend.stacks(wanted)]
    if line.flag("json") or line.text("output") == "json":
        shell.json(stacks)
        return 0
    rows = [
        (stack["name"] + "*" * stack["current"], stack.get("lastUpdate", "n/a"), str(stack.get("resourceCount", "n/a")))
        for stack in stacks
    ]
    shell.table(("NAME", "LAST UPDATE", "RESOURCE COUNT"), rows)
    return 0


def _summary(shell: Shell, backend: Backend, ref: StackRef, project: Project | None, current: str) -> dict[str, Any]:
    _, document = Stack(backend, ref, shell.env, shell.err, shell.cwd, project).document()
    summary: dict[str, Any] = {"name": shell.shown(ref, project), "current": ref.qualified == current}
    if changed := _changed(document):
        summary["lastUpdate"] = changed
    if document.deployment is not None:
        summary["resourceCount"] = len(document.resources)
    return summary


def _changed(document: checkpoint.Document) -> str:
    """The manifest's time in milliseconds, as the Automation API parses it; empty when there is none."""
    text = ((document.deployment or {}).get("manifest") or {}).get("time", "")
    if not text or text.startswith("0001-"):
        return ""
    moment = datetime.fromisoformat(text).astimezone(UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def rm(shell: Shell, line: Invocation) -> int:
    """Remove a stack without resources, its history and its configuration; its last state stays as `.bak`."""
    stack = shell.stack(line, shell.named(line))
    if not (line.flag("yes") or shell.truthy("PULUMI_SKIP_CONFIRMATIONS")):
        shell.confirm(
            f"This will permanently remove the '{stack.ref.name}' stack!",
            stack.ref.name,
            "pass --yes to remove the stack",
        )
    remove(
        shell,
        stack,
        force=line.flag("force"),
        keep_config=line.flag("preserve-config"),
        backups=line.flag("remove-backups"),
    )
    return 0


def remove(shell: Shell, stack: Stack, *, force: bool, keep_config: bool, backups: bool = False) -> None:
    """What `stack rm` and `destroy --remove` do. Raises EngineError when there are resources left and not `force`."""
    ref, project = stack.ref, stack.project
    with StackLock(stack.backend.lock_folder(ref), shell.err):
        if not force:
            stack.recover()
            left = stack.document()[1].resources
            if len(left) > 1 or (left and left[0].get("type") != ROOT_TYPE):
                raise EngineError(
                    f"'{ref.name}' still has resources; removal rejected. Run `pulumi destroy` to delete them first, "
                    "or `pulumi stack rm --force` to forget them"
                )
        stack.backend.remove(ref, backups=backups)
    if project is not None and project.name == ref.project:
        if not keep_config:
            project.stack_file(ref.name).unlink(missing_ok=True)
        selection = Selection(shell.env, project, stack.backend.url)
        if selection.get() == ref.qualified:
            selection.set("")
    shell.out(f"Stack '{ref.name}' has been removed!")
