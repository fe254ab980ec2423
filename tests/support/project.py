"""A fabric as a user has it: a project folder, a Git repository, and the `hhsync` command run as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

from embedded.services.programs.pulumi import find_pulumi
from providers.core.identity import FABRIC_LABEL, KINDS, ObjectRef
from providers.settings import ClusterSettings, NetBoxSettings
from providers.targets.cluster.target import Cluster
from providers.targets.netbox.target import NetBox
from tests.support.json_schema import validate_output

CLONE = Path(__file__).resolve().parents[2]
PASSPHRASE = "correct-horse-e2e"  # a canary: no output may show it
FOLDER = "fabrics/f"

# Takes what the schemas let through; a module that says `CLUSTER = HEDGEHOG` has Hedgehog's webhooks.
PLAIN = "fabric-1"


def pulumi_cli() -> Path:
    """The CLI that set-up found or built; a project's own cache has none."""
    found = find_pulumi()
    assert found is not None, "no Pulumi CLI: run make setup"
    return found.path


def crs(*names: str, vlan: int = 1000) -> dict[str, str]:
    """Files of a small fabric: two namespaces, and one VPC a file for each name, with VLANs counted from `vlan`."""
    base = f"""\
apiVersion: vpc.githedgehog.com/v1beta1
kind: IPv4Namespace
metadata: {{name: {names[0]}-ip}}
spec: {{subnets: [10.0.0.0/16]}}
---
apiVersion: wiring.githedgehog.com/v1beta1
kind: VLANNamespace
metadata: {{name: {names[0]}-vl}}
spec: {{ranges: [{{from: 1000, to: 2999}}]}}
"""
    files = {"namespaces.yaml": base}
    for number, name in enumerate(names, start=1):
        files[f"vpcs/{name}.yaml"] = f"""\
apiVersion: vpc.githedgehog.com/v1beta1
kind: VPC
metadata:
  name: {name}
spec:
  ipv4Namespace: {names[0]}-ip
  vlanNamespace: {names[0]}-vl
  subnets:
    default:
      subnet: 10.0.{number}.0/24
      vlan: {vlan + number}
"""
    return files


