"""Arguments that several verbs share."""

from __future__ import annotations

from typing import Annotated

import typer

Fabric = Annotated[str, typer.Argument(metavar="FABRIC", help="The fabric's name, which is its stack's name.")]
