"""A state with anything that hhsync did not make is refused by name, and what hhsync makes is not."""

from __future__ import annotations

import base64
import contextlib
import copy
import io
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automation.engine.state import recorded, trust
from automation.engine.state.trust_rules import rule_of
from providers.core.identity import KINDS
from providers.fabric_lifecycle import FabricResultProvider
from providers.lifecycle import HedgehogProvider
from tests.support import states
from tests.support.states import (
    COMMAND,
    DYNAMIC,
    FABRIC,
    HOOK,
    IDENTITY,
    KUBERNETES,
    NAMESPACE,
    OURS,
    RESULT,
    SECRET,
    SIGNATURE,
    STACK,
    VPC,
)


class Planted:
    """What an attacker would have unpickled."""

    def __reduce__(self):
        return print, ("run",)


class Fat(HedgehogProvider):
    """Ours, with attributes."""

    def __init__(self):
        self.more = 1


def pickled(value):
    return base64.b64encode(pickle.dumps(value)).decode()


def parse(export):
    return recorded.parse(io.StringIO(json.dumps(export)), STACK)


def changed(urn, path, value):
    """The export with one value of one entry set; None removes it."""
    export = states.export()
    place = states.entry(export, urn)
    for key in path[:-1]:
        place = place.setdefault(key, {})
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return export


def test_what_hhsync_makes_is_taken():
    assert len(parse(states.export()).crs) == 4


