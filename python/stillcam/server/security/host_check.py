"""Whether a request is meant for this server: the Host check.

A page of a stranger can let its own name point to our address (DNS rebinding) and would then
be «same origin» with us. Names that no stranger can own are served, others only when listed.
"""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

from stillcam.http.messages import Refused

_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::[0-9]{1,5})?")


@lru_cache(64)
def check_host(host: str, own: frozenset[str], listed: tuple[str, ...]) -> None:
    """Check a Host header.

    Args:
        host: the header; empty in HTTP/1.0, where it may be missing: no browser sends that.
        own: this machine's names, in lower case.
        listed: names that the owner has listed; `*.example.org` stands for all below.

    Raises:
        Refused: it is malformed (400), or not one of ours (421, RFC 9110 section 15.5.20).
    """
    if not host:
        return
    match = _HOST.fullmatch(host)
    if not match or (match[1] and not _is_address(match[1])):
        raise Refused(400, "the Host header is malformed")
    if match[1] or _is_address(match[2]):
        return
    name = match[2].lower().rstrip(".")
    if name in own or name.endswith((".local", ".localhost")) or any(_covers(entry, name) for entry in listed):
        return
    raise Refused(421, f"this camera does not know itself as {name}: its owner can list that name in access.hosts")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _covers(entry: str, name: str) -> bool:
    entry = entry.lower().rstrip(".")
    return name.endswith(entry[1:]) if entry.startswith("*.") else name == entry
