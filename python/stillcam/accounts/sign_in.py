"""Signing in with a password: verification, throttling of failed attempts, and cookies of known devices.

The setup code is throttled by address in the same way.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

from stillcam.accounts import passwords
from stillcam.accounts.cache import AccountsCache
from stillcam.accounts.rules import MAX_NAME, CredentialsError, RetryLaterError, folded
from stillcam.common.networks import household

FORGET_S = 300.0  # for each failure
MAX_COUNT = 16  # beyond the free ones: then the pause does not grow, and all is forgotten in some hours
MAX_KEYS = 4096  # then the least recently used one is forgotten


class SignIn:
    """Verifies passwords, and computes their hashes."""

    def __init__(self, accounts: AccountsCache, throttle: Throttle) -> None:
        self._accounts = accounts
        self._throttle = throttle
        self._thread = passwords.PasswordThread()

    def verify(self, name: str, password: str, address: str, device: str = "") -> str:
        """Verify a user's name and password, as typed; returns its hash. An unknown name takes as long as a known one.

        Args:
            address: the client's IP address.
            device: the device cookie that the client shows; empty: none.

        Raises:
            CredentialsError: the name or the password is wrong.
            RetryLaterError: too many failed attempts, or too many requests wait.
        """
        name = name.strip()[: MAX_NAME + 1]
        password_hash = self._hash_of(name)
        if number := device_number(device, name, password_hash):
            self._verify(password, password_hash, ("device", number))
        else:
            self._verify(password, password_hash, address_key(address), ("name", folded(name)))
        return password_hash

    def verify_again(self, name: str, password: str, session: bytes) -> None:
        """Verify the password of a user again, who has a session: somebody may have found an unlocked screen.

        Raises:
            CredentialsError, RetryLaterError: as for `verify`.
        """
        self._verify(password, self._hash_of(name), ("session", session.hex()))

    def hashed(self, password: str) -> str:
        """The hash of a new password.

        Raises:
            RetryLaterError: too many requests wait.
        """
        return self._thread.run(lambda: passwords.hashed(password))

    @contextmanager
    def attempt(self, *keys: Key) -> Iterator[None]:
        """An attempt to authenticate; it counts if it ends with CredentialsError.

        Raises:
            RetryLaterError: there were too many failed attempts.
        """
        self._throttle.begin(*keys)
        failed = False
        try:
            yield
        except CredentialsError:
            failed = True
            raise
        finally:
            if not failed:
                self._throttle.forgive(*keys)

    def _hash_of(self, name: str) -> str:
        return self._accounts.get().passwords.get(folded(name), passwords.UNUSABLE_HASH)

    def _verify(self, password: str, password_hash: str, *keys: Key) -> None:
        with self.attempt(*keys):
            if not self._thread.run(lambda: passwords.matches(password, password_hash)):
                raise CredentialsError("the name or the password is wrong")


class Limit(NamedTuple):
    """The limit for a kind of key."""

    free: int  # attempts without a pause
    most_s: float  # the longest pause


LIMITS = {
    "address": Limit(5, 300.0),
    "name": Limit(20, 5.0),  # short: it delays everybody who tries the name, and addresses have their own pauses
    "device": Limit(10, 300.0),
    "session": Limit(10, 300.0),
}

Key = tuple[str, str]  # kind (of LIMITS) and value


@dataclass(slots=True)
class _Tries:
    count: float = 0.0
    last_s: float = 0.0


class Throttle:
    """Delays repeated failed attempts, and never locks anybody out.

    Each attempt counts for every key that it has: the address that it comes from, and the name that it is for. The
    first ones are free; then each needs a longer pause since the one before, up to a limit. A failure is forgotten
    after a while, and a successful attempt does not count.

    Attempts on one name from many addresses delay the name itself. A device on which its owner has signed in before
    shows a cookie and has a key of its own instead: nobody else can delay it.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tries: OrderedDict[Key, _Tries] = OrderedDict()

    def begin(self, *keys: Key) -> None:
        """Count an attempt before it is made, so that concurrent ones count too.

        Raises:
            RetryLaterError: one of the keys has to pause; the attempt is not counted.
        """
        now_s = self._clock()
        with self._lock:
            wait_s = max(self._wait_s(key, now_s) for key in keys)
            if wait_s > 0:
                raise RetryLaterError(f"too many failed attempts: try again in {wait_s:.0f} s", wait_s)
            for key in keys:
                tries = self._tries.setdefault(key, _Tries())
                count = self._count(tries, now_s) + 1
                tries.count, tries.last_s = min(count, LIMITS[key[0]].free + MAX_COUNT), now_s
                self._tries.move_to_end(key)
            while len(self._tries) > MAX_KEYS:
                self._tries.popitem(last=False)

    def forgive(self, *keys: Key) -> None:
        """Uncount an attempt that succeeded or could not be made."""
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
    """The key of an IP address."""
    return "address", household(address)


def new_device_cookie(name: str, password: str) -> str:
    """The cookie for a device on which a user has signed in: a random number and its HMAC.

    The key of the HMAC is `password`, the hash of the user's password, so that nothing has to be stored, and a new
    password makes all cookies invalid. It is no credential: the password is still required (owasp.org, "Device
    cookies").
    """
    number = os.urandom(16).hex()
    return f"{number}.{_seal(number, name, password)}"


def device_number(cookie: str, name: str, password: str) -> str | None:
    """The number in a device cookie; None: it is not one of this user with this password hash."""
    from hmac import compare_digest

    number, _, seal = cookie.partition(".")
    return number if compare_digest(seal.encode(), _seal(number, name, password).encode()) else None


def _seal(number: str, name: str, password: str) -> str:
    import hmac

    return hmac.digest(password.encode(), f"{number} {folded(name)}".encode("utf-8", "replace"), "sha256").hex()