INPUTS, OUTPUTS = ("inputs",), ("outputs",)
OTHER = f"{OURS}hhsync:index:Fabric::other"
REFUSED = [
    ("a pickle that runs something", VPC, (*INPUTS, "__provider"), pickled(Planted()), "__provider is refused"),
    ("the same in outputs", VPC, (*OUTPUTS, "__provider"), pickled(Planted()), "__provider is refused"),
    ("ours with attributes", VPC, (*OUTPUTS, "__provider"), pickled(Fat()), "__provider is refused"),
    ("another of ours", VPC, (*INPUTS, "__provider"), pickled(FabricResultProvider()), "it refers to providers.fabric"),
    (
        "a CR's for the record",
        RESULT,
        (*INPUTS, "__provider"),
        pickled(HedgehogProvider()),
        "it refers to providers.life",
    ),
    ("an encrypted one", VPC, (*INPUTS, "__provider"), SECRET, "a secret"),
    ("a type that is not ours", VPC, ("type",), "command:remote:Command", "no resources of type command:remote"),
    ("a kind that is not Hedgehog's", VPC, ("type",), "pulumi-python:dynamic/hedgehog:Pod", "no resources of type"),
    ("a name that does not fit the type", VPC, ("type",), "pulumi-python:dynamic/hedgehog:Switch", "does not fit"),
    ("another project", VPC, ("urn",), VPC.replace("::hhsync::", "::other::"), "another project or stack"),
    ("another stack", VPC, ("urn",), VPC.replace(":recorded:", ":other:"), "another project or stack"),
    ("a name of three parts too many", VPC, ("urn",), f"{VPC}/more", "no resource of this name"),
    ("no name", VPC, ("urn",), None, "an entry without a name"),
    ("another parent", VPC, ("parent",), OTHER, "its parent is"),
    ("no parent", VPC, ("parent",), None, "its parent is missing"),
    ("another manager", VPC, ("provider",), f"{COMMAND}::c", "it is managed by"),
    ("no manager", VPC, ("provider",), None, "no provider of ours"),
    ("a dependency elsewhere", VPC, ("dependencies",), ["urn:pulumi:a::b::c::d"], "refers to a resource of another"),
    ("another in a property", VPC, ("propertyDependencies", "git"), ["urn:pulumi:a::b::c::d"], "of another project"),
    ("an alias elsewhere", VPC, ("aliases",), ["urn:pulumi:a::b::c::d"], "of another project"),
    ("external", VPC, ("external",), True, "never sets external"),
    ("a view", VPC, ("viewOf",), FABRIC, "never sets viewOf"),
    ("hooks of the engine", VPC, ("resourceHooks",), {"beforeDelete": ["x"]}, "never sets resourceHooks"),
    ("gone with another", VPC, ("deletedWith",), FABRIC, "never sets deletedWith"),
    ("kept on delete", VPC, ("retainOnDelete",), True, "never sets retainOnDelete"),
    ("an asset of a URL", VPC, (*INPUTS, "cluster", "spec"), {SIGNATURE: "c44067", "uri": "http://x"}, "an asset"),
    ("an asset in a list", VPC, (*OUTPUTS, "applied"), [[{SIGNATURE: "0def73", "path": "/etc"}]], "an asset"),
    ("another object", VPC, (*OUTPUTS, "cluster", "name"), "other", "it is about"),
    ("another object in inputs", VPC, (*INPUTS, "cluster", "kind"), "Pod", "it is about"),
    ("another API", VPC, (*OUTPUTS, "cluster", "apiVersion"), "v1", "it is about v1"),
    ("another fabric's object", VPC, (*OUTPUTS, "cluster", "labels"), {"hhsync.dev/fabric": "b"}, "another fabric"),
    ("another fabric's record", VPC, (*OUTPUTS, "netbox"), {"fabric": "b"}, "another fabric"),
    ("another CR's record", VPC, (*OUTPUTS, "netbox"), {"ref": f"{STACK}/g/VPC/default/b"}, "another CR"),
    ("another fabric altogether", IDENTITY, (*OUTPUTS, "fabric"), "other", "it is about fabric other"),
    ("inputs of no kind", VPC, INPUTS, ["x"], "no mapping"),
    ("values of no kind", VPC, ("dependencies",), 5, "of another type"),
    ("a command that cleans up", HOOK, (*INPUTS, "delete"), "rm -rf /", "never sets delete"),
    ("that in outputs alone", HOOK, (*OUTPUTS, "delete"), "rm -rf /", "never sets delete"),
    ("that in secret", HOOK, (*OUTPUTS, "delete"), SECRET, "never sets delete"),
    ("a command that updates", HOOK, (*INPUTS, "update"), "x", "never sets update"),
    ("an interpreter", HOOK, (*INPUTS, "interpreter"), ["/bin/x"], "never sets interpreter"),
    ("a folder", HOOK, (*INPUTS, "dir"), "/x", "never sets dir"),
    ("an input", HOOK, (*INPUTS, "stdin"), "x", "never sets stdin"),
    ("a command of another name", HOOK, ("urn",), HOOK.replace("after-sync-1", "evil"), "no resource of this name"),
    ("an object that a sync would delete", NAMESPACE, ("retainOnDelete",), False, "always sets retainOnDelete"),
    (
        "an object of another name",
        NAMESPACE,
        ("urn",),
        NAMESPACE.replace("/namespace", "/x"),
        "no resource of this name",
    ),
    ("a plugin from elsewhere", COMMAND, (*INPUTS, "pluginDownloadURL"), "http://x", "never sets pluginDownloadURL"),
    ("a plugin of parameters", COMMAND, (*INPUTS, "parameterization"), {"name": "x"}, "never sets parameterization"),
    ("another plugin's name", DYNAMIC, (*INPUTS, "__internal"), {"name": "x"}, "never sets __internal"),
    ("checksums", DYNAMIC, (*OUTPUTS, "pluginChecksums"), {"x": "y"}, "never sets pluginChecksums"),
    ("a version that is a path", COMMAND, (*INPUTS, "version"), "../../x", "its version is none"),
    ("another plugin", COMMAND, ("type",), "pulumi:providers:aws", "no resources of type"),
    ("files of manifests", KUBERNETES, (*INPUTS, "renderYamlToDirectory"), "/x", "never sets renderYamlToDirectory"),
    ("a kubeconfig that runs", KUBERNETES, (*INPUTS, "kubeconfig"), '{"users":[{"user":{"exec":{}}}]}', "in clear"),
    ("one in YAML", KUBERNETES, (*OUTPUTS, "kubeconfig"), "users:\n- user: {exec: {}}\n", "in clear"),
]