class Project:
    """One fabric on the session's servers. Every name is its own, so that tests share the servers and nothing else."""

    def __init__(self, folder: Path, services: Any, cluster: str = PLAIN) -> None:
        self.folder, self.services = folder, services
        self.access = services.fabric(cluster)
        self.fabric = f"e-{uuid.uuid4().hex[:7]}"  # VPC and namespace names made of it stay within 11 characters
        self.names = [f"{self.fabric[2:]}{letter}" for letter in "abcde"]
        (folder / "stacks").mkdir(parents=True)
        (folder / "Pulumi.yaml").write_text((CLONE / "Pulumi.yaml").read_text())
        (folder / "program").symlink_to(CLONE / "program")
        self.env = {
            **{key: value for key, value in os.environ.items() if not key.startswith(("PULUMI_", "HHSYNC_"))},
            "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "HHSYNC_CACHE": str(folder / "cache"),
            "HHSYNC_PULUMI": str(pulumi_cli()),
        }
        (folder / "state").mkdir()
        self.repository = folder / "repository"
        self.repository.mkdir()
        self.git("init", "-q", "-b", "main")
        self.cluster = Cluster(ClusterSettings(kubeconfig=self.access.admin_kubeconfig))
        self.netbox = NetBox(NetBoxSettings(services.netbox.url, services.netbox.token))

    # Git
    def git(self, *arguments: str) -> str:
        who = ["-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
        done = subprocess.run(
            ["git", *who, *arguments], cwd=self.repository, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, files: dict[str, str | None], message: str = "Change the fabric") -> str:
        """Write (or, with None, remove) files in the fabric's folder and commit; returns the commit."""
        for path, text in files.items():
            file = self.repository / FOLDER / path
            if text is None:
                file.unlink()
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", message)
        return self.git("rev-parse", "HEAD")

    # hhsync
    def argv(self, *arguments: str) -> list[str]:
        return [str(Path(sys.executable).with_name("hhsync")), *arguments]

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a verb to its end; its streams never show a secret or a traceback."""
        done = subprocess.run(
            self.argv(*arguments), env={**self.env, **env}, cwd=self.folder, capture_output=True, text=True, check=False
        )
        for stream in (done.stdout, done.stderr):
            assert "Traceback" not in stream, stream
            assert PASSPHRASE not in stream
            assert self.services.netbox.token.partition(".")[2] not in stream
        return done

    def init(self, **options: str) -> subprocess.CompletedProcess[str]:
        given = {
            "git-url": str(self.repository),
            "git-branch": "main",
            "git-path": FOLDER,
            "netbox-url": self.services.netbox.url,
            "kubeconfig": self.access.hhsync_kubeconfig,
            **{key.replace("_", "-"): value for key, value in options.items()},
        }
        flat = [text for key, value in given.items() for text in (f"--{key}", value)]
        return self.run("init", self.fabric, *flat, HHSYNC_NETBOX_TOKEN=self.services.netbox.token)

    def verb(self, verb: str, *arguments: str, code: int = 0, **env: str) -> dict[str, Any]:
        """Run a verb on the fabric with --json; its exit code must be `code`, and its output what the schema says."""
        done = self.run(verb, self.fabric, "--json", *arguments, **env)
        assert done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        document: dict[str, Any] = json.loads(done.stdout)
        validate_output(document)
        return document

    # the servers
    def objects(self) -> dict[ObjectRef, dict[str, Any]]:
        """What is in the cluster with this fabric's label."""
        selector = f"{FABRIC_LABEL}={self.fabric}"
        return {ref: obj for kind in KINDS.values() for ref, obj in self.cluster.list(kind, selector).items()}

    def records(self) -> dict[str, Any]:
        """This fabric's records in NetBox, by ref."""
        return {ref: record for kind in KINDS.values() for ref, record in self.netbox.list(kind, self.fabric).items()}

    def vpc(self, name: str) -> dict[str, Any]:
        live = self.cluster.get(ObjectRef("VPC", "default", name))
        assert live is not None
        return live

    def versions(self) -> dict[ObjectRef, str]:
        """resourceVersion of every object: the cluster's own count of writes."""
        return {ref: obj["metadata"]["resourceVersion"] for ref, obj in self.objects().items()}

    def log_length(self) -> int:
        """Entries in NetBox's change log: NetBox's own count of writes."""
        answer = self.netbox._api.get("/api/core/object-changes/?limit=1", about="count the change log").body
        return int(answer["count"])

    def by_another(self, manager: str, obj: dict[str, Any]) -> dict[str, Any]:
        """Another field manager creates an object, or (where it has a resourceVersion) replaces it."""
        kind, metadata = KINDS[obj["kind"]], obj["metadata"]
        path = f"/apis/{kind.api_version}/namespaces/default/{kind.plural}"
        method, end = ("PUT", f"/{metadata['name']}") if "resourceVersion" in metadata else ("POST", "")
        target = self.cluster._api.target()
        answer = target.call(method, path + end, params={"fieldManager": manager}, body=obj, about="edit by hand")
        made: dict[str, Any] = answer.body
        return made

    def edit_vlan(self, name: str, vlan: int) -> None:
        """Another client changes one field in the cluster."""
        live = self.vpc(name)
        spec = {**live["spec"], "subnets": {"default": {**live["spec"]["subnets"]["default"], "vlan": vlan}}}
        labels = live["metadata"]["labels"]
        manifest = {**live, "metadata": {"name": name, "namespace": "default", "labels": labels}, "spec": spec}
        self.cluster.replace(manifest, live)

    def state(self) -> dict[str, Any]:
        """The stack's state file as it is on disk."""
        content = json.loads((self.folder / f"state/.pulumi/stacks/hhsync/{self.fabric}.json").read_text())
        latest: dict[str, Any] = content["checkpoint"]["latest"]
        return latest
