"""`kubernetes:yaml:decode`: YAML text to objects, for ConfigFile and ConfigGroup (v1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from embedded.engine.failures import ProviderFailed
from embedded.engine.plugins.kubernetes import objects

if TYPE_CHECKING:
    from collections.abc import Callable


class _Loader(yaml.SafeLoader):
    """Reads dates as the texts that they are in JSON."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def decode(text: str, default_namespace: str, is_namespaced: Callable[[str, str], bool]) -> list[dict[str, Any]]:
    """The objects of a text; documents without kind are left out, as the plugin does.

    Raises ProviderFailed for text that is no YAML, or a document that is no object.
    """
    try:
        documents = list(yaml.load_all(text, Loader=_Loader))
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark is not None else ""
        raise ProviderFailed(f"the text is no YAML{where}: {getattr(error, 'problem', None) or 'unreadable'}") from None
    found = []
    for number, document in enumerate(documents, 1):
        if document is None:
            continue
        if not isinstance(document, dict):
            raise ProviderFailed(f"document {number} of the YAML is no object with apiVersion and kind")
        if document.get("kind") and document.get("apiVersion"):
            found.append(_placed(document, default_namespace, is_namespaced))
    return found


def _placed(item: dict[str, Any], default_namespace: str, is_namespaced: Callable[[str, str], bool]) -> dict[str, Any]:
    if not default_namespace or objects.namespace_of(item):
        return item
    if not is_namespaced(str(item["apiVersion"]), str(item["kind"])):
        return item
    return objects.with_metadata(item, namespace=default_namespace)
