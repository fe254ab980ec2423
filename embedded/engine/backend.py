"""The `file://` backend: where a stack's state, history, backups and locks lie, and reading and writing the state file.

The layout is engine-contract §5.1, the one that the CLI uses. A state file is replaced atomically; its former content
stays beside it as `.bak`.
"""

from __future__ import annotations

import gzip
import importlib
import os
import re
import shutil
import time
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from embedded.engine import workspace, yaml_text
from embedded.engine.errors import BadInvocation, DamagedState, EngineError, NotSupported, StackNotFound, StateError
from embedded.engine.files import link_or_copy, sync_folder, write_atomic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from embedded.engine.project import Project

_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}$")
_VARIANTS = (".json", ".json.gz", ".json.zst")


@dataclass(frozen=True, slots=True, order=True)
class StackRef:
    """A stack by project and short name."""

    project: str
    name: str

    @property
    def qualified(self) -> str:
        """`organization/PROJECT/STACK`."""
        return f"organization/{self.project}/{self.name}"

    @classmethod
    def parse(cls, text: str, project: str | None) -> StackRef:
        """`S`, `organization/S` or `organization/P/S`; `project` fills in what is left out.

        Raises BadInvocation for any other form, EngineError when a project is needed and there is none.
        """
        *front, name = text.split("/")
        if len(front) > 2 or (front and front[0] != "organization"):
            raise BadInvocation(
                f"stack name {text!r}: expected STACK, organization/STACK or organization/PROJECT/STACK "
                "(the organization must be 'organization')"
            )
        chosen = front[1] if len(front) == 2 else project
        if not chosen:
            raise EngineError(
                "no Pulumi.yaml project file found; either run this command from a directory containing a Pulumi "
                "project, or pass the fully qualified stack name (organization/project/stack)"
            )
        for what, part in (("stack", name), ("project", chosen)):
            if not is_name(part):
                raise BadInvocation(
                    f"{what} name {part!r} must be 1 to 100 letters, digits, hyphens, underscores or periods"
                )
        return cls(chosen, name)


def is_name(text: str) -> bool:
    """Whether a stack or project may be called so; all such names are safe as file names."""
    return bool(_NAME.match(text)) and text not in (".", "..")


