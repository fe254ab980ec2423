"""Plain Pulumi and hhsync give the same answers: what differs, and what a run by one leaves to do for the other."""

from __future__ import annotations

import copy
import json
import random
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from automation.engine.state import urns
from providers.core.diff import changes
from providers.core.equality import MISSING, canonical, is_empty
from providers.core.field_path import dotted
from providers.core.identity import FABRIC_LABEL, KINDS, ObjectRef
from tests.support.project import FOLDER, Project, crs

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.services

SEED = 7
ROUNDS = (7, 8, 7, 8)

# 30 edits, every way twice, at random: how many before each comparison, and after which comparisons a sync repairs
# all.
REPAIRED_AFTER = {2, 4}

SECTIONS = ("git", "cluster", "netbox")

# An action of hhsync's → Pulumi's word for the same. Pulumi has no word for an update of attribution alone, and none for the
# create of what the cluster has already.
PULUMI_WORD = {"create": "create", "adopt": "create", "update": "update", "attribution": "update", "delete": "delete"}

# Pulumi's words for what writes nothing.
READ_ONLY = {"same", "refresh"}

# Actions that Pulumi shows property by property; a create or a delete is of the whole CR.
NAMED_BY_PROPERTY = {"update", "attribution"}

# Of each differing property, by its dotted path: what there is, and what Git says; None where absent or empty.
type Sides = dict[str, tuple[Any, Any]]

# By CR: Pulumi's word for the action, and the properties of an update.
type Answer = dict[str, tuple[str, Sides]]


def steps(project: Project) -> list[dict[str, Any]]:
    """The steps that `pulumi preview` shows."""
    flags = ("--json", "--non-interactive", "--stack", project.fabric, "--run-program")
    done = project.run("pulumi", "--", "preview", *flags)
    assert done.returncode == 0, done.stdout + done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)["steps"]
    return found


def plain(project: Project) -> Answer:
    """What `pulumi preview` says."""
    found: Answer = {}
    for step in steps(project):
        if urns.is_cr(step["urn"]) and step["op"] not in READ_ONLY:
            assert urns.name_of(step["urn"]) not in found, "one step a CR"
            found[urns.name_of(step["urn"])] = (step["op"], _moved(step) if step["op"] == "update" else {})
    return found


def _moved(step: dict[str, Any]) -> Sides:
    old, new = (
        {name: step[key]["inputs"][name] for name in SECTIONS if name in step[key]["inputs"]}
        for key in ("oldState", "newState")
    )
    return {dotted(one.path): (_given(one.old), _given(one.new)) for one in changes(old, new)}


def _given(value: Any) -> Any:
    return None if value is MISSING or is_empty(canonical(value)) else canonical(value)


def _from_and_to(difference: dict[str, Any]) -> tuple[str, tuple[Any, Any]]:
    """The path, and the value where the difference was found with Git's; what only the state knows is its recorded value."""
    path = difference["path"]
    side = next((server for server in ("cluster", "netbox") if path.startswith(server)), "recorded")
    return path, (_given(difference.get(side)), _given(difference.get("git")))


def previewed(project: Project) -> Answer:
    """What `hhsync preview` says."""
    done = project.run("preview", project.fabric, "--json")
    answer = json.loads(done.stdout)
    assert answer["errors"] == [], answer
    assert done.returncode == (2 if answer["changes"] or answer["fabric_changes"] else 0)
    return {
        one["ref"]: _answer(
            one["action"],
            dict(map(_from_and_to, one["differences"])),
        )
        for one in answer["changes"]
    }


def drifted(project: Project) -> Answer:
    """What `hhsync drift` says, of what a sync has to do with."""
    done = project.run("drift", project.fabric, "--json")
    answer = json.loads(done.stdout)
    assert answer["errors"] == [], answer
    details = [one for one in answer["details"] if one["managed"] or one["state"] != "Orphaned"]
    assert done.returncode == (
        2 if any(not one["attribution_only"] for one in details) or not _as_written(answer) else 0
    )
    for one in details:
        assert one["attribution_only"] == (one["action"] == "attribution"), one
    return {
        one["ref"]: _answer(
            one["action"],
            dict(map(_from_and_to, one["differences"])),
        )
        for one in details
    }


def _as_written(answer: dict[str, Any]) -> bool:
    return bool(answer["fabric_record"]["state"] == "Synced")


