"""A state that somebody else wrote runs nothing: each verb refuses it by name. Plain Pulumi on it would run what it holds."""

from __future__ import annotations

import base64
import json
import pickle
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.project import Project

pytestmark = pytest.mark.services


class Planted:
    """Unpickled, it makes a file."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self):
        return open, (str(self.mark), "w")


def plant(project: Project, change) -> None:
    """Change the stack's state where it lies."""
    file = project.folder / f"state/.pulumi/stacks/hhsync/{project.fabric}.json"
    kept = json.loads(file.read_text())
    change(kept["checkpoint"]["latest"]["resources"])
    file.write_text(json.dumps(kept))


VERBS = [("drift",), ("status",), ("preview",), ("sync",), ("destroy", "--yes")]


def refused(project: Project, named: str, why: str) -> None:
    for verb, *arguments in VERBS:
        more = [*arguments, project.fabric] if arguments else []
        errors = project.verb(verb, *more, code=1)["errors"]
        assert len(errors) == 1, errors
        assert named in errors[0]
        assert why in errors[0]


def test_a_planted_provider_and_a_planted_command_are_refused_by_every_verb(synced, tmp_path):
    mark = tmp_path / "ran"
    versions, log, kept = synced.versions(), synced.log_length(), synced.state()["resources"]
    fabric = next(one for one in kept if one["type"] == "hhsync:index:Fabric")["urn"]

    def command(resources):
        resources.append(
            {
                "urn": f"{fabric.rpartition('::')[0]}$command:local:Command::after-sync-7",
                "custom": True,
                "id": "x",
                "type": "command:local:Command",
                "inputs": {"create": "true", "delete": f"touch {mark}"},
                "outputs": {"create": "true", "delete": f"touch {mark}"},
                "parent": fabric,
                "provider": f"urn:pulumi:{synced.fabric}::hhsync::pulumi:providers:command::default::y",
            }
        )

    plant(synced, command)
    refused(synced, "after-sync-7", "never sets delete")
    plant(synced, lambda resources: resources.pop())

    def provider(resources):
        vpc = next(one for one in resources if one["type"].endswith("hedgehog:VPC"))
        vpc["outputs"]["__provider"] = base64.b64encode(pickle.dumps(Planted(mark))).decode()

    plant(synced, provider)
    refused(synced, "hedgehog:VPC", "its __provider is refused")
    assert not mark.exists()
    assert (synced.versions(), synced.log_length()) == (versions, log)

    synced.run("pulumi", "--", "preview", "--stack", synced.fabric)
    assert mark.exists(), "plain Pulumi unpickled nothing, so this test shows nothing"
    vpc = next(one for one in kept if one["type"].endswith("hedgehog:VPC"))
    plant(synced, lambda resources: resources.__setitem__([one["urn"] for one in resources].index(vpc["urn"]), vpc))
