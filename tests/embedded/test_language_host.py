"""Our language host lives as long as the CLI that started it: a killed CLI leaves none behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Stands for the CLI: starts the host and waits for it.
SHELL = '"$0" -u -m embedded.language_host 127.0.0.1:1 & echo $!; wait'


def test_the_host_ends_once_the_cli_that_started_it_was_killed():
    with subprocess.Popen(
        ["/bin/sh", "-c", SHELL, sys.executable],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as cli:
        host, port = int(cli.stdout.readline()), int(cli.stdout.readline())
        assert port > 0
        assert Path(f"/proc/{host}").exists()
        cli.kill()
        # The host holds the other end of the pipe: it reads empty once the host is gone.
        assert cli.stdout.read() == ""
