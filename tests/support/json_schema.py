"""What verbs print with --json, held to docs/command.schema.json and docs/report.schema.json."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import jsonschema_rs

DOCS = Path(__file__).resolve().parents[2] / "docs"
OPERATIONS = {"preview", "sync", "destroy"}
EDITS = {"edit", "create", "delete", "promote", "revert", "batch"}


@functools.cache
def _validator(name: str) -> Any:
    if name == "drift":
        return jsonschema_rs.validator_for(json.loads((DOCS / "report.schema.json").read_text("utf-8")))
    schema = json.loads((DOCS / "command.schema.json").read_text("utf-8"))
    return jsonschema_rs.validator_for({"$ref": f"#/$defs/{name}", "$defs": schema["$defs"]})


def validate(name: str, document: Any) -> None:
    """Hold a document to one definition.

    Raises:
        jsonschema_rs.ValidationError: it is another shape.
    """
    _validator(name).validate(document)


def validate_output(document: dict[str, Any]) -> None:
    """Hold the document that a verb printed to the definition of that verb.

    Raises:
        jsonschema_rs.ValidationError: it is another shape.
    """
    validate(_definition(document), document)


def _definition(document: dict[str, Any]) -> str:
    verb = str(document["verb"])
    if document.keys() <= {"verb", "fabric", "ok", "exit_code", "errors"}:
        return "failure"
    if verb in OPERATIONS:
        return "operation"
    if verb in EDITS:
        return "conflict" if "conflicts" in document else "edit"
    return verb.replace(" ", "-")
