"""`hhsync demo`: the whole story on real servers, each step with the figures that prove it, counted at the servers.

Everything it makes lies in the project's `.hhsync` folder (servers, state, passphrase) and stacks/Pulumi.fabric-1.yaml. It
works again on what is there, and after an interrupted demo.
"""

from __future__ import annotations

import os
import secrets as randomness
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from automation import context
from automation.demo import damage as demo_plan
from automation.engine.workspace import BACKEND, PASSPHRASE, PASSPHRASE_FILE, Workspace, project_file
from automation.operations import entry
from automation.reports import as_json, as_text, summary
from automation.setup import init, servers
from embedded import demo_client, demo_repository
from gitops import load
from program.config import cache_folder
from providers.core.identity import KINDS, VERSION
from providers.errors import EngineError
from providers.settings import NAMESPACE, GitSettings
from providers.targets.netbox.types import TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from automation.progress import Progress
    from automation.results import OperationResult
    from embedded.services import Running
    from gitops.load import Loaded
    from providers.core.drift.report import DriftReport

FABRIC = "fabric-1"
BRANCH = "main"
SAMPLE = Path("sample") / FABRIC

# A longer result is cut to its first lines and its last.
_LONG, _SHOWN = 12, 3


class DemoFailed(EngineError):
    """A step of the demo did not prove what it should."""


