"""The config commands: list, get, set, set-all, rm, rm-all, refresh (engine-contract §1.3, §1.4, §5.5)."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from typing import TYPE_CHECKING

from embedded.engine import configmap, history
from embedded.engine.configmap import Secure
from embedded.engine.errors import BadInvocation, EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from embedded.engine.arguments import Invocation
    from embedded.engine.configmap import ConfigValue
    from embedded.engine.shell import Shell
    from embedded.engine.stack import Stack

_SECRET_NAME = re.compile("passwd|pass|password|pwd|secret|token", re.IGNORECASE)


def list_(shell: Shell, line: Invocation) -> int:
    """Every value, Pulumi.yaml's defaults included; secrets hidden unless --show-secrets is given."""
    stack = shell.stack(line)
    merged = stack.merged_config()
    secret = any(configmap.is_secure(value) for value in merged.values())
    decrypt = stack.config_cipher().decrypt if line.flag("show-secrets") and secret else None
    shown = {key: history.config_json(value, decrypt) for key, value in sorted(merged.items())}
    if line.flag("json"):
        shell.json(shown)
    else:
        project = stack.require_project().name
        rows = [(key.removeprefix(f"{project}:"), entry.get("value", "[secret]")) for key, entry in shown.items()]
        shell.table(("KEY", "VALUE"), rows)
    return 0


def get(shell: Shell, line: Invocation) -> int:
    """One value, decrypted; with --path, a value inside a list or mapping."""
    stack = shell.stack(line)
    name = line.args[0]
    key = configmap.parse_key(name, stack.require_project().name, path=line.flag("path"))
    top, path = configmap.split_path(key) if line.flag("path") else (key, [])
    merged = stack.merged_config()
    found, value = configmap.get(merged[top], path) if top in merged else (False, None)
    if not found:
        raise EngineError(f"configuration key '{name}' not found for stack '{stack.ref.name}'")
    decrypt = stack.config_cipher().decrypt if configmap.is_secure(value) else str
    if line.flag("json"):
        shell.json(history.config_json(value, decrypt))
    else:
        shell.out(configmap.to_text(value, decrypt))
    return 0


def set_(shell: Shell, line: Invocation) -> int:
    """Set one value, from the command line or standard input."""
    chosen = [name for name in ("secret", "plaintext", "type") if line.given.get(name)]
    if len(chosen) > 1:
        raise BadInvocation(f"--{chosen[0]} and --{chosen[1]} exclude each other")
    name, *given = line.args
    stack = shell.stack(line)
    text = given[0] if given else shell.read_stdin("the value")
    if not given and not line.flag("raw"):
        text = text.removesuffix("\n").removesuffix("\r")
    if not chosen and _looks_like_secret(name, text):
        raise EngineError(
            f"config value for '{name}' looks like a secret; rerun with --secret to encrypt it, "
            "or --plaintext if you meant to store in plaintext"
        )
    value = _typed(text, line.text("type"))
    if line.flag("secret"):
        value = Secure(stack.config_cipher(create=True).encrypt(text))
    put(stack, name, value, path=line.flag("path"))
    stack.config.save()
    return 0


def put(stack: Stack, name: str, value: ConfigValue, *, path: bool) -> None:
    """Set one value in the stack's configuration, in memory. A plain text inside a list or mapping gets its type."""
    key = configmap.parse_key(name, stack.require_project().name, path=path)
    if path:
        key, steps = configmap.split_path(key)
        if steps and isinstance(value, str):
            value = configmap.coerce(value)
        value = configmap.put(stack.config.config.get(key), steps, value)
    stack.config.set(key, value)


def _typed(text: str, kind: str) -> ConfigValue:
    makers: dict[str, Callable[[str], ConfigValue]] = {
        "": str,
        "string": str,
        "int": int,
        "float": float,
        "bool": _bool,
    }
    if kind not in makers:
        raise EngineError(f'invalid type "{kind}"; must be one of string, int, bool, or float')
    try:
        return makers[kind](text)
    except ValueError:
        raise EngineError(f"the value is no {kind}") from None


