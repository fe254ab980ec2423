"""Command lines as the Automation API and people write them (engine-contract §1.3)."""

from __future__ import annotations

from typing import Any

import pytest

from embedded.engine.arguments import parse
from embedded.engine.errors import BadInvocation, NotSupported
from embedded.engine.grammar import ROOT

READ: list[tuple[str, str, dict[str, Any], tuple[str, ...]]] = [
    ("version", "version", {}, ()),
    (
        "--non-interactive stack select --stack dev",
        "stack select",
        {"non-interactive": True, "stack": "dev"},
        (),
    ),
    ("--non-interactive stack init dev", "stack init", {"non-interactive": True}, ("dev",)),
    (
        "config set k --plaintext --stack dev --non-interactive -- --not-a-flag",
        "config set",
        {"plaintext": True, "stack": "dev", "non-interactive": True},
        ("k", "--not-a-flag"),
    ),
    (
        "config set-all --stack S --path --secret a=1 --plaintext b=2 --secret c=3",
        "config set-all",
        {"stack": "S", "path": True, "secret": ["a=1", "c=3"], "plaintext": ["b=2"]},
        (),
    ),
    ("config --show-secrets --json --stack dev", "config", {"show-secrets": True, "json": True, "stack": "dev"}, ()),
    ("config rm-all --stack S a b", "config rm-all", {"stack": "S"}, ("a", "b")),
    ("stack history --json --page-size 1 --page 1", "stack history", {"json": True, "page-size": 1, "page": 1}, ()),
    ("stack rm --yes --force S", "stack rm", {"yes": True, "force": True}, ("S",)),
    ("stack -s dev output --json", "stack output", {"stack": "dev", "json": True}, ()),
    ("up -y -sdev -p4", "up", {"yes": True, "stack": "dev", "parallel": 4}, ()),
    ("up -yf", "up", {"yes": True, "skip-preview": True}, ()),
    ("up --yes --refresh", "up", {"yes": True, "refresh": "true"}, ()),
    ("up --yes --refresh=false", "up", {"yes": True, "refresh": "false"}, ()),
    ("up --yes -r", "up", {"yes": True, "refresh": "true"}, ()),
    ("up --run-program=false", "up", {"run-program": False}, ()),
    ("up --policy-pack= --neo=false", "up", {"policy-pack": [""], "neo": False}, ()),
    ("-C /x preview -t a -t b", "preview", {"cwd": "/x", "target": ["a", "b"]}, ()),
    ("whoami -v", "whoami", {"verbose": True}, ()),
    ("config delete-all k", "config rm-all", {}, ("k",)),
    ("stack ls --json --all", "stack ls", {"json": True, "all": True}, ()),
    ("stack list", "stack ls", {}, ()),
    ("down --skip-preview", "destroy", {"skip-preview": True}, ()),
]


@pytest.mark.parametrize(("line", "command", "given", "args"), READ, ids=[row[0] for row in READ])
def test_a_command_line_is_read(line: str, command: str, given: dict[str, Any], args: tuple[str, ...]) -> None:
    read = parse(ROOT, line.split())
    assert (read.command, read.given, read.args) == (command, given, args)


WRONG = [
    ("frobnicate", "unknown command 'frobnicate'"),
    ("up --frob", "unknown flag: --frob"),
    ("up -Z", "unknown shorthand flag: -Z"),
    ("up --stack", "flag needs an argument: --stack"),
    ("up --yes=maybe", 'invalid argument "maybe"'),
    ("up --parallel many", "expected a number"),
    ("up one", "accepts 0 argument"),
    ("config get", "accepts 1 argument"),
    ("plugin", "needs one of"),
]


@pytest.mark.parametrize(("line", "text"), WRONG)
def test_a_wrong_command_line_is_refused_with_exit_code_2(line: str, text: str) -> None:
    with pytest.raises(BadInvocation, match=text) as caught:
        parse(ROOT, line.split())
    assert caught.value.exit_code == 2


REFUSED = [
    ("up --plan F", "--plan"),
    ("preview --save-plan F", "--save-plan"),
    ("preview --import-file F", "--import-file"),
    ("up --policy-pack P", "--policy-pack"),
    ("up --attach-debugger program", "--attach-debugger"),
    ("import --file F", "pulumi import"),
    ("config env ls", "pulumi config env` is not .* Pulumi Cloud"),
    ("preview --remote", "--remote is not .* Pulumi Cloud"),
    ("login", "pulumi login"),
    ("state repair", "pulumi state"),
]


@pytest.mark.parametrize(("line", "name"), REFUSED)
def test_what_only_the_real_cli_has_is_refused_by_name(line: str, name: str) -> None:
    with pytest.raises(NotSupported, match=name) as caught:
        parse(ROOT, line.split())
    assert caught.value.exit_code == 2


def test_every_command_of_the_grammar_has_a_handler() -> None:
    from embedded.engine.command import _HANDLERS

    def names(command: Any, prefix: str) -> set[str]:
        own = {prefix} if command.runs and prefix else set()
        below = [names(c, f"{prefix} {c.name}".strip()) for c in command.children.values() if not c.refused]
        return own.union(*below)

    assert names(ROOT, "") | {"help"} == set(_HANDLERS)


HELP = [("", "help", ()), ("--help", "help", ()), ("stack tag ls -h", "help", ("stack", "tag", "ls"))]


@pytest.mark.parametrize(("line", "command", "args"), HELP)
def test_help_may_be_asked_for_anywhere(line: str, command: str, args: tuple[str, ...]) -> None:
    read = parse(ROOT, line.split())
    assert (read.command, read.args) == (command, args)
