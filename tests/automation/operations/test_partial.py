"""`hhsync sync --partial`: which CRs are taken, and that the result says what was left out."""

from __future__ import annotations

from dataclasses import replace

import pytest

from automation.operations import partial
from automation.results import SYNC, Counts, OperationResult
from providers.core.finding import whole
from providers.core.manifest import Origin
from providers.errors import ValidationFailed
from tests.support.contexts import committed, context, left, ref, synced

A, B, GONE = ref("VPC/a"), ref("VPC/b"), ref("VPC/gone")


def read(*facts, broken=()):
    """A context in which Git has a finding in the file of each CR of `broken`."""
    errors = tuple(whole(Origin(f"f/{one.name}.yaml", 1, 0), "broken YAML") for one in broken)
    found = context(facts)
    return replace(found, loaded=replace(found.loaded, errors=errors))


def test_the_valid_crs_are_taken_and_each_finding_is_a_note():
    found = partial.valid_only(read(synced(A), committed(B), broken=[A]))
    assert found.selection.refs == {B}
    assert found.notes == ("not synced: f/a.yaml:1: broken YAML",)
    assert set(found.plan.touched) == {B}


def test_the_fabrics_record_says_that_it_is_partial():
    found = partial.valid_only(read(synced(A), committed(B), broken=[A]))
    assert found.selection.left_out == "partial: 1 findings in Git, the first: f/a.yaml:1: broken YAML"


def test_what_left_git_is_neither_deleted_nor_forgotten():
    found = partial.valid_only(read(synced(A), left(GONE)))
    assert found.plan.touched == {}
    result = partial.reported(OperationResult(SYNC, "f", Counts()), found)
    assert (result.partial, result.warnings) == (True, (f"left as they are, since --partial deletes nothing: {GONE}",))


def test_a_folder_without_a_valid_cr_is_refused():
    with pytest.raises(ValidationFailed, match="no CR in Git is valid"):
        partial.valid_only(read(committed(A), broken=[A]))


def test_a_whole_sync_reports_nothing_of_it():
    result = OperationResult(SYNC, "f", Counts())
    assert partial.reported(result, read(synced(A))) == result
