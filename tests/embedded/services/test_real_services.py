"""The real servers: authentication, least privilege, loopback, and start, stop and restart without loss."""

from __future__ import annotations

import json
import os
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from embedded.services.process import Process
from embedded.services.web import Api
from tests.support.services import OWNER, fresh_services, make_services, remove_abandoned

if TYPE_CHECKING:
    from embedded.services import FabricAccess, NetBoxAccess, Running

pytestmark = pytest.mark.services

VPC_NAMESPACES = "/apis/vpc.githedgehog.com/v1beta1/namespaces/default/ipv4namespaces"
NETBOX_SITES = "/api/dcim/sites/"
LISTENING = "0A"


def cluster(fabric: FabricAccess, token: str) -> Api:
    return Api(fabric.url, token, ssl.create_default_context(cafile=fabric.ca_file))


def by_certificate(fabric: FabricAccess, folder: Path) -> Api:
    import base64

    user = yaml.safe_load(Path(fabric.certificate_kubeconfig).read_text())["users"][0]["user"]
    for name, key in (("crt", "client-certificate-data"), ("key", "client-key-data")):
        (folder / name).write_bytes(base64.b64decode(user[key]))
    tls = ssl.create_default_context(cafile=fabric.ca_file)
    tls.load_cert_chain(folder / "crt", folder / "key")
    return Api(fabric.url, tls=tls)


def netbox(access: NetBoxAccess, token: str | None = None) -> Api:
    return Api(access.url, access.token if token is None else token)


def namespace(name: str) -> bytes:
    body = {
        "apiVersion": "vpc.githedgehog.com/v1beta1",
        "kind": "IPv4Namespace",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"subnets": ["10.9.0.0/16"]},
    }
    return json.dumps(body).encode()


def listening_addresses(pids: set[int]) -> set[str]:
    """Hexadecimal local addresses on which these processes and their children listen (IPv4 and IPv6)."""
    sockets = {
        os.readlink(link).removeprefix("socket:[").removesuffix("]")
        for pid in pids
        for link in Path(f"/proc/{pid}/fd").iterdir()
        if os.readlink(link).startswith("socket:[")
    }
    rows = [
        line.split() for table in ("tcp", "tcp6") for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
    ]
    return {row[1].split(":")[0] for row in rows if row[3] == LISTENING and row[9] in sockets}


def test_each_fabric_has_a_cluster_of_its_own(services: Running):
    uids = {cluster(one, one.hhsync_token).call("GET", "/api/v1/namespaces/default")[1]["metadata"]["uid"]
            for one in services.fabrics}  # fmt: skip
    assert [one.name for one in services.fabrics] == ["fabric-1", "fabric-2"]
    assert len(uids) == 2


def test_every_kind_is_served_to_hhsync(services: Running):
    fabric = services.fabric("fabric-1")
    api = cluster(fabric, fabric.hhsync_token)
    _, crds = api.call("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions")
    assert len(crds["items"]) == 12
    for crd in crds["items"]:
        spec = crd["spec"]
        path = f"/apis/{spec['group']}/{spec['versions'][0]['name']}/{spec['names']['plural']}"
        assert api.call("GET", path)[0] == 200, path


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", VPC_NAMESPACES, 200),
        ("POST", VPC_NAMESPACES, 403),
        ("DELETE", VPC_NAMESPACES + "/none", 403),
        ("GET", "/api/v1/namespaces/default", 200),
        ("GET", "/api/v1/secrets", 403),
    ],
)
def test_the_reader_reads_and_writes_nothing(services: Running, method, path, status):
    fabric = services.fabric("fabric-1")
    body = namespace("reader") if method == "POST" else None
    assert cluster(fabric, fabric.reader_token).call(method, path, body)[0] == status


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("DELETE", VPC_NAMESPACES + "/none", 404),
        ("GET", "/api/v1/secrets", 403),
        ("GET", "/api/v1/namespaces", 403),
        ("DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/none", 403),
    ],
)
def test_hhsync_may_do_no_more_than_it_needs(services: Running, method, path, status):
    fabric = services.fabric("fabric-1")
    assert cluster(fabric, fabric.hhsync_token).call(method, path)[0] == status


def test_a_client_certificate_logs_in_as_hhsync(services: Running, tmp_path):
    api = by_certificate(services.fabric("fabric-1"), tmp_path)
    assert api.call("GET", VPC_NAMESPACES)[0] == 200
    assert api.call("GET", "/api/v1/secrets")[0] == 403


def test_one_fabrics_token_is_nothing_to_the_other(services: Running):
    first, second = services.fabrics
    assert cluster(second, first.hhsync_token).call("GET", VPC_NAMESPACES)[0] == 401


@pytest.mark.parametrize("token", ["wrong", ""])
def test_the_cluster_refuses_a_wrong_token_and_none(services: Running, token):
    assert cluster(services.fabric("fabric-1"), token).call("GET", VPC_NAMESPACES)[0] == 401


