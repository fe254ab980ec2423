"""The embedded servers of a project: where they live, and what to tell about them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import providers
from embedded.services import Services

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from embedded.services import PartStatus, Running

UP = "running"


def services(root: Path, say: Callable[[str], None]) -> Services:
    """The servers in the project's `.hhsync/services`, with the CRDs that hhsync ships."""
    crds = Path(str(providers.__file__)).parent / "crds"
    return Services(root / ".hhsync" / "services", crds=crds, progress=say)


def running_text(running: Running) -> str:
    """Where everything is; secrets stay in the private file that is named."""
    lines = []
    if running.netbox:
        lines.append(f"NetBox      {running.netbox.url} as {running.netbox.username}")
    lines += [f"{one.name:11} {one.url}, kubeconfig {one.hhsync_kubeconfig}" for one in running.fabrics]
    if running.git_url:
        lines.append(f"Git         {running.git_url}")
    if running.git:
        lines.append(f"Git         {running.git.https_url} as hhsync, CA certificate {running.git.ca_file}")
        key = running.git.ssh_key_files["hhsync"]
        lines.append(f"Git         {running.git.ssh_url}, key {key}, known hosts {running.git.known_hosts_file}")
    lines.append(f"passwords and tokens: {Path(running.home) / 'services.json'}")
    return "\n".join(lines)


def running_json(running: Running) -> dict[str, Any]:
    """Where everything is, for `--json`; without secrets."""
    return {
        "verb": "services start",
        "ok": True,
        "exit_code": 0,
        "netbox": {"url": running.netbox.url, "username": running.netbox.username} if running.netbox else None,
        "fabrics": [
            {"name": one.name, "url": one.url, "kubeconfig": one.hhsync_kubeconfig, "ca_file": one.ca_file}
            for one in running.fabrics
        ],
        "git": running.git_url,
        "git_servers": {
            "https_url": running.git.https_url,
            "http_url": running.git.http_url,
            "ca_file": running.git.ca_file,
            "ssh_url": running.git.ssh_url,
            "ssh_key_files": running.git.ssh_key_files,
            "known_hosts_file": running.git.known_hosts_file,
        }
        if running.git
        else None,
        "facts_file": str(Path(running.home) / "services.json"),
        "errors": [],
    }


def status_text(parts: Sequence[PartStatus]) -> str:
    """One line per server."""
    if not parts:
        return "nothing was ever started here; start with: hhsync services start"
    return "\n".join(
        f"{one.name:20} {one.state:14} {one.pid or '-':>8} {one.url} {one.detail}".rstrip() for one in parts
    )


def status_json(parts: Sequence[PartStatus]) -> dict[str, Any]:
    """The state of each part, for `--json`."""
    code = status_code(parts)
    return {
        "verb": "services status",
        "ok": code == 0,
        "exit_code": code,
        "parts": [
            {"name": one.name, "state": one.state, "pid": one.pid, "url": one.url, "detail": one.detail}
            for one in parts
        ],
        "errors": [],
    }


def status_code(parts: Sequence[PartStatus]) -> int:
    """0 when every server runs, else 1."""
    return 0 if parts and all(one.state == UP for one in parts) else 1
