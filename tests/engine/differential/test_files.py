"""The embedded engine against the real Pulumi CLI: each takes what the other wrote, and they say the same.

Run where HHSYNC_PULUMI names a CLI (its folder also holds the Python language host); skipped otherwise.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from embedded.engine import operations
from embedded.engine.locks import StackLock
from embedded.engine.state import Resource
from embedded.engine.values import Secret
from tests.engine.files.world import Engine, Ran, make_engine

if TYPE_CHECKING:
    from embedded.engine.request import Context, Request

CLI = os.environ.get("HHSYNC_PULUMI", "")
pytestmark = pytest.mark.skipif(not CLI, reason="HHSYNC_PULUMI names no real Pulumi CLI")

ROOT = "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev"
PROGRAM = """\
import pulumi

class Group(pulumi.ComponentResource):
    def __init__(self, name, parent=None):
        super().__init__("my:mod:Group", name, None, pulumi.ResourceOptions(parent=parent))
        self.register_outputs({"size": 1})

outer = Group("outer")
Group("inner", outer)
pulumi.export("plain", pulumi.Config().get("k"))
pulumi.export("hidden", pulumi.Output.secret({"a": [1, 2.5, None]}))
"""


class Both:
    """One project with both engines at hand."""

    def __init__(self, folder: Path) -> None:
        self.ours: Engine = make_engine(folder)
        (self.ours.project / "__main__.py").write_text(PROGRAM)
        path = os.pathsep.join([str(Path(CLI).parent), str(Path(sys.executable).parent), os.environ.get("PATH", "")])
        self.ours.env.update(
            PATH=path, PULUMI_SKIP_UPDATE_CHECK="1", PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION="true"
        )

    def theirs(self, *args: str) -> Ran:
        ran = subprocess.run(
            [CLI, "--non-interactive", *args],
            cwd=self.ours.project,
            env=self.ours.env,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        return Ran(ran.returncode, ran.stdout.rstrip("\n"), ran.stderr.rstrip("\n"))

    def same(self, *args: str) -> Ran:
        """Both say the same; returns it."""
        ours, theirs = self.ours(*args), self.theirs(*args)
        assert (ours.code, ours.out) == (theirs.code, theirs.out), (ours.err, theirs.err)
        return ours


@pytest.fixture
def both(tmp_path: Path) -> Both:
    return Both(tmp_path)


@pytest.fixture
def dev(both: Both) -> Both:
    assert both.ours("stack", "init", "dev").code == 0
    return both


LISTINGS = ("stack ls --json", "config --json", "config --show-secrets --json", "stack export", "stack output --json")


def test_a_stack_of_ours_is_theirs(dev: Both) -> None:
    for line in ("set k v", "set --secret s -- -x", "set --path o.l[0] 5", "set --path --secret o.s t", "set a:b 1"):
        assert dev.ours("config", *line.split()).code == 0
    for line in LISTINGS:
        dev.same(*line.split())
    assert dev.theirs("stack", "select", "dev").code == 0


def test_a_stack_of_theirs_is_ours(both: Both) -> None:
    assert both.theirs("stack", "init", "dev").code == 0
    for line in ("set k v", "set --secret s -- -x", "set --path o.l[0] 5", "set --path --secret o.s t", "set a:b 1"):
        assert both.theirs("config", *line.split()).code == 0
    for line in LISTINGS:
        both.same(*line.split())
    assert both.ours("config", "set", "k", "w").code == 0
    assert both.same("config", "get", "k").out == "w"
    assert both.same("config", "get", "--json", "--path", "o.l[0]").json["value"] == "5"


WORDS = """
yes on true False ~ null n y 10:20:30:40:50:11 0777 0o17 0x1F 0b11 1_000 -5 +7 08 1.5e3 .5 1. -0 0.1 1.2.3
9007199254740992 '5' "x" a#b http://x:1/y v1:a+/=
"""
SCALARS = [*WORDS.split(), "!!str 5"]


def test_scalars_mean_the_same_to_both(dev: Both) -> None:
    rows = "".join(f"  proj:k{index}: {word}\n  proj:l{index}: [{word}]\n" for index, word in enumerate(SCALARS))
    with dev.ours.stack_file.open("a") as file:
        file.write(f"config:\n{rows}")
    ours, theirs = dev.ours("config", "--json").json, dev.theirs("config", "--json").json
    different = {
        (SCALARS[int(key[6:])], str(ours[key]), str(theirs[key])) for key in theirs if ours[key] != theirs[key]
    }
    assert different == set()


TEXTS = [
    "",
    " ",
    "a b",
    "a: b",
    "- x",
    "#x",
    "~",
    "yes",
    "0o17",
    "1e5",
    '"',
    "\\",
    "é\u2028",
    "{}",
    "[1]",
    "a\nb\n",
    "😀",
    "\x7f",
]


def test_texts_written_by_one_are_read_by_the_other(dev: Both) -> None:
    for index, text in enumerate(TEXTS):
        assert dev.ours("config", "set", f"k{index}", "--plaintext", "--", text).code == 0
    shown = dev.theirs("config", "--json").json
    assert [shown[f"proj:k{index}"]["value"] for index in range(len(TEXTS))] == TEXTS


def rich_state() -> list[Resource]:
    provider = "urn:pulumi:dev::proj::pulumi:providers:pulumi-python::default"
    kind = "pulumi-python:dynamic/m:Thing"

    def thing(name: str, **fields: Any) -> Resource:
        fields = {"id": name, "parent": ROOT, "provider": f"{provider}::0-1", **fields}
        return Resource(f"urn:pulumi:dev::proj::{kind}::{name}", kind, custom=True, **fields)

    a = thing("a", inputs={"n": 1.0, "s": Secret({"deep": [1.5, None, "<é>"]})}, outputs={"n": 1, "inf": float("inf")})
    b = thing(
        "b",
        dependencies=[a.urn],
        property_dependencies={"x": [a.urn], "y": []},
        protect=True,
        retain_on_delete=True,
        created="2026-01-01T00:00:00Z",
        modified="2026-01-02T00:00:00.123456789Z",
        source_position="project:///app.py#1",
        extra={"customTimeouts": {"create": 60}, "ignoreChanges": ["x"], "taint": True},
    )
    c = thing("c", deleted_with=a.urn, replace_with=[b.urn], init_errors=["broken"], additional_secret_outputs=["s"])
    return [
        Resource(ROOT, "pulumi:pulumi:Stack", custom=False, outputs={"plain": "x", "hidden": Secret([1])}),
        Resource(provider, "pulumi:providers:pulumi-python", custom=True, id="0-1"),
        a,
        thing("b", id="old-b", delete=True, dependencies=[a.urn]),
        b,
        c,
    ]


def save_with_ours(dev: Both, monkeypatch: pytest.MonkeyPatch, resources: list[Resource]) -> None:
    def run(_request: Request, context: Context) -> int:
        for resource in reversed(resources):
            context.journal.write(resource)
        context.save()
        context.record_history(result="succeeded", started=1, ended=2, changes={"create": len(resources)})
        return 0

    monkeypatch.setattr(operations, "run", run)
    assert dev.ours("up", "--skip-preview", "--message", "why").code == 0


def test_a_rich_state_of_ours_is_read_by_both_alike(dev: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    dev.ours("config", "set", "--secret", "s", "x")
    save_with_ours(dev, monkeypatch, rich_state())
    for line in ("stack output --json", "stack output --json --show-secrets", "stack ls --json", "stack export"):
        dev.same(*line.split())
    dev.same("stack", "history", "--json", "--show-secrets")
    ours = dev.ours("stack", "export", "--show-secrets").json
    theirs = dev.theirs("stack", "export", "--show-secrets").json
    assert ours == theirs


def test_a_rich_state_goes_through_their_hands_and_back(dev: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    save_with_ours(dev, monkeypatch, rich_state())
    before = dev.ours("stack", "export", "--show-secrets").json["deployment"]["resources"]
    (dev.ours.project / "state.json").write_text(dev.ours("stack", "export").out)
    assert dev.theirs("stack", "import", "--file", "state.json").code == 0
    assert dev.ours("stack", "export", "--show-secrets").json["deployment"]["resources"] == before
    assert dev.ours("stack", "import", "--file", "state.json").code == 0
    dev.same("stack", "export")


def test_their_update_goes_on_from_our_state_and_ours_from_theirs(dev: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    dev.ours("config", "set", "k", "v")
    save_with_ours(dev, monkeypatch, rich_state()[:1])
    ran = dev.theirs("up", "--yes", "--skip-preview")
    assert ran.code == 0, ran.out + ran.err
    dev.same("stack", "output", "--json", "--show-secrets")

    seen: list[Context] = []
    monkeypatch.setattr(operations, "run", lambda _request, context: (seen.append(context), context.save(), 0)[2])
    assert dev.ours("up", "--skip-preview").code == 0
    assert [resource.urn.rpartition("::")[2] for resource in seen[0].snapshot.resources] == [
        "proj-dev",
        "outer",
        "inner",
    ]
    ran = dev.theirs("preview", "--expect-no-changes")
    assert ran.code == 0, ran.out + ran.err


DYNAMIC = """\
import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

