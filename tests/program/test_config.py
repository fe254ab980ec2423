"""The safety keys of stack config, and how one run goes before them."""

from __future__ import annotations

import pulumi
import pytest

from program import config
from providers.errors import ConfigError

BASE = {
    "gitUrl": "https://git.example.com/f.git",
    "netboxUrl": "https://netbox.example.com",
    "netboxToken": "t" * 40,
    "clusterUrl": "https://cluster.example.com",
    "clusterToken": "t",
}


@pytest.fixture
def load(monkeypatch):
    """The config of a stack with more keys, as the program loads it."""

    def loaded(more):
        values = {f"hhsync:{key}": value for key, value in {**BASE, **more}.items()}

        class Stack:
            def __init__(self, namespace):
                self.namespace = namespace

            def get(self, key):
                return values.get(f"{self.namespace}:{key}")

        monkeypatch.setattr(pulumi, "Config", Stack)
        monkeypatch.setattr(pulumi, "get_stack", lambda: "fabric-1")
        return config.load()

    return loaded


@pytest.mark.parametrize(("stack", "allowed"), [({}, None), ({"allowDeletes": "7"}, 7), ({"allowDeletes": "0"}, 0)])
def test_how_many_may_be_deleted_is_the_stacks_to_say(load, stack, allowed):
    assert load(stack).allow_deletes == allowed


@pytest.mark.parametrize("value", ["many", "-1", "3.5"])
def test_a_number_of_deletes_that_is_none_is_refused_by_its_key(load, value):
    with pytest.raises(ConfigError, match="hhsync:allowDeletes must be a whole number"):
        load({"allowDeletes": value})


@pytest.mark.parametrize(
    ("stack", "says"), [({}, False), ({"forceConflicts": "true"}, True), ({"forceConflicts": "false"}, False)]
)
def test_taking_over_is_never_the_default(load, stack, says):
    assert load(stack).force_conflicts is says


def test_a_word_that_is_neither_true_nor_false_is_refused_by_its_key(load):
    with pytest.raises(ConfigError, match="hhsync:forceConflicts must be true or false"):
        load({"forceConflicts": "yes please"})
