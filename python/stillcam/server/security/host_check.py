"""Whether a request is meant for this server: the Host check, and the names of this machine.

A page of a stranger can let its own name point to our address (DNS rebinding) and would then be «same origin» with us.
This machine's host name counts, alone and below the suffixes of home networks and of its own resolver: only the local
network assigns names below these, so an attacker on the internet cannot own one. Other names count when listed.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import time
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from stillcam.common import threads
from stillcam.http.messages import Refused

RESOLVER = Path("/etc/resolv.conf")
RESOLVER_CHECK_S = 30.0  # how often the resolver's file is read: the suffix changes with the network
MAX_RESOLVER_BYTES = 64 * 1024
# Never delegated: RFC 6762 (local), RFC 8375 (home.arpa), ICANN's internal; routers use the others.
HOME = ("local", "home.arpa", "internal", "lan", "home", "localdomain", "fritz.box")
_SUFFIX = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*", re.ASCII)
_HOST = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::[0-9]{1,5})?")


@lru_cache(64)
def check_host(host: str, own: frozenset[str], listed: tuple[str, ...]) -> None:
    """Check a Host header.

    Args:
        host: empty in HTTP/1.0, where it may be missing: no browser sends that.
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
    raise Refused(421, f"{name} is not one of this camera's host names: its owner can add it to access.hosts")


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _covers(entry: str, name: str) -> bool:
    entry = entry.lower().rstrip(".")
    return name.endswith(entry[1:]) if entry.startswith("*.") else name == entry


def own_names(search: Iterable[str] = ()) -> frozenset[str]:
    """All names of this machine, in lower case; `search` has further suffixes, like `garden.example.org`."""
    full = socket.gethostname().lower().rstrip(".")
    short = full.partition(".")[0]
    suffixes = (suffix for suffix in (*HOME, *search) if _SUFFIX.fullmatch(suffix))
    return frozenset({"localhost", full, short, *(f"{short}.{suffix}" for suffix in suffixes)})


def search_list(text: str) -> tuple[str, ...]:
    """What a resolver appends to short names: the last `search` or `domain` line of a resolv.conf(5)."""
    found: list[str] = []
    for line in text.splitlines():
        keyword, *words = line.split()[:64] or [""]
        if keyword in ("search", "domain"):
            found = words
    return tuple(word.lower().strip(".") for word in found)


class OwnNames:
    """The names of this machine; a thread reads the resolver's file, requests do not.

    Args:
        resolver: the resolver's file.
        search: a search list that replaces the file's, as the environment variable LOCALDOMAIN of resolv.conf(5);
            empty: the file counts.
    """

    def __init__(self, resolver: Path = RESOLVER, search: str = "") -> None:
        self._resolver = resolver
        self._search = search
        self.reload()

    def current(self) -> frozenset[str]:
        """The names as of the last read."""
        return self._names

    def reload(self) -> None:
        """Read the resolver's file now."""
        self._names = own_names(search_list(f"search {self._search}" if self._search else self._text()))

    def follow(self) -> None:
        """Read the file periodically in a daemon thread."""
        threads.start_restarting(self._follow, "own names")

    def _follow(self) -> None:
        while True:
            time.sleep(RESOLVER_CHECK_S)
            self.reload()

    def _text(self) -> str:
        try:
            with self._resolver.open("rb") as file:
                return file.read(MAX_RESOLVER_BYTES).decode("ascii", "replace")
        except OSError:
            return ""  # without one, glibc has no suffixes either
