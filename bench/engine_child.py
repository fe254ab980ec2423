"""`python -m bench.engine_child embedded|CLI COUNT FOLDER`: one stack's creates, no-op preview and refresh; prints JSON.

The resources are this project's own (`providers.resources.CLASSES`, so its provider class), the targets are memory, and the
program is one on disk, as hhsync's is: a child process of the engine. The embedded engine has the provider in its own
process. With the CLI the provider runs in a host process, whose memory ends with each command: no refresh there.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pulumi
from pulumi import automation as auto
from pulumi.automation import PulumiCommand

from bench import memory_target
from embedded.engine.auto import EmbeddedCommand
from providers.core import sections
from providers.core.identity import ObjectRef
from providers.core.manifest import Attribution, Manifest, Origin
from providers.resources import CLASSES, Fabric

if TYPE_CHECKING:
    from collections.abc import Callable

CLONE = Path(__file__).resolve().parents[1]
FABRIC = "bench"
CONFIG = {
    "clusterUrl": "https://127.0.0.1:1",
    "clusterToken": "t",
    "netboxUrl": "http://127.0.0.1:1",
    "netboxToken": "t",
}
PROGRAM = "import os\nfrom bench.engine_child import declare\ndeclare(int(os.environ['BENCH_COUNT']))\n"
SITE = "from bench import memory_target\nmemory_target.install()\n"


def manifest(number: int) -> Manifest:
    """A VPC with one subnet, as in the sample fabric."""
    subnet = {
        "subnet": f"10.{number // 250 % 250}.{number % 250}.0/24",
        "gateway": f"10.{number // 250 % 250}.{number % 250}.1",
        "vlan": 1000 + number % 3000,
        "dhcp": {"enable": True, "range": {"start": f"10.{number // 250 % 250}.{number % 250}.10"}},
    }
    return Manifest(
        ref=ObjectRef("VPC", "default", f"vpc-{number:05}"),
        spec={"ipv4Namespace": "default", "vlanNamespace": "default", "subnets": {"default": subnet}},
        origin=Origin(f"fabrics/bench/vpcs/vpc-{number:05}.yaml", 1, 0),
        attribution=Attribution("c" * 40, "Ann <ann@example.org>", "2026-01-02T03:04:05Z"),
    )


def declare(count: int) -> None:
    """The program: that many VPCs under one fabric."""
    options = pulumi.ResourceOptions(parent=Fabric(FABRIC))
    for number in range(count):
        one = manifest(number)
        CLASSES["VPC"](one.ref, sections.inputs_for(FABRIC, one), options)


def peak_kb() -> float:
    """The largest resident set of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def stack_of(engine: str, count: int, folder: Path) -> auto.Stack:
    """A new stack on that engine, its provider on memory."""
    for name in ("work", "state", "home", "site"):
        (folder / name).mkdir(parents=True)
    (folder / "site" / "sitecustomize.py").write_text(SITE)
    (folder / "work" / "Pulumi.yaml").write_text("name: hhsync\nruntime: python\n")
    (folder / "work" / "__main__.py").write_text(PROGRAM)
    command: PulumiCommand = EmbeddedCommand()
    env = {
        "PULUMI_BACKEND_URL": f"file://{folder / 'state'}",
        "PULUMI_CONFIG_PASSPHRASE": "bench",
        "PYTHONPATH": os.pathsep.join([str(folder / "site"), str(CLONE)]),
        "PULUMI_SKIP_UPDATE_CHECK": "1",
        "BENCH_COUNT": str(count),
    }
    if engine != "embedded":
        path = [str(Path(engine).parent), str(Path(sys.executable).parent), os.environ["PATH"]]
        os.environ["PATH"] = os.pathsep.join(path)
        command = PulumiCommand(skip_version_check=True)
    stack = auto.create_stack(
        "bench",
        work_dir=str(folder / "work"),
        opts=auto.LocalWorkspaceOptions(pulumi_home=str(folder / "home"), env_vars=env, pulumi_command=command),
    )
    for key, value in CONFIG.items():
        stack.set_config(key, auto.ConfigValue(value))
    return stack


def timed(call: Callable[[], Any], wanted: dict[str, int]) -> tuple[float, float]:
    """(seconds, processor seconds of this process) of a call. Raises RuntimeError when it did something else."""
    started, cpu = time.monotonic(), time.process_time()
    result = call()
    seconds = time.monotonic() - started, time.process_time() - cpu
    found = getattr(result, "change_summary", None) or result.summary.resource_changes
    if {str(getattr(op, "value", op)): count for op, count in found.items()} != wanted:
        raise RuntimeError(f"expected {wanted}, and got {found}")
    return seconds


def main() -> None:
    engine, count, folder = sys.argv[1], int(sys.argv[2]), Path(sys.argv[3])
    memory_target.install()
    stack = stack_of(engine, count, folder)
    before, wanted = peak_kb(), count + 2
    figures: dict[str, Any] = {"create": timed(stack.up, {"create": wanted})}
    figures["peak_kb"] = peak_kb() - before  # of one run: what the next ones find is this process's, freed or not
    figures["preview"] = timed(stack.preview, {"same": wanted})
    if engine == "embedded":
        figures["refresh"] = timed(stack.refresh, {"same": wanted})
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
