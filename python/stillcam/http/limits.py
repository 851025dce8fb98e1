"""How many connections there may be, in all and from one address, and who has to leave for a newcomer.

Beyond the limits a newcomer gets the place of a connection that waits for its next request, or for
the rest of one: an idle browser asks again by itself, and a client that sends a byte a second holds
nothing up. A connection that is being answered keeps its place.

Within an address, and among addresses that hold about as many, that is the connection that has waited
longest, if it has waited `MIN_WAIT_S`. When all places are taken and an address holds two more than the
newcomer's, one of its connections is closed at once: addresses that reconnect fast cannot keep others out.
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

from stillcam.http.messages import Refused

MIN_WAIT_S = 1.0  # a connection that has only just come is not sent away for one of an address that holds as many
BODY_BYTES = 8 << 20  # of request bodies in memory for one address; the largest one that a route accepts has 4 MiB
ALL_BODIES_BYTES = 32 << 20  # for all addresses
MAX_REFUSED = 128  # connections at a time that are kept without a place until their request can be answered with 503
SOON = {"Retry-After": "5"}
PROXY = ""  # the limit key of all addresses without a limit of their own


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
        key: limit key; connections with the same key share a limit. `PROXY`: no limit but the total.
        refused: its requests are answered with 503; set when a newcomer gets the place.
        counted: counts towards the limits.
    """

    __slots__ = ("connection", "counted", "key", "refused", "waiting_since")

    def __init__(
        self, connection: socket.socket, key: str = PROXY, *, refused: bool = False, counted: bool = False
    ) -> None:
        self.connection = connection
        self.key = key
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
        self._taken: dict[str, set[Place]] = {}  # by limit key
        self._count = 0
        self._refused: set[Place] = set()
        self._body_bytes: Counter[str] = Counter()  # by limit key

    def __len__(self) -> int:
        return self._count

    def take(self, connection: socket.socket, address: str) -> Place | None:
        """A place for a connection from `address`; None when there is none."""
        key = self._key(address)
        with self._lock:
            own = self._taken.get(key, ())
            if key != PROXY and len(own) >= self._limits.per_address:
                if not self._free(own):
                    return None
            elif self._count >= self._limits.total:
                count = 0 if key == PROXY else len(own)
                if not self._free_from_largest(count) and not self._free(self._everybody()):
                    return None
            place = Place(connection, key, counted=True)
            self._taken.setdefault(key, set()).add(place)
            self._count += 1
            return place

    def refuse(self, connection: socket.socket) -> Place | None:
        """A `refused` place, whose first request is answered with 503; None: `MAX_REFUSED` connections have one."""
        with self._lock:
            if len(self._refused) >= MAX_REFUSED:
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
        """Reserve memory for `size` bytes of a body from `address`; release it with `give_back_body`.

        Returns:
            the limit key whose budget they count against.

        Raises:
            Refused: its budget (429), or that of all addresses (503), is used up.
        """
        key = self._key(address)
        with self._lock:
            if key != PROXY and self._body_bytes[key] + size > BODY_BYTES:
                raise Refused(429, "your address is sending too much at once: try again in a few seconds", headers=SOON)
            if self._body_bytes.total() + size > ALL_BODIES_BYTES:
                raise Refused(503, "clients are sending too much at once: try again in a few seconds", headers=SOON)
            self._body_bytes[key] += size
        return key

    def give_back_body(self, key: str, size: int) -> None:
        """Release `size` bytes of a body."""
        with self._lock:
            self._body_bytes[key] -= size
            if self._body_bytes[key] <= 0:
                del self._body_bytes[key]

    def _everybody(self) -> list[Place]:
        return [place for places in self._taken.values() for place in places]

    def _free_from_largest(self, own: int) -> bool:
        """Free a place of an address that holds at least two more than `own`; the one that holds most comes first."""
        groups = [places for key, places in self._taken.items() if key != PROXY]
        larger = [places for places in groups if len(places) >= own + 2]
        return any(self._free(places, at_once=True) for places in sorted(larger, key=len, reverse=True))

    def _free(self, candidates: Iterable[Place], *, at_once: bool = False) -> bool:
        """Free the place that has waited longest for a request; returns whether there was one.

        Args:
            candidates: places to choose from.
            at_once: also one that has waited less than `MIN_WAIT_S`.
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
        same_key = self._taken[place.key]
        same_key.remove(place)
        if not same_key:
            del self._taken[place.key]

    def _key(self, address: str) -> str:
        """The limit key of an address."""
        ip = ipaddress.ip_address(address.partition("%")[0])
        if any(ip in network for network in _networks(self._proxies())):
            return PROXY
        return str(ipaddress.ip_network((ip, 64), strict=False)) if ip.version == 6 else address


@lru_cache(4)
def _networks(texts: tuple[str, ...]) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    return [ipaddress.ip_network(text, strict=False) for text in texts]
