"""Provider resources: `pulumi:providers:PACKAGE`, explicit ones of a program, as resources with a provider of their own.

Their inputs carry the plugin's version beside its config, and `__internal`, which belongs to the engine and never
reaches a plugin or the outputs (as the CLI stores them).
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, NoReturn

from embedded.engine import paths
from embedded.engine.provider_protocol import Call, Provider, ReadAnswer
from embedded.engine.steps import DiffAnswer

if TYPE_CHECKING:
    from collections.abc import Mapping

INTERNAL = "__internal"
VERSION = "version"


def registered(config: Mapping[str, Any], version: str) -> dict[str, Any]:
    """The inputs of a provider resource: its config, with the version that the program's SDK asks for."""
    return {**config, INTERNAL: {}, VERSION: version} if version else dict(config)


def config_of(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What the plugin itself is configured with."""
    return {key: value for key, value in inputs.items() if key not in (INTERNAL, VERSION)}


def outputs_of(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """What the state keeps as outputs."""
    return {key: value for key, value in inputs.items() if key != INTERNAL}


def default_name(version: str) -> str:
    """The name of the provider that a package's resources use when the program names none: `default_4_34_2`."""
    if not version:
        return "default"
    return "default_" + version.translate(str.maketrans(".-+", "___"))


class ProviderResources:
    """Handles the provider resources of one package."""

    previews = False

    def __init__(self, plugin: Provider) -> None:
        """`plugin` has not been configured; only its config is checked and compared."""
        self._plugin = plugin

    def check(self, call: Call, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """The config as the plugin wants it, version and all."""
        extra = {key: news[key] for key in (INTERNAL, VERSION) if key in news}
        return {**self._plugin.check_config(call, config_of(olds), config_of(news)), **extra}

    def diff(self, call: Call, id_: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> DiffAnswer:
        """As the plugin says; another version alone is an update."""
        answer = self._plugin.diff_config(call, config_of(olds), config_of(news))
        if answer.changes is False and not paths.equal(olds.get(VERSION), news.get(VERSION)):
            return DiffAnswer(changes=True, diffs=(VERSION,))
        return answer

    def create(self, call: Call, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """A provider gets a new id, so that what it manages is known to be on another server."""
        return str(uuid.uuid4()), outputs_of(inputs)

    def update(self, call: Call, id_: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """The id stays, and with it every reference."""
        return outputs_of(news)

    def delete(self, call: Call, id_: str, outputs: Mapping[str, Any]) -> None:
        """Nothing is on a server."""

    def read(self, call: Call, id_: str, outputs: Mapping[str, Any], inputs: Mapping[str, Any]) -> ReadAnswer:
        """Providers are not read."""
        return ReadAnswer(id_, dict(outputs), dict(inputs))

    def check_config(self, call: Call, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """The plugin's own."""
        return self._plugin.check_config(call, olds, news)

    def diff_config(self, call: Call, olds: Mapping[str, Any], news: Mapping[str, Any]) -> DiffAnswer:
        """The plugin's own."""
        return self._plugin.diff_config(call, olds, news)

    def configure(self, inputs: Mapping[str, Any]) -> None:
        """Provider resources need no configuration."""

    def invoke(self, call: Call, token: str, arguments: Mapping[str, Any]) -> NoReturn:
        """Provider resources have no functions."""
        raise AssertionError("functions belong to a plugin, not to its resource")

    def cancel(self) -> None:
        """Nothing runs."""
