"""The `hhsync` command, put together from its verbs."""

from __future__ import annotations

import gc

from automation.cli import (
    editing,
    parts,
    reading,
    setting_up,
    writing,
)
from automation.cli.command_line import Command
from automation.cli.terminal import run

app = Command(
    name="hhsync",
    help="Keeps a Hedgehog network fabric, NetBox and Git in step.\n\n"
    "Exit codes: 0 in sync or done, 1 error, 2 drift or pending changes, 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _verbs in (writing, reading, editing, setting_up, parts):
    app.add_typer(_verbs.group)


# New objects after which Python looks for cycles among them. A run makes next to none, and with the 700 that it begins with a
# tenth of a check's processor time goes into looking.
_YOUNG = 50_000


def main() -> None:
    """The console script."""
    gc.set_threshold(_YOUNG)
    raise SystemExit(run(app))


if __name__ == "__main__":
    main()
