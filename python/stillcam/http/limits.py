"""Limits on connections and request bodies, in total and per client address.

At a limit, a new connection replaces one that is waiting for a request or for the rest of one: a browser opens
another connection by itself, and a client that sends a byte a second blocks nobody. A connection that is being
answered is never closed for another one.

Among connections of one address, and of addresses that hold about as many, the one that has waited longest is
closed, if it has waited `MIN_WAIT_S`. When the total is reached and an address holds at least two more than the
address of the new connection, one of its connections is closed at once: addresses that reconnect fast cannot keep
others out.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from stillcam.common.networks import household, is_in
from stillcam.http.messages import Refused

MIN_WAIT_S = 1.0  # a younger connection is not closed for one of an address that holds as many
BODY_BYTES = 8 << 20  # of request bodies in memory for one address; the largest one that a route accepts has 4 MiB
ALL_BODIES_BYTES = 32 << 20  # for all addresses
MAX_REFUSED = 128  # connections at a time that are kept without a slot until their request can be answered with 503
RETRY_SOON = {"Retry-After": "5"}
PROXY = ""  # the limit key of all addresses without a limit of their own


@dataclass(slots=True, eq=False)
class Slot:
    """One connection, as far as the limits are concerned."""

    connection: socket.socket
    key: str = PROXY  # connections with the same limit key share a limit; `PROXY`: no limit but the total
    refused: bool = False  # its requests are answered with 503; set when a new connection takes over the slot
    counted: bool = False  # counts towards the limits
    waiting_since: float | None = field(init=False)  # for a request (monotonic, s); None while it is being answered

    def __post_init__(self) -> None:
        self.waiting_since = time.monotonic()


class ConnectionLimits:
    """Hands out slots for connections, and memory for request bodies.

    Args:
        total: connections at a time.
        per_address: connections at a time from one IPv4 address, or one IPv6 network of 64 bits (a household).
        proxies: returns the addresses and networks that currently have no limit of their own.
    """

    def __init__(self, total: int = 512, per_address: int = 32, proxies: Callable[[], tuple[str, ...]] = tuple) -> None:
        self._total = total
        self._per_address = per_address
        self._proxies = proxies
        self._lock = threading.Lock()
        self._slots: dict[str, set[Slot]] = {}  # by limit key
        self._count = 0
        self._refused: set[Slot] = set()
        self._body_bytes: Counter[str] = Counter()  # by limit key

    def __len__(self) -> int:
        return self._count

    def acquire(self, connection: socket.socket, address: str) -> Slot | None:
        """A slot for a connection from `address`; None if there is none."""
        key = self._key(address)
        with self._lock:
            own = self._slots.get(key, ())
            if key != PROXY and len(own) >= self._per_address:
                if not self._close_longest_waiting(own):
                    return None
            elif self._count >= self._total:
                count = 0 if key == PROXY else len(own)
                if not self._close_one_of_largest(count) and not self._close_longest_waiting(self._all()):
                    return None
            slot = Slot(connection, key, counted=True)
            self._slots.setdefault(key, set()).add(slot)
            self._count += 1
            return slot

    def acquire_refused(self, connection: socket.socket) -> Slot | None:
        """A `refused` slot, whose first request is answered with 503; None: `MAX_REFUSED` connections have one."""
        with self._lock:
            if len(self._refused) >= MAX_REFUSED:
                return None
            slot = Slot(connection, refused=True)
            self._refused.add(slot)
            return slot

    def close_idle(self) -> None:
        """Close the connection that has waited longest, if there is one: descriptors or memory are short."""
        with self._lock:
            self._close_longest_waiting(self._all())

    def release(self, slot: Slot) -> None:
        """The connection has ended; a second call does nothing."""
        with self._lock:
            self._remove(slot)
            self._refused.discard(slot)

    def reserve_body(self, address: str, size: int) -> str:
        """Reserve memory for `size` bytes of a body from `address`; returns the key for `release_body`.

        Raises:
            Refused: its budget (429), or that of all addresses (503), is used up.
        """
        key = self._key(address)
        with self._lock:
            if key != PROXY and self._body_bytes[key] + size > BODY_BYTES:
                text = "your address is sending too much at once: try again in a few seconds"
                raise Refused(429, text, headers=RETRY_SOON)
            if self._body_bytes.total() + size > ALL_BODIES_BYTES:
                raise Refused(
                    503, "clients are sending too much at once: try again in a few seconds", headers=RETRY_SOON
                )
            self._body_bytes[key] += size
        return key

    def release_body(self, key: str, size: int) -> None:
        """Release `size` bytes of a body."""
        with self._lock:
            self._body_bytes[key] -= size
            if self._body_bytes[key] <= 0:
                del self._body_bytes[key]

    def _all(self) -> list[Slot]:
        return [slot for slots in self._slots.values() for slot in slots]

    def _close_one_of_largest(self, own: int) -> bool:
        """Close a waiting connection of an address that holds at least two more than `own`, the largest one first."""
        groups = [slots for key, slots in self._slots.items() if key != PROXY and len(slots) >= own + 2]
        return any(self._close_longest_waiting(slots, 0.0) for slots in sorted(groups, key=len, reverse=True))

    def _close_longest_waiting(self, candidates: Iterable[Slot], min_wait_s: float = MIN_WAIT_S) -> bool:
        """Close the connection that has waited longest for a request, and so long; whether there was one."""
        now_s = time.monotonic()
        waiting = [(since_s, slot) for slot in candidates if (since_s := slot.waiting_since) is not None]
        since_s, longest = min(waiting, key=lambda pair: pair[0], default=(now_s, None))
        if longest is None or now_s - since_s < min_wait_s:
            return False
        self._remove(longest)
        longest.refused = True
        with contextlib.suppress(OSError):  # it has ended already
            # Its thread, in recv, sees the end. Not SSLSocket's method: after that the thread would send in the clear.
            socket.socket.shutdown(longest.connection, socket.SHUT_RD)
        return True

    def _remove(self, slot: Slot) -> None:
        if not slot.counted:
            return
        slot.counted = False
        self._count -= 1
        same_key = self._slots[slot.key]
        same_key.remove(slot)
        if not same_key:
            del self._slots[slot.key]

    def _key(self, address: str) -> str:
        """The limit key of an address."""
        return PROXY if is_in(address, tuple(self._proxies())) else household(address)