@dataclass(frozen=True, slots=True)
class Backend:
    """One state folder."""

    url: str
    """As given; also the key under which selected stacks are remembered."""
    folder: Path
    """The folder that the URL names; everything lies in `.pulumi` below it."""
    source: str
    """What said so, for people."""

    @classmethod
    def open(cls, env: Mapping[str, str], project: Project | None, cwd: Path) -> Backend:
        """The backend of PULUMI_BACKEND_URL, else Pulumi.yaml, else the CLI's login, else `file://~`.

        The last is what `pulumi login --local` chooses; a CLI that was never logged in refuses instead. Relative
        folders start at `cwd`. Raises NotSupported for a backend that is no folder or has another layout.
        """
        if url := env.get("PULUMI_BACKEND_URL"):
            source = "PULUMI_BACKEND_URL"
        elif project and project.backend_url:
            url, source = project.backend_url, f"backend.url in {project.path}"
        elif url := workspace.login_url(env):
            source = f"the login in {workspace.pulumi_home(env) / 'credentials.json'}"
        else:
            url, source = "file://~", "the default, since no backend is set and nobody is logged in"
        if not url.startswith("file://"):
            shown = f"{urlsplit(url).scheme or 'unknown'}:// backend"
            raise NotSupported(f"the {shown} ({source})", "set PULUMI_BACKEND_URL to a file:// URL")
        path = unquote(urlsplit("file:" + url.removeprefix("file://")).path)
        home = workspace.user_home(env)
        folder = home / path[2:] if path == "~" or path.startswith("~/") else cwd / path
        backend = cls(url, Path(os.path.normpath(folder)), source)
        backend._check_layout()
        return backend

    def _check_layout(self) -> None:
        meta = self.book / "meta.yaml"
        if meta.exists():
            content = yaml_text.load(meta.read_text(encoding="utf-8"), str(meta))
            version = content.get("version") if isinstance(content, dict) else None
            if version == 1:
                return
            raise StateError(f"{meta}: version {version!r} of the state store is not supported, only version 1")
        stacks = self.book / "stacks"
        if stacks.is_dir() and any(path.is_file() and path.name.endswith(_VARIANTS) for path in stacks.iterdir()):
            raise NotSupported(f"the legacy layout of {stacks} (no project folders)", "run `pulumi state upgrade` once")

    @property
    def book(self) -> Path:
        """The `.pulumi` folder."""
        return self.folder / ".pulumi"

    def state_path(self, ref: StackRef) -> Path:
        """The plain state file; what is there may be a compressed variant of it (see `read`)."""
        return self.book / "stacks" / ref.project / f"{ref.name}.json"

    def journal_path(self, ref: StackRef) -> Path:
        """The journal of a run that is under way, or was killed; other engines do not look at it."""
        return self.book / "stacks" / ref.project / f"{ref.name}.json.journal"

    def tags_path(self, ref: StackRef) -> Path:
        """The stack's tags."""
        return self.book / "stacks" / ref.project / f"{ref.name}.pulumi-tags"

    def lock_folder(self, ref: StackRef) -> Path:
        """Holds one file per lock."""
        return self.book / "locks" / "organization" / ref.project / ref.name

    def history_folder(self, ref: StackRef) -> Path:
        """Holds two files per run."""
        return self.book / "history" / ref.project / ref.name

    def backup_folder(self, ref: StackRef) -> Path:
        """Holds a copy of the state after each run."""
        return self.book / "backups" / ref.project / ref.name

    def _newest(self, ref: StackRef) -> Path | None:
        """The variant of the state file that counts: the one changed last."""
        plain = self.state_path(ref)
        found = [path for suffix in _VARIANTS if (path := plain.with_name(ref.name + suffix)).is_file()]
        return max(found, key=lambda path: path.stat().st_mtime_ns, default=None)

    def exists(self, ref: StackRef) -> bool:
        """Whether there is such a stack."""
        return self._newest(ref) is not None

    def read(self, ref: StackRef) -> bytes:
        """The state file's content, decompressed. Raises StackNotFound, NotSupported (zstd) or StateError."""
        path = self._newest(ref)
        if path is None:
            raise StackNotFound(ref.name)
        try:
            data = path.read_bytes()
            if path.suffix == ".gz":
                return gzip.decompress(data)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise DamagedState(f"could not decompress {path}: {error}") from None
        except OSError as error:
            raise StateError(f"could not read {path}: {error.strerror}") from None
        return _unzstd(path, data) if path.suffix == ".zst" else data

    def usable_copy(self, ref: StackRef, usable: Callable[[bytes], bool]) -> Path | None:
        """The newest copy of a stack's state whose content is `usable`: a backup after a run, else the `.bak`."""
        backups = sorted(self.backup_folder(ref).glob(f"{ref.name}.*.json"), reverse=True)
        for path in (*backups, _backup_of(self.state_path(ref))):
            try:
                if usable(path.read_bytes()):
                    return path
            except OSError:
                continue
        return None

    def write(self, ref: StackRef, data: bytes) -> None:
        """Replace the state file; the former one becomes `.bak`. Raises StateError."""
        path, old = self.state_path(ref), self._newest(ref)
        try:
            self._ensure_meta()
            if old is not None:
                link_or_copy(old, _backup_of(old))
            write_atomic(path, data)
            if old is not None and old != path:
                old.unlink()
        except OSError as error:
            raise StateError(
                f"could not write {path}: {error.strerror}; the former state is untouched: free space or correct what is "
                "named, and run it again"
            ) from None

    def _ensure_meta(self) -> None:
        if not (self.book / "meta.yaml").exists():
            write_atomic(self.book / "meta.yaml", b"version: 1\n")

    def back_up(self, ref: StackRef) -> None:
        """Keep the state as it is now in the backup folder."""
        if path := self._newest(ref):
            suffix = path.name.removeprefix(ref.name)
            link_or_copy(path, self.backup_folder(ref) / f"{ref.name}.{time.time_ns()}{suffix}")

    def remove(self, ref: StackRef, *, backups: bool = False) -> None:
        """Remove a stack: its state stays as `.bak` and its backups stay, unless `backups` says that they go too."""
        if path := self._newest(ref):
            os.replace(path, _backup_of(path))
            if backups:
                _backup_of(path).unlink()
            sync_folder(path.parent)
        self.journal_path(ref).unlink(missing_ok=True)
        self.tags_path(ref).unlink(missing_ok=True)
        shutil.rmtree(self.history_folder(ref), ignore_errors=True)
        if backups:
            shutil.rmtree(self.backup_folder(ref), ignore_errors=True)

    def stacks(self, project: str | None = None) -> Iterator[StackRef]:
        """Every stack, or those of one project, by name."""
        root = self.book / "stacks"
        found: set[StackRef] = set()
        for path in root.glob("*/*.json*") if root.is_dir() else ():
            name = next((path.name.removesuffix(end) for end in _VARIANTS if path.name.endswith(end)), None)
            if name and is_name(name) and is_name(path.parent.name) and path.is_file():
                found.add(StackRef(path.parent.name, name))
        return iter(sorted(ref for ref in found if project is None or ref.project == project))


def _unzstd(path: Path, data: bytes) -> bytes:
    """Raises NotSupported where this Python has no zstd, DamagedState for what it cannot decompress."""
    try:
        zstd = importlib.import_module("compression.zstd")  # from Python 3.14 on
    except ImportError:
        raise NotSupported(
            f"the zstd-compressed state {path} (with Python before 3.14)",
            "save it once with the CLI and without PULUMI_DIY_BACKEND_ZSTD",
        ) from None
    try:
        return bytes(zstd.decompress(data))
    except zstd.ZstdError as error:
        raise DamagedState(f"could not decompress {path}: {error}") from None


def _backup_of(path: Path) -> Path:
    return path.with_name(f"{path.name}.bak")
