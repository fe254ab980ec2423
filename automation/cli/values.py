"""What a person types for a change: PATH=VALUE, files, and the editor → changes and texts."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from authoring.changes import Assign, Change, ChangeRefused, Patch, Retype, Unset, the_place
from authoring.text import paths
from gitops import documents
from providers.errors import ConfigError, HhsyncError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from authoring.folder import Folder
    from providers.core.field_path import FieldPath
    from providers.core.identity import ObjectRef


def assignments(ref: ObjectRef, sets: Sequence[str], texts: Sequence[str], unsets: Sequence[str]) -> list[Change]:
    """The changes of --set, --set-string and --unset, in this order.

    Raises:
        ChangeRefused: one of them cannot be read; the text shows it.
    """
    changes: list[Change] = []
    for given in (*sets, *texts):
        name, equals, value = _split(given)
        if not equals:
            raise ChangeRefused(f'"{given}" is not PATH=VALUE, e.g. spec.subnets.default.vlan=1005')
        parsed: Any = value if given in texts and given not in sets else _value(value, given)
        path = _path(name)
        changes.append(Unset(ref, path) if parsed is None else Assign(ref, path, parsed))
    changes += [Unset(ref, _path(name)) for name in unsets]
    return changes


def _split(given: str) -> tuple[str, str, str]:
    """At the first "=" outside of quoted keys."""
    quoted = False
    for index, char in enumerate(given):
        if char == '"':
            quoted = not quoted
        elif char == "=" and not quoted:
            return given[:index], "=", given[index + 1 :]
    return given, "", ""


def _path(text: str) -> FieldPath:
    try:
        return paths.parse(text)
    except paths.PathError as error:
        raise ChangeRefused(str(error)) from None


def _value(text: str, given: str) -> Any:
    """The value as Kubernetes reads it in YAML: 1005 a number, true a truth, null nothing, {a: 1} a mapping."""
    if not text:
        return ""
    found, issues = documents.parse("--set", text.encode())
    if issues or len(found) > 1:
        why = issues[0].message if issues else "it is more than one document"
        raise ChangeRefused(f'"{given}": the value is not YAML ({why}); for text as it is use --set-string')
    return found[0].value if found else None


def patches(ref: ObjectRef, patch: Any) -> list[Change]:
    """The change of --patch."""
    return [Patch(ref, patch)]


def file_text(path: str) -> str:
    """The text of a file, or with "-" of stdin.

    Raises:
        ConfigError: it cannot be read.
    """
    try:
        return sys.stdin.buffer.read().decode("utf-8") if path == "-" else Path(path).read_text("utf-8")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is not UTF-8 text; save it as UTF-8") from None


class Editor:
    """A person's editor on one document. What was typed is kept in a file until it is committed."""

    def __init__(self, ref: ObjectRef, env: Mapping[str, str]) -> None:
        self._ref = ref
        self._env = env
        self.kept: Path | None = None

    def changes(self, folder: Folder) -> Sequence[Change]:
        """Open the editor on the document as the folder has it.

        Raises:
            ConfigError: no editor is set, or it failed.
            ChangeRefused: as `changes.the_place`.
        """
        command = self._env.get("VISUAL") or self._env.get("EDITOR") or ""
        if not command.strip():
            raise ConfigError("no editor is set: set EDITOR, e.g. EDITOR=vi, or use --set or --patch")
        place = the_place(folder, self._ref)
        if place.prefix:
            raise ChangeRefused(f"{self._ref} stands in a List ({place.document.origin}); use --set or --patch")
        before = place.text + "\n"
        handle, name = tempfile.mkstemp(prefix=f"{self._ref.kind}-{self._ref.name}-"[:60], suffix=".yaml")
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(before)
        self.kept = Path(name)
        self._run(command, name)
        return [Retype(self._ref, self.kept.read_text("utf-8"))]

    def _run(self, command: str, name: str) -> None:
        try:
            done = subprocess.run([*shlex.split(command), name], check=False)
        except (OSError, ValueError) as error:
            raise ConfigError(f"the editor {command} cannot be run: {error}") from None
        if done.returncode:
            raise ConfigError(f"the editor {command} ended with exit code {done.returncode}; nothing was written")

    def done(self) -> None:
        """Remove the file: what was typed is in Git, or was nothing."""
        if self.kept is not None:
            self.kept.unlink(missing_ok=True)

    def refused(self, error: HhsyncError) -> HhsyncError:
        """The error, with the place of what was typed."""
        if self.kept is not None and self.kept.exists():
            error.args = (f"{error}; what you typed is in {self.kept}",)
        return error
