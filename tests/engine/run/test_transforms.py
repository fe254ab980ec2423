"""Transforms rewrite what the program registers, before the engine looks at it."""

from __future__ import annotations

import pulumi
import pytest
from pulumi import ResourceOptions, ResourceTransformResult

from tests.engine.run.scenes import Group
from tests.engine.run.thing import Thing


def sized(size):
    """A transform that sets `size`, and notes by which transforms a thing went."""

    def transform(args):
        if args.type_ != "pulumi-python:dynamic/test:Thing":
            return None
        by = [*(args.props.get("by") or []), size]
        return ResourceTransformResult(props={**args.props, "size": size, "by": by}, opts=args.opts)

    return transform


def test_own_transforms_come_before_those_of_parents_and_of_the_stack(engine):
    def program():
        pulumi.runtime.register_resource_transform(sized(3))
        group = Group("g", ResourceOptions(transforms=[sized(2)]))
        Thing("a", ResourceOptions(parent=group, transforms=[sized(1)]))
        Thing("b")

    assert engine.run("up", program).code == 0
    assert engine.entry("a").inputs["by"] == [1, 2, 3]
    assert engine.entry("b").inputs["by"] == [3]


def protecting(args):
    return ResourceTransformResult(
        props=args.props, opts=ResourceOptions.merge(args.opts, ResourceOptions(protect=True))
    )


def ignoring(args):
    opts = ResourceOptions.merge(args.opts, ResourceOptions(ignore_changes=["size"], delete_before_replace=True))
    return ResourceTransformResult(props=args.props, opts=opts)


@pytest.mark.parametrize(
    ("transform", "shown"),
    [
        (protecting, lambda entry: entry.protect is True),
        (ignoring, lambda entry: entry.extra["ignoreChanges"] == ["size"]),
        (lambda args: None, lambda entry: not entry.protect and "ignoreChanges" not in entry.extra),
    ],
)
def test_options_can_be_rewritten(engine, transform, shown):
    def program():
        first = Thing("first")
        Thing("a", ResourceOptions(transforms=[transform], depends_on=[first]), size=1)

    assert engine.run("up", program).code == 0
    assert shown(engine.entry("a"))
    assert engine.entry("a").dependencies == [engine.entry("first").urn]


def test_a_transform_that_fails_ends_the_run(engine):
    def refuse(args):
        raise RuntimeError("not in this stack")

    result = engine.run("preview", lambda: Thing("a", ResourceOptions(transforms=[refuse])))
    assert result.code == 1
    assert any("not in this stack" in error for error in result.errors())
