"""A repository of any size for the benchmark: one CR a file, and a history in which files come and change. Deterministic."""

from __future__ import annotations

import subprocess
from random import Random
from typing import IO, TYPE_CHECKING

import yaml

from providers.core.identity import KINDS
from sample.generate import generate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FOLDER = "fabric/managed"
BRANCH = "main"
_FIRST_SECOND = 1_700_000_000

# The part of the files that the first commit has.
_AT_FIRST = 0.4
# Files that each later commit changes, besides those that it adds.
_CHANGES = 4


def make(path: Path, files: int, commits: int, seed: int = 1) -> None:
    """Make a bare repository at `path` with `files` valid CRs on its branch, by way of `git fast-import`."""
    subprocess.run(["git", "init", "-q", "--bare", "-b", BRANCH, str(path)], check=True)
    command = ["git", "-C", str(path), "fast-import", "--quiet"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as importer:
        assert importer.stdin is not None
        for number, changed in enumerate(_history(documents(files), commits, seed)):
            _write(importer.stdin, number, changed)
        importer.stdin.close()
    if importer.returncode:
        raise RuntimeError(f"git fast-import ended with exit code {importer.returncode}")


def documents(count: int) -> dict[str, str]:
    """As many CRs, by their path below FOLDER, as one document each."""
    found: dict[str, str] = {}
    for text in generate(count).values():
        for document in text.split("---\n"):
            value = yaml.load(document, yaml.CSafeLoader)
            found[f"{KINDS[value['kind']].plural}/{value['metadata']['name']}.yaml"] = document
    return found


def commit(path: Path, number: int, changed: dict[str, str]) -> None:
    """One more commit on the branch of the repository at `path`, with these files below FOLDER."""
    command = ["git", "-C", str(path), "fast-import", "--quiet"]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as importer:
        assert importer.stdin is not None
        _write(importer.stdin, number, changed, f"from refs/heads/{BRANCH}^0\n")
        importer.stdin.close()


def _history(texts: dict[str, str], commits: int, seed: int) -> Iterator[dict[str, str]]:
    dice = Random(seed)
    waiting = list(texts)
    dice.shuffle(waiting)
    known = [waiting.pop() for _ in range(int(len(texts) * _AT_FIRST))]
    yield {name: texts[name] for name in known}
    for number in range(1, commits):
        new = [waiting.pop() for _ in range(len(waiting) // (commits - number))]
        changed = dice.sample(known, _CHANGES)
        yield {name: texts[name] for name in new} | {name: f"# change {number}\n{texts[name]}" for name in changed}
        known += new


def _write(to: IO[bytes], number: int, changed: dict[str, str], parent: str = "") -> None:
    who = f"Operator {number % 7} <operator-{number % 7}@example.com> {_FIRST_SECOND + 60 * number} +0000"
    message = f"change {number}\n"
    to.write(f"commit refs/heads/{BRANCH}\ncommitter {who}\ndata {len(message)}\n{message}{parent}".encode())
    for name, text in changed.items():
        data = text.encode()
        to.write(f"M 100644 inline {FOLDER}/{name}\ndata {len(data)}\n".encode() + data + b"\n")
    to.write(b"\n")
