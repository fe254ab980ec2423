"""Which class a pickled provider refers to is found without unpickling, and nothing but a plain reference is accepted."""

from __future__ import annotations

import base64
import collections
import os
import pickle
import pickletools

import dill
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.dynamic.dynamic import serialize_provider

from automation.engine.state.pickles import referenced_class
from providers.fabric_lifecycle import FabricIdentityProvider, FabricResultProvider
from providers.lifecycle import HedgehogProvider

OURS = [HedgehogProvider, FabricIdentityProvider, FabricResultProvider]


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def path(cls: type) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"


@pytest.mark.parametrize("cls", OURS)
def test_what_the_program_stores_is_a_reference(cls):
    assert referenced_class(serialize_provider(cls())) == path(cls)


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("library", [pickle, dill], ids=["pickle", "dill"])
def test_a_reference_is_known_in_every_protocol_that_makes_one(library, protocol):
    assert referenced_class(text(library.dumps(HedgehogProvider(), protocol))) == path(HedgehogProvider)


class Runs:
    """An object whose unpickling would run a command."""

    def __reduce__(self):
        return os.system, ("echo run",)


class Built:
    """An object that is made of an argument."""

    def __new__(cls, name):
        return object.__new__(cls)

    def __getnewargs__(self):
        return ("name",)


def with_attributes() -> HedgehogProvider:
    found = HedgehogProvider()
    found._sessions = {"a": 1}
    return found


PLAIN = base64.b64decode(serialize_provider(HedgehogProvider()))

REFUSED = {
    "a call": (text(pickle.dumps(Runs())), "not a plain reference"),
    "a function": (text(pickle.dumps(os.system)), "not a plain reference"),
    "a class, no instance": (text(pickle.dumps(HedgehogProvider)), "not a plain reference"),
    "an instance with attributes": (text(pickle.dumps(with_attributes())), "not a plain reference"),
    "an instance made of arguments": (text(pickle.dumps(Built("x"))), "not a plain reference"),
    "a list of instances": (text(pickle.dumps([HedgehogProvider()])), "not a plain reference"),
    "a class written out by value": (
        text(dill.dumps(type("Local", (), {})(), byref=False, recurse=True)),
        "not a plain reference",
    ),
    "a reduction": (text(pickle.dumps(collections.OrderedDict())), "not a plain reference"),
    "an old protocol's call": (text(b"cos\nsystem\n(S'echo run'\ntR."), "not a plain reference"),
    "a second pickle after it": (text(PLAIN + pickle.dumps(Runs())), "something follows it"),
    "a byte after it": (text(PLAIN + b"x"), "something follows it"),
    "an end that is missing": (text(PLAIN[:-1]), "no pickle"),
    "an opcode that there is not": (text(b"\xff."), "no pickle"),
    "no base64": ("(not base64)", "no pickle"),
    "letters of another script": ("gAß", "no pickle"),
    "nothing": ("", "no pickle"),
    "more than a reference needs": (text(PLAIN) + "A" * 4096, "longer than a reference"),
}


@pytest.mark.parametrize(("given_text", "why"), REFUSED.values(), ids=REFUSED.keys())
def test_anything_else_is_refused_and_never_run(given_text, why, capfd):
    with pytest.raises(ValueError, match=why):
        referenced_class(given_text)
    assert capfd.readouterr().out == ""


@given(st.binary(max_size=120))
def test_any_bytes_are_a_reference_or_refused(data):
    try:
        found = referenced_class(text(data))
    except ValueError:
        return
    assert "." in found


@given(st.integers(0, len(PLAIN) - 1), st.binary(min_size=1, max_size=12), st.integers(0, 12))
def test_what_passes_holds_nothing_but_one_name_of_a_class(at, put, cut):
    data = PLAIN[:at] + put + PLAIN[at + cut :]
    try:
        referenced_class(text(data))
    except ValueError:
        return
    made = [opcode.name for opcode, _, _ in pickletools.genops(data)]
    assert not {"REDUCE", "BUILD", "INST", "OBJ", "NEWOBJ_EX", "EXT1", "EXT2", "EXT4", "PERSID", "BINPERSID"} & set(
        made
    )
    assert made.count("STACK_GLOBAL") + made.count("GLOBAL") == 1
