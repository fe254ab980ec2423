"""Answers to the API server's questions: what becomes of this object, and may it be stored or deleted. Pure."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from embedded.webhooks.rules.registry import KINDS
from embedded.webhooks.shapes import Refused, Unreadable
from embedded.webhooks.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.webhooks.rules.kind import World
    from embedded.webhooks.settings import Settings


FORBIDDEN, BAD_REQUEST = 403, 400


@dataclass(frozen=True, slots=True)
class AdmissionResponse:
    """The response to the API server. `code` and `message` say why the object was refused, `patch` what to change."""

    allowed: bool
    code: int = 200
    message: str = ""
    patch: tuple[dict[str, Any], ...] = ()
    warnings: tuple[str, ...] = ()


def mutated(kind: str, manifest: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    """The manifest after defaulting; Unreadable when a value does not fit its field."""
    sent = dict(manifest)
    subject = Subject.of(kind, sent)
    before, labels, spec = subject.written(), deepcopy(subject.labels), deepcopy(subject.spec)
    KINDS[kind].default(subject, settings)
    if (subject.labels, subject.spec) == (labels, spec):
        # then the real webhook answers nothing, and the empty structs of its spelling do not appear
        return sent
    metadata = dict(sent["metadata"])
    if subject.labels:
        metadata["labels"] = subject.labels
    else:
        metadata.pop("labels", None)
    return sent | {"metadata": metadata, "spec": rewritten(sent.get("spec", {}), before, subject.written())}


def mutate(kind: str, request: Mapping[str, Any], settings: Settings) -> AdmissionResponse:
    """Answer the mutating webhook's request (an AdmissionReview's `request`)."""
    sent = request["object"]
    try:
        wanted = mutated(kind, sent, settings)
    except Unreadable as error:
        return AdmissionResponse(allowed=False, code=BAD_REQUEST, message=str(error))
    return AdmissionResponse(allowed=True, patch=tuple(patch(sent, wanted)))


def validate(kind: str, request: Mapping[str, Any], world: World) -> AdmissionResponse:
    """Answer the validating webhook's request (an AdmissionReview's `request`)."""
    try:
        warnings = _checked(kind, request, world)
    except Unreadable as error:
        return AdmissionResponse(allowed=False, code=BAD_REQUEST, message=str(error))
    except Refused as error:
        return AdmissionResponse(allowed=False, code=FORBIDDEN, message=str(error))
    return AdmissionResponse(allowed=True, warnings=tuple(warnings))


def _checked(kind: str, request: Mapping[str, Any], world: World) -> list[str]:
    rules, operation = KINDS[kind], request["operation"]
    if operation == "DELETE":
        rules.delete(Subject.of(kind, request["oldObject"]), world)
        return []
    new = Subject.of(kind, request["object"])
    if operation == "CREATE":
        return _in_words(rules.refusal, new, world)
    old = Subject.of(kind, request["oldObject"])
    rules.before_update(old, new, world)
    warnings = _in_words(rules.refusal, new, world)
    rules.after_update(old, new, world)
    return warnings


def _in_words(words: str, subject: Subject, world: World) -> list[str]:
    try:
        return KINDS[subject.kind].check(subject, world)
    except Refused as error:
        raise Refused(f"{words}: {error}") from error


def rewritten(sent: Any, before: Any, after: Any) -> Any:
    """Return `sent` with all differences of `after`, but for removals that `before` has, too.

    Args:
        sent: the value as sent.
        before: the webhook's spelling of it before defaulting.
        after: its spelling after defaulting.
    """
    if isinstance(sent, dict) and isinstance(after, dict):
        known = before if isinstance(before, dict) else {}
        kept = {
            key: rewritten(value, known.get(key), after[key]) if key in after else value
            for key, value in sent.items()
            if key in after or key not in known
        }
        return kept | {key: value for key, value in after.items() if key not in sent}
    if isinstance(sent, list) and isinstance(after, list) and len(sent) == len(after):
        known_items = before if isinstance(before, list) and len(before) == len(sent) else [None] * len(sent)
        return [rewritten(*each) for each in zip(sent, known_items, after, strict=True)]
    return after


def patch(sent: dict[str, Any], wanted: dict[str, Any], path: str = "") -> list[dict[str, Any]]:
    """The JSON patch from one object to another; lists and scalars that differ are replaced whole."""
    operations: list[dict[str, Any]] = []
    for key in sent.keys() | wanted.keys():
        place = f"{path}/{key.replace('~', '~0').replace('/', '~1')}"
        if key not in wanted:
            operations.append({"op": "remove", "path": place})
        elif key not in sent:
            operations.append({"op": "add", "path": place, "value": wanted[key]})
        elif isinstance(sent[key], dict) and isinstance(wanted[key], dict):
            operations += patch(sent[key], wanted[key], place)
        elif not _same(sent[key], wanted[key]):
            operations.append({"op": "replace", "path": place, "value": wanted[key]})
    return operations


def _same(one: Any, other: Any) -> bool:
    """Equality that tells 1 from True."""
    return type(one) is type(other) and bool(one == other)
