"""kube-apiserver, etcd and kubectl, built from the Go modules that tools/go.mod pins."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from embedded.services.errors import ServicesError
from embedded.services.files import TOOLS
from embedded.services.steps import Steps, build_folder

# -l: without inlining the compiler is a third faster, which matters more here than the servers' last few percent
_COMPILER_FLAGS = "-gcflags=all=-l"
_PACKAGES = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kubectl": "k8s.io/kubernetes/cmd/kubectl",
}


@dataclass(frozen=True, slots=True)
class GoTools:
    """The programs built from one tools module, kept in the cache by the module's content."""

    cache: Path
    module: Path = TOOLS

    def path(self, program: str) -> Path:
        """Where a program is, or will be once it is built."""
        return self.cache / "go" / self._key() / program / program

    def build(self, program: str, steps: Steps) -> Path:
        """Build one program unless it is in the cache, and return its path; ServicesError when it fails."""
        if program not in _PACKAGES:
            raise ServicesError(f"{program} is not one of the programs built here: {', '.join(_PACKAGES)}")
        target = self.path(program)
        if target.exists():
            return target

        def make(part: Path) -> None:
            steps.progress(f"building {program} {self.version(program)} from Go modules")
            steps.run(
                f"building {program}",
                [
                    _go(),
                    "build",
                    "-v",
                    "-trimpath",
                    _COMPILER_FLAGS,
                    f"-ldflags={self._linker_flags()}",
                    "-o",
                    str(part / program),
                    _PACKAGES[program],
                ],
                self.cache / "logs" / f"go-{program}.log",
                environment={"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"},
                cwd=self.module,
                detail=_count_packages,
            )

        build_folder(target.parent, make)
        return target

    def version(self, program: str) -> str:
        """The pinned version of a program, as in go.mod, e.g. "v1.36.3"."""
        module = "go.etcd.io/etcd/server/v3" if program == "etcd" else "k8s.io/kubernetes"
        found = re.search(rf"^\s*{re.escape(module)} (v\S+)", (self.module / "go.mod").read_text(), re.MULTILINE)
        if found is None:
            raise ServicesError(f"{self.module / 'go.mod'} does not require {module}: restore the file from Git")
        return found[1]

    def _linker_flags(self) -> str:
        version = self.version("kube-apiserver")
        major, minor = version.lstrip("v").split(".")[:2]
        package = "k8s.io/component-base/version"
        # without these the API server calls itself v0.0.0, and clients that read its version refuse it
        return (
            f"-s -w -X {package}.gitVersion={version} -X {package}.gitMajor={major} -X {package}.gitMinor={minor}"
            f" -X {package}.gitTreeState=clean"
        )

    def _key(self) -> str:
        content = hashlib.sha256()
        for name in ("go.mod", "go.sum"):
            try:
                content.update((self.module / name).read_bytes())
            except FileNotFoundError as error:
                raise ServicesError(f"{self.module / name} is missing: run from a clone of the project") from error
        content.update(f"{_COMPILER_FLAGS} {platform.system()} {platform.machine()}".encode())
        return content.hexdigest()[:16]


def kubectl(tools: GoTools, steps: Steps) -> Path:
    """The kubectl on PATH, else one built from the tools module (only the benchmark needs it)."""
    on_path = shutil.which("kubectl")
    return Path(on_path) if on_path else tools.build("kubectl", steps)


def _go() -> str:
    for name in ("go", "/usr/local/go/bin/go", os.path.expanduser("~/go/bin/go")):
        if found := shutil.which(name):
            return found
    raise ServicesError("Go is not on PATH: install Go 1.21 or newer (it fetches the version that tools/go.mod names)")


def _count_packages(log: Path) -> str:
    """What `go build -v` has done so far; it prints one line for each compiled package."""
    lines = log.read_text(errors="replace").splitlines()
    fetched = sum(line.startswith("go: downloading") for line in lines)
    return f"{fetched} modules fetched, {len(lines) - fetched} packages compiled"
