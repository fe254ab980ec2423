"""kube-apiserver, etcd, kubectl and the Pulumi CLI, built from the Go modules that tools/go.mod and tools/pulumi/go.mod pin."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from embedded.services.errors import ServicesError
from embedded.services.files import TOOLS
from embedded.services.steps import Steps, build_folder

# -l: without inlining the compiler is a third faster, which matters more here than the servers' last few percent
_COMPILER_FLAGS = "-gcflags=all=-l"


@dataclass(frozen=True, slots=True)
class _Program:
    """Where a program comes from: its package, the module whose version it has, and the folder of the go.mod that pins it.

    `stamp` is the variable that takes the version; `beside` are files of the module that the program reads from its folder.
    """

    package: str
    module: str
    pinned_in: str = "."
    stamp: str = ""
    stamped: str = ""
    beside: tuple[str, ...] = ()


_PROGRAMS = {
    "etcd": _Program("go.etcd.io/etcd/server/v3", "go.etcd.io/etcd/server/v3"),
    "kube-apiserver": _Program("k8s.io/kubernetes/cmd/kube-apiserver", "k8s.io/kubernetes"),
    "kubectl": _Program("k8s.io/kubernetes/cmd/kubectl", "k8s.io/kubernetes"),
    "pulumi": _Program(
        "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        "github.com/pulumi/pulumi/pkg/v3",
        "pulumi",
        # without this the Automation API takes the CLI for too old a one
        stamp="github.com/pulumi/pulumi/sdk/v3/go/common/version.Version",
    ),
    "pulumi-resource-kubernetes": _Program(
        ".",
        "github.com/pulumi/pulumi-kubernetes/provider/v4",
        "pulumi-kubernetes",
        stamp="github.com/pulumi/pulumi-kubernetes/provider/v4/pkg/version.Version",
        # the module has no version but a commit; the Python package that it serves has this one
        stamped="4.34.2",
        beside=(
            "cmd/pulumi-resource-kubernetes/schema.json",
            "cmd/pulumi-resource-kubernetes/terraform-mapping.json",
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class GoTools:
    """The programs built from the tools modules, kept in the cache by their modules' content."""

    cache: Path
    folder: Path = TOOLS

    def path(self, program: str) -> Path:
        """Where a program is, or will be once it is built."""
        return self.cache / "go" / self._key(program) / program / program

    def build(self, program: str, steps: Steps) -> Path:
        """Build one program unless it is in the cache, and return its path; ServicesError when it fails."""
        if program not in _PROGRAMS:
            raise ServicesError(f"{program} is not one of the programs built here: {', '.join(_PROGRAMS)}")
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
                    f"-ldflags={self._linker_flags(program)}",
                    "-o",
                    str(part / program),
                    _PROGRAMS[program].package,
                ],
                self.cache / "logs" / f"go-{program}.log",
                environment={"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off"},
                cwd=self._module(program),
                detail=_count_packages,
            )
            self._copy_beside(program, part)

        build_folder(target.parent, make)
        return target

    def _copy_beside(self, program: str, folder: Path) -> None:
        """Put the files that a program reads from its own folder there, from the module that has them."""
        one = _PROGRAMS[program]
        if not one.beside:
            return
        where = [_go(), "list", "-mod=readonly", "-m", "-f", "{{.Dir}}", one.module]
        found = subprocess.run(where, cwd=self._module(program), capture_output=True, text=True, check=False)
        if found.returncode:
            raise ServicesError(f"go does not know where {one.module} is: {' '.join(found.stderr.split())[:200]}")
        for name in one.beside:
            shutil.copyfile(Path(found.stdout.strip()) / name, folder / Path(name).name)

    def version(self, program: str) -> str:
        """The pinned version of a program, as in go.mod, e.g. "v1.36.3"."""
        module, file = _PROGRAMS[program].module, self._module(program) / "go.mod"
        found = re.search(rf"^\s*(?:require )?{re.escape(module)} (v\S+)", file.read_text(), re.MULTILINE)
        if found is None:
            raise ServicesError(f"{file} does not require {module}: restore the file from Git")
        return found[1]

    def _module(self, program: str) -> Path:
        return self.folder / _PROGRAMS[program].pinned_in

    def _linker_flags(self, program: str) -> str:
        one = _PROGRAMS[program]
        if one.stamp:
            return f"-s -w -X {one.stamp}={one.stamped or self.version(program).lstrip('v')}"
        version = self.version("kube-apiserver")
        major, minor = version.lstrip("v").split(".")[:2]
        package = "k8s.io/component-base/version"
        # without these the API server calls itself v0.0.0, and clients that read its version refuse it
        return (
            f"-s -w -X {package}.gitVersion={version} -X {package}.gitMajor={major} -X {package}.gitMinor={minor}"
            f" -X {package}.gitTreeState=clean"
        )

    def _key(self, program: str) -> str:
        content = hashlib.sha256()
        for name in ("go.mod", "go.sum", *(("main.go",) if _PROGRAMS[program].package == "." else ())):
            file = self._module(program) / name
            try:
                content.update(file.read_bytes())
            except FileNotFoundError as error:
                raise ServicesError(f"{file} is missing: run from a clone of the project") from error
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
