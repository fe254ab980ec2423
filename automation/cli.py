"""The `hhsync` command, put together from its verbs."""

from __future__ import annotations

from automation.command_line import Command
from automation.terminal import run
from automation.verbs import authoring, orphans, parts, reading, setting_up, status, writing

app = Command(
    name="hhsync",
    help="Keeps a Hedgehog network fabric, NetBox and Git in step.\n\n"
    "Exit codes: 0 in sync or done, 1 error, 2 drift or pending changes, 130 interrupted.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _verbs in (writing, reading, orphans, status, authoring, setting_up, parts):
    app.add_typer(_verbs.group)


def main() -> None:
    """The console script."""
    raise SystemExit(run(app))


if __name__ == "__main__":
    main()
