r"""Stack configuration as values: keys, paths into them, what is secret, and the text a program sees. Pure.

A config value is None, bool, int, float, str, a list, a dict with text keys, or `Secure(ciphertext)`. In files Secure is the
mapping `{secure: CIPHERTEXT}`, at any depth. Keys are `namespace:name`; a bare name gets the project's namespace.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from embedded.engine.errors import EngineError
from embedded.engine.property_json import dumps

if TYPE_CHECKING:
    from collections.abc import Callable

    Decrypt = Callable[[str], str]
    Path = list[str | int]

ConfigValue = Any
_DECIMAL = re.compile(r"[+-]?\d+$", re.ASCII)


@dataclass(frozen=True, slots=True)
class Secure:
    """An encrypted text."""

    ciphertext: str


def from_plain(value: Any) -> ConfigValue:
    """A value as YAML or JSON gave it, with `{secure: TEXT}` recognised and keys made text."""
    if isinstance(value, dict):
        if set(value) == {"secure"} and isinstance(value["secure"], str):
            return Secure(value["secure"])
        return {str(key): from_plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [from_plain(item) for item in value]
    return value


def to_plain(value: ConfigValue) -> Any:
    """The value as YAML or JSON takes it: the inverse of `from_plain`."""
    match value:
        case Secure(ciphertext):
            return {"secure": ciphertext}
        case dict():
            return {key: to_plain(item) for key, item in value.items()}
        case list():
            return [to_plain(item) for item in value]
        case _:
            return value


def is_secure(value: ConfigValue) -> bool:
    """Whether the value is secret, as a whole or somewhere inside."""
    match value:
        case Secure():
            return True
        case dict():
            return any(is_secure(item) for item in value.values())
        case list():
            return any(is_secure(item) for item in value)
        case _:
            return False


def is_object(value: ConfigValue) -> bool:
    """Whether programs see the value as JSON text: lists and mappings."""
    return isinstance(value, dict | list)


def decrypted(value: ConfigValue, decrypt: Decrypt) -> Any:
    """The value with every secret replaced by what `decrypt(ciphertext)` gives, and integral floats as integers."""
    match value:
        case Secure(ciphertext):
            return decrypt(ciphertext)
        case dict():
            return {key: decrypted(value[key], decrypt) for key in sorted(value)}
        case list():
            return [decrypted(item, decrypt) for item in value]
        case float() if math.isfinite(value) and value.is_integer():
            return int(value)
        case _:
            return value


def to_text(value: ConfigValue, decrypt: Decrypt) -> str:
    """What a program sees: texts as they are, nothing for null, everything else as compact JSON with sorted keys.

    Raises EngineError for infinite numbers, and whatever `decrypt` raises.
    """
    plain = decrypted(value, decrypt)
    if plain is None:
        return ""
    if isinstance(plain, str):
        return plain
    try:
        return dumps(plain)
    except ValueError:
        raise EngineError("a configuration value holds a number that JSON lacks (infinite, or not a number)") from None


def parse_key(text: str, project: str, *, path: bool = False) -> str:
    """`name`, `ns:name` or the old `ns:config:name` -> `ns:name`. With `path`, only the first segment is looked at.

    Raises EngineError for anything else.
    """
    cut = re.search(r"[\[.]", text) if path else None
    if cut and cut.start() > 0:
        return parse_key(text[: cut.start()], project) + text[cut.start() :]
    parts = text.split(":")
    match parts:
        case [name]:
            return f"{project}:{name}"
        case [namespace, name] | [namespace, "config", name]:
            return f"{namespace}:{name}"
        case _:
            raise EngineError(
                f"invalid configuration key: could not parse {text} as a configuration key "
                "(configuration keys should be of the form `<namespace>:<name>`)"
            )


def split_path(key: str) -> tuple[str, Path]:
    """`ns:outer.inner[0]` -> (`ns:outer`, ["inner", 0]). Raises EngineError for a malformed path."""
    namespace, _, name = key.partition(":")
    elements = parse_path(name)
    if not elements or not isinstance(elements[0], str) or not elements[0]:
        raise EngineError(f"invalid config key path {name!r}: it must start with a name")
    return f"{namespace}:{elements[0]}", elements[1:]


_ELEMENT = re.compile(r'\[(?:"(?P<quoted>(?:\\"|[^"])*)"|(?P<index>-?\d+))\]|(?P<dot>\.)?(?P<name>[^.\[]+)')


def parse_path(text: str) -> Path:
    r"""`a.b["c.d"][0]` -> ["a", "b", "c.d", 0]; `\"` inside quotes is a quote. Raises EngineError."""
    elements: Path = []
    position = 0
    while position < len(text):
        match = _ELEMENT.match(text, position)
        if match is None or (match["dot"] and position == 0):
            raise EngineError(f"invalid config key path {text!r}: unexpected text at position {position + 1}")
        if match["index"] is not None:
            elements.append(int(match["index"]))
        elif match["quoted"] is not None:
            elements.append(match["quoted"].replace('\\"', '"'))
        else:
            elements.append(match["name"])
        position = match.end()
    return elements


def coerce(text: str) -> bool | int | str:
    """What a text means inside a list or mapping: true, false, a decimal without leading zeros (64 bits), or itself."""
    if text in ("true", "false"):
        return text == "true"
    leading_zero = len(text) > 1 and text[0] == "0"
    if _DECIMAL.match(text) and not leading_zero and -(2**63) <= int(text) < 2**64:
        return int(text)
    return text


def get(value: ConfigValue, path: Path) -> tuple[bool, ConfigValue]:
    """(found, the value at `path` inside `value`)."""
    for step in path:
        in_map = isinstance(value, dict) and isinstance(step, str) and step in value
        in_list = isinstance(value, list) and isinstance(step, int) and 0 <= step < len(value)
        if not (in_map or in_list):
            return False, None
        value = value[step]
    return True, value


def put(root: ConfigValue, path: Path, new: ConfigValue) -> ConfigValue:
    """`root` with `new` at `path`, making lists and mappings on the way; the given root is not changed.

    A scalar at the very top gives way to a container, deeper ones do not. Raises EngineError where the path does not
    fit.
    """
    return _put(root, path, new, top=True)


def _put(value: ConfigValue, path: Path, new: ConfigValue, *, top: bool) -> ConfigValue:
    if not path:
        return new
    step, rest = path[0], path[1:]
    if not isinstance(value, dict | list) and (value is None or top):
        value = {} if isinstance(step, str) else []
    if isinstance(value, dict) and isinstance(step, str):
        if not rest and step == "secure" and not value and isinstance(new, str):
            raise EngineError('could not set config: maps with the single key "secure" are reserved')
        return {**value, step: _put(value.get(step), rest, new, top=False)}
    if isinstance(value, list) and isinstance(step, int):
        if not 0 <= step <= len(value):
            raise EngineError(f"could not set config: array index {step} is out of range (length {len(value)})")
        old = value[step] if step < len(value) else None
        return [*value[:step], _put(old, rest, new, top=False), *value[step + 1 :]]
    expected = "a map" if isinstance(step, str) else "an array"
    raise EngineError(f"could not set config: {step!r} needs {expected}, and there is something else")


def remove(value: ConfigValue, path: Path) -> ConfigValue:
    """`value` without what stands at `path`; unchanged when nothing stands there. `path` is not empty."""
    step, rest = path[0], path[1:]
    if not get(value, [step])[0]:
        return value
    if rest:
        return _put(value, [step], remove(value[step], rest), top=False)
    if isinstance(step, int):
        return value[:step] + value[step + 1 :]
    result = {key: item for key, item in value.items() if key != step}
    if set(result) == {"secure"} and isinstance(result["secure"], str):
        raise EngineError('could not remove config: maps with the single key "secure" are reserved')
    return result
