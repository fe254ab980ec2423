"""Makes the custom object types in NetBox, checks those that are there, and removes them when asked to uninstall.

Types are shared by all fabrics, so any number of clients may do this at once. Nothing is ever changed that exists: a type or
field that is not as we need it is reported, with the remedy. Deleting a type deletes its records, which NetBox does unasked.
"""

from __future__ import annotations

import logging
import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from providers.errors import Conflict, NotFound, Rejected, ServerFailure, TargetError, UnsafeChange
from providers.targets.netbox import types as netbox_types
from providers.targets.netbox.api import PLUGIN, PLUGIN_API
from providers.targets.netbox.types import (
    ALL,
    FABRICS,
    OBJECT,
    Field,
    ObjectType,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from providers.targets.netbox.api import NetBoxApi

_log = logging.getLogger(__name__)

_TYPES = f"{PLUGIN_API}/custom-object-types/"
_FIELDS = f"{PLUGIN_API}/custom-object-type-fields/"

# Failures of one and the same step, each followed by a new look, before its error stands. A client that another one
# is just overtaking needs one or two; a database that breaks a deadlock, the same.
_TRIES = 8


@dataclass(frozen=True, slots=True)
class _Present:
    """A type as NetBox has it: its id, the model's name of its records, and its fields by name."""

    id: int
    model: str
    fields: Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class _Missing:
    """One field that a type lacks; `type_id` is None where the type itself is missing."""

    type: ObjectType
    type_id: int | None
    field: Field


class Schema:
    """The 13 types on one server."""

    def __init__(self, api: NetBoxApi) -> None:
        self._api = api

    def ensure(self) -> list[str]:
        """Make what is missing; returns the slugs of the types that got something. Two requests when all is there.

        Raises:
            Conflict: a type or field is there and not as we need it.
            TargetError: by cause, e.g. Forbidden where the token may not make types.
        """
        made: dict[str, None] = {}
        failures: dict[tuple[_Missing, ...], int] = {}
        while step := self._next_step():
            try:
                self._take(step)
            except (Rejected, ServerFailure) as error:
                failures[step] = failures.get(step, 0) + 1
                self._unless_somebody_was_faster(error, step, failures[step])
            else:
                made |= {missing.type.slug: None for missing in step}
        return list(made)

    def uninstall(self, *, with_fabrics: bool = False) -> list[str]:
        """Delete the types and with them all records of all fabrics; returns the slugs that were deleted.

        Raises:
            UnsafeChange: fabrics are recorded there, and `with_fabrics` is not set.
            TargetError: by cause.
        """
        present = self._look()
        if not with_fabrics and FABRICS.slug in present:
            names = self._fabrics()
            if names:
                raise UnsafeChange(
                    f"NetBox at {self._api.server} still has the fabrics {', '.join(names)}, and removing the types removes "
                    f"their records; destroy them first, or say that they may go"
                )
        deleted = []
        for object_type in reversed(ALL):
            there = present.get(object_type.slug)
            if there and self._delete(object_type, there):
                deleted.append(object_type.slug)
        return deleted

    def _fabrics(self) -> list[str]:
        pages = self._api.pages(f"{PLUGIN_API}/{FABRICS.slug}/", {"fields": "name"}, about="list fabrics")
        return sorted(str(record["name"]) for page in pages for record in page)

    def _delete(self, object_type: ObjectType, there: _Present) -> bool:
        try:
            self._api.write_schema(
                "DELETE", f"{_TYPES}{there.id}/", None, about=f"delete custom object type {object_type.slug}"
            )
        except NotFound:
            return False
        return True

    def _look(self) -> dict[str, _Present]:
        """The types of ours that are there, by slug. Two trimmed lists cost the server half of one with nested fields."""
        ours = {object_type.slug for object_type in ALL}
        types = [
            entry
            for page in self._api.pages(
                _TYPES, {"fields": "id,slug,table_model_name"}, about="list custom object types"
            )
            for entry in page
            if entry["slug"] in ours
        ]
        fields: dict[int, dict[str, Mapping[str, Any]]] = {entry["id"]: {} for entry in types}
        wanted = {"fields": "name,type,unique,custom_object_type,related_object_type"}
        for page in self._api.pages(_FIELDS, wanted, about="list custom object fields") if types else ():
            for field in page:
                if field["custom_object_type"] in fields:
                    fields[field["custom_object_type"]][field["name"]] = field
        return {
            entry["slug"]: _Present(entry["id"], str(entry["table_model_name"]).lower(), fields[entry["id"]])
            for entry in types
        }

    def _check(self, present: Mapping[str, _Present]) -> None:
        for object_type in ALL:
            there = present.get(object_type.slug)
            for field in object_type.fields if there else ():
                found = there.fields.get(field.name) if there else None
                wrong = found and _wrong(field, found, present)
                if wrong:
                    raise self._api.failure(
                        Conflict,
                        "",
                        f'field "{field.name}" of custom object type {object_type.slug} {wrong}; rename or delete the field '
                        f"(Customization, Custom Object Types), and hhsync makes its own",
                    )

    def _next_step(self) -> tuple[_Missing, ...]:
        """What to make next: the plain fields of one type, or at the end all references; nothing when all is there.

        References come last and at once, as the plugin rebuilds every type that refers to another at each new field.
        Measured for seven types: 17 s of the server's CPU instead of 24 s.
        """
        present = self._look()
        self._check(present)
        references: list[_Missing] = []
        for object_type in ALL:
            there = present.get(object_type.slug)
            missing = [
                _Missing(object_type, there.id if there else None, field)
                for field in object_type.fields
                if there is None or field.name not in there.fields
            ]
            plain = tuple(entry for entry in missing if entry.field.type != OBJECT)
            if plain:
                return plain
            references += missing
        return tuple(references)

    def _take(self, step: tuple[_Missing, ...]) -> None:
        slugs = ", ".join({missing.type.slug: None for missing in step})
        about = f"create custom object type {slugs}"
        _log.debug("%s: %d fields in NetBox", about, len(step))
        type_id = step[0].type_id
        if type_id is None:
            type_id = self._api.write_schema("POST", _TYPES, _type_body(step[0].type), about=about)["id"]
        fields = [_field_body(missing.type_id or type_id, missing.type, missing.field) for missing in step]
        names = ", ".join({missing.field.name: None for missing in step})
        self._api.write_schema("POST", _FIELDS, fields, about=f"{about}, fields {names}")

    def _unless_somebody_was_faster(self, error: TargetError, step: tuple[_Missing, ...], failures: int) -> None:
        """Raise the error where a new look shows the same gap, and neither patience nor another client closes it."""
        if self._next_step() == step and (isinstance(error, Rejected) or failures >= _TRIES):
            raise error
        _log.debug("%s; looking again", error)
        time.sleep(random.uniform(0.05, 0.3) * failures)  # noqa: S311 - spreads clients, protects nothing


def _wrong(field: Field, found: Mapping[str, Any], present: Mapping[str, _Present]) -> str:
    """What is wrong with a field that is there, or ""."""
    kind = found["type"]["value"] if isinstance(found["type"], dict) else found["type"]
    if kind != field.type:
        return f"has type {kind}, not {field.type}"
    if field.unique and not found.get("unique"):
        return "is not unique"
    if field.type == OBJECT:
        fabrics, target = present.get(FABRICS.slug), found.get("related_object_type") or {}
        if fabrics is None or str(target.get("model")).lower() != fabrics.model:
            return f"refers to other objects than {FABRICS.slug}"
    return ""


def _type_body(object_type: ObjectType) -> dict[str, Any]:
    return {
        "name": object_type.name,
        "slug": object_type.slug,
        "verbose_name": object_type.singular,
        "verbose_name_plural": object_type.plural,
        "description": object_type.description,
        "group_name": netbox_types.GROUP,
    }


def _field_body(type_id: int, object_type: ObjectType, field: Field) -> dict[str, Any]:
    body: dict[str, Any] = {
        "custom_object_type": type_id,
        "name": field.name,
        "label": field.label,
        "type": field.type,
        "description": field.description,
        "group_name": field.group,
        "primary": field.primary,
        "required": field.required,
        "unique": field.unique,
        "weight": object_type.fields.index(field) + 1,
        "search_weight": field.search,
        "filter_logic": field.filter,
        "ui_visible": field.visible,
    }
    if field.type == OBJECT:
        # A fabric cannot be deleted while it has records, whoever tries.
        body |= {"app_label": PLUGIN, "model": FABRICS.slug, "on_delete_behavior": "protect"}
    return body
