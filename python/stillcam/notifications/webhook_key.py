"""The key that webhooks are signed with, and the signature: Standard Webhooks 1.0.

(https://github.com/standard-webhooks/standard-webhooks, spec/standard-webhooks.md) The key is
made here and kept in a file of its own, which only its owner can read: it is no setting, so that no
address and no back-up can tell it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from pathlib import Path

from stillcam.common.atomic_write import create_private
from stillcam.common.errors import StillcamError

FILE = "webhook-key"  # in data/
PREFIX = "whsec_"
KEY_BYTES = 32


def make_key(path: Path) -> str:
    """The key as a receiver is given it: `whsec_` and base64; made if there is none.

    Raises:
        StillcamError: it cannot be written or read, or the file holds something else.
    """
    try:
        if not path.exists():
            create_private(path, f"{PREFIX}{base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}\n".encode())
        text = path.read_text("ascii").strip()
        key_bytes(text)
    except OSError as error:
        raise StillcamError(f"cannot use {path} ({error.strerror}): check its owner, and df") from error
    except ValueError as error:
        raise StillcamError(f"{path} holds no key: delete it, and another one is made") from error
    return text


def key_bytes(text: str) -> bytes:
    """The bytes of a key.

    Raises:
        ValueError: it is none.
    """
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if not text.startswith(PREFIX) or not 24 <= len(key) <= 64:  # what the specification allows
        raise ValueError("not a key")
    return key


def signature(key: str, message_id: str, time_s: int, body: bytes) -> str:
    """The header `webhook-signature` of a message.

    Args:
        key: as `make_key` gives it.
        message_id: the header `webhook-id`.
        time_s: the header `webhook-timestamp`, in seconds since the epoch.
        body: as it is sent.
    """
    signed = hmac.new(key_bytes(key), f"{message_id}.{time_s}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{base64.b64encode(signed).decode()}"
