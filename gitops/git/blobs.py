"""The bytes of files by path, read from Git's objects by their blob ids: many at once, and only when wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from gitops.git.command import CommandFailed
from providers.errors import GitError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitops.git.command import GitCommand


class Blobs(Mapping[str, bytes]):
    """Files by path; `ids` are their blob ids. Asked for a file that is not loaded, it loads all that are left."""

    def __init__(self, command: GitCommand, ids: Mapping[str, str]) -> None:
        self._command = command
        self._loaded: dict[str, bytes] = {}
        self.ids = ids

    def load(self, paths: Iterable[str]) -> None:
        """Read these files, by one `cat-file --batch`.

        Raises:
            CommandFailed: an object is missing or damaged.
        """
        wanted = sorted(path for path in paths if path not in self._loaded)
        if not wanted:
            return
        asked = "".join(f"{self.ids[path]}\n" for path in wanted).encode()
        response = self._command.run("cat-file", "--batch", stdin=asked)
        at = 0
        for path in wanted:
            line_end = response.index(b"\n", at)
            words = response[at:line_end].split()
            if len(words) != 3 or words[1] != b"blob":
                raise CommandFailed(f"fatal: bad object {self.ids[path]} of {path}")
            start, size = line_end + 1, int(words[2])
            self._loaded[path] = response[start : start + size]
            at = start + size + 1

    def __getitem__(self, path: str) -> bytes:
        """The bytes of a file.

        Raises:
            KeyError: there is no such file.
            GitError: its object cannot be read any more.
        """
        if path not in self._loaded and path in self.ids:
            try:
                self.load(self.ids)
            except CommandFailed as failure:
                raise GitError(
                    f"the mirror of {self._command.url} changed meanwhile ({failure.words}); try again"
                ) from None
        return self._loaded[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self.ids)

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, path: object) -> bool:
        return path in self.ids
