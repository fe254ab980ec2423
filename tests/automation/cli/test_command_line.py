"""The command line converts arguments exactly as Typer does, and loads no more for it than it needs."""

from __future__ import annotations

import subprocess
import sys
from enum import StrEnum
from pathlib import Path  # noqa: TC003 - typer reads the annotation
from typing import TYPE_CHECKING, Annotated, Any

import pytest
import typer
from typer import core
from typer._coercion import build_runtime_param

from automation.cli.command_line import Command

if TYPE_CHECKING:
    from collections.abc import Callable


class Format(StrEnum):
    TEXT = "text"
    JSON = "json"


def _outcome(kind: Callable[[], typer.Typer], argv: list[str]) -> Any:
    """What the verb gets, or how the arguments are refused."""
    got: list[dict[str, Any]] = []
    app = kind()

    @app.command()
    def verb(
        name: str,
        more: Annotated[list[str] | None, typer.Argument()] = None,
        sets: Annotated[list[str] | None, typer.Option("--set")] = None,
        form: Annotated[Format | None, typer.Option("--format")] = None,
        output: Annotated[Path | None, typer.Option("--output")] = None,
        count: Annotated[int | None, typer.Option("--count", min=1)] = None,
        base: Annotated[str | None, typer.Option("--base", parser=str.upper)] = None,
        live: Annotated[bool, typer.Option("--live")] = False,
    ) -> None:
        got.append(dict(locals()))

    try:
        app(args=argv, standalone_mode=False)
    except typer.TyperException as error:
        return type(error), error.format_message()
    del got[0]["got"]
    return got


@pytest.mark.parametrize(
    "argv",
    [
        "one",
        "one two three",
        "one --set a=b --set c=d --live",
        "one --format json --output folder/file --count 3 --base abc",
        "one --format xml",
        "one --count 0",
        "one --count many",
        "one --unknown",
        "",
    ],
)
def test_arguments_become_what_typer_makes_of_them(argv: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "build_runtime_param", build_runtime_param)
    plain = _outcome(typer.Typer, argv.split())
    assert _outcome(Command, argv.split()) == plain
    assert core.build_runtime_param is not build_runtime_param


def test_a_typer_without_the_step_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("automation.cli.command_line._STEP", "no_such_step")
    monkeypatch.setattr(core, "build_runtime_param", build_runtime_param)
    assert _outcome(Command, ["one", "two"])[0]["more"] == ["two"]
    assert core.build_runtime_param is build_runtime_param


def test_a_verb_with_plain_arguments_loads_no_pydantic(tmp_path: Path) -> None:
    program = (
        "import sys; from automation.cli.app import app; from automation.cli.terminal import run; "
        "run(app, ['check', 'fabric-1']); print('pydantic' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert (ran.stdout, "Pulumi.yaml" in ran.stderr) == ("False\n", True)