@pytest.mark.parametrize(("urn", "path", "value", "why"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_what_hhsync_did_not_make_is_refused_by_name(urn, path, value, why):
    with pytest.raises(trust.StateUntrusted) as caught:
        parse(changed(urn, path, value))
    assert why in str(caught.value)
    assert "nothing was run" in str(caught.value)


TAKEN = [
    ("a secret command", HOOK, (*INPUTS, "create"), SECRET),
    ("a path of a kubeconfig", KUBERNETES, (*INPUTS, "kubeconfig"), "/home/me/.kube/config"),
    ("a pod's account", KUBERNETES, (*INPUTS, "kubeconfig"), '{"users":[{"user":{"tokenFile":"/var/x"}}]}'),
    ("protected by hand", VPC, ("protect",), True),
    ("tainted by hand", VPC, ("taint",), True),
    ("on its way out", VPC, ("delete",), True),
    ("config of another plugin", DYNAMIC, (*INPUTS, "aws:region"), "eu"),
    ("a label that somebody moved", VPC, (*INPUTS, "cluster", "labels"), {"hhsync.dev/fabric": "b"}),
]


@pytest.mark.parametrize(("urn", "path", "value"), [row[1:] for row in TAKEN], ids=[row[0] for row in TAKEN])
def test_what_happens_in_a_life_is_taken(urn, path, value):
    assert parse(changed(urn, path, value)).identity


@pytest.mark.parametrize("key", ["snippets", "extensions"])
def test_what_an_engine_would_run_besides_is_refused(key):
    export = states.export()
    export["deployment"][key] = [{"x": 1}]
    with pytest.raises(trust.StateUntrusted, match=key):
        parse(export)


PROVIDERS = [
    ({"type": "cloud", "state": {"url": "awskms://mine"}}, "awskms://mine", True),
    ({"type": "cloud", "state": {"url": "awskms://theirs"}}, "awskms://mine", False),
    ({"type": "cloud", "state": {"url": "awskms://theirs"}}, "", False),
    ({"type": "service", "state": {}}, "", True),
    ({"type": "other"}, "", False),
    ("text", "", False),
]


@pytest.mark.parametrize(("kept", "named", "taken"), PROVIDERS)
def test_secrets_are_kept_by_whom_the_stacks_file_names(kept, named, taken):
    try:
        trust.verify_field("secrets_providers", kept, STACK, named)
    except trust.StateUntrusted:
        assert not taken
    else:
        assert taken


def test_a_pending_operation_is_looked_at_like_a_resource():
    export = states.export()
    planted = {**states.entry(export, HOOK), "inputs": {"delete": "rm -rf /"}}
    export["deployment"]["pending_operations"] = [{"resource": planted, "type": "creating"}]
    with pytest.raises(trust.StateUntrusted, match="after-sync-1"):
        parse(export)


def test_every_class_is_where_the_state_says():
    for name in {*trust.CLASSES.values()}:
        module, _, attribute = name.rpartition(".")
        assert getattr(__import__(module, fromlist=[attribute]), attribute).__module__ == module


def test_every_kind_has_a_rule():
    assert all(rule_of(f"pulumi-python:dynamic/hedgehog:{kind}") for kind in KINDS)


GOOD = base64.b64decode(states.entry(states.export(), VPC)["inputs"]["__provider"])


@given(at=st.integers(0, len(GOOD) - 1), put=st.binary(max_size=4), cut=st.integers(0, 4))
def test_no_pickle_but_ours_ever_passes(at, put, cut):
    data = GOOD[:at] + put + GOOD[at + cut :]
    entry = copy.deepcopy(states.entry(states.export(), VPC))
    entry["outputs"]["__provider"] = base64.b64encode(data).decode()
    try:
        trust.verify(entry, STACK)
    except trust.StateUntrusted:
        return
    # What passes is a reference to our class, or broken (cut short, a wrong length), so that it may be looked at the hard way.
    with contextlib.suppress(pickle.UnpicklingError, ValueError, OverflowError):
        found = pickle.loads(data)
        assert (type(found), vars(found)) == (HedgehogProvider, {})


@given(
    type_=st.one_of(
        st.text(max_size=40), st.sampled_from(["command:local:Command", "pulumi:providers:aws", "aws:s3:Bucket"])
    )
)
def test_no_other_type_ever_passes(type_):
    entry = {**states.entry(states.export(), VPC), "type": type_}
    with pytest.raises(trust.StateUntrusted):
        trust.verify(entry, STACK)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(
    entry=JSON,
    urn=st.sampled_from([VPC, HOOK, FABRIC, ""]),
    key=st.sampled_from(["inputs", "outputs", "parent", "dependencies"]),
)
def test_whatever_an_entry_is_it_is_taken_or_refused(entry, urn, key):
    for tried in (entry, {**states.entry(states.export(), urn or VPC), key: entry}):
        with contextlib.suppress(trust.StateUntrusted):
            trust.verify(tried, STACK)
