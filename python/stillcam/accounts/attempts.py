"""Slows down who guesses, and never locks anybody out.

Each attempt counts for every key it has: the address it comes from, and the name it is for.
The first ones are free; then each needs a longer pause since the one before, up to a limit.
A failure is forgotten after a while, and an attempt that was right does not count.

Somebody who guesses a name's password from many addresses makes the name itself slow. A device
on which its owner has signed in before shows a cookie (devices.py) and has a key of its own
instead: nobody else can make it wait.
"""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from stillcam.accounts.errors import NotNowError

FORGET_S = 300.0  # for one failure
MAX_COUNT = 16  # beyond the free ones: after that the pause does not grow, and is over in some hours
MAX_KEYS = 4096  # the one not used for longest is forgotten for a new one


@dataclass(frozen=True, slots=True)
class Limit:
    """How a kind of key is slowed.

    Args:
        free: attempts without a pause.
        most_s: the longest pause.
    """

    free: int
    most_s: float


LIMITS = {
    "address": Limit(5, 300.0),
    "name": Limit(20, 5.0),  # short: it is for everybody who tries, and addresses have their own pauses
    "device": Limit(10, 300.0),
    "session": Limit(10, 300.0),
}

Key = tuple[str, str]  # kind (of LIMITS) and value


@dataclass(slots=True)
class _Tries:
    count: float = 0.0
    last_s: float = 0.0


class Attempts:
    """Counts attempts, in memory.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tries: OrderedDict[Key, _Tries] = OrderedDict()

    def begin(self, *keys: Key) -> None:
        """Count an attempt before it is made, so that many at once are many.

        Raises:
            NotNowError: one of the keys has to pause; nothing has been counted.
        """
        now_s = self._clock()
        with self._lock:
            wait_s = max(self._wait_s(key, now_s) for key in keys)
            if wait_s > 0:
                raise NotNowError(f"too many failed attempts: try again in {wait_s:.0f} s", wait_s)
            for key in keys:
                tries = self._tries.setdefault(key, _Tries())
                count = self._count(tries, now_s) + 1
                tries.count, tries.last_s = min(count, LIMITS[key[0]].free + MAX_COUNT), now_s
                self._tries.move_to_end(key)
            while len(self._tries) > MAX_KEYS:
                self._tries.popitem(last=False)

    def forgive(self, *keys: Key) -> None:
        """An attempt was right, or could not be made: it does not count."""
        with self._lock:
            for key in keys:
                if tries := self._tries.get(key):
                    tries.count = max(0.0, tries.count - 1)

    def _wait_s(self, key: Key, now_s: float) -> float:
        tries, limit = self._tries.get(key), LIMITS[key[0]]
        if tries is None or (over := self._count(tries, now_s) - limit.free) < 0:
            return 0.0
        return float(tries.last_s + min(2.0**over, limit.most_s) - now_s)

    @staticmethod
    def _count(tries: _Tries, now_s: float) -> float:
        return max(0.0, tries.count - (now_s - tries.last_s) / FORGET_S)


def address_key(address: str) -> Key:
    """The key of an IP address; of IPv6 the network, in which a client can take any address it likes."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if ip.version == 6:
        return "address", str(ipaddress.ip_network((ip, 64), strict=False))
    return "address", str(ip)
