"""Commands that show or replace what a stack has: output, history, export, import."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

from embedded.engine import checkpoint, history, property_json
from embedded.engine.errors import BadInvocation, EngineError, StateError
from embedded.engine.files import write_atomic
from embedded.engine.journal_file import provider
from embedded.engine.locks import StackLock
from embedded.engine.values import Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.engine.arguments import Invocation
    from embedded.engine.checkpoint import Unseal
    from embedded.engine.shell import Shell
    from embedded.engine.stack import Stack
    from embedded.engine.state import Snapshot

_HIDDEN = "[secret]"


def output(shell: Shell, line: Invocation) -> int:
    """The stack's outputs, or one of them; secrets as `[secret]` unless --show-secrets is given."""
    if line.flag("json") and line.flag("shell"):
        raise BadInvocation("only one of --json and --shell may be set")
    stack = shell.stack(line)
    show = line.flag("show-secrets")
    raw = stack.root_outputs(None if show else _blinded)
    outputs = {key: property_json.encode(_shown(value, show), _plain) for key, value in sorted(raw.items())}
    if line.args:
        name = line.args[0]
        if name not in outputs:
            raise EngineError(f"current stack does not have output property '{name}'")
        _print_one(shell, line, name, outputs[name])
    elif line.flag("json"):
        shell.json(outputs)
    elif line.flag("shell"):
        for name, value in outputs.items():
            _print_one(shell, line, name, value)
    else:
        shell.out(f"Current stack outputs ({len(outputs)}):")
        rows = [(f"    {name}", _text(value)) for name, value in outputs.items()]
        shell.table(("    OUTPUT", "VALUE"), rows) if rows else shell.out(
            "    No output values currently in this stack"
        )
    return 0


def _print_one(shell: Shell, line: Invocation, name: str, value: Any) -> None:
    if line.flag("json"):
        shell.json(value)
    elif line.flag("shell"):
        shell.out(f"{name}={shlex.quote(_text(value))}")
    else:
        shell.out(_text(value))


def _blinded(_salt: str) -> Unseal:
    """Opens every secret as the text that stands for one: no passphrase needed."""
    return lambda _ciphertext, _place: json.dumps(_HIDDEN)


def _plain(text: str, _place: str) -> Mapping[str, str]:
    return {"plaintext": text}


def _shown(value: Any, show: bool) -> Any:
    match value:
        case Secret(inner):
            return _shown(inner, show) if show else _HIDDEN
        case dict():
            return {key: _shown(item, show) for key, item in value.items()}
        case list():
            return [_shown(item, show) for item in value]
        case _:
            return value


def _text(value: Any) -> str:
    return value if isinstance(value, str) else property_json.dumps(value)


def show_history(shell: Shell, line: Invocation) -> int:
    """The runs of a stack, newest first."""
    stack = shell.stack(line)
    default = 10 if "page-size" not in line.given else 0
    updates = history.read(
        stack.backend.history_folder(stack.ref), line.number("page-size", default), line.number("page", 1)
    )
    if line.flag("json") or line.text("output") == "json":
        decrypt = None
        if line.flag("show-secrets") and any(_has_secret(update) for update in updates):
            decrypt = stack.config_cipher().decrypt
        shell.json([history.to_json(update, decrypt) for update in updates])
        return 0
    if not updates:
        shell.out("Stack has never been updated")
    for update in updates:
        counts = " ".join(f"{kind} {count}" for kind, count in sorted(update.changes.items()))
        shell.out(f"UpdateKind: {update.kind}\nStatus: {update.result}\nMessage: {update.message}\nChanges: {counts}")
        shown = history.to_json(update, None)
        shell.out(f"Updated {shown['startTime']} took {update.ended - update.started}s\n")
    return 0


def _has_secret(update: history.Update) -> bool:
    return any(history.config_json(value, None) == {"secret": True} for value in update.config.values())


def export(shell: Shell, line: Invocation) -> int:
    """The state as `stack import` takes it; secrets encrypted unless --show-secrets is given."""
    stack = shell.stack(line)
    document = _exported(stack, show=line.flag("show-secrets"))
    text = json.dumps(document, ensure_ascii=False, indent=4)
    if line.text("file"):
        write_atomic(shell.cwd / line.text("file"), text.encode() + b"\n")
    else:
        shell.out(text)
    return 0


def _exported(stack: Stack, *, show: bool) -> dict[str, Any]:
    _, document = stack.document()
    version, features, deployment = document.version, list(document.features), document.deployment
    if show or stack.backend.journal_path(stack.ref).exists():
        _, snapshot = stack.state()
        version, features, exported = checkpoint.deployment_of(snapshot, _plain if show else stack.seal(snapshot))
        deployment = {**exported, "manifest": (deployment or exported)["manifest"]}
    return {"version": version, **({"features": features} if features else {}), "deployment": deployment}


def import_(shell: Shell, line: Invocation) -> int:
    """Replace the state by an exported one, checked: it must be this stack's and sound. --force skips the first."""
    stack = shell.stack(line)
    snapshot = _to_import(shell, line, stack)
    _refuse_foreign(snapshot, stack, force=line.flag("force"))
    for operation in snapshot.pending_operations:
        shell.err(f"warning: removing pending operation '{operation.type}' on '{operation.resource.urn}' from snapshot")
    snapshot.pending_operations = []
    with StackLock(stack.backend.lock_folder(stack.ref), shell.err):
        stack.recover()
        stack.save(snapshot)
    shell.out("Import complete.")
    return 0


def _to_import(shell: Shell, line: Invocation, stack: Stack) -> Snapshot:
    name = line.text("file")
    where = name or "standard input"
    try:
        text = (shell.cwd / name).read_text(encoding="utf-8") if name else shell.read_stdin("--file FILE")
        raw = json.loads(text)
        document = checkpoint.document_of(raw["version"], raw.get("features") or (), raw["deployment"])
    except OSError as error:
        raise EngineError(f"could not open file: {name}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError):
        raise StateError(f"{where} is no exported state: expected JSON with version and deployment") from None
    salt = ((document.secrets_provider or {}).get("state") or {}).get("salt", "")
    try:
        snapshot = checkpoint.load(document, stack.unseal(salt))
    except (KeyError, TypeError, AttributeError):
        raise StateError(f"{where} is no exported state: its deployment is malformed") from None
    if not salt and stack.project is not None:
        snapshot.secrets_provider = provider(stack.config_cipher(create=True).salt)
        stack.config.save()
    return snapshot


def _refuse_foreign(snapshot: Snapshot, stack: Stack, *, force: bool) -> None:
    mine = f"urn:pulumi:{stack.ref.name}::{stack.ref.project}::"
    foreign = [resource.urn for resource in snapshot.resources if not resource.urn.startswith(mine)]
    if foreign and not force:
        raise EngineError(
            f"{len(foreign)} resources of the state belong to another stack or project, for instance {foreign[0]}; "
            "pass --force to import them all the same"
        )
