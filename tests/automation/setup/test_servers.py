"""What is told about the embedded servers: where they are, never a secret."""

from __future__ import annotations

import json

import pytest

from automation.setup import servers, uninstall
from embedded.services import FabricAccess, GitAccess, NetBoxAccess, PartStatus, Running

RUNNING = Running(
    home="/home/x/.hhsync/services",
    netbox=NetBoxAccess("http://127.0.0.1:8000", "admin", "hush-password", "nbt_key.hush-token"),
    fabrics=(
        FabricAccess(
            "fabric-1",
            "https://127.0.0.1:6443",
            "/ca",
            "/admin",
            "/hhsync",
            "/reader",
            "/cert",
            "hush-a",
            "hush-h",
            "hush-r",
        ),
    ),
    git_url="/home/x/.hhsync/services/git/fabrics.git",
    git=GitAccess(
        "/home/x/.hhsync/services/git/fabrics.git",
        "https://127.0.0.1:7443/fabrics.git",
        "http://127.0.0.1:7080/fabrics.git",
        "/git-ca",
        {"hhsync": "hush-git"},
        "ssh://x@127.0.0.1:7022/fabrics.git",
        {"hhsync": "/key"},
        "/hosts",
    ),
)
UP = PartStatus("netbox", "running", 42, "http://127.0.0.1:8000")
DOWN = PartStatus("redis", "stopped", None, "", "never started")


@pytest.mark.parametrize("result", [servers.running_text(RUNNING), json.dumps(servers.running_json(RUNNING))])
def test_the_servers_are_told_without_their_secrets(result):
    for place in (
        "http://127.0.0.1:8000",
        "https://127.0.0.1:6443",
        "fabrics.git",
        "/hhsync",
        "services.json",
        "https://127.0.0.1:7443",
        "ssh://",
    ):
        assert place in result
    assert "hush" not in result


CODES = [((UP,), 0), ((UP, DOWN), 1), ((), 1)]


@pytest.mark.parametrize(("parts", "code"), CODES)
def test_status_ends_with_1_unless_all_run(parts, code):
    assert servers.status_json(parts)["exit_code"] == code


def test_status_is_a_line_per_server():
    assert servers.status_text((UP, DOWN)).splitlines() == [
        "netbox               running              42 http://127.0.0.1:8000",
        "redis                stopped               -  never started",
    ]


def test_status_before_anything_was_started_names_the_way():
    assert "hhsync services start" in servers.status_text(())


def test_an_uninstall_says_what_went():
    assert uninstall.text({"server": "http://nb", "deleted_types": ["a", "b"]}) == (
        "http://nb: 2 types deleted with their records: a, b"
    )
    assert uninstall.text({"server": "http://nb", "deleted_types": []}) == "http://nb: no type of hhsync's there"
