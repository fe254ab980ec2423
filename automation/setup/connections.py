"""Does each connection of a fabric work for real? One line per part: Git, NetBox, the cluster. Nothing is written."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitops.git import mirror, source
from program.config import cache_folder
from providers import extra_settings
from providers.core.identity import KINDS, Kind
from providers.errors import HhsyncError
from providers.settings import NAMESPACE, ClusterSettings, GitSettings, NetBoxSettings
from providers.targets.cluster.target import Cluster
from providers.targets.netbox.target import NetBox

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

WORKS, LIMITED, FAILS = "works", "limited", "fails"
_READING, _WRITING = ("list",), ("create", "update", "delete")


@dataclass(frozen=True, slots=True)
class PartCheck:
    """One part: `state` is works, limited (can be read, not written) or fails; `text` says what was found."""

    part: str
    state: str
    text: str

    def __str__(self) -> str:
        return f"{self.part:8} {self.state:8} {self.text}"

    def to_json(self) -> dict[str, str]:
        """The three fields by name."""
        return {"part": self.part, "state": self.state, "text": self.text}


def check_all(config: Mapping[str, str]) -> tuple[PartCheck, ...]:
    """Try the three parts side by side; `config` has flat keys without namespace."""
    parts: dict[str, Callable[[Mapping[str, str]], PartCheck]] = {"git": git, "netbox": netbox, "cluster": cluster}

    def tried(name: str) -> PartCheck:
        try:
            return parts[name](config)
        except HhsyncError as error:
            return PartCheck(name, FAILS, str(error))

    with ThreadPoolExecutor(max_workers=len(parts)) as pool:
        return tuple(pool.map(tried, parts))


def git(config: Mapping[str, str]) -> PartCheck:
    """Read the branch's head and the folder, and ask whether a push would be taken.

    Raises:
        GitError: by cause.
    """
    settings = GitSettings.from_config(config)
    found = source.read_snapshot(settings, cache_folder())
    where = f"folder {found.folder}" if found.folder else "the whole repository"
    signed = f", signed by {found.signer}" if found.signer else ""
    text = (
        f"{settings.url} branch {found.branch} at {found.commit[:12]}{signed}, {where}: {len(found.files)} YAML files"
    )
    refused = mirror.refused_push(settings, cache_folder())
    if not refused:
        return PartCheck("git", WORKS, f"{text}; the credentials may push")
    return PartCheck("git", LIMITED, f"{text}; sync works, ingest and edit do not: {refused}")


def netbox(config: Mapping[str, str]) -> PartCheck:
    """Ask for version, plugin and what the token may do.

    Raises:
        TargetError: by cause.
    """
    target = NetBox(NetBoxSettings.from_config(config))
    try:
        status = target.check()
    finally:
        target.close()
    text = f"{target.server}: NetBox {status.version}, custom objects plugin {status.plugin_version}"
    if status.may_write:
        return PartCheck("netbox", WORKS, f"{text}, the token may write")
    return PartCheck("netbox", LIMITED, f"{text}; the token may only read: drift and preview work, sync does not")


def cluster(config: Mapping[str, str]) -> PartCheck:
    """Ask for the CRDs of the 12 kinds, and whether our credentials may read and write them.

    Raises:
        TargetError: by cause.
    """
    target = Cluster(ClusterSettings.from_config(config))
    try:
        missing = target.crds()
        if missing and extra_settings.bootstrap(config) is None:
            text = f"{target.server} lacks the CRDs of {', '.join(sorted(missing))}; install Hedgehog, or for a test "
            return PartCheck("cluster", FAILS, f"{text}set {NAMESPACE}:clusterBootstrap to true")
        denied = _denied(target)
        identity = target.identity()
        server = target.server
    finally:
        target.close()
    name = f" (cluster {identity})" if identity else ""
    if unreadable := sorted(kind for verb, kind in denied if verb in _READING):
        return PartCheck("cluster", FAILS, f"{server}: the credentials may not list {', '.join(unreadable)}")
    if denied:
        what = ", ".join(sorted({f"{verb} {kind}" for verb, kind in denied})[:3])
        text = f"{server}{name}: the credentials may not {what}{', …' if len(denied) > 3 else ''}"
        return PartCheck("cluster", LIMITED, f"{text}; drift and preview work, sync does not")
    crds = f"{len(missing)} CRDs that the first sync installs" if missing else "12 CRDs"
    return PartCheck("cluster", WORKS, f"{server}{name}: {crds}, the credentials may read and write them")


def _denied(target: Cluster) -> list[tuple[str, str]]:
    """The (verb, kind) pairs that the credentials do not allow."""
    asked = [(verb, kind) for kind in KINDS.values() for verb in (*_READING, *_WRITING)]

    def refused(one: tuple[str, Kind]) -> bool:
        return not target.can(*one)

    with ThreadPoolExecutor(max_workers=len(KINDS)) as pool:
        answers = list(pool.map(refused, asked))
    return [(verb, kind.name) for (verb, kind), no in zip(asked, answers, strict=True) if no]