@dataclass(slots=True)
class Demo:
    """One run of the story. `say` gets each line of proof; `progress` is for what goes on in between."""

    root: Path
    say: Callable[[str], None]
    progress: Progress
    started: float = field(default_factory=time.monotonic)

    def run(self) -> Mapping[str, object]:
        """Tell the whole story; returns its facts, the shape that `--json` prints.

        Raises:
            DemoFailed: something was not as it should be.
            HhsyncError, ServicesError: a part could not be set up or did not answer.
        """
        running = self._services()
        self._git(running)
        workspace = Workspace.find(self.root, self._environment())
        self._init(workspace, running)
        first = self._sync(workspace)
        unmoved = self._repeat(workspace, running)
        damage = self._damage(workspace, running)
        repaired = self._repair(workspace)
        facts = {
            "verb": "demo",
            "fabric": FABRIC,
            "ok": True,
            "exit_code": 0,
            "crs": first.counts.total,
            "sync": first.to_json()["counts"],
            "repeat_sync": unmoved,
            "drift_injected": damage.refs,
            "repaired": [change.ref for change in repaired.changes],
            "duration_s": round(time.monotonic() - self.started, 1),
            "errors": [],
        }
        self.say(self._where(workspace, running))
        return facts

    # --- the steps -----------------------------------------------------------------------------------------------------

    def _services(self) -> Running:
        begun = time.monotonic()
        running = servers.services(self.root, self.progress.line).start(1)
        self.progress.end()
        access = running.fabric(FABRIC)
        if running.netbox is None or running.git_url is None:
            raise DemoFailed("the services did not start completely; look at: hhsync services status")
        self._proved(
            begun, f"servers up: NetBox {running.netbox.url}, Kubernetes API {access.url}, Git {running.git_url}"
        )
        return running

    def _git(self, running: Running) -> None:
        begun = time.monotonic()
        found = demo_repository.publish(
            str(running.git_url), BRANCH, self.root / SAMPLE, FABRIC, f"Set {FABRIC} to the sample"
        )
        what = "committed" if found.committed else "unchanged"
        self._proved(begun, f"Git: {found.files} files of {FABRIC} at {found.commit[:12]} ({what})")

    def _environment(self) -> dict[str, str]:
        """The demo's own state and passphrase, whatever the caller's are."""
        home = self.root / ".hhsync"
        (home / "state").mkdir(parents=True, exist_ok=True, mode=0o700)
        passphrase = home / "passphrase"
        if not passphrase.exists():
            descriptor = os.open(passphrase, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w", encoding="ascii") as file:
                file.write(randomness.token_urlsafe(32) + "\n")
        # The engine's processes inherit this environment, and the variable would win over the file.
        os.environ.pop(PASSPHRASE, None)
        return {**os.environ, BACKEND: f"file://{home / 'state'}", PASSPHRASE_FILE: str(passphrase)}

    def _init(self, workspace: Workspace, running: Running) -> None:
        begun = time.monotonic()
        _own_stack_file(workspace)
        netbox = running.netbox
        given = {
            "gitUrl": str(running.git_url),
            "gitBranch": BRANCH,
            "gitPath": FABRIC,
            "netboxUrl": netbox.url if netbox else "",
            "netboxToken": netbox.token if netbox else "",
            "kubeconfig": running.fabric(FABRIC).hhsync_kubeconfig,
        }
        result = init.init(workspace, FABRIC, given)
        for check in result.checks:
            self.say(f"           {check}")
        if result.exit_code:
            raise DemoFailed("a connection of the demo fails (see above)")
        self._proved(begun, f"stack {FABRIC} {'made' if result.created else 'kept'}, engine {workspace.engine.info}")

    def _sync(self, workspace: Workspace) -> OperationResult:
        planned = self._done(entry.preview(workspace, FABRIC, self.progress))
        self._reported(planned)
        result = self._done(entry.sync(workspace, FABRIC, self.progress))
        if result.counts.changed != planned.counts.changed:
            raise DemoFailed(f"preview said {planned.counts.changed} changes, sync did {result.counts.changed}")
        self._reported(result)
        return result

    def _repeat(self, workspace: Workspace, running: Running) -> dict[str, int]:
        """A second sync, counted at the servers: NetBox's change log and every object's resourceVersion."""
        before = self._counted(running)
        result = self._done(entry.sync(workspace, FABRIC, self.progress))
        after = self._counted(running)
        if before != after or result.has_changes:
            raise DemoFailed(f"a repeat sync wrote: NetBox's change log went from {before[0]} to {after[0]} entries")
        self._reported(result)
        self.say(
            f"           counted at the servers: NetBox's change log stayed at {after[0]} entries, and all "
            f"{len(after[1])} resourceVersions in the cluster stayed the same"
        )
        return {"netbox_change_log": after[0], "unchanged_resource_versions": len(after[1])}

    def _damage(self, workspace: Workspace, running: Running) -> demo_plan.Damage:
        """Change one CR in the cluster, delete another, edit a record; preview and drift must name exactly these."""
        begun = time.monotonic()
        loaded = self._desired(workspace)
        damage = demo_plan.choose(loaded.desired.manifests, loaded.desired.references)
        self._inject(running, damage)
        self._proved(
            begun,
            f"damage done: {damage.changed} changed and {damage.deleted} deleted in the cluster, {damage.edited} in NetBox",
        )
        seen = self._done(entry.preview(workspace, FABRIC, self.progress))
        if sorted(change.ref for change in (*seen.changes, *seen.fabric_changes)) != damage.refs:
            raise DemoFailed(f"preview names {[change.ref for change in seen.changes]}, not {damage.refs}")
        self._reported(seen)
        read = context.read(workspace, FABRIC, self.progress, across=False, with_convergence=True)
        found, seconds = read.report(), read.seconds
        self._save_report(found, seconds)
        if sorted(str(detail.ref) for detail in found.details) != damage.refs:
            raise DemoFailed(f"drift names {[str(detail.ref) for detail in found.details]}, not {damage.refs}")
        self.say(f"[{time.monotonic() - self.started:5.1f} s] hhsync drift {FABRIC}")
        self.say(_indented(as_text.drift_text(found, seconds)))
        return damage

    def _repair(self, workspace: Workspace) -> OperationResult:
        result = self._done(entry.sync(workspace, FABRIC, self.progress))
        self._reported(result)
        last = self._done(entry.preview(workspace, FABRIC, self.progress))
        if last.has_changes:
            raise DemoFailed(f"after the repair preview still names {[change.ref for change in last.changes]}")
        self._reported(last)
        return result

    # --- helpers -------------------------------------------------------------------------------------------------------

    def _proved(self, begun: float, text: str) -> None:
        self.say(f"[{time.monotonic() - self.started:5.1f} s] {text} ({time.monotonic() - begun:.1f} s)")

    def _reported(self, result: OperationResult) -> None:
        """What an operation printed; a long preview is cut to its result."""
        text = summary.operation_text(result)
        lines = text.splitlines()
        if len(lines) > _LONG:
            lines = [*lines[:_SHOWN], f"… and {len(lines) - 1 - _SHOWN} more lines", lines[-1]]
        self.say(f"[{time.monotonic() - self.started:5.1f} s] hhsync {result.verb} {FABRIC}")
        self.say(_indented("\n".join(lines)))

    def _done(self, result: OperationResult) -> OperationResult:
        if not result.ok:
            raise DemoFailed(f"hhsync {result.verb} failed: {'; '.join(result.errors)}")
        return result

    def _desired(self, workspace: Workspace) -> Loaded:
        return load.load_desired(GitSettings.from_config(workspace.config(FABRIC)), cache_folder())

    def _counted(self, running: Running) -> tuple[int, dict[str, str]]:
        resources = [(kind.group, VERSION, kind.plural) for kind in KINDS.values()]
        if running.netbox is None:
            raise DemoFailed("NetBox is not running")
        with (
            demo_client.ClusterAdmin(running.fabric(FABRIC)) as cluster,
            demo_client.NetBoxAdmin(running.netbox) as netbox,
        ):
            return netbox.changes(), cluster.versions(resources)

    def _inject(self, running: Running, damage: demo_plan.Damage) -> None:
        if running.netbox is None:
            raise DemoFailed("NetBox is not running")
        resource = {name: (kind.group, VERSION, kind.plural) for name, kind in KINDS.items()}
        changed, deleted, edited = damage.changed, damage.deleted, damage.edited
        with (
            demo_client.ClusterAdmin(running.fabric(FABRIC)) as cluster,
            demo_client.NetBoxAdmin(running.netbox) as netbox,
        ):
            cluster.change(resource[changed.kind], changed.namespace, changed.name, damage.patch)
            cluster.delete(resource[deleted.kind], deleted.namespace, deleted.name)
            fields = {"name": demo_plan.EDITED_NAME}
            netbox.edit(TYPES[edited.kind].slug, edited.record_ref(FABRIC), fields)

    def _save_report(self, found: DriftReport, seconds: float) -> None:
        folder = self.root / ".hhsync"
        (folder / "report.json").write_text(summary.to_text(as_json.drift_json(found, seconds)) + "\n", "utf-8")
        (folder / "report.txt").write_text(as_text.drift_text(found, seconds) + "\n", "utf-8")

    def _where(self, workspace: Workspace, running: Running) -> str:
        """Where a person looks next."""
        home = self.root / ".hhsync"
        netbox = running.netbox
        lines = [
            f"done in {time.monotonic() - self.started:.1f} s. Look around:",
            f"  NetBox          {netbox.url if netbox else ''} as {netbox.username if netbox else ''}; password: "
            f"netbox.password in {home / 'services' / 'services.json'}",
            f"  kubeconfig      {running.fabric(FABRIC).hhsync_kubeconfig}",
            f"  Git repository  {running.git_url} (branch {BRANCH}, folder {FABRIC})",
            f"  drift report    {home / 'report.txt'} and {home / 'report.json'}",
            "  the servers stay up; stop them with: hhsync services stop",
            "  plain pulumi and hhsync use this state after:",
            f"    export {BACKEND}={workspace.backend}",
            f"    export {PASSPHRASE_FILE}={home / 'passphrase'}",
        ]
        return "\n".join(lines)


def _own_stack_file(workspace: Workspace) -> None:
    """Never touch a stack of the user's; take away what a demo left whose state is gone.

    Raises:
        DemoFailed: stacks/Pulumi.fabric-1.yaml is not the demo's.
    """
    path = workspace.stack_file(FABRIC)
    if not path.is_file():
        return
    config = project_file(path).get("config") or {}
    if not str(config.get(f"{NAMESPACE}:gitUrl", "")).startswith(str(workspace.home)):
        raise DemoFailed(f"{path} belongs to a fabric of yours; the demo needs that name, so move the file away first")
    if FABRIC not in workspace.stacks():
        path.unlink()


def _indented(text: str) -> str:
    return "\n".join(f"           {line}" for line in text.splitlines())