@pytest.mark.parametrize("token", ["nbt_AAAAAAAAAAAA." + "b" * 40, "wrong", ""])
def test_netbox_refuses_a_wrong_token_and_none(services: Running, token):
    # NetBox answers 403 to a failed authentication
    assert netbox(services.netbox, token).call("GET", NETBOX_SITES)[0] == 403


def test_netbox_makes_types_and_takes_the_password(services: Running):
    api = netbox(services.netbox)
    login = {"username": services.netbox.username, "password": services.netbox.password}
    assert api.call("GET", "/api/plugins/custom-objects/custom-object-types/")[0] == 200
    status, _ = netbox(services.netbox, "").call("POST", "/api/users/tokens/provision/", json.dumps(login).encode())
    assert status == 201


def test_netbox_serves_its_pages_with_their_styles(services: Running):
    assert netbox(services.netbox, "").call("GET", "/static/netbox.css")[0] == 200


def pids_now(services: Running) -> set[int]:
    """The servers' processes; an earlier test may have restarted some since the session began."""
    running = make_services(Path(services.home)).running()
    assert running is not None
    return set(running.pids.values())


def test_all_servers_listen_on_loopback_only(services: Running):
    addresses = listening_addresses(pids_now(services))
    assert addresses == {"0100007F"}


def test_every_file_with_a_secret_is_private(services: Running):
    secrets = [services.netbox.password, services.netbox.token.split(".")[1]]
    secrets += [token for one in services.fabrics for token in (one.admin_token, one.hhsync_token, one.reader_token)]
    home = Path(services.home)
    for path in home.rglob("*"):
        inside = path.relative_to(home).parts
        if not path.is_file() or inside[0] == "postgres" or "etcd" in inside:
            continue
        if any(secret.encode() in path.read_bytes() for secret in secrets):
            assert path.stat().st_mode & 0o077 == 0, path


def test_no_secret_is_in_a_command_line(services: Running):
    lines = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids_now(services)]
    secrets = [services.netbox.password, services.netbox.token, *(one.admin_token for one in services.fabrics)]
    assert not [line for line in lines for secret in secrets if secret.encode() in line]


def test_no_secret_is_in_the_text_of_the_facts(services: Running):
    assert services.netbox.token not in repr(services)
    assert services.fabrics[0].admin_token not in repr(services)


def test_start_keeps_what_runs_and_restart_loses_nothing():
    """One start, a second start, a stop and a start: the same URLs, tokens and data; other processes after a stop."""
    with fresh_services() as one:
        first = one.start(fabrics=1)
        fabric = first.fabric("fabric-1")
        site = json.dumps({"name": "kept", "slug": "kept"}).encode()
        assert cluster(fabric, fabric.hhsync_token).call("POST", VPC_NAMESPACES, namespace("kept"))[0] == 201
        assert netbox(first.netbox).call("POST", NETBOX_SITES, site)[0] == 201

        assert one.start(fabrics=1) == first
        assert {part.state for part in one.status()} == {"running"}

        processes = [Process.of(pid) for pid in first.pids.values()]
        one.stop()
        assert not [process for process in processes if process.alive()]
        assert {part.state for part in one.status() if part.name != "git"} == {"stopped"}
        assert one.running().pids == {}

        again = one.start(fabrics=1)
        assert (again.netbox, again.fabrics, again.git_url) == (first.netbox, first.fabrics, first.git_url)
        assert cluster(fabric, fabric.hhsync_token).call("GET", VPC_NAMESPACES + "/kept")[0] == 200
        assert netbox(again.netbox).call("GET", NETBOX_SITES + "?slug=kept")[1]["count"] == 1


def test_a_server_that_was_killed_is_started_again_and_the_others_are_kept():
    with fresh_services() as one:
        first = one.start(fabrics=1, parts=("cluster",))
        os.kill(first.pids["fabric-1-apiserver"], 9)
        process = Process.of(first.pids["fabric-1-apiserver"])
        while process is not None and process.alive():
            pass
        again = one.start(fabrics=1, parts=("cluster",))
        assert again.pids["fabric-1-etcd"] == first.pids["fabric-1-etcd"]
        assert again.pids["fabric-1-apiserver"] != first.pids["fabric-1-apiserver"]
        assert {part.state for part in one.status()} == {"running"}


def test_servers_of_a_killed_session_are_removed_by_the_next_and_those_of_a_living_one_are_kept():
    with fresh_services() as one:
        pids = one.start(fabrics=1, parts=("cluster",)).pids
        remove_abandoned(one.home.parent)
        assert {part.state for part in one.status()} == {"running"}

        owner = one.home / OWNER
        owner.write_text(json.dumps({**json.loads(owner.read_text()), "started": 1}))
        remove_abandoned(one.home.parent)
        assert not [pid for pid in pids.values() if Process.of(pid)]
        assert not one.home.exists()


def test_removing_leaves_no_process_and_no_file():
    with fresh_services() as one:
        pids = one.start(fabrics=1, parts=("cluster", "git")).pids
        one.remove()
        assert not [pid for pid in pids.values() if Process.of(pid)]
        assert not one.home.exists()
