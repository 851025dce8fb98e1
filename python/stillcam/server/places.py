"""How many connections there may be, in all and from one address, and who has to leave for a newcomer.

Beyond the limits a newcomer gets the place of a connection that waits for its next request, or for
the rest of one: an idle browser asks again by itself, and a client that sends a byte a second holds
nothing up. A connection that is being answered keeps its place.

Within an address, and among addresses that hold about as many, that is the connection that has waited
longest, if it has not only just come. Where the house is full and an address holds two more than the
newcomer's, it gives one up at once: however fast some addresses come again and again, whoever comes
from another one gets a place.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from stillcam.server.messages import Refused

MIN_WAIT_S = 1.0  # a connection that has only just come is not sent away for one of an address that holds as many
BODY_BYTES = 8 << 20  # so much of bodies at a time from one address; the largest one that any route takes has 4 MiB
ALL_BODIES_BYTES = 32 << 20
REFUSALS = 128  # so many connections at a time are waited for, to tell them when they ask that there is no place
SOON = {"Retry-After": "5"}
PROXY = ""  # the neighbourhood of all whom nobody limits


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
        neighbourhood: shares a limit; `PROXY`: none.
        refused: there is no place: the connection is only there to be told so. Becomes true when it has to leave.
        counted: whether it is one of those of which there are only so many.
    """

    __slots__ = ("connection", "counted", "neighbourhood", "refused", "waiting_since")

    def __init__(
        self, connection: socket.socket, neighbourhood: str = PROXY, *, refused: bool = False, counted: bool = False
    ) -> None:
        self.connection = connection
        self.neighbourhood = neighbourhood
        self.waiting_since: float | None = time.monotonic()
        self.refused = refused
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
        self._taken: dict[str, set[Place]] = {}  # by neighbourhood
        self._count = 0
        self._refused: set[Place] = set()
        self._body_bytes: Counter[str] = Counter()  # by neighbourhood

    def __len__(self) -> int:
        return self._count

    def take(self, connection: socket.socket, address: str) -> Place | None:
        """A place for a connection from `address`; None when there is none."""
        neighbourhood = self._neighbourhood(address)
        with self._lock:
            own = self._taken.get(neighbourhood, ())
            if neighbourhood != PROXY and len(own) >= self._limits.per_address:
                if not self._free(own):
                    return None
            elif self._count >= self._limits.total:
                fewer = 0 if neighbourhood == PROXY else len(own)
                if not self._free_of_crowd(fewer) and not self._free(self._everybody()):
                    return None
            place = Place(connection, neighbourhood, counted=True)
            self._taken.setdefault(neighbourhood, set()).add(place)
            self._count += 1
            return place

    def refuse(self, connection: socket.socket) -> Place | None:
        """What a connection without a place needs to be told so when it asks; None when too many are being told."""
        with self._lock:
            if len(self._refused) >= REFUSALS:
                return None
            place = Place(connection, refused=True)
            self._refused.add(place)
            return place

    def make_room(self) -> None:
        """Free a place, if that can be: something else than places is short."""
        with self._lock:
            self._free(self._everybody())

    def give_back(self, place: Place) -> None:
        """The connection has ended."""
        with self._lock:
            self._leave(place)
            self._refused.discard(place)

    def take_body(self, address: str, size: int) -> str:
        """Let a client at `address` send a body of `size` bytes more; `give_back_body` must follow.

        Returns:
            the neighbourhood whose budget it counts against.

        Raises:
            Refused: that one's budget (429), or everybody's (503), is used up.
        """
        neighbourhood = self._neighbourhood(address)
        with self._lock:
            if neighbourhood != PROXY and self._body_bytes[neighbourhood] + size > BODY_BYTES:
                raise Refused(429, "your address is sending too much at once: try again in a few seconds", headers=SOON)
            if self._body_bytes.total() + size > ALL_BODIES_BYTES:
                raise Refused(503, "clients are sending too much at once: try again in a few seconds", headers=SOON)
            self._body_bytes[neighbourhood] += size
        return neighbourhood

    def give_back_body(self, neighbourhood: str, size: int) -> None:
        """A body of `size` bytes is not needed any more."""
        with self._lock:
            self._body_bytes[neighbourhood] -= size
            if self._body_bytes[neighbourhood] <= 0:
                del self._body_bytes[neighbourhood]

    def _everybody(self) -> list[Place]:
        return [place for places in self._taken.values() for place in places]

    def _free_of_crowd(self, fewer: int) -> bool:
        """Have one of an address leave that holds two more than `fewer`, first of one that holds most."""
        crowds = [places for neighbourhood, places in self._taken.items() if neighbourhood != PROXY]
        crowds = [places for places in crowds if len(places) >= fewer + 2]
        return any(self._free(places, at_once=True) for places in sorted(crowds, key=len, reverse=True))

    def _free(self, candidates: Iterable[Place], *, at_once: bool = False) -> bool:
        """Have that one leave that has waited longest; whether there is one.

        Args:
            candidates: who may have to.
            at_once: even one that has only just come.
        """
        now = time.monotonic()
        waiting = [(place.waiting_since or now, place) for place in candidates if place.waiting_since is not None]
        since, longest = min(waiting, key=lambda pair: pair[0], default=(now, None))
        if longest is None or (now - since < MIN_WAIT_S and not at_once):
            return False
        self._leave(longest)
        longest.refused = True
        with contextlib.suppress(OSError):  # it has gone by itself
            # Its thread, in recv, sees the end. Not SSLSocket's method: after that the thread would send in the clear.
            socket.socket.shutdown(longest.connection, socket.SHUT_RD)
        return True

    def _leave(self, place: Place) -> None:
        if not place.counted:
            return
        place.counted = False
        self._count -= 1
        neighbours = self._taken[place.neighbourhood]
        neighbours.remove(place)
        if not neighbours:
            del self._taken[place.neighbourhood]

    def _neighbourhood(self, address: str) -> str:
        """Who shares a limit."""
        ip = ipaddress.ip_address(address.partition("%")[0])
        if any(ip in network for network in _networks(self._proxies())):
            return PROXY
        return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 else address


@lru_cache(4)
def _networks(texts: tuple[str, ...]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return [ipaddress.ip_network(text, strict=False) for text in texts]
