"""Password hashes (scrypt), and the one thread that computes them.

A hash takes 16 MiB of memory and 0.05 s (a PC) to 0.3 s (a Pi 4). OWASP's Password Storage Cheat Sheet lists N=2^14
with r=8 and p=5; p is 1 here, since a Pi Zero 2 has to verify too, and failed attempts are throttled anyway
(sign_in.py). The thread has a low priority and a short queue: a flood of sign-ins takes what is left of one core, and
pictures are served as before.
"""

from __future__ import annotations

import secrets
import threading
from base64 import b64decode, b64encode
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from hashlib import scrypt
from hmac import compare_digest
from queue import SimpleQueue
from typing import Any, TypeVar

from stillcam.accounts.rules import RetryLaterError, composed
from stillcam.common.threads import lower_priority, start

N, R, P = 2**14, 8, 1
SALT_BYTES, HASH_BYTES = 16, 32
MAX_MEMORY = 64 * 1024 * 1024  # bytes; OpenSSL's own limit is 32 MiB
MAX_QUEUED = 8  # besides the one that is hashed; some seconds' work on a Pi
RETRY_S = 3.0  # the client's delay before another attempt
NICENESS = 10
TIMEOUT_S = 60.0
START_TIMEOUT_S = 5.0  # a new thread that does not run by then has died for lack of memory

T = TypeVar("T")


def hashed(password: str) -> str:
    """The hash of a password: `scrypt$N$r$p$salt$hash`. It takes long, and releases the interpreter lock.

    Args:
        password: as `rules.check_password` returns it.
    """
    salt = secrets.token_bytes(SALT_BYTES)
    return "$".join(("scrypt", str(N), str(R), str(P), _text(salt), _text(_scrypt(password, salt, N, R, P))))


def matches(password: str, password_hash: str) -> bool:
    """Whether `password_hash` is the hash of this password, as typed; takes as long as `hashed`."""
    _, n, r, p, salt, digest = password_hash.split("$")
    candidate = _scrypt(composed(password), b64decode(salt), int(n), int(r), int(p))
    return compare_digest(candidate, b64decode(digest))


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    secret = password.encode("utf-8", "surrogatepass")  # JSON allows half a character; no stored password has one
    try:
        return scrypt(secret, salt=salt, n=n, r=r, p=p, maxmem=MAX_MEMORY, dklen=HASH_BYTES)
    except ValueError as error:
        if "malloc" in str(error):  # OpenSSL's message, which Python 3.11 passes on
            raise MemoryError from error
        raise


def _text(value: bytes) -> str:
    return b64encode(value).decode()


class PasswordThread:
    """The thread that hashes all passwords. A thread that dies is replaced at the next password."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._waiting: set[Future[Any]] = set()  # results that `run` waits for
        self._lock = threading.Lock()  # held while the thread starts or ends, and while work is added
        self._running = threading.Event()

    def run(self, work: Callable[[], T]) -> T:
        """Run `work` on the thread, and return or raise its outcome.

        Raises:
            RetryLaterError: too many are waiting, or there is no memory.
        """
        result: Future[T] = Future()

        def task() -> None:
            if result.cancelled():
                return
            try:
                result.set_result(work())
            except BaseException as error:  # noqa: BLE001 - it is raised where it is awaited
                result.set_exception(error)

        try:
            with self._lock:
                self._ensure_thread()
                if len(self._waiting) > MAX_QUEUED:
                    raise RetryLaterError("too many people are signing in: try again in a few seconds", RETRY_S)
                self._waiting.add(result)
                self._queue.put(task)
            return result.result(TIMEOUT_S)
        except CancelledError as error:
            raise _no_memory() from error
        except TimeoutError as error:
            if result.done():  # raised by the work itself
                raise
            raise RetryLaterError("signing in takes too long now: try again in a few seconds", RETRY_S) from error
        finally:
            self._waiting.discard(result)

    def _ensure_thread(self) -> None:
        if self._running.is_set():
            return
        try:
            start(self._serve, "hashing")
        except RuntimeError as error:
            raise _no_memory() from error
        if not self._running.wait(START_TIMEOUT_S):
            raise _no_memory()

    def _serve(self) -> None:
        self._running.set()
        try:
            lower_priority(NICENESS)
            while True:
                self._queue.get()()
        finally:
            self._cancel_all()

    def _cancel_all(self) -> None:
        """Cancel all work: without the thread, each `run` would wait `TIMEOUT_S`."""
        with self._lock:
            self._running.clear()
            for result in tuple(self._waiting):
                result.cancel()


def _no_memory() -> RetryLaterError:
    return RetryLaterError("not enough memory to sign in: try again in a few seconds", RETRY_S)


# For unknown names: verifying takes as long as for a known one. Nothing matches it. Each process has another one: with
# a known hash, anybody could make device cookies for unknown names (sign_in.py), and guess without a pause.
UNUSABLE_HASH = "$".join(
    ("scrypt", str(N), str(R), str(P), *(_text(secrets.token_bytes(size)) for size in (SALT_BYTES, HASH_BYTES)))
)
