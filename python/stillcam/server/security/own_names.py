"""The names of this machine: its host name, alone and below the suffixes of home networks and of its own resolver.

Only the local network assigns names below these suffixes, so an attacker on the internet cannot own one.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterable
from pathlib import Path

from stillcam.common import threads

RESOLVER = Path("/etc/resolv.conf")
LOOK_S = 30.0  # how often the resolver's file is read: the suffix changes with the network
MAX_BYTES = 64 * 1024
# Never delegated: RFC 6762 (local), RFC 8375 (home.arpa), ICANN's internal; routers use the others.
HOME = ("local", "home.arpa", "internal", "lan", "home", "localdomain", "fritz.box")
_SUFFIX = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9])?)*", re.ASCII)


def own_names(search: Iterable[str] = ()) -> frozenset[str]:
    """All names of this machine, in lower case.

    Args:
        search: further suffixes, like `garden.example.org`.
    """
    full = socket.gethostname().lower().rstrip(".")
    short = full.partition(".")[0]
    suffixes = (suffix for suffix in (*HOME, *search) if _SUFFIX.fullmatch(suffix))
    return frozenset({"localhost", full, short, *(f"{short}.{suffix}" for suffix in suffixes)})


def search_list(text: str) -> tuple[str, ...]:
    """The suffixes that a resolver appends to short names, in lower case.

    Args:
        text: of a resolv.conf(5); its last `search` or `domain` line counts.
    """
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
        threads.keep(self._follow, "own names")

    def _follow(self) -> None:
        while True:
            time.sleep(LOOK_S)
            self.reload()

    def _text(self) -> str:
        try:
            with self._resolver.open("rb") as file:
                return file.read(MAX_BYTES).decode("ascii", "replace")
        except OSError:
            return ""  # without one, glibc has no suffixes either
