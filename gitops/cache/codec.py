"""What a file, or a whole folder, was found to hold → JSON and back, without the paths and commits that move. Pure.

A file's part is a function of its bytes (its blob id), the schemas and the code; a folder's part of its tree id, too.
Documents come back without their text, which is read and parsed again only if somebody asks for the line of a field.
"""

from __future__ import annotations

import functools
from collections import Counter
from typing import TYPE_CHECKING, Any

from gitops import documents
from gitops.desired import DesiredState, Draft
from gitops.documents import Document
from gitops.manifests import Located, Reading
from providers.core.finding import Finding
from providers.core.identity import ObjectRef
from providers.core.manifest import Attribution, Manifest, Origin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def reading_json(reading: Reading, parsed: Sequence[Document]) -> dict[str, Any]:
    """What one file holds; `parsed` are the documents that the reading is made of."""
    number = {id(document): index for index, document in enumerate(parsed)}
    return {
        "found": [_located_json(one, number) for one in reading.found],
        "issues": [_finding_json(one) for one in reading.issues],
        "skipped": dict(reading.skipped),
        "refused": [_located_json(one, number) for one in reading.refused],
    }


def reading_of(value: Any, path: str, attribution: Attribution, data: Callable[[], bytes]) -> Reading:
    """The reading of a file at `path`; `data` gives its bytes.

    Raises:
        ValueError, TypeError, KeyError, IndexError: the value is not what `reading_json` makes.
    """

    @functools.cache
    def parsed() -> list[Document]:
        return documents.parse(path, data())[0]

    def located(one: Sequence[Any]) -> Located:
        *facts, number, prefix = one
        manifest = _manifest_of(facts, path, attribution)
        document = _Restored(manifest.origin, functools.partial(_nth, parsed, number))
        return Located(manifest, document, tuple(prefix))

    return Reading(
        found=[located(one) for one in value["found"]],
        issues=[_finding_of(one, path) for one in value["issues"]],
        skipped=Counter(value["skipped"]),
        refused=[located(one) for one in value["refused"]],
    )


def state_json(state: DesiredState, errors: Sequence[Finding]) -> dict[str, Any]:
    """The desired state of a folder, with its findings."""
    number = {ref: index for index, ref in enumerate(state.manifests)}
    return {
        "manifests": [[*_manifest_json(one), one.origin.path] for one in state.manifests.values()],
        "references": [[number[each] for each in state.references[ref]] for ref in state.manifests],
        "drafts": [[_ref_json(one.ref) if one.ref else None, *_origin_json(one.origin)] for one in state.drafts],
        "skipped": dict(state.skipped),
        "warnings": [[*_finding_json(one), one.origin.path] for one in state.warnings],
        "unread": list(state.unread),
        "twice": [_ref_json(one) for one in state.twice],
        "errors": [[*_finding_json(one), one.origin.path] for one in errors],
    }


def state_of(value: Any, attribution: Mapping[str, Attribution]) -> tuple[DesiredState, tuple[Finding, ...]]:
    """The desired state and the errors.

    Raises:
        ValueError, TypeError, KeyError, IndexError: the value is not what `state_json` makes.
    """
    manifests = [_manifest_of(facts, path, attribution[path]) for *facts, path in value["manifests"]]
    refs = [one.ref for one in manifests]
    state = DesiredState(
        manifests={one.ref: one for one in manifests},
        references={
            ref: tuple(refs[each] for each in named) for ref, named in zip(refs, value["references"], strict=True)
        },
        drafts=tuple(Draft(ObjectRef(*ref) if ref else None, Origin(*origin)) for ref, *origin in value["drafts"]),
        skipped=value["skipped"],
        warnings=tuple(_finding_of(one, path) for *one, path in value["warnings"]),
        unread=tuple(value["unread"]),
        twice=tuple(ObjectRef(*one) for one in value["twice"]),
    )
    return state, tuple(_finding_of(one, path) for *one, path in value["errors"])


class _Restored(Document):
    """A document of which only the origin is known until somebody asks for more."""

    __slots__ = ("_real",)

    def __init__(self, origin: Origin, real: Callable[[], Document]) -> None:
        object.__setattr__(self, "origin", origin)
        object.__setattr__(self, "_real", real)

    def __getattribute__(self, name: str) -> Any:
        if name in {"value", "text", "first_line", "ordinal", "_lines"}:
            return getattr(object.__getattribute__(self, "_real")(), name)
        return object.__getattribute__(self, name)


def _nth(parsed: Callable[[], list[Document]], number: int) -> Document:
    return parsed()[number]


def _located_json(one: Located, number: Mapping[int, int]) -> list[Any]:
    return [*_manifest_json(one.manifest), number[id(one.document)], list(one.prefix)]


def _manifest_json(one: Manifest) -> list[Any]:
    return [
        *_ref_json(one.ref), one.spec, dict(one.labels), dict(one.annotations), one.origin.line, one.origin.document,
    ]  # fmt: skip


def _manifest_of(facts: Sequence[Any], path: str, attribution: Attribution) -> Manifest:
    kind, namespace, name, spec, labels, annotations, line, document = facts
    return Manifest(
        ObjectRef(kind, namespace, name), spec, Origin(path, line, document), attribution, labels, annotations
    )


def _finding_json(one: Finding) -> list[Any]:
    ref = _ref_json(one.ref) if one.ref else None
    return [one.origin.line, one.origin.document, list(one.path), one.message, one.rule, one.severity, ref]


def _finding_of(value: Sequence[Any], path: str) -> Finding:
    line, document, field, message, rule, severity, ref = value
    return Finding(
        tuple(field), message, rule, severity, Origin(path, line, document), ObjectRef(*ref) if ref else None
    )


def _origin_json(one: Origin) -> list[Any]:
    return [one.path, one.line, one.document]


def _ref_json(one: ObjectRef) -> list[str]:
    return [one.kind, one.namespace, one.name]
