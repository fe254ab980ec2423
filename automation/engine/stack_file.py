"""Config that a stack's file holds in clear, read without the CLI, for verbs that need nothing else of a stack.

Only what the CLI would answer letter by letter: everything else is left to it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from providers.settings import NAMESPACE

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

# What a stack's file may hold without a say in config; `environment` has one.
_KNOWN = frozenset({"config", "encryptionsalt", "encryptedkey", "secretsprovider"})

_STRING, _BOOL, _INT = (f"tag:yaml.org,2002:{name}" for name in ("str", "bool", "int"))

# Unquoted texts that every YAML reader takes for text; of others, such as 1e3 or 0o17, some make numbers.
_PLAIN_WORD = re.compile(r"[A-Za-z/_~].*", re.DOTALL)

_PLAIN_NUMBER = re.compile(r"0|[1-9][0-9]{0,14}")


def plain_values(path: Path, project: Mapping[str, Any], keys: Collection[str]) -> dict[str, str] | None:
    """The values of `keys` (without namespace) that are set in a stack's file, as `pulumi config` prints them.

    None where the CLI has to be asked: one of them is secret or no plain value, or the file or the project's file (`project`)
    has something that may change what config is.
    """
    if project.get("config"):
        return None
    try:
        root = yaml.compose(path.read_text("utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, yaml.YAMLError, UnicodeDecodeError):
        return None
    top = _members(root)
    if top is None or not top.keys() <= _KNOWN:
        return None
    config = _members(top["config"]) if "config" in top else {}
    if config is None:
        return None
    found: dict[str, str] = {}
    for name, node in config.items():
        namespace, _, key = name.rpartition(":")
        if key not in keys or namespace not in ("", NAMESPACE):
            # Forms of a key that the CLI has known: "project:config:key", and paths into a value.
            if namespace.startswith(NAMESPACE) and namespace != NAMESPACE:
                return None
            continue
        value = _text(node)
        if value is None or key in found:
            return None
        found[key] = value
    return found


def _members(node: Any) -> dict[str, Any] | None:
    """A mapping's members; None where it is none, or has a key twice, a merge, or a key that is no text."""
    if not isinstance(node, yaml.MappingNode):
        return None
    found: dict[str, Any] = {}
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode) or key.tag != _STRING or key.value in found:
            return None
        found[key.value] = value
    return found


def _text(node: Any) -> str | None:
    """A scalar as the CLI prints it; None where readers of YAML do not agree, or it is no scalar."""
    if not isinstance(node, yaml.ScalarNode):
        return None
    value = str(node.value)
    if node.tag == _STRING and (node.style or _PLAIN_WORD.fullmatch(value)):
        return value
    if node.tag == _BOOL and value in {"true", "True", "TRUE", "false", "False", "FALSE"}:
        return value.lower()
    if node.tag == _INT and _PLAIN_NUMBER.fullmatch(value):
        return value
    return None
