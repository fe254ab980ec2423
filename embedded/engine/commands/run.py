"""preview, up, refresh and destroy: from the command line to a Request, and on to the operation.

`up`, `refresh` and `destroy` show a preview first, and ask; `--yes` answers, `--skip-preview` leaves both out. All of it
happens under one lock, so that what was shown is what is done.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from embedded.engine import palette
from embedded.engine.commands import config, stacks
from embedded.engine.errors import BadInvocation, NotSupported
from embedded.engine.locks import StackLock
from embedded.engine.request import Request
from embedded.engine.session import operation

if TYPE_CHECKING:
    from typing import Literal

    from embedded.engine.arguments import Invocation
    from embedded.engine.request import Kind
    from embedded.engine.shell import Shell
    from embedded.engine.stack import Stack

_CANCELED = 8
_NOUNS = {"up": "update", "refresh": "refresh", "destroy": "destroy"}


def run(shell: Shell, line: Invocation) -> int:
    """Run the operation. Raises BadInvocation when somebody would have to be asked and nobody can be."""
    request = build(shell, line)
    yes = line.flag("yes") or shell.truthy("PULUMI_SKIP_CONFIRMATIONS")
    at_once = request.preview_only or line.flag("skip-preview") or (yes and request.json)
    if not (yes or at_once or (shell.console and not request.json)):
        raise BadInvocation(
            "--yes or --skip-preview or --preview-only must be passed in to proceed when running in non-interactive mode"
        )
    stack = shell.stack(line)
    _override_config(stack, line)
    code = _operate(shell, stack, request) if at_once else _with_preview(shell, stack, request, yes=yes)
    if code == 0 and request.remove and not request.preview_only:
        stacks.remove(shell, stack, force=False, keep_config=False)
    return code


def _with_preview(shell: Shell, stack: Stack, request: Request, *, yes: bool) -> int:
    with StackLock(stack.backend.lock_folder(stack.ref), stack.warn):
        stack.recover()
        details: list[str] = []
        plan = replace(request, preview_only=True, event_log=None)
        code = _operate(shell, stack, plan, locked=True, details=details)
        if code != 0:
            return code
        if not yes and (code := _confirm(shell, request, details)) != 0:
            return code
        shell.out("")
        return _operate(shell, stack, request, locked=True)


def _confirm(shell: Shell, request: Request, details: list[str]) -> int:
    """Ask whether to go on. Returns 0 for yes, else the exit code."""
    noun = _NOUNS[request.kind]
    assert shell.console is not None
    while True:
        answer = (shell.console.ask(f"\nDo you want to perform this {noun}? [yes/no/details] ") or "no").lower()
        if shell.cancel.is_set():
            shell.err(f"error: {noun} canceled")
            return _CANCELED
        match answer:
            case "yes" | "y":
                return 0
            case "no" | "n":
                shell.err(f"error: confirmation declined, not proceeding with the {noun}")
                return 1
            case "details" | "d":
                shell.out("\n".join(details) or "    nothing changes")
            case _:
                shell.out("Please answer yes, no or details.")


def _operate(
    shell: Shell, stack: Stack, request: Request, *, locked: bool = False, details: list[str] | None = None
) -> int:
    # The operations bring gRPC and the SDK along: half a second that no other command should pay.
    from embedded.engine import operations

    with operation(
        stack, request, shell.out, shell.err, shell.cancel, locked=locked, console=shell.console, details=details
    ) as context:
        return operations.run(request, context)


def build(shell: Shell, line: Invocation) -> Request:
    """The Request of a command line. Raises BadInvocation for flags that do not go together."""
    kind = _kind(line.command)
    if line.texts("target") and line.texts("exclude"):
        raise BadInvocation("--target and --exclude exclude each other")
    if line.text("output") not in ("", "default", "json"):
        raise NotSupported(f"--output {line.text('output')}", "leave it out, or use --json")
    both = line.texts("target-replace")
    return Request(
        kind=kind,
        stack=line.text("stack"),
        preview_only=kind == "preview" or line.flag("preview-only"),
        message=line.text("message"),
        expect_no_changes=line.flag("expect-no-changes"),
        refresh=_refresh(line),
        run_program=line.flag("run-program") if "run-program" in line.given else shell.truthy("PULUMI_RUN_PROGRAM"),
        clear_pending_creates=line.flag("clear-pending-creates"),
        skip_pending_creates=line.flag("skip-pending-creates"),
        targets=(*line.texts("target"), *both),
        excludes=line.texts("exclude"),
        replaces=(*line.texts("replace"), *both),
        target_dependents=line.flag("target-dependents"),
        exclude_dependents=line.flag("exclude-dependents"),
        exclude_protected=line.flag("exclude-protected"),
        ignore_protect=line.flag("ignore-protect"),
        remove=line.flag("remove"),
        parallel=max(1, line.number("parallel", 1)) if "parallel" in line.given else None,
        continue_on_error=_or_env(shell, line, "continue-on-error", "PULUMI_CONTINUE_ON_ERROR"),
        client=line.text("client") or None,
        exec_kind=line.text("exec-kind") or "cli",
        event_log=line.text("event-log") or None,
        diff=line.flag("diff"),
        json=line.flag("json") or line.text("output") == "json",
        show_config=line.flag("show-config"),
        show_reads=line.flag("show-reads"),
        show_replacement_steps=line.flag("show-replacement-steps"),
        show_sames=line.flag("show-sames"),
        show_secrets=line.flag("show-secrets"),
        show_urns=line.flag("urns"),
        suppress_outputs=line.flag("suppress-outputs"),
        suppress_progress=line.flag("suppress-progress"),
        debug=line.flag("debug"),
        verbose=line.number("verbose", 0),
        color=_color(shell, line),
    )


def _color(shell: Shell, line: Invocation) -> Literal["always", "never"]:
    choice = line.text("color")
    if choice and choice not in palette.CHOICES:
        raise BadInvocation(f'invalid argument "{choice}" for "--color" flag: expected {", ".join(palette.CHOICES)}')
    return "always" if palette.chosen(choice, shell.env, terminal=shell.console is not None).on else "never"


def _kind(command: str) -> Kind:
    match command:
        case "preview" | "up" | "refresh" | "destroy":
            return command
        case _:
            raise AssertionError(command)


def _or_env(shell: Shell, line: Invocation, flag: str, variable: str) -> bool:
    return line.flag(flag) if flag in line.given else shell.truthy(variable)


def _refresh(line: Invocation) -> bool | None:
    if "refresh" not in line.given:
        return None
    text = line.text("refresh").lower()
    if text not in ("true", "false", "1", "0"):
        raise BadInvocation(f'invalid argument "{text}" for "--refresh" flag: expected true or false')
    return text in ("true", "1")


def _override_config(stack: Stack, line: Invocation) -> None:
    """`-c KEY=VALUE`: used by this run and kept in the stack file, as the CLI does."""
    for pair in line.texts("config"):
        name, equals, value = pair.partition("=")
        if not equals:
            raise BadInvocation("--config must be in the form KEY=VALUE")
        config.put(stack, name, value, path=line.flag("config-path"))
    if line.texts("config"):
        stack.config.save()