def _answer(action: str, properties: Sides) -> tuple[str, Sides]:
    return PULUMI_WORD[action], properties if action in NAMED_BY_PROPERTY else {}


class Edits:
    """Somebody's edits of one fabric, one after the other, in Git, in the cluster and in NetBox. `done` says what was made."""

    def __init__(self, project: Project, random: random.Random) -> None:
        self.project, self.random, self.done = project, random, list[str]()
        self.folder = project.repository / FOLDER
        self.numbers = iter(range(1500, 1600))
        in_git = [self.vlan_in_git, self.comment_in_git, self.label_in_git, self.move_in_git, self.drop_from_git]
        in_git += [self.add_to_git, self.add_what_the_cluster_has]
        in_cluster = [self.vlan_in_cluster, self.subnet_in_cluster, self.taken_in_cluster, self.delete_from_cluster]
        in_netbox = [self.vlan_in_netbox, self.author_in_netbox, self.labels_in_netbox, self.delete_from_netbox]
        self.left: list[Callable[[], str]] = [*in_git, *in_cluster, *in_netbox] * 2
        random.shuffle(self.left)

    def make(self, count: int) -> None:
        """So many edits."""
        for _ in range(count):
            way = self.left.pop()
            self.done.append(f"{way.__name__} {way()}")

    # Git
    def _file(self) -> str:
        files = sorted(str(path.relative_to(self.folder)) for path in self.folder.rglob("vpcs/*.yaml"))
        return self.random.choice(files)

    def _written(self, path: str, change: Callable[[str], str]) -> str:
        self.project.commit({path: change((self.folder / path).read_text())})
        return path

    def vlan_in_git(self) -> str:
        return self._written(self._file(), lambda text: re.sub(r"vlan: \d+", f"vlan: {next(self.numbers)}", text))

    def comment_in_git(self) -> str:
        return self._written(self._file(), lambda text: f"{text}# no. {next(self.numbers)}\n")

    def label_in_git(self) -> str:
        label = f"metadata:\n  labels: {{team: t{next(self.numbers)}}}\n"
        return self._written(self._file(), lambda text: re.sub(r"metadata:\n(  labels: .*\n)?", label, text))

    def move_in_git(self) -> str:
        path = self._file()
        to = f"vpcs/moved-{next(self.numbers)}.yaml"
        self.project.commit({to: (self.folder / path).read_text(), path: None})
        return f"{path} {to}"

    def drop_from_git(self) -> str:
        path = self._file()
        self.project.commit({path: None})
        return path

    def _new(self) -> tuple[str, str]:
        """A VPC that nobody has: its name, and its document."""
        number = next(self.numbers)
        name = f"{self.project.fabric[2:]}{number % 1000}"
        text = crs(self.project.names[0], name)[f"vpcs/{name}.yaml"]
        return name, text.replace("10.0.2.0", f"10.0.{number % 1000 - 400}.0").replace("vlan: 1002", f"vlan: {number}")

    def add_to_git(self) -> str:
        name, text = self._new()
        self.project.commit({f"vpcs/{name}.yaml": text})
        return name

    def add_what_the_cluster_has(self) -> str:
        name, text = self._new()
        manifest = yaml.safe_load(text)
        self.project.by_another("someone-else", {**manifest, "metadata": {"name": name, "namespace": "default"}})
        self.project.commit({f"vpcs/{name}.yaml": text})
        return name

    # the cluster
    def _live(self) -> dict[str, Any]:
        ref = self.random.choice(sorted(ref for ref in self.project.objects() if ref.kind == "VPC"))
        return copy.deepcopy(self.project.vpc(ref.name))

    def vlan_in_cluster(self) -> str:
        name = self._live()["metadata"]["name"]
        self.project.edit_vlan(name, next(self.numbers))
        return str(name)

    def subnet_in_cluster(self) -> str:
        live, number = self._live(), next(self.numbers)
        live["spec"]["subnets"]["extra"] = {"subnet": f"10.0.{number % 1000 - 400}.0/24", "vlan": number}
        self.project.by_another("someone-else", live)
        return str(live["metadata"]["name"])

    def taken_in_cluster(self) -> str:
        """Another field manager takes our label off and changes what it then seems to own."""
        live = self._live()
        del live["metadata"]["labels"][FABRIC_LABEL]
        live["spec"]["subnets"]["default"]["vlan"] = next(self.numbers)
        self.project.by_another("someone-else", live)
        return str(live["metadata"]["name"])

    def delete_from_cluster(self) -> str:
        live = self._live()["metadata"]
        self.project.cluster.delete(ObjectRef("VPC", "default", live["name"]), live["uid"])
        return str(live["name"])

    # NetBox
    def _record(self) -> Any:
        records = self.project.netbox.list(KINDS["VPC"], self.project.fabric)
        return records[self.random.choice(sorted(records))]

    def _update(self, record: Any, fields: dict[str, Any]) -> str:
        self.project.netbox.update(KINDS["VPC"], record.id, fields)
        return str(record.fields["name"])

    def vlan_in_netbox(self) -> str:
        record = self._record()
        spec = copy.deepcopy(record.fields["spec"])
        spec["subnets"]["default"]["vlan"] = next(self.numbers)
        return self._update(record, {"spec": spec})

    def author_in_netbox(self) -> str:
        return self._update(self._record(), {"git_author": f"Nobody {next(self.numbers)}"})

    def labels_in_netbox(self) -> str:
        return self._update(self._record(), {"labels": {"by": f"n{next(self.numbers)}"}})

    def delete_from_netbox(self) -> str:
        record = self._record()
        self.project.netbox.delete(KINDS["VPC"], record.id)
        return str(record.fields["name"])


