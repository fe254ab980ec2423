"""Commands about the engine itself: version, about, whoami, org, cancel."""

from __future__ import annotations

import platform
from typing import TYPE_CHECKING

from embedded.engine import locks
from embedded.engine.checkpoint import ENGINE_VERSION
from embedded.engine.errors import EngineError

if TYPE_CHECKING:
    from embedded.engine.arguments import Invocation
    from embedded.engine.shell import Shell

CHOSEN = "PULUMI_EMBEDDED_CHOSEN"
"""Environment variable: why this engine was chosen, for `about`; whoever chooses between engines sets it."""


def version(shell: Shell, _line: Invocation) -> int:
    """Print the version that the Automation API checks; it is that of the SDK, not of a CLI."""
    shell.out(ENGINE_VERSION)
    return 0


def about(shell: Shell, line: Invocation) -> int:
    """Say which engine this is, and where state is kept and why there."""
    project = shell.find_project()
    backend = shell.backend(project)
    facts = {
        "engine": "embedded (pure Python)",
        "chosen": shell.env.get(CHOSEN, "by its own name: no other engine was asked"),
        "version": ENGINE_VERSION,
        "python": platform.python_version(),
        "backend": backend.url,
        "backend_from": backend.source,
        "state": str(backend.book),
        "user": locks.user_name(),
        "project": project.name if project else "",
    }
    if line.flag("json"):
        shell.json(facts)
    else:
        shell.table(("", ""), [(key.replace("_", " "), value) for key, value in facts.items()])
    return 0


def whoami(shell: Shell, line: Invocation) -> int:
    """The account's name; a folder has no users of its own."""
    backend = shell.backend(shell.find_project())
    user = locks.user_name()
    if line.flag("json") or line.text("output") == "json":
        shell.json({"user": user, "url": backend.url})
    elif line.flag("verbose"):
        shell.out(f"User: {user}\nOrganizations: \nBackend URL: {backend.url}\nToken type: personal")
    else:
        shell.out(user)
    return 0


def org(shell: Shell, _line: Invocation) -> int:
    """A folder has no organizations; its stacks are all in `organization`."""
    shell.out(f"Current Backend: {shell.backend(shell.find_project()).url}\nNo Default Org Specified")
    return 0


def no_organizations(shell: Shell, _line: Invocation) -> int:
    """Getting or setting the default organization is an error here, as with the CLI on such a backend."""
    url = shell.backend(shell.find_project()).url
    raise EngineError(f"the backend {url} has no organizations, so there is no default one to get or set")


def cancel(shell: Shell, line: Invocation) -> int:
    """Delete every lock of a stack, whoever holds it."""
    stack = shell.stack(line, shell.named(line))
    if not (line.flag("yes") or shell.truthy("PULUMI_SKIP_CONFIRMATIONS")):
        shell.confirm(
            f"This frees the locks of '{stack.ref.name}'; a run that is still alive is then no longer alone.",
            stack.ref.name,
            "pass --yes to cancel; a run that is still alive would then no longer be alone",
        )
    locks.cancel(stack.backend.lock_folder(stack.ref))
    shell.out(f"The currently running update for '{stack.ref.name}' has been canceled!")
    return 0
