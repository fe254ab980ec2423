"""Ports are free, on loopback, and stay the same over restarts."""

from __future__ import annotations

import socket

from embedded.services.ports import LOOPBACK, Ports, port_is_free


def test_a_claimed_port_is_kept_for_the_next_start(tmp_path):
    first = Ports(tmp_path / "ports.json").claim("netbox")
    assert Ports(tmp_path / "ports.json").claim("netbox") == first


def test_a_port_that_somebody_took_meanwhile_is_replaced(tmp_path):
    ports = Ports(tmp_path / "ports.json")
    first = ports.claim("netbox")
    with socket.create_server((LOOPBACK, first)):
        assert not port_is_free(first)
        second = ports.claim("netbox")
    assert second != first
    assert ports.get("netbox") == second


def test_servers_of_one_home_never_share_a_port(tmp_path):
    ports = Ports(tmp_path / "ports.json")
    claimed = {ports.claim(f"server-{number}") for number in range(20)}
    assert len(claimed) == 20


def test_a_server_without_a_port_has_none(tmp_path):
    assert Ports(tmp_path / "ports.json").get("netbox") is None


def test_a_broken_file_only_costs_the_memory_of_the_ports(tmp_path):
    (tmp_path / "ports.json").write_text("{broken")
    ports = Ports(tmp_path / "ports.json")
    assert ports.claim("netbox") == ports.get("netbox")
