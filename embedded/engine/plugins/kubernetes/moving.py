"""Whether another config of the provider leads to another cluster: then what the provider manages has to be replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.engine import paths
from embedded.engine.failures import ProviderFailed
from embedded.engine.plugins.kubernetes import config, kubeconfig
from embedded.engine.steps import DiffAnswer
from embedded.engine.values import unwrap

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLACES = ("kubeconfig", "context", "cluster")


def compare(olds: Mapping[str, Any], news: Mapping[str, Any]) -> DiffAnswer:
    """The plugin's answer about its own inputs. A cluster that is not known yet is taken to be another one."""
    detailed = paths.diff(olds, news)
    if not detailed:
        return DiffAnswer(changes=False)
    keys = tuple(dict.fromkeys(str((paths.parse(path) or (path,))[0]) for path in detailed))
    old, new = unwrap(dict(olds)), unwrap(dict(news))
    both = old.get("clusterIdentifier"), new.get("clusterIdentifier")
    replaces: tuple[str, ...] = ()
    if all(both):
        replaces = ("clusterIdentifier",) if both[0] != both[1] else ()
    elif not config.read(news).known or _elsewhere(old, new):
        replaces = tuple(key for key in keys if key in _PLACES)
    return DiffAnswer(True, replaces, diffs=keys, detailed=detailed)


def _elsewhere(old: Mapping[str, Any], new: Mapping[str, Any]) -> bool:
    """Whether both lead to a server, and to different ones; a kubeconfig that is gone says nothing."""
    before, after = _server(old), _server(new)
    return bool(before and after and before != after)


def _server(inputs: Mapping[str, Any]) -> str:
    """The API server that a provider's inputs lead to, "" when that cannot be said."""
    settings = config.read(inputs)
    try:
        return kubeconfig.load(settings.kubeconfig).place(settings.context, settings.cluster).server
    except ProviderFailed:
        return ""
