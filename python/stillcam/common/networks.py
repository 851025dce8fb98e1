"""IP addresses of clients: the household that one belongs to, and whether it is in listed networks."""

from __future__ import annotations

import ipaddress
from functools import lru_cache


@lru_cache(256)
def household(address: str) -> str:
    """An IPv4 address itself; of IPv6 the network of 64 bits, in which a client can use any address."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return str(ipaddress.ip_network((ip, 64), strict=False) if ip.version == 6 else ip)


@lru_cache(256)
def is_in(address: str, networks: tuple[str, ...]) -> bool:
    """Whether an address is one of these addresses, or in one of these networks."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    return any(ip in ipaddress.ip_network(network, strict=False) for network in networks)
