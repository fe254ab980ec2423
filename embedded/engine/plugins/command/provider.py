"""`command:local:Command` and `command:local:run`, as the plugin pulumi-command has them.

A change of any input runs `update`, or `create` where there is none; a change of `triggers` replaces the resource. The
outputs are the inputs with `stdout` and `stderr`, which are secret when any input is. Output goes to the next run of the
command in the environment variables PULUMI_COMMAND_STDOUT and PULUMI_COMMAND_STDERR.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from embedded.engine import paths, urns
from embedded.engine.errors import NotSupported
from embedded.engine.failures import CheckFailed
from embedded.engine.plugins.command.process import SHELL, Order, Runner
from embedded.engine.provider_protocol import Call, ReadAnswer
from embedded.engine.steps import DiffAnswer
from embedded.engine.values import Secret, Unknown, unwrap

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

COMMAND, RUN = "command:local:Command", "command:local:run"

_LOGGING = {"stdout": ("stdout",), "stderr": ("stderr",), "stdoutAndStderr": ("stdout", "stderr"), "none": ()}
_TEXTS = ("create", "update", "delete", "dir", "stdin", "logging", "command")
_FLAGS = ("addPreviousOutputInEnv",)
_REFUSED = ("assetPaths", "archivePaths")
_KNOWN = {*_TEXTS, *_FLAGS, *_REFUSED, "environment", "interpreter", "triggers"}
_REMEDY = "read the files in the program, print them to stdout, or install the Pulumi CLI and put it on PATH"


class CommandProvider:
    """The provider of one run. It has no configuration."""

    previews = False

    def __init__(self, folder: str = "") -> None:
        """`folder` is where commands without `dir` run: the program's."""
        self._folder = folder
        self._runner = Runner()

    def check_config(self, call: Call, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """Any config is fine."""
        return dict(news)

    def diff_config(self, call: Call, olds: Mapping[str, Any], news: Mapping[str, Any]) -> DiffAnswer:
        """Nothing of it leads elsewhere."""
        return DiffAnswer(changes=not paths.equal(dict(olds), dict(news)))

    def configure(self, inputs: Mapping[str, Any]) -> None:
        """There is nothing to configure."""

    def check(self, call: Call, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """Raises CheckFailed for a property of the wrong type, NotSupported for assets."""
        if urns.type_of(call.urn) != COMMAND:
            raise NotSupported(f"the resource type {urns.type_of(call.urn)}")
        found = {key: value for key, value in news.items() if value is not None}
        _refuse_assets(found)
        findings = tuple(_findings(found))
        if findings:
            raise CheckFailed(findings)
        return found

    def diff(self, call: Call, id_: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> DiffAnswer:
        """Inputs against the inputs that the outputs hold."""
        before = {key: value for key, value in olds.items() if key in _KNOWN}
        detailed = paths.diff(before, news)
        if not detailed:
            return DiffAnswer(changes=False)
        keys = tuple(dict.fromkeys(str((paths.parse(path) or (path,))[0]) for path in detailed))
        replaces = tuple(path for path in detailed if (paths.parse(path) or ("",))[0] == "triggers")
        return DiffAnswer(True, replaces, diffs=keys, detailed=detailed)

    def create(self, call: Call, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Run `create`. The id is the resource's name with eight random hexadecimal digits."""
        id_ = urns.name_of(call.urn) + secrets.token_hex(4)
        return id_, self._ran(call, inputs, inputs.get("create"), {})

    def update(self, call: Call, id_: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """Run `update`, or `create` where there is none."""
        text = news.get("create") if news.get("update") is None else news["update"]
        return self._ran(call, news, text, olds)

    def read(self, call: Call, id_: str, outputs: Mapping[str, Any], inputs: Mapping[str, Any]) -> ReadAnswer:
        """What a command did cannot be read; it is taken to be there still."""
        return ReadAnswer(id_, dict(outputs), None)

    def delete(self, call: Call, id_: str, outputs: Mapping[str, Any]) -> None:
        """Run `delete`, if there is one."""
        if outputs.get("delete") is not None:
            self._run(call, outputs, outputs["delete"], outputs)

    def invoke(self, call: Call, token: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """`command:local:run`: run a command, in previews too."""
        if token != RUN:
            raise NotSupported(f"the function {token}")
        _refuse_assets(arguments)
        given = {key: value for key, value in arguments.items() if value is not None}
        findings = tuple(_findings(given))
        if findings:
            raise CheckFailed(findings)
        return self._ran(call, given, given.get("command", ""), {})

    def cancel(self) -> None:
        """Kill the commands that run."""
        self._runner.end()

    def _ran(self, call: Call, inputs: Mapping[str, Any], text: Any, before: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs after running `text`, or those from before where there is nothing to run."""
        said = {key: before[key] for key in ("stdout", "stderr") if key in before}
        if text is not None:
            stdout, stderr = self._run(call, inputs, text, before)
            said = {"stdout": stdout, "stderr": stderr}
        else:
            said = {"stdout": "", "stderr": "", **said}
        if _holds_secret(inputs):
            said = {key: value if isinstance(value, Secret) else Secret(value) for key, value in said.items()}
        return {**inputs, **said}

    def _run(self, call: Call, inputs: Mapping[str, Any], text: Any, before: Mapping[str, Any]) -> tuple[str, str]:
        plain = unwrap(dict(inputs))
        environment = {key: str(value) for key, value in (plain.get("environment") or {}).items()}
        if plain.get("addPreviousOutputInEnv", True):
            for name in ("stdout", "stderr"):
                if said := unwrap(before.get(name)):
                    environment[f"PULUMI_COMMAND_{name.upper()}"] = str(said)
        order = Order(
            str(unwrap(text)),
            tuple(map(str, plain.get("interpreter") or SHELL)),
            str(plain.get("dir") or self._folder),
            environment,
            str(plain.get("stdin") or ""),
            hidden=_holds_secret(inputs),
        )
        return self._runner.run(order, call.seconds, _hearing(call, plain, hidden=order.hidden))


def _hearing(call: Call, inputs: Mapping[str, Any], *, hidden: bool) -> Callable[[str, str], None]:
    """What is told of a command's output while it runs: `logging` says, and nothing where inputs are secret."""
    wanted = () if hidden else _LOGGING[inputs.get("logging") or "stdoutAndStderr"]

    def heard(stream: str, line: str) -> None:
        if stream in wanted:
            call.say("status", line)

    return heard


def _refuse_assets(inputs: Mapping[str, Any]) -> None:
    for name in _REFUSED:
        if inputs.get(name) is not None:
            raise NotSupported(f"the property {name} of a command", _REMEDY)


def _findings(inputs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is wrong with the inputs, as (property, reason)."""
    found = [(key, f"a command has no property {key!r}") for key in inputs if key not in _KNOWN]
    for key in _TEXTS:
        if not _is(inputs.get(key), str):
            found.append((key, "it has to be a text"))
    for key in _FLAGS:
        if not _is(inputs.get(key), bool):
            found.append((key, "it has to be true or false"))
    plain = {key: _known(value) for key, value in inputs.items()}
    environment, interpreter = plain.get("environment"), plain.get("interpreter")
    if environment is not None and not (
        isinstance(environment, dict) and all(_is(value, str) for value in environment.values())
    ):
        found.append(("environment", "it has to map names to texts"))
    if interpreter is not None and not (
        isinstance(interpreter, list) and all(_is(value, str) for value in interpreter)
    ):
        found.append(("interpreter", "it has to be a list of texts"))
    logging = plain.get("logging")
    if isinstance(logging, str) and logging not in _LOGGING:
        found.append(("logging", f"it has to be one of {', '.join(_LOGGING)}"))
    return found


def _known(value: Any) -> Any:
    """The plain value, None for one that a preview does not know."""
    value = value.value if isinstance(value, Secret) else value
    return None if isinstance(value, Unknown) else value


def _is(value: Any, kind: type) -> bool:
    plain = _known(value)
    return plain is None or isinstance(plain, kind)


def _holds_secret(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_secret, value.values()))
    if isinstance(value, list):
        return any(map(_holds_secret, value))
    return isinstance(value, Secret)
