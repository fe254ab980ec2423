"""What an SSH key may do: fetch or push one of the repositories in a folder, by git's own restricted shell. Standard library.

The forced command of each key: `git_shell.py GIT FOLDER write|read|nothing USER`.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from pathlib import Path

_NAME = re.compile(r"/?(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)/?")
_NEEDS = {"git-upload-pack": ("write", "read"), "git-receive-pack": ("write",)}


def main() -> None:
    """Run the one command that was asked for, or say in git's words why not."""
    git, folder, may, user = sys.argv[1:5]
    try:
        program, path = shlex.split(os.environ.get("SSH_ORIGINAL_COMMAND", ""))
    except ValueError:
        sys.exit("ERROR: this key is for git fetch and git push only")
    match = _NAME.fullmatch(path)
    if program not in _NEEDS or match is None:
        sys.exit("ERROR: this key is for git fetch and git push of the repositories of this server only")
    repository = Path(folder) / match["name"]
    if not (repository / "objects").is_dir():
        sys.exit(f"fatal: '{path}' does not appear to be a git repository")
    if may not in _NEEDS[program]:
        sys.exit(f"ERROR: permission to {match['name']} denied to {user}")
    # git's shell takes a quoted path only; ours has no quote, the names are checked and the folder's when the keys are made
    os.execv(git, [git, "shell", "-c", f"{program} '{repository}'"])  # noqa: S606 - no shell is wanted


if __name__ == "__main__":
    main()
