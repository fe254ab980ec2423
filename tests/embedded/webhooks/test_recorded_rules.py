"""The rules give the answers that were recorded of the real webhooks. What the API server does is left out here."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.webhooks.recorded import (
    Fabric,
    cases,
    expected,
    manifest,
    needed,
    operation,
)

PURE = [case for case in cases() if "server" not in case and case.get("by") != "apply"]
STORED = [case for case in PURE if "stored" in case and not case["id"].startswith("d-switchgroup")]
REFUSED = [case for case in PURE if "refused" in case]
TAKEN = [case for case in PURE if case.get("taken") or case.get("replace") == "taken"]


def ids(selected: list[dict[str, Any]]) -> list[str]:
    return [case["id"] for case in selected]


def ready(case: dict[str, Any]) -> Fabric:
    fabric = Fabric()
    fabric.load(needed(case))
    return fabric


def done(fabric: Fabric, case: dict[str, Any]) -> tuple[int, str, list[str]]:
    if operation(case) == "delete":
        return *fabric.delete(*case["delete"].split("/")), []
    return fabric.write(manifest(case[operation(case)]))


def test_all_recorded_answers_are_here() -> None:
    assert len(cases()) == len({case["id"] for case in cases()}) == 267


@pytest.mark.parametrize("case", STORED, ids=ids(STORED))
def test_what_is_stored(case: dict[str, Any]) -> None:
    fabric = ready(case)
    code, message, warnings = done(fabric, case)
    assert (code, message) == (200, "")
    sent = manifest(case[operation(case)])
    assert fabric.stored[sent["kind"], sent["metadata"]["name"]] == expected(case, sent)
    assert warnings == case.get("warnings", [])


@pytest.mark.parametrize("case", STORED, ids=ids(STORED))
def test_what_is_stored_is_stored_again_as_it_is(case: dict[str, Any]) -> None:
    fabric = ready(case)
    done(fabric, case)
    sent = manifest(case[operation(case)])
    stored = fabric.stored[sent["kind"], sent["metadata"]["name"]]
    code, message, _ = fabric.write(stored)
    assert (code, fabric.stored[sent["kind"], sent["metadata"]["name"]]) == (200, stored), message


@pytest.mark.parametrize("case", REFUSED, ids=ids(REFUSED))
def test_what_is_refused(case: dict[str, Any]) -> None:
    code, message, _ = done(ready(case), case)
    assert (code, message) == (case["refused"]["code"], case["refused"]["says"])


@pytest.mark.parametrize("case", TAKEN, ids=ids(TAKEN))
def test_what_is_taken(case: dict[str, Any]) -> None:
    assert done(ready(case), case)[:2] == (200, "")
