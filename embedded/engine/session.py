"""The setting of one preview, up, refresh or destroy: lock, configuration, state, journal, and putting all of it away.

`request` says what an operation finds before it starts and what happens after it; this module makes it so.
"""

from __future__ import annotations

import os
import platform
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from embedded.engine import checkpoint, configmap, history, integrity
from embedded.engine.backend import StackRef
from embedded.engine.errors import EngineError, IntegrityError
from embedded.engine.journal import Journal
from embedded.engine.journal_file import JournalFile, digest, provider
from embedded.engine.locks import StackLock
from embedded.engine.request import Context

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Mapping

    from embedded.engine.console import Console
    from embedded.engine.request import Request, Result
    from embedded.engine.stack import Stack
    from embedded.engine.state import Snapshot


@contextmanager
def operation(
    stack: Stack,
    request: Request,
    out: Callable[[str], None],
    err: Callable[[str], None],
    cancel: threading.Event,
    *,
    locked: bool = False,
    console: Console | None = None,
    details: list[str] | None = None,
) -> Iterator[Context]:
    """The Context of a request on a stack. Raises EngineError before anything was done; see `request` for the rest.

    `locked`: the caller holds the stack's lock, and has recovered it.
    """
    with ExitStack() as stop:
        if not request.preview_only and not locked:
            stop.enter_context(StackLock(stack.backend.lock_folder(stack.ref), stack.warn))
            stack.recover()
        config, secret_keys = _configuration(stack, request)
        run = _Run(stack, request)
        try:
            yield Context(
                project=stack.require_project(),
                stack_name=stack.ref.name,
                qualified_name=stack.ref.qualified,
                config=config,
                secret_keys=secret_keys,
                snapshot=run.base,
                journal=run.journal,
                save=run.save,
                record_history=run.record_history,
                env=stack.env,
                out=out,
                err=err,
                outputs_of=partial(_outputs_of, stack),
                cancel=cancel,
                console=console,
                details=details,
            )
        finally:
            run.finish()


def _outputs_of(stack: Stack, name: str) -> dict[str, Any]:
    """The outputs of another stack, for a StackReference. Raises EngineError for one that is not there."""
    ref = StackRef.parse(name, stack.ref.project)
    if not stack.backend.exists(ref):
        raise EngineError(f'unknown stack "{name}"')
    return replace(stack, ref=ref, project=None, config_path=None, _config=None).root_outputs()


def _configuration(stack: Stack, request: Request) -> tuple[dict[str, str], frozenset[str]]:
    """(texts, secret keys). The passphrase is proved here, before anything happens, whether or not it is needed."""
    merged = stack.merged_config()
    stack.require_config(merged)
    decrypt: Callable[[str], str] = _no_salt
    if not request.preview_only or stack.known_salt():
        cipher = stack.config_cipher(create=True)
        cipher.unlock()
        decrypt = cipher.decrypt
        if not request.preview_only:
            stack.config.save()
    texts = {key: configmap.to_text(value, decrypt) for key, value in sorted(merged.items())}
    return texts, frozenset(key for key, value in merged.items() if configmap.is_secure(value))


def _no_salt(_ciphertext: str) -> str:
    raise EngineError("the configuration has a secret, but neither the stack file nor the state has a salt for it")


class _Run:
    """The state of one operation and where its steps go."""

    def __init__(self, stack: Stack, request: Request) -> None:
        self._stack = stack
        self._request = request
        data, self.base = stack.state()
        self._digest = digest(data)
        self.journal = Journal(self.base)
        if not request.preview_only:
            # The state is written with the key of the configuration, as the CLI does.
            self._salt = stack.config_cipher().salt
            self.base.secrets_provider = provider(self._salt)
            self.journal = Journal(self.base, seal=stack.seal(self.base), start=self._start)

    def _start(self, kept: list[int]) -> JournalFile:
        path = self._stack.backend.journal_path(self._stack.ref)
        return JournalFile(path, self._digest, kept, self._salt)

    def save(self, snapshot: Snapshot | None = None) -> None:
        if self._request.preview_only:
            raise RuntimeError("a preview must not save the state")
        with self.journal.lock:
            saved = self.journal.snapshot() if snapshot is None else snapshot
            saved.secrets_provider = self.base.secrets_provider
            self._digest = digest(self._stack.save(saved, self.journal.note_saving))
            self.journal.close()
            self._stack.backend.journal_path(self._stack.ref).unlink(missing_ok=True)
            self.base = saved
            self.journal.rebase(saved, self._start)

    def record_history(self, *, result: Result, started: int, ended: int, changes: Mapping[str, int]) -> None:
        if self.journal.dirty:
            self.save()
        stack, request = self._stack, self._request
        update = history.Update(
            kind="update" if request.kind == "up" else request.kind,
            started=started,
            ended=ended,
            message=request.message,
            environment=_environment(request),
            config=stack.merged_config(),
            result="succeeded" if result == "succeeded" else "failed",
            changes=dict(changes),
        )
        state = stack.backend.read(stack.ref)
        history.record(stack.backend.history_folder(stack.ref), stack.ref.name, update, state)

    def finish(self) -> None:
        """Save what was not saved, and remove the journal: the state file alone now says everything."""
        if self._request.preview_only:
            return
        if self.journal.dirty:
            self._save_whatever_happened()
        self.journal.close()
        self._stack.backend.journal_path(self._stack.ref).unlink(missing_ok=True)
        if not self._stack.env.get("PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS"):
            self._stack.backend.back_up(self._stack.ref)

    def _save_whatever_happened(self) -> None:
        try:
            self.save()
        except IntegrityError as error:
            # The operation broke off where references dangle: what servers accepted matters more than those.
            self._stack.warn(f"warning: {error}")
            snapshot = self.journal.snapshot()
            for line in integrity.prune(snapshot.resources):
                self._stack.warn(f"warning: {line}")
            self.save(snapshot)


def _environment(request: Request) -> dict[str, str]:
    """What the history says about the machine and the engine; no names and no paths."""
    return {
        "exec.kind": request.exec_kind,
        "pulumi.arch": platform.machine(),
        "pulumi.engine": "embedded",
        "pulumi.os": os.uname().sysname.lower(),
        "pulumi.version": checkpoint.ENGINE_VERSION,
    }
