"""The secrets that a device or a program shows: 256 random bits, of which only a hash is kept."""

from __future__ import annotations

import secrets
from hashlib import sha256

PREFIX = "stillcam_"  # of tokens, so that one is recognised where it should not be, in a repository for instance


def new_key(prefix: str = "") -> str:
    """A new one, of letters, digits, `-` and `_`."""
    return prefix + secrets.token_urlsafe(32)


def digest(key: str) -> bytes:
    """What is kept of it. Nobody guesses 256 bits, so one round of SHA-256 is enough."""
    return sha256(key.encode()).digest()