@pytest.fixture
def eight(project):
    """Two namespaces and six VPCs, synced once; whatever became of the VPCs, none is left in the cluster."""
    project.commit(crs(*project.names, f"{project.fabric[2:]}f"))
    done = project.init()
    assert done.returncode == 0, done.stderr
    assert project.verb("sync")["counts"]["created"] == 8
    yield project
    for ref, live in project.cluster.list(KINDS["VPC"]).items():
        if ref.name.startswith(project.fabric[2:]):
            project.cluster.delete(ref, live["metadata"]["uid"])


def test_random_edits_are_the_same_changes_in_pulumi_preview_hhsync_preview_and_drift(eight):
    edits = Edits(eight, random.Random(SEED))
    for number, count in enumerate(ROUNDS, 1):
        edits.make(count)
        answer = plain(eight)
        assert answer, edits.done
        assert previewed(eight) == answer, edits.done
        assert drifted(eight) == answer, edits.done
        if number in REPAIRED_AFTER:
            eight.verb("sync")
            assert plain(eight) == previewed(eight) == drifted(eight) == {}, edits.done
    assert not edits.left


def pulumi_up(project: Project) -> None:
    """Plain `pulumi up`, and then hhsync finds nothing to do."""
    done = project.run("pulumi", "--", "up", "--yes", "--skip-preview", "--run-program", "--stack", project.fabric)
    assert done.returncode == 0, done.stdout + done.stderr
    answer = project.verb("preview")
    assert (answer["changes"], answer["fabric_changes"]) == ([], [])


def hhsync_sync(project: Project) -> None:
    """`hhsync sync`, and then plain Pulumi finds nothing to do."""
    assert project.verb("sync")["changes"]
    assert {step["op"] for step in steps(project)} <= READ_ONLY


@pytest.mark.parametrize("turns", [(pulumi_up, hhsync_sync), (hhsync_sync, pulumi_up)])
def test_pulumi_up_and_hhsync_sync_take_turns_on_one_stack(project, turns):
    files = crs(*project.names[:3])
    changed, dropped, said = (f"vpcs/{name}.yaml" for name in project.names[:3])
    project.commit(files)
    assert project.init().returncode == 0
    turns[0](project)
    project.commit({changed: crs(*project.names[:3], vlan=1100)[changed]})
    turns[1](project)
    assert project.vpc(project.names[0])["spec"]["subnets"]["default"]["vlan"] == 1101
    project.commit({dropped: None})
    turns[0](project)
    assert ObjectRef("VPC", "default", project.names[1]) not in project.objects()
    commit = project.commit({said: files[said] + "# said by somebody\n"})
    turns[1](project)
    record = project.records()[ObjectRef("VPC", "default", project.names[2]).record_ref(project.fabric)]
    assert record.fields["git_commit"] == commit
    assert project.netbox.fabric(project.fabric).fields["last_applied_commit"] == commit
