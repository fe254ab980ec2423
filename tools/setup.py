"""Set up everything that `make demo` and `make test` need; any Python from 3.9 on can run this, with nothing installed.

Two things are done side by side: the project's own environment (.venv), and the servers (`python -m embedded.services
setup`, which needs the standard library only). Both go on where an interrupted run stopped, and cost well under a
second when nothing is left to do.
"""

import glob
import hashlib
import os
import subprocess
import sys
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
VENV_PYTHON = os.path.join(VENV, "bin", "python")
STAMP = os.path.join(VENV, ".set-up")
OLDEST = (3, 12)
HEARTBEAT_SECONDS = 10
PROBE = "import sys, %s; print('%%d %%d' %% sys.version_info[:2])"

begun = time.monotonic()
children = []


def say(line):
    """Print one progress line with the seconds since the start."""
    print("[%4.0f s] %s" % (time.monotonic() - begun, line), flush=True)


def version_of(python, module):
    """(major, minor) of an interpreter that has a module; None when it has not, or does not run, as a pyenv shim may."""
    try:
        done = subprocess.run(
            [python, "-c", PROBE % module], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=30
        )
        return tuple(int(part) for part in done.stdout.split()) if done.returncode == 0 else None
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None


def candidates():
    """Interpreters to try, the versions that the pinned packages were tried with first."""
    yield from ("python3.12", "python3.13", "python3.14", "python3", "python")
    pyenv = os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")
    for minor in (12, 13, 14):
        yield from sorted(glob.glob(os.path.join(pyenv, "versions", "3.%d*" % minor, "bin", "python3")), reverse=True)


def find_python():
    """An interpreter that is new enough and its version; ends the program with one line when there is none.

    That is the one of .venv when pip works there; else one that can make environments. Debian's own can only once
    python3-venv is installed.
    """
    version = version_of(VENV_PYTHON, "pip")
    if version and version >= OLDEST:
        return VENV_PYTHON, version
    for module in ("ensurepip", "sys"):
        for python in candidates():
            version = version_of(python, module)
            if version and version >= OLDEST:
                if module == "sys":
                    install_venv_package(python)
                return python, version
    sys.exit("hhsync needs Python 3.12 or newer: none on PATH or under pyenv; install one (pyenv install 3.12)")


def install_venv_package(python):
    """Install Debian's package for making environments, as root; else say which one is missing, and end."""
    command = ["apt-get", "install", "-y", "-q", "python3-venv"]
    if os.geteuid() or run("apt-get update", ["apt-get", "update", "-q"]) or run("python3-venv", command):
        sys.exit("%s cannot make environments: as root type: %s" % (python, " ".join(command)))


def run(what, command, log=None, environment=None):
    """Run a command to its end, with a line every 10 s when its output goes to a log; returns its exit code."""
    out = open(log, "wb") if log else None
    try:
        child = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out and subprocess.STDOUT,
            env=dict(os.environ, **(environment or {})),
        )  # fmt: skip
        children.append(child)
        started = time.monotonic()
        while True:
            try:
                code = child.wait(timeout=HEARTBEAT_SECONDS)
                break
            except subprocess.TimeoutExpired:
                if log:
                    say("%s: %.0f s" % (what, time.monotonic() - started))
    finally:
        if out:
            out.close()
    if code and log:
        with open(log, errors="replace") as text:
            say("%s failed: %s (log: %s)" % (what, " | ".join(text.read().strip().splitlines()[-2:]), log))
    return code


def wanted_stamp(version):
    """What the environment is made from: a change of any of it makes it anew."""
    content = hashlib.sha256(repr(version).encode())
    for name in ("pyproject.toml", "constraints.txt"):
        with open(os.path.join(ROOT, name), "rb") as file:
            content.update(file.read())
    return content.hexdigest()


def environment_is_ready(stamp):
    """Whether .venv was made from the same files, in this very folder."""
    try:
        with open(STAMP) as file:
            return file.read() == stamp and os.path.exists(os.path.join(VENV, "bin", "hhsync"))
    except OSError:
        return False


def make_environment(python, version):
    """Make .venv and install the project into it, unless that is done; returns an exit code."""
    stamp = wanted_stamp(version)
    if environment_is_ready(stamp):
        return 0
    logs = os.path.join(ROOT, ".hhsync", "logs")
    os.makedirs(logs, exist_ok=True)
    if python != VENV_PYTHON:
        say("making .venv with Python %d.%d (%s)" % (*version, python))
        if run("making .venv", [python, "-m", "venv", "--clear", VENV], os.path.join(logs, "venv.log")):
            return 1
    say("installing the project into .venv")
    install = [VENV_PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar=off"]
    code = run(
        "installing the project",
        [*install, "-c", "constraints.txt", "-e", ".[dev]"],
        os.path.join(logs, "pip.log"),
        {"PIP_ROOT_USER_ACTION": "ignore"},
    )
    if code == 0:
        with open(STAMP, "w") as file:
            file.write(stamp)
        say("the project is installed in .venv")
    return code


def compile_modules():
    """Compile the project's modules, which where PYTHONDONTWRITEBYTECODE is set would be done at every start of `hhsync`."""
    skip = r"^\./(\.|tests/)"
    return subprocess.call([VENV_PYTHON, "-m", "compileall", "-q", "-x", skip, "."], cwd=ROOT)


def main():
    """Do both halves side by side; exit code 0 only when both are done."""
    python, version = find_python()
    codes = {}

    def environment():
        codes["environment"] = make_environment(python, version) or compile_modules()

    # .venv is being made meanwhile, so the servers are set up by the interpreter below it
    base = subprocess.run([python, "-c", "import sys; print(getattr(sys, '_base_executable', sys.executable))"],
                          stdout=subprocess.PIPE, check=True).stdout.decode().strip()  # fmt: skip
    worker = threading.Thread(target=environment)
    worker.start()
    try:
        codes["servers"] = run("servers", [base, "-m", "embedded.services", "setup"])
        worker.join()
    except BaseException:
        for child in children:
            if child.poll() is None:
                child.terminate()
        raise
    return 0 if codes == {"environment": 0, "servers": 0} else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("interrupted: the next run goes on from here")
