"""Password hashes (scrypt), and the one thread that computes them.

A hash takes 16 MiB of memory and 0.05 s (a PC) to 0.3 s (a Pi 4). OWASP's Password Storage Cheat Sheet lists N=2^14
with r=8 and p=5; p is 1 here, since a Pi Zero 2 has to verify too, and failed attempts are throttled anyway
(sign_in.py). The thread has a low priority and a short queue: a flood of sign-ins takes what is left of one core, and
pictures are served as before.
"""

from __future__ import annotations

import os
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from stillcam.accounts.rules import RetryLaterError, composed
from stillcam.common.threads import lower_priority

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

N, R, P = 2**14, 8, 1
SALT_BYTES, HASH_BYTES = 16, 32
MAX_MEMORY = 64 * 1024 * 1024  # bytes; OpenSSL's own limit is 32 MiB
MAX_QUEUED = 8  # besides the one that is hashed; some seconds' work on a Pi
RETRY_LATER_S = 3.0  # the client's delay before another attempt
NICENESS = 10
HASHED_WITHIN_S = 60.0

T = TypeVar("T")


def hashed(password: str) -> str:
    """The hash of a password: `scrypt$N$r$p$salt$hash`. It takes long, and releases the interpreter lock.

    Args:
        password: as `rules.check_password` returns it.
    """
    salt = os.urandom(SALT_BYTES)
    return _written(salt, _scrypt(password, salt, N, R, P))


def matches(password: str, password_hash: str) -> bool:
    """Whether `password_hash` is the hash of this password, as typed; takes as long as `hashed`."""
    from hmac import compare_digest

    _, n, r, p, salt, digest = password_hash.split("$")
    candidate = _scrypt(composed(password), b64decode(salt), int(n), int(r), int(p))
    return compare_digest(candidate, b64decode(digest))


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    from hashlib import scrypt

    secret = password.encode("utf-8", "surrogatepass")  # JSON allows half a character; no stored password has one
    try:
        return scrypt(secret, salt=salt, n=n, r=r, p=p, maxmem=MAX_MEMORY, dklen=HASH_BYTES)
    except ValueError as error:
        if "malloc" in str(error):  # OpenSSL's message, which Python 3.11 passes on
            raise MemoryError from error
        raise


def _written(salt: bytes, digest: bytes) -> str:
    return f"scrypt${N}${R}${P}${b64encode(salt).decode()}${b64encode(digest).decode()}"


# For unknown names: verifying takes as long as for a known one. Nothing matches it. Each process has another one: with
# a known hash, anybody could make device cookies for unknown names (sign_in.py), and guess without a pause.
UNUSABLE_HASH = _written(os.urandom(SALT_BYTES), os.urandom(HASH_BYTES))


class PasswordThread:
    """The thread that hashes all passwords."""

    def __init__(self) -> None:
        self._thread: ThreadPoolExecutor | None = None  # before the first password
        self._starting = threading.Lock()
        self._places = threading.Semaphore(1 + MAX_QUEUED)

    def run(self, work: Callable[[], T]) -> T:
        """Run `work` on the thread, and return or raise its outcome.

        Raises:
            RetryLaterError: too many are waiting, or it takes too long.
        """
        if not self._places.acquire(blocking=False):
            raise RetryLaterError("too many people are signing in: try again in a few seconds", RETRY_LATER_S)
        result = self._submit(work)
        try:
            return result.result(HASHED_WITHIN_S)
        except TimeoutError as error:
            raise RetryLaterError("signing in takes too long now: try again in a few seconds", RETRY_LATER_S) from error
        finally:
            result.cancel()  # no effect once it runs
            self._places.release()

    def _submit(self, work: Callable[[], T]) -> Future[T]:
        from concurrent.futures import ThreadPoolExecutor

        with self._starting:
            self._thread = self._thread or ThreadPoolExecutor(1, "hashing", lower_priority, (NICENESS,))
        return self._thread.submit(work)
