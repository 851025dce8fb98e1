"""Recognises a device on which a user has signed in before, when they sign in again.

It keeps a number and its HMAC; the key is what is kept of the user's password, so nothing has
to be stored, and with a new password every device is a stranger again. It opens no door: who
shows it still needs the password (owasp.org, "Device cookies").
"""

from __future__ import annotations

import hmac
import secrets

from stillcam.accounts.rules import folded


def new_device(name: str, password: str) -> str:
    """What a device keeps.

    Args:
        name: of the user who has signed in on it.
        password: the hash of their password.
    """
    number = secrets.token_hex(16)
    return f"{number}.{_seal(number, name, password)}"


def number_of(device: str, name: str, password: str) -> str | None:
    """The device's number, if it is one of this user.

    Args:
        device: what it shows.
        name: who signs in on it.
        password: the hash of their password.
    """
    number, _, seal = device.partition(".")
    return number if hmac.compare_digest(seal.encode(), _seal(number, name, password).encode()) else None


def _seal(number: str, name: str, password: str) -> str:
    return hmac.digest(password.encode(), f"{number} {folded(name)}".encode("utf-8", "replace"), "sha256").hex()
