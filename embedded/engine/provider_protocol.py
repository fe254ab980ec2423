"""What the engine asks of a provider: one protocol, which the dynamic provider and the built-in plugins share.

Values are those of `values`: secrets marked, unknowns marked. A provider answers in the same form. It raises CheckFailed
for inputs that are wrong, NotSupported for what only the real plugin does, ProviderFailed for a server that refuses, and
anything else for a defect; the host tells people and bounds the time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from embedded.engine.steps import DiffAnswer

type Say = Callable[[str, str], None]
"""(severity, message): something to tell people about the resource; severity "status" is shown only while it lasts."""


def _silent(_severity: str, _message: str) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Call:
    """The setting of one call: whom it is about, whether it is a preview, and how many seconds it may take."""

    urn: str = ""
    preview: bool = False
    seconds: float = 1800.0
    asked: float = 0.0
    """What the program asked for (customTimeouts); 0 when nothing."""
    say: Say = _silent


@dataclass(frozen=True, slots=True)
class ReadAnswer:
    """What Read found; `inputs` None means that the provider leaves them as they are."""

    id: str
    outputs: dict[str, Any] = field(default_factory=dict)
    inputs: dict[str, Any] | None = None

    @property
    def gone(self) -> bool:
        """Whether the object does not exist any more."""
        return not self.id


class Provider(Protocol):
    """One configured provider of a run. Every method may be called from any thread, and blocks."""

    @property
    def previews(self) -> bool:
        """Whether create and update may be asked in a preview, and then change nothing."""

    def check_config(self, call: Call, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """The provider's own inputs as it wants them; no I/O. Raises CheckFailed."""

    def diff_config(self, call: Call, olds: Mapping[str, Any], news: Mapping[str, Any]) -> DiffAnswer:
        """How its own inputs differ; `replaces` when they lead to another server."""

    def configure(self, inputs: Mapping[str, Any]) -> None:
        """Take the checked inputs. Called once, before anything below. No connection is made yet."""

    def check(self, call: Call, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """A resource's inputs as the provider wants them. Raises CheckFailed."""

    def diff(self, call: Call, id_: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> DiffAnswer:
        """How `news` (inputs) differ from `olds` (outputs)."""

    def create(self, call: Call, inputs: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Make the object: its id ("" in a preview) and outputs."""

    def update(self, call: Call, id_: str, olds: Mapping[str, Any], news: Mapping[str, Any]) -> dict[str, Any]:
        """Change the object: its new outputs, which are all it has from now on."""

    def read(self, call: Call, id_: str, outputs: Mapping[str, Any], inputs: Mapping[str, Any]) -> ReadAnswer:
        """The object as it is now; `outputs` and `inputs` are those of the state."""

    def delete(self, call: Call, id_: str, outputs: Mapping[str, Any]) -> None:
        """Remove the object; one that is gone already is no error."""

    def invoke(self, call: Call, token: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Call one of the provider's functions."""

    def cancel(self) -> None:
        """The run is given up: end what can be ended at once."""
