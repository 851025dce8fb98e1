"""Passwords become scrypt hashes: 16 MiB of memory and 0.05 s (a PC) to 0.3 s (a Pi 4) for each try.

OWASP's Password Storage Cheat Sheet lists N=2^14 with r=8 and p=5; p is 1 here, since a
Pi Zero 2 has to verify too, and whoever tries from outside is slowed down anyway (attempts.py).
"""

from __future__ import annotations

import secrets
from base64 import b64decode, b64encode
from hashlib import scrypt
from hmac import compare_digest

from stillcam.accounts.rules import composed

N, R, P = 2**14, 8, 1
SALT_BYTES, HASH_BYTES = 16, 32
MAX_MEMORY = 64 * 1024 * 1024  # bytes; OpenSSL's own limit is 32 MiB


def hashed(password: str) -> str:
    """What is kept of a password: `scrypt$N$r$p$salt$hash`. This takes time, and no lock of the interpreter.

    Args:
        password: as `rules.check_password` gives it.
    """
    salt = secrets.token_bytes(SALT_BYTES)
    return "$".join(("scrypt", str(N), str(R), str(P), _text(salt), _text(_scrypt(password, salt, N, R, P))))


def matches(password: str, kept: str) -> bool:
    """Whether `kept` was made of this password, as it was typed; takes as long as `hashed`."""
    _, n, r, p, salt, digest = kept.split("$")
    candidate = _scrypt(composed(password), b64decode(salt), int(n), int(r), int(p))
    return compare_digest(candidate, b64decode(digest))


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    secret = password.encode(
        "utf-8", "surrogatepass"
    )  # JSON can say half a character; no password that is kept has one
    try:
        return scrypt(secret, salt=salt, n=n, r=r, p=p, maxmem=MAX_MEMORY, dklen=HASH_BYTES)
    except ValueError as error:
        if "malloc" in str(error):  # how OpenSSL says it, and Python 3.11 passes it on
            raise MemoryError from error
        raise


def _text(value: bytes) -> str:
    return b64encode(value).decode()


# For names that nobody has: trying takes as long as with one that somebody has. Nothing matches it. It is another
# one in each process: who knew it could make devices (devices.py) of such names, and guess without a pause.
NOBODYS = "$".join(
    ("scrypt", str(N), str(R), str(P), *(_text(secrets.token_bytes(size)) for size in (SALT_BYTES, HASH_BYTES)))
)
