"""The errors of the engine. Each carries the text of the `error: …` line and the exit code of engine-contract §1.5.

EngineError                 1   something a person can act on
├── BadInvocation           2   the command line is wrong
├── NotSupported            2   the real CLI can do this, this engine cannot; the text says what to do instead
├── ProjectNotFound         1   no Pulumi.yaml here or above
├── StackNotFound           6   also when no stack is selected
├── StackAlreadyExists      1
├── StackLocked             1   another run holds the stack
├── PassphraseError         1   missing or wrong; never says the passphrase
├── StateError              1   a state file that cannot be read or written
│   ├── DamagedState        1   a state file that is not what was written
│   └── IntegrityError      1   a state that the CLI would refuse
└── NoChangesExpected       7   --expect-no-changes, and there were some

The Automation API recognises three of them by their text (`no stack named … found`, `stack … already exists`,
`the stack is currently locked by`): those words are part of the contract.
"""

from __future__ import annotations


class EngineError(Exception):
    """An error that ends a command. `str(error)` is what follows `error: ` on stderr."""

    exit_code = 1


class BadInvocation(EngineError):
    """Unknown command or flag, a missing argument, or flags that exclude each other."""

    exit_code = 2


class NotSupported(EngineError):
    """A command or flag that this engine leaves to the real CLI."""

    exit_code = 2

    def __init__(self, what: str, remedy: str = "install the Pulumi CLI and put it on PATH to use it") -> None:
        super().__init__(f"{what} is not supported by the embedded engine; {remedy}")


class ProjectNotFound(EngineError):
    """There is no Pulumi.yaml in `start` or above it."""

    def __init__(self, start: object) -> None:
        super().__init__(
            f"no Pulumi.yaml project file found (searching upwards from {start}); "
            "run the command inside a project, or pass --cwd"
        )


class StackNotFound(EngineError):
    """There is no such stack in the backend."""

    exit_code = 6

    def __init__(self, name: str) -> None:
        super().__init__(f"no stack named '{name}' found")


class NoStackSelected(EngineError):
    """No stack was named and none is selected for this project."""

    exit_code = 6

    def __init__(self) -> None:
        super().__init__("no stack selected; please use `pulumi stack select` to choose one, or pass --stack NAME")


class StackAlreadyExists(EngineError):
    """A stack of this name is there already. `qualified` is organization/PROJECT/STACK."""

    def __init__(self, qualified: str) -> None:
        super().__init__(f"stack '{qualified}' already exists")


class StackLocked(EngineError):
    """Another run holds the stack. `holders` has one line per lock."""

    def __init__(self, holders: list[str]) -> None:
        lines = "".join(f"\n  {holder}" for holder in holders)
        super().__init__(
            f"the stack is currently locked by {len(holders)} lock(s). Either wait for the other process(es) to end "
            f"or delete the lock file with `pulumi cancel`.{lines}"
        )


class PassphraseError(EngineError):
    """The passphrase is missing or wrong."""


class StateError(EngineError):
    """A state, history or settings file cannot be read or written; the text names the file."""


class DamagedState(StateError):
    """A state file was truncated, overwritten or edited into something that is no state."""


class IntegrityError(StateError):
    """The state breaks a rule of engine-contract §5.3; the text names the resource."""


class NoChangesExpected(EngineError):
    """--expect-no-changes was given and something would change, or did."""

    exit_code = 7

    def __init__(self, kind: str) -> None:
        super().__init__(f"no changes were expected for {kind} but changes were proposed")
