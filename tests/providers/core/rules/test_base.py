"""The base is sound, so that a case has the findings of its own change and no others."""

from __future__ import annotations

from gitops import schemas
from providers.core import rules
from tests.support.base_fabric import (
    BASE,
    findings,
    result,
    schema_findings,
)


def test_a_sound_fabric_has_no_finding():
    assert result(findings(BASE)) == []


def test_the_base_passes_the_schemas():
    assert schema_findings(dict(schemas.bundled()), BASE) == []


def test_every_rule_has_a_line_about_itself():
    assert [rule.__name__ for rule in rules.RULES if not rule.__doc__] == []
