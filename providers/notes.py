"""What a provider has to say to the person who runs a verb: by a file, since a provider has no other way to them.

Pulumi's dynamic providers can end with an error or say nothing. The command names a file in the environment, for the
providers of one fabric in one run, and reads it afterwards.
"""

from __future__ import annotations

import os
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from providers.errors import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOCK = threading.Lock()


def _variable(fabric: str) -> str:
    """One for each fabric, since two may run in one process; a fabric's name may have characters that a variable may not."""
    return f"HHSYNC_NOTES_{fabric.encode().hex()}"


def say(fabric: str, text: str) -> None:
    """Leave one line, where somebody will read it; a line that cannot be left is no reason to fail."""
    path = os.environ.get(_variable(fabric), "")
    if not path:
        return
    with _LOCK:
        try:
            with Path(path).open("a", encoding="utf-8") as file:
                file.write(one_line(text) + "\n")
        except OSError:
            return


@contextmanager
def collected(fabric: str) -> Iterator[tuple[dict[str, str], list[str]]]:
    """The environment for a run of this fabric, and the list that has, after the block, what its providers said, sorted.

    The variable is set in this process, too: the embedded engine runs providers there.
    """
    name, said = _variable(fabric), list[str]()
    with tempfile.TemporaryDirectory(prefix="hhsync-") as folder:
        path = Path(folder) / "notes"
        os.environ[name] = str(path)
        try:
            yield {name: str(path)}, said
        finally:
            os.environ.pop(name, None)
            if path.exists():
                said.extend(sorted(set(path.read_text("utf-8").splitlines())))
