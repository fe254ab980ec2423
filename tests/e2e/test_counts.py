"""What a verb asks of each server, counted there: Git is fetched once, each kind listed once, and only what changes written."""

from __future__ import annotations

import contextlib
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from providers.core.identity import KINDS
from tests.support.counting import CountingProxy
from tests.support.project import FOLDER, crs, pulumi_cli

pytestmark = pytest.mark.services


@pytest.fixture
def counted(project, services):
    """A fabric whose three servers are behind counting proxies, and whose CLI writes its arguments down; synced once."""
    project.commit(crs(*project.names))
    name = f"{project.fabric}.git"
    bare = Path(services.git.path).with_name(name)
    subprocess.run(["git", "clone", "-q", "--bare", str(project.repository), str(bare)], check=True)
    project.git("remote", "add", "origin", str(bare))
    with contextlib.ExitStack() as stack:
        made = {}
        for part, url, ca in (
            ("git", services.git.http_url.rpartition("/")[0], None),
            ("netbox", services.netbox.url, None),
            ("cluster", project.access.url, project.access.ca_file),
        ):
            made[part] = CountingProxy(url, ca)
            stack.callback(made[part].close)
        project.proxies = made
        project.cli_log = project.folder / "cli.log"
        script = project.folder / "pulumi"
        script.write_text(f'#!/bin/sh\necho "$@" >> {project.cli_log}\nexec {pulumi_cli()} "$@"\n')
        script.chmod(0o755)
        project.env["HHSYNC_PULUMI"] = str(script)
        tokens = {"HHSYNC_NETBOX_TOKEN": services.netbox.token, "HHSYNC_CLUSTER_TOKEN": project.access.hhsync_token}
        git = ["--git-url", f"{made['git'].url}/{name}", "--git-path", FOLDER, "--git-username", "hhsync"]
        others = ["--netbox-url", made["netbox"].url, "--cluster-url", made["cluster"].url]
        done = project.run(
            "init", project.fabric, *git, *others, HHSYNC_GIT_TOKEN=services.git.passwords["hhsync"], **tokens
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert project.verb("sync")["counts"]["created"] == 7
        yield project


def asked(project, verb, *arguments, code=0):
    """What one verb asked: by server the requests, and the CLI's command lines."""
    for proxy in project.proxies.values():
        proxy.taken()
    project.cli_log.write_text("")
    project.verb(verb, *arguments, code=code)
    found = {part: proxy.taken() for part, proxy in project.proxies.items()}
    return found, project.cli_log.read_text().splitlines()


def lists(requests):
    """How often each kind was listed, first pages counted, by what follows the API's root."""
    plurals = {f"/apis/{kind.api_version}/{kind.plural}" for kind in KINDS.values()}
    pages = [path for method, path, query in requests if method == "GET" and "continue=" not in query]
    return Counter(path for path in pages if path in plurals)


def record_lists(requests):
    """How often each type of record was listed in NetBox, first pages counted."""
    return Counter(
        path
        for method, path, query in requests
        if method == "GET" and "/custom-objects/hedgehog-" in path and "start=0" in query and "fabric_id" in query
    )


def writes(requests):
    """The requests that change something."""
    return [
        (method, path)
        for method, path, query in requests
        if method in {"POST", "PUT", "PATCH", "DELETE"} and "dryRun" not in query and "upload-pack" not in path
    ]


READING = ["drift", "status", "preview", "orphans", "sync"]


def test_each_verb_reads_each_side_once(counted):
    for verb in READING:
        found, commands = asked(counted, verb)
        fetches = [path for _, path, _ in found["git"] if path.endswith("/info/refs")]
        # status also asks which edit branches there are
        assert len(fetches) == (2 if verb == "status" else 1), (verb, found["git"])
        assert set(lists(found["cluster"]).values()) == {1}, verb
        assert len(lists(found["cluster"])) == len(KINDS), verb
        assert set(record_lists(found["netbox"]).values()) == {1}, (verb, found["netbox"])
        assert writes(found["cluster"]) == writes(found["netbox"]) == [], verb
        words = sorted(
            line.split()[1] if line.startswith("--non-interactive") else line.split()[0] for line in commands
        )
        assert words == ["config", "stack"], (verb, commands)


def test_a_sync_writes_what_changed_and_reads_nothing_again(counted):
    name = counted.names[0]
    counted.commit({f"vpcs/{name}.yaml": crs(*counted.names, vlan=1100)[f"vpcs/{name}.yaml"]})
    counted.git("push", "-q", "origin", "main")
    found, commands = asked(counted, "sync")
    assert set(lists(found["cluster"]).values()) == {1}
    assert set(record_lists(found["netbox"]).values()) == {1}
    assert [(method, path.rsplit("/", 1)[-1]) for method, path in writes(found["cluster"])] == [("PUT", name)]
    kinds = {path for _, path in writes(found["netbox"])}
    assert len(kinds) == 2, "the VPC's record and the fabric's"
    assert sum(" up " in f" {line} " for line in commands) == 1
    assert counted.verb("drift")["in_sync"] == 7


def test_check_starts_no_cli_where_git_needs_no_secret(synced):
    log = synced.folder / "cli.log"
    script = synced.folder / "pulumi"
    script.write_text(f'#!/bin/sh\necho "$@" >> {log}\nexec {pulumi_cli()} "$@"\n')
    script.chmod(0o755)
    synced.env["HHSYNC_PULUMI"] = str(script)
    assert synced.verb("check")["ok"]
    assert not log.exists() or [line for line in log.read_text().splitlines() if line != "version"] == []
