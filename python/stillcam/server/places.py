"""How many connections there may be, in all and from one address, and who has to leave for a newcomer.

Beyond the limits a newcomer gets the place of the connection that has waited longest for its
next request, or for the rest of one: an idle browser asks again by itself, and a client that
sends a byte a second holds nothing up. A connection that is being answered keeps its place.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

MIN_WAIT_S = 1.0  # a connection that has only just come is not sent away
REFUSALS = 64  # so many connections at a time are told that there is no place; more are just closed


@dataclass(frozen=True, slots=True)
class Limits:
    """Connections at a time.

    Args:
        total: in all.
        per_address: from one IPv4 address, or one IPv6 network of 64 bits (a household's).
    """

    total: int = 512
    per_address: int = 32


class Place:
    """One connection's; `waiting_since` (monotonic, seconds) is None while it is being answered.

    Args:
        connection: its socket.
        neighbourhood: shares a limit; empty: none.
        counted: whether it is one of those of which there are only so many.
    """

    __slots__ = ("connection", "counted", "neighbourhood", "waiting_since")

    def __init__(self, connection: socket.socket, neighbourhood: str, counted: bool = True) -> None:
        self.connection = connection
        self.neighbourhood = neighbourhood
        self.waiting_since: float | None = time.monotonic()
        self.counted = counted


class Places:
    """Gives places, and takes them back.

    Args:
        limits: how many there are.
        proxies: gives the addresses and networks that have no limit of their own at the moment.
    """

    def __init__(self, limits: Limits, proxies: Callable[[], tuple[str, ...]] = tuple) -> None:
        self._limits = limits
        self._proxies = proxies
        self._lock = threading.Lock()
        self._taken: set[Place] = set()
        self._by_neighbourhood: Counter[str] = Counter()
        self._refusals = threading.BoundedSemaphore(REFUSALS)

    def __len__(self) -> int:
        return len(self._taken)

    def take(self, connection: socket.socket, address: str) -> Place | None:
        """A place for a connection from `address`; None when there is none."""
        neighbourhood = self._neighbourhood(address)
        with self._lock:
            if neighbourhood and self._by_neighbourhood[neighbourhood] >= self._limits.per_address:
                if not self._free([place for place in self._taken if place.neighbourhood == neighbourhood]):
                    return None
            elif len(self._taken) >= self._limits.total and not self._free(list(self._taken)):
                return None
            place = Place(connection, neighbourhood)
            self._taken.add(place)
            self._by_neighbourhood[neighbourhood] += 1
            return place

    def make_room(self) -> None:
        """Free a place, if that can be: something else than places is short."""
        with self._lock:
            self._free(list(self._taken))

    def give_back(self, place: Place) -> None:
        """The connection has ended."""
        with self._lock:
            self._leave(place)

    def may_refuse(self) -> bool:
        """Whether one more connection can be told so; `refused` must follow."""
        return self._refusals.acquire(blocking=False)

    def refused(self) -> None:
        """It has been told."""
        self._refusals.release()

    def _free(self, candidates: list[Place]) -> bool:
        now = time.monotonic()
        waiting = [(place.waiting_since or now, place) for place in candidates]
        since, longest = min(waiting, key=lambda pair: pair[0], default=(now, None))
        if longest is None or now - since < MIN_WAIT_S:
            return False
        self._leave(longest)
        with contextlib.suppress(OSError):  # it has gone by itself
            # Its thread, in recv, sees the end. Not SSLSocket's method: after that the thread would send in the clear.
            socket.socket.shutdown(longest.connection, socket.SHUT_RDWR)
        return True

    def _leave(self, place: Place) -> None:
        if not place.counted:
            return
        place.counted = False
        self._taken.discard(place)
        self._by_neighbourhood[place.neighbourhood] -= 1
        if not self._by_neighbourhood[place.neighbourhood]:
            del self._by_neighbourhood[place.neighbourhood]

    def _neighbourhood(self, address: str) -> str:
        """Who shares a limit; empty: nobody limits it."""
        ip = ipaddress.ip_address(address.partition("%")[0])
        if any(ip in network for network in _networks(self._proxies())):
            return ""
        return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 else address


@lru_cache(4)
def _networks(texts: tuple[str, ...]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return [ipaddress.ip_network(text, strict=False) for text in texts]
