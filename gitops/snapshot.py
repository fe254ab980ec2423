"""One commit's files of a fabric's folder, as a value: what Git gives, and the parsers take. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from providers.core.finding import Finding
    from providers.core.manifest import Attribution


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The YAML files of one folder at one commit; paths are from the repository's root.

    `files` are the bytes by path, `blobs` Git's ids of the same bytes. `paths` are all files of the folder, read or not;
    `last_folder_commit` is the last commit that changed any of them. `tree` is the id of the folder's tree: with equal trees
    every file is equal. `signer` is who signed the commit, where that was asked.
    """

    commit: str
    branch: str
    folder: str
    files: Mapping[str, bytes]
    attribution: Mapping[str, Attribution]
    last_folder_commit: str
    paths: tuple[str, ...] = ()
    issues: tuple[Finding, ...] = ()
    tree: str = ""
    signer: str = ""
    blobs: Mapping[str, str] = field(default_factory=dict)
