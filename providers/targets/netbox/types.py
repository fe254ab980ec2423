"""What hhsync keeps in NetBox: the 13 custom object types with their fields, as data, and the form in which values compare.

Knows names, types and how they look in NetBox's own pages. Does no I/O. Types and fields belong to all fabrics of a NetBox.

Load-bearing: slugs and field names are stored on servers; a field's type can never be changed by hhsync, only checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from providers.core.identity import KINDS
from providers.core.sections import FROM_GIT, NOT_FROM_GIT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from providers.core.identity import Kind

# The heading of our types in NetBox's navigation menu.
GROUP = "Hedgehog"


# NetBox's words for field types. Moments are RFC 3339 text: NetBox would give a datetime back in the server's time
# zone, and what we wrote must compare equal to what a list returns.
TEXT, JSON, INTEGER, OBJECT = "text", "json", "integer", "object"

# In no list and on no page, only in forms, the change log and the API. NetBox shows a field in both or in neither.
# The spec stays visible, since a record's page without it would not say what the CR is; it makes the list's rows
# tall ("Configure Table" takes the column away) and a list page of 10,000 records 1.4 times as costly (0.65 s of CPU
# against 0.47 s).
HIDDEN = "hidden"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a type, in NetBox's words.

    `search` is the weight in NetBox's global search: 0 keeps the field out of the index, which saves an insert a write.
    `filter` is "exact" or "loose" (contains, ignoring case); the values "From Git" and "Not from Git" need "exact".
    `visible` is "always" or HIDDEN.
    """

    name: str
    type: str = TEXT
    label: str = ""
    group: str = ""
    description: str = ""
    unique: bool = False
    primary: bool = False
    required: bool = False
    filter: str = "loose"
    search: int = 0
    visible: str = "always"


@dataclass(frozen=True, slots=True)
class ObjectType:
    """One custom object type; `slug` is its place in NetBox's URLs, `name` its internal name."""

    name: str
    slug: str
    singular: str
    plural: str
    description: str
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field:
        """The field of that name; KeyError where the type has none."""
        for field in self.fields:
            if field.name == name:
                return field
        raise KeyError(f"{self.slug} has no field {name}")


# One record per fabric.
FABRICS = ObjectType(
    name="hedgehog_fabric",
    slug="hedgehog-fabrics",
    singular="Fabric",
    plural="Fabrics",
    description="Hedgehog fabrics: where each one's Git folder is, and the result of its last sync. Written by hhsync.",
    fields=(
        Field("name", unique=True, primary=True, required=True, search=100),
        Field("status", filter="exact", description="Of the last sync: success, partial or failed"),
        Field("error", description="Why the last sync was not a success, in one line"),
        Field("counts", JSON, filter="disabled", description="Number of CRs per kind"),
        Field("last_changed_at", label="Last changed", description="Last sync that changed something"),
        Field("last_applied_commit", filter="exact", description="Last commit that changed the folder and is applied"),
        Field("cluster", description="uid of the cluster's namespace kube-system"),
        Field("git_repository", label="Git repository", group="Git"),
        Field("git_branch", label="Git branch", group="Git"),
        Field("git_path", label="Git folder", group="Git", description="Path from the repository's root"),
    ),
)

_RECORD_FIELDS = (
    Field(
        "ref",
        label="Reference",
        unique=True,
        primary=True,
        required=True,
        filter="exact",
        description="fabric/group/kind/namespace/name",
    ),
    Field("name", required=True, search=100),
    Field("fabric", OBJECT),
    Field("namespace", filter="exact"),
    Field("git_status", label="Git status", group="Git", filter="exact", description=f"{FROM_GIT} or {NOT_FROM_GIT}"),
    Field("git_file_path", label="Git file", group="Git", description="Path from the repository's root"),
    Field("git_commit", label="Git commit", group="Git", filter="exact", description="Last one that changed the file"),
    Field("git_author", label="Git author", group="Git"),
    Field("git_last_modified", label="Git last modified", group="Git"),
    Field("sync_state", label="Sync state", group="Sync", filter="exact", description="As of the last sync"),
    Field("sync_error", label="Sync error", group="Sync"),
    Field("cluster_generation", INTEGER, "Generation", group="Cluster"),
    Field("cluster_uid", label="UID", group="Cluster", filter="exact"),
    Field("spec", JSON, group="Content", filter="disabled", description="As in Git"),
    Field("labels", JSON, group="Content", filter="disabled", visible=HIDDEN),
    Field("annotations", JSON, group="Content", filter="disabled", visible=HIDDEN),
)


def _type_of(kind: Kind) -> ObjectType:
    plural = kind.name + kind.plural[len(kind.name) :]
    return ObjectType(
        name=f"hedgehog_{kind.name.lower()}",
        slug=f"hedgehog-{kind.plural}",
        singular=kind.name,
        plural=plural,
        description=f"{plural} ({kind.api_version}) of all fabrics. Written by hhsync.",
        fields=_RECORD_FIELDS,
    )


# The type of each kind, by the kind's name.
TYPES: dict[str, ObjectType] = {name: _type_of(kind) for name, kind in KINDS.items()}

# All 13, the fabrics first: the others refer to them.
ALL: tuple[ObjectType, ...] = (FABRICS, *TYPES.values())


def canonical(object_type: ObjectType, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Bring values into the one form in which what we sent equals what NetBox stored.

    Text is trimmed, as NetBox does; no text and no object are "", no JSON is {}.

    Raises:
        KeyError: the type has no such field.
    """
    return {name: _canonical(object_type.field(name), value) for name, value in fields.items()}


def _canonical(field: Field, value: Any) -> Any:
    match field.type:
        case "json":
            return {} if value is None else value
        case "integer":
            return None if value is None else int(value)
        case _:
            return "" if value is None else str(value).strip()
