"""The setup code: proves that the person who registers first can read this machine's files or terminal.

It has 60 random bits, so that it cannot be guessed and needs no lockout, which strangers could use to keep the owner
from registering. Attempts are throttled by address all the same (sign_in.py).
"""

from __future__ import annotations

import os
from pathlib import Path

from stillcam.accounts.rules import StoreError
from stillcam.common.atomic_write import create_private

# Crockford's base 32: no letter looks like a digit.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUPS, GROUP = 3, 4
_READ_AS = str.maketrans("OIL", "011")


class SetupCode:
    """The code in its file, which only its owner can read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def get(self) -> str:
        """The code; created if there is none.

        Raises:
            StoreError: it cannot be written, or read.
        """
        characters = [ALPHABET[byte % len(ALPHABET)] for byte in os.urandom(GROUPS * GROUP)]
        new = "-".join("".join(characters[at : at + GROUP]) for at in range(0, len(characters), GROUP))
        try:
            create_private(self.path, f"{new}\n".encode())
            code = self.path.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise StoreError(f"cannot use {self.path} ({error}): check its owner and the free space (df -h)") from error
        if len(_plain(code)) != GROUPS * GROUP:
            raise StoreError(f"{self.path} contains no setup code: delete the file and restart the server")
        return code

    def delete(self) -> None:
        """Delete the code after it has been used.

        Raises:
            StoreError: the folder cannot be written to.
        """
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"cannot delete {self.path} ({error.strerror}): delete it by hand") from error

    def is_right(self, code: str) -> bool:
        """Whether this is the code; it may be typed in small letters, without hyphens, with O for 0.

        Raises:
            StoreError: as for `get`.
        """
        from hmac import compare_digest

        return compare_digest(_plain(code).encode("utf-8", "replace"), _plain(self.get()).encode())


def _plain(code: str) -> str:
    return "".join(filter(str.isalnum, code.upper())).translate(_READ_AS)