def _bool(text: str) -> bool:
    if text not in ("true", "false"):
        raise ValueError
    return text == "true"


def _looks_like_secret(name: str, value: str) -> bool:
    """Whether a plain value under such a name is more likely a secret than a word: by name and by entropy."""
    start = value[:16]
    if not _SECRET_NAME.search(name.rpartition(":")[2]) or not start:
        return False
    counts = Counter(start)
    bits = -sum(count / len(start) * math.log2(count / len(start)) for count in counts.values())
    return bits * len(start) >= 40 and bits >= 3.0


def set_all(shell: Shell, line: Invocation) -> int:
    """Set several values: --plaintext K=V and --secret K=V, or --json TEXT in the form that `config --json` prints."""
    plain, secret, text, path = line.texts("plaintext"), line.texts("secret"), line.text("json"), line.flag("path")
    if text and (plain or secret or path):
        raise BadInvocation("the --json option cannot be used with the --plaintext, --secret or --path options")
    stack = shell.stack(line)

    def encrypt(value: str) -> Secure:
        return Secure(stack.config_cipher(create=True).encrypt(value))

    for pair in plain:
        name, value = _pair(pair)
        put(stack, name, value, path=path)
    for pair in secret:
        name, value = _pair(pair)
        put(stack, name, encrypt(value), path=path)
    for name, value in _from_json(text, encrypt).items() if text else ():
        put(stack, name, value, path=False)
    stack.config.save()
    return 0


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        # The text may be a secret: it is not repeated.
        raise BadInvocation("config value must be in the form KEY=VALUE")
    return name, value


def _from_json(text: str, encrypt: Callable[[str], Secure]) -> Mapping[str, ConfigValue]:
    values: dict[str, ConfigValue] = {}
    try:
        entries = json.loads(text)
        for name, entry in entries.items():
            if entry.get("value") is None:
                raise EngineError(f'value for --json object key "{name}" is nil')
            is_object = entry.get("objectValue") is not None
            value = configmap.from_plain(json.loads(entry["value"])) if is_object else entry["value"]
            values[name] = _all_secret(value, encrypt) if entry.get("secret") else value
    except (ValueError, AttributeError, TypeError):
        raise EngineError("could not parse --json argument: expected {KEY: {value, secret}}") from None
    return values


def _all_secret(value: ConfigValue, encrypt: Callable[[str], Secure]) -> ConfigValue:
    """Every scalar encrypted: which of them were secret, the JSON form does not say."""
    match value:
        case dict():
            return {key: _all_secret(item, encrypt) for key, item in value.items()}
        case list():
            return [_all_secret(item, encrypt) for item in value]
        case None:
            return None
        case _:
            return encrypt(configmap.to_text(value, str))


def rm(shell: Shell, line: Invocation) -> int:
    """Remove values, or with --path what is inside them; a key that is not there is no error."""
    stack = shell.stack(line)
    project = stack.require_project().name
    for name in line.args:
        key = configmap.parse_key(name, project, path=line.flag("path"))
        top, path = configmap.split_path(key) if line.flag("path") else (key, [])
        config = stack.config.config
        if path and top in config:
            stack.config.set(top, configmap.remove(config[top], path))
        elif not path:
            stack.config.remove(top)
    stack.config.save()
    return 0


def refresh(shell: Shell, line: Invocation) -> int:
    """Make the stack file say what the last run used; the former file becomes `.bak` unless --force is given."""
    stack = shell.stack(line)
    latest = history.read(stack.backend.history_folder(stack.ref), 1)
    if not latest:
        raise EngineError("no previous deployment")
    config = stack.config
    if config.path.exists() and not line.flag("force"):
        backup = config.path.with_name(f"{config.path.name}.bak")
        while backup.exists():
            backup = backup.with_name(f"{backup.name}.bak")
        backup.write_bytes(config.path.read_bytes())
        shell.out(f"backed up existing configuration file to {backup}")
    config.replace(latest[0].config)
    if salt := stack.state_salt():
        config.set_salt(salt)
    config.save()
    shell.out(f"refreshed configuration for stack '{stack.ref.name}'")
    return 0
