"""What a fabric's own configuration decides, with the values of fabricator's defaults (v0.126, gateway off).

Git does not say how a fabric was installed, so what only contradicts these values is a warning.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network

RESERVED = {
    ip_network("172.30.0.0/21"): "management",
    ip_network("172.30.8.0/22"): "switches' protocol addresses",
    ip_network("172.30.12.0/22"): "VTEPs",
    ip_network("172.30.16.0/22"): "externals' proxies",
    ip_network("172.30.95.0/31"): "MCLAG sessions",
    ip_network("172.30.96.0/19"): "VPC loopbacks",
    ip_network("172.30.128.0/17"): "fabric links",
}
MANAGEMENT, PROTOCOL, VTEP, FABRIC_LINKS = (
    ip_network(each) for each in ("172.30.0.0/21", "172.30.8.0/22", "172.30.12.0/22", "172.30.128.0/17")
)

# Addresses of the management network that switches get before they have one of their own.
DHCP_START, DHCP_END = ip_address("172.30.4.0"), ip_address("172.30.7.254")

CONTROL_VIP = ip_address("172.30.0.1")
SPINE_ASN = 65100
LEAF_ASNS = range(65101, 65534)
RESERVED_VLANS = ((3000, 3899, "VPCs' internal VLANs"), (3900, 3999, "a workaround of some switches"))
BY_DEFAULT = "in a fabric with the default configuration"
