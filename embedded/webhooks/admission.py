"""Answers to the API server's questions: what becomes of this object, and may it be stored or deleted. Pure."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from embedded.webhooks.errors import Refused
from embedded.webhooks.rewriting import patch, rewritten
from embedded.webhooks.rules.registry import KINDS
from embedded.webhooks.shapes import Unreadable
from embedded.webhooks.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded.webhooks.rules.kind import World
    from embedded.webhooks.settings import Settings

FORBIDDEN, BAD_REQUEST = 403, 400


@dataclass(frozen=True, slots=True)
class Answer:
    """What the API server is told. `code` and `message` say why the object was refused, `patch` what to change."""

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


def mutate(kind: str, request: Mapping[str, Any], settings: Settings) -> Answer:
    """Answer the mutating webhook's request (an AdmissionReview's `request`)."""
    sent = request["object"]
    try:
        wanted = mutated(kind, sent, settings)
    except Unreadable as error:
        return Answer(allowed=False, code=BAD_REQUEST, message=str(error))
    return Answer(allowed=True, patch=tuple(patch(sent, wanted)))


def validate(kind: str, request: Mapping[str, Any], world: World) -> Answer:
    """Answer the validating webhook's request (an AdmissionReview's `request`)."""
    try:
        warnings = _checked(kind, request, world)
    except Unreadable as error:
        return Answer(allowed=False, code=BAD_REQUEST, message=str(error))
    except Refused as error:
        return Answer(allowed=False, code=FORBIDDEN, message=str(error))
    return Answer(allowed=True, warnings=tuple(warnings))


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