class Provider(ResourceProvider):
    serialize_as_secret_always = False

    def create(self, props):
        return CreateResult("id-" + props["name"], {**props, "made": 1})

class Thing(Resource, module="m", name="Thing"):
    def __init__(self, name, options=None, **more):
        super().__init__(Provider(), name, {"name": name, "made": None, **more}, options)

first = Thing("first")
second = Thing("second", pulumi.ResourceOptions(depends_on=[first]), of=first.id, key=pulumi.Output.secret("z"))
pulumi.export("second", second.id)
"""


@pytest.mark.parametrize("ours_first", [True, False], ids=["ours first", "theirs first"])
def test_an_update_by_one_leaves_the_other_nothing_to_do(dev: Both, ours_first: bool) -> None:
    (dev.ours.project / "__main__.py").write_text(DYNAMIC)
    first, second = (dev.ours, dev.theirs) if ours_first else (dev.theirs, dev.ours)
    made = first("up", "--yes", "--skip-preview")
    assert made.code == 0, made.out + made.err
    for engine in (second, first):
        unchanged = engine("up", "--yes", "--skip-preview", "--expect-no-changes")
        assert unchanged.code == 0, unchanged.out + unchanged.err
    dev.same("stack", "output", "--json", "--show-secrets")
    gone = second("destroy", "--yes", "--skip-preview")
    assert gone.code == 0, gone.out + gone.err
    assert dev.same("stack", "ls", "--json").json[0]["resourceCount"] == 0


def test_their_state_is_written_back_by_us_as_it_was(dev: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    assert dev.theirs("up", "--yes", "--skip-preview").code == 0
    before = json.loads(dev.ours.state_file.read_bytes())
    monkeypatch.setattr(operations, "run", lambda _request, context: (context.save(), 0)[1])
    assert dev.ours("up", "--skip-preview").code == 0
    after = json.loads(dev.ours.state_file.read_bytes())
    for state in (before, after):
        state["checkpoint"]["latest"]["manifest"] = None
    assert after == before


ERRORS = [
    "stack select --stack nope",
    "stack init dev",
    "stack rm --yes nope",
    "config get nope",
    "up",
    "stack output nope",
]


@pytest.mark.parametrize("line", ERRORS)
def test_errors_are_said_alike(dev: Both, line: str) -> None:
    ours, theirs = dev.ours(*line.split()), dev.theirs(*line.split())
    assert (ours.code, ours.err) == (theirs.code, theirs.err)


def test_no_stack_selected_is_an_error_for_both(both: Both) -> None:
    ours, theirs = both.ours("stack", "output"), both.theirs("stack", "output")
    assert "no stack selected; please use `pulumi stack select` to choose one" in ours.err
    assert "no stack selected; please use `pulumi stack select` to choose one" in theirs.err


@pytest.mark.parametrize("line", ["config get s", "config --show-secrets --json"])
def test_a_wrong_passphrase_is_an_error_for_both(dev: Both, line: str) -> None:
    dev.ours("config", "set", "--secret", "s", "x")
    dev.ours.env["PULUMI_CONFIG_PASSPHRASE"] = "wrong"
    ours, theirs = dev.ours(*line.split()), dev.theirs(*line.split())
    assert ours.code == theirs.code != 0
    assert "incorrect passphrase" in ours.err
    assert "incorrect passphrase" in theirs.err


def test_our_lock_holds_them_off_and_theirs_us(dev: Both) -> None:
    with StackLock(dev.ours.lock_folder, print):
        held = dev.theirs("up", "--yes", "--skip-preview")
        assert (held.code, "the stack is currently locked by 1 lock(s)" in held.err) == (1, True), held.err
        assert dev.theirs("cancel", "--yes").code == 0
        assert list(dev.ours.lock_folder.glob("*.json")) == []
    dev.ours.lock_folder.mkdir(parents=True, exist_ok=True)
    theirs = {"pid": 1, "username": "u", "hostname": "h", "timestamp": "2026-01-01T00:00:00Z"}
    (dev.ours.lock_folder / "x.json").write_text(json.dumps(theirs))
    ours, told = dev.ours("stack", "rm", "--yes", "dev"), dev.theirs("stack", "rm", "--yes", "dev")
    assert (ours.code, told.code) == (1, 1)
    assert ours.err.split("/.pulumi/")[0] == told.err.split("/.pulumi/")[0]
    assert dev.ours("cancel", "--yes").code == 0
    assert dev.theirs("stack", "rm", "--yes", "dev").code == 0


def test_after_a_kill_they_are_held_off_until_we_recovered(dev: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    code = (
        "import os, signal, sys\n"
        "from embedded.engine import command, operations\n"
        "from embedded.engine.state import Resource\n"
        "def run(request, context):\n"
        f"    context.journal.write(Resource({ROOT!r}, 'pulumi:pulumi:Stack', custom=False, outputs={{'plain': 'x'}}))\n"
        "    token = context.journal.begin('creating', Resource('urn:pulumi:dev::proj::a:b:C::x', 'a:b:C', custom=True))\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "operations.run = run\n"
        "command.execute(['up', '--skip-preview'], cwd=sys.argv[1], env=dict(os.environ), out=print, err=print)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(dev.ours.project)], env=dev.ours.env, check=False)
    assert "locked" in dev.theirs("up", "--yes", "--skip-preview").err
    monkeypatch.setattr(operations, "run", lambda _request, _context: 0)
    assert dev.ours("up", "--skip-preview").code == 0
    assert dev.same("stack", "output", "--json").json == {"plain": "x"}
    ran = dev.theirs("up", "--yes", "--skip-preview")
    assert "pending" in (ran.out + ran.err)
