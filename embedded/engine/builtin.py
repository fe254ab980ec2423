"""The provider of the package `pulumi`: other stacks' outputs, as a StackReference reads them (engine-contract §2.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from embedded.engine.errors import EngineError, NotSupported
from embedded.engine.failures import ProviderFailed
from embedded.engine.provider_protocol import Call, ReadAnswer
from embedded.engine.secrecy import holds_secret
from embedded.engine.steps import DiffAnswer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PACKAGE = "pulumi"
STACK_REFERENCE = "pulumi:pulumi:StackReference"


class BuiltinProvider:
    """Only reads."""

    previews = False

    def __init__(self, outputs_of: Callable[[str], Mapping[str, Any]]) -> None:
        """`outputs_of` gives a stack's outputs by its name; it raises EngineError for one that cannot be read."""
        self._outputs_of = outputs_of

    def check_config(self, call: Call, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """It has no config."""
        return {}

    def diff_config(self, call: Call, olds: Mapping[str, Any], news: Mapping[str, Any]) -> DiffAnswer:  # noqa: ARG002
        """It has no config."""
        return DiffAnswer(changes=False)

    def configure(self, inputs: Mapping[str, Any]) -> None:
        """It has no config."""

    def read(self, call: Call, id_: str, outputs: Mapping[str, Any], inputs: Mapping[str, Any]) -> ReadAnswer:  # noqa: ARG002
        """The outputs of the stack that is named, and which of them are secret."""
        name = str(inputs.get("name") or id_)
        try:
            found = dict(self._outputs_of(name))
        except EngineError as error:
            raise ProviderFailed(str(error)) from error
        secret = sorted(key for key, value in found.items() if holds_secret(value))
        return ReadAnswer(id_, {"name": name, "outputs": found, "secretOutputNames": secret})

    def check(self, call: Call, olds: Mapping[str, Any], news: Mapping[str, Any]) -> NoReturn:  # noqa: ARG002
        """Nothing of this package is created."""
        raise NotSupported("a resource of the package `pulumi` other than a StackReference that is read")

    def diff(self, call: Call, id_: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> DiffAnswer:  # noqa: ARG002
        """What is read does not differ."""
        return DiffAnswer(changes=False)

    def create(self, call: Call, inputs: Mapping[str, Any]) -> NoReturn:  # noqa: ARG002
        """Nothing of this package is created."""
        raise AssertionError("check has refused it")

    def update(self, call: Call, id_: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> NoReturn:  # noqa: ARG002
        """Nothing of this package is updated."""
        raise AssertionError("check has refused it")

    def delete(self, call: Call, id_: str, outputs: Mapping[str, Any]) -> None:
        """What was only read stays."""

    def invoke(self, call: Call, token: str, arguments: Mapping[str, Any]) -> NoReturn:  # noqa: ARG002
        """Its functions are the engine's own."""
        raise NotSupported(f"the function {token}")

    def cancel(self) -> None:
        """Nothing runs."""
