"""The Pulumi CLI of this machine: found where Pulumi installs it, else the one that set-up has built.

Standard library only: set-up asks before anything is installed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from embedded.services.errors import ServicesError
from embedded.services.files import default_cache
from embedded.services.programs.golang import GoTools

if TYPE_CHECKING:
    from collections.abc import Mapping

# `inputs` from a dynamic provider's read, and --run-program together with --refresh for preview, up and destroy.
OLDEST = (3, 226, 0)

VARIABLE = "HHSYNC_PULUMI"
_PROBE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Cli:
    """A CLI: where it is, its version, how it was found, and what was passed over for it ("" for nothing)."""

    path: Path
    version: str
    how: str
    passed_over: str = ""


def find_pulumi(cache: Path | None = None, env: Mapping[str, str] | None = None) -> Cli | None:
    """The CLI that HHSYNC_PULUMI names, else on PATH, else in ~/.pulumi/bin, else the one built by set-up.

    One that is too old is passed over, unless it was named.

    Raises:
        ServicesError: HHSYNC_PULUMI names no usable CLI.
    """
    given = os.environ if env is None else env
    kept = cache or default_cache()
    named = given.get(VARIABLE, "").strip()
    if named:
        return _named(named, kept)
    passed_over = []
    for path, how in _places(given, kept):
        if not _is_program(path):
            continue
        try:
            version = _version(path, kept)
        except ServicesError as error:
            passed_over.append(str(error))
            continue
        if _numbers(version) >= OLDEST:
            return Cli(path, version, how, "; ".join(passed_over))
        passed_over.append(f"{path} is {version}, older than {oldest()}")
    return None


def oldest() -> str:
    """The oldest version that works."""
    return ".".join(map(str, OLDEST))


def _named(named: str, cache: Path) -> Cli:
    path = Path(named).expanduser().resolve()
    if not _is_program(path):
        raise ServicesError(f"{VARIABLE} names {named}, which is no executable file")
    version = _version(path, cache)
    if _numbers(version) < OLDEST:
        raise ServicesError(
            f"{VARIABLE} names {path}, which is {version}, older than {oldest()}; upgrade it, or unset {VARIABLE} to use the "
            f"one that `make setup` builds"
        )
    return Cli(path, version, f"as {VARIABLE} says")


def _places(env: Mapping[str, str], cache: Path) -> list[tuple[Path, str]]:
    found = []
    on_path = shutil.which("pulumi", path=env.get("PATH"))
    if on_path:
        found.append((Path(on_path).resolve(), "on PATH"))
    found.append((Path(env.get("HOME", "~")).expanduser() / ".pulumi" / "bin" / "pulumi", "in ~/.pulumi/bin"))
    found.append((GoTools(cache).path("pulumi"), "built by `make setup`"))
    return found


def _is_program(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _version(path: Path, cache: Path) -> str:
    """What `pulumi version` answers, remembered for this very file: a start of the CLI costs a third of a second.

    Raises:
        ServicesError: it does not answer with a version.
    """
    status = path.stat()
    key = f"{path} {status.st_mtime_ns} {status.st_size}"
    memory = cache / "pulumi-versions.json"
    try:
        known = json.loads(memory.read_text())
        return str(known[key])
    except (OSError, ValueError, KeyError, TypeError):
        version = _asked(path)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        part = memory.with_name(f".{memory.name}.{os.getpid()}")
        part.write_text(json.dumps({key: version}))
        part.replace(memory)
    except OSError:  # not remembered, and asked again next time
        pass
    return version


def _asked(path: Path) -> str:
    try:
        done = subprocess.run(
            [str(path), "version"],
            capture_output=True,
            text=True,
            timeout=_PROBE_SECONDS,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            check=False,
        )
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError) as error:
        raise ServicesError(f"{path} does not run: {' '.join(str(error).split())}") from None
    text = done.stdout.strip()
    if done.returncode or not re.fullmatch(r"v?\d+\.\d+\.\d+\S*", text):
        output = " ".join((text or done.stderr).split())[:120]
        raise ServicesError(
            f"{path} does not answer `pulumi version` (exit code {done.returncode}): {output or 'nothing'}"
        )
    return text.removeprefix("v")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
