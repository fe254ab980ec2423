"""Kubernetes objects as property values, and the form in which the plugin keeps them in a state. Pure.

A resource's outputs are the live object with three more keys: `__inputs` (what the program wants, as checked),
`__initialApiVersion` and `__fieldManager`. Property names cannot hold dashes in typed SDKs, so the `x-kubernetes-…`
keys of a CRD's schema are written with underscores on the program's side.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from embedded.engine.secrecy import mark_secrets
from embedded.engine.values import Secret, Unknown, has_unknown, unwrap

if TYPE_CHECKING:
    from collections.abc import Mapping

INPUTS, INITIAL_VERSION, MANAGER = "__inputs", "__initialApiVersion", "__fieldManager"

AUTONAMED = "pulumi.com/autonamed"
SKIP_AWAIT = "pulumi.com/skipAwait"
WAIT_FOR = "pulumi.com/waitFor"
TIMEOUT = "pulumi.com/timeoutSeconds"
REPLACE_UNREADY = "pulumi.com/replaceUnready"
PATCH_FORCE = "pulumi.com/patchForce"
PATCH_MANAGER = "pulumi.com/patchFieldManager"
PROPAGATION = "pulumi.com/deletionPropagationPolicy"

_DASHED = (
    "x-kubernetes-embedded-resource",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-map-type",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
)
_TO_DASHED = {key.replace("-", "_"): key for key in _DASHED}
_TO_UNDERSCORED = {dashed: plain for plain, dashed in _TO_DASHED.items()}
_READ_ONLY = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "uid",
)


def to_object(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Property values as an object for the server: in clear, dashes where Kubernetes has them. Unknowns stay."""
    found: dict[str, Any] = _renamed(_without_nulls(unwrap(dict(properties))), _TO_DASHED)
    return found


def to_properties(live: Mapping[str, Any]) -> dict[str, Any]:
    """A server's object as property values."""
    found: dict[str, Any] = _renamed(dict(live), _TO_UNDERSCORED)
    return found


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, dict):
        return {names.get(key, key): _renamed(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [_renamed(item, names) for item in value]
    return value


def _without_nulls(value: dict[str, Any]) -> dict[str, Any]:
    """Without top-level nulls: properties that the program did not set."""
    return {key: item for key, item in value.items() if item is not None}


def normalised(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """An object without the metadata that only a server writes."""
    found = dict(wanted)
    metadata = found.get("metadata")
    if isinstance(metadata, dict):
        found["metadata"] = {key: item for key, item in metadata.items() if key not in _READ_ONLY}
    return found


def metadata_of(item: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata, empty where it is missing or not known yet."""
    found = item.get("metadata")
    return found if isinstance(found, dict) else {}


def name_of(item: Mapping[str, Any]) -> str:
    """The name, "" where there is none yet."""
    found = metadata_of(item).get("name")
    return found if isinstance(found, str) else ""


def namespace_of(item: Mapping[str, Any]) -> str:
    """The namespace, "" where there is none yet."""
    found = metadata_of(item).get("namespace")
    return found if isinstance(found, str) else ""


def annotation(item: Mapping[str, Any], key: str) -> str:
    """An annotation's text, "" where it is missing or not known yet."""
    annotations = metadata_of(item).get("annotations")
    found = annotations.get(key) if isinstance(annotations, dict) else None
    return found if isinstance(found, str) else ""


def is_true(item: Mapping[str, Any], key: str) -> bool:
    """Whether an annotation says true."""
    return annotation(item, key).lower() == "true"


def with_metadata(item: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
    """The object with keys of its metadata replaced."""
    return {**item, "metadata": {**metadata_of(item), **changes}}


def with_annotation(item: Mapping[str, Any], key: str, value: str) -> dict[str, Any]:
    """The object with one more annotation; unchanged where its annotations are not known yet."""
    annotations = metadata_of(item).get("annotations")
    if isinstance(annotations, Unknown):
        return dict(item)
    return with_metadata(item, annotations={**(annotations or {}), key: value})


def id_of(item: Mapping[str, Any]) -> str:
    """The resource's id: `namespace/name`, or `name` for what has no namespace."""
    namespace = namespace_of(item)
    return f"{namespace}/{name_of(item)}" if namespace else name_of(item)


def parse_id(id_: str) -> tuple[str, str]:
    """(namespace, name) of an id."""
    namespace, _, name = id_.rpartition("/")
    return namespace, name


def label(item: Mapping[str, Any]) -> str:
    """How messages name an object: `Kind namespace/name`."""
    return f"{item.get('kind', 'object')} {id_of(item) or '(no name yet)'}"


def checkpoint(
    inputs: Mapping[str, Any], live: Mapping[str, Any], marked: Mapping[str, Any], first_version: str, manager: str
) -> dict[str, Any]:
    """The outputs of a resource: `live`, and what it came from.

    `marked` are the inputs with their secrets, which are carried over by name; what a Secret has under `stringData`
    comes back under `data`.
    """
    secret = dict(marked)
    if live.get("kind") == "Secret" and live.get("apiVersion") == "v1" and "stringData" in marked:
        given = marked["stringData"]
        plain = marked.get("data")
        secret["data"] = given if isinstance(given, Secret) or not isinstance(plain, dict) else {**plain, **given}
    outputs = mark_secrets(to_properties(live), secret)
    return {
        **outputs,
        INPUTS: mark_secrets(to_properties(inputs), marked),
        INITIAL_VERSION: first_version,
        MANAGER: manager,
    }


def parse_checkpoint(outputs: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the inputs that a state's outputs hold, the live object), both in clear."""
    found = to_object(outputs)
    inputs = found.pop(INPUTS, None)
    for key in (INITIAL_VERSION, MANAGER):
        found.pop(key, None)
    return (inputs if isinstance(inputs, dict) else {}), found


def pruned(live: Any, shape: Any) -> Any:
    """`live` cut down to the keys that `shape` has, so that what a server adds makes no difference.

    Lists are cut to the length of the shape's, and their members pairwise.
    """
    if isinstance(live, dict) and isinstance(shape, dict):
        return {key: pruned(item, shape[key]) for key, item in live.items() if key in shape}
    if isinstance(live, list) and isinstance(shape, list):
        return [pruned(item, wanted) for item, wanted in zip(live, shape, strict=False)]
    return live


def with_empties(found: Any, shape: Any) -> Any:
    """`found` with the empty objects and lists that `shape` has: a server does not store them, and they say nothing."""
    if not isinstance(found, dict) or not isinstance(shape, dict):
        return found
    kept = {key: with_empties(item, shape.get(key)) for key, item in found.items()}
    return {**kept, **{key: item for key, item in shape.items() if key not in found and item in ({}, [])}}


def unknown(item: Mapping[str, Any]) -> bool:
    """Whether anything in it is not known yet."""
    return bool(has_unknown(dict(item)))
