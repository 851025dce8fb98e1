"""The set-up code: shows that whoever registers first can also read this machine's files or terminal.

60 random bits, so no limit is needed to keep it from being guessed, and nobody can use one up
to keep the owner from registering; attempts are slowed by address all the same (attempts.py).
"""

from __future__ import annotations

import secrets
from hmac import compare_digest
from pathlib import Path

from stillcam.accounts.errors import StoreError
from stillcam.common.atomic_write import create_private

# Crockford's base 32: no letter looks like a digit.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
GROUPS, GROUP = 3, 4
_READ_AS = str.maketrans("OIL", "011")


class SetupCode:
    """The code in its file.

    Args:
        path: of the file, which only its owner can read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def make(self) -> str:
        """The code; made if there is none.

        Raises:
            StoreError: it cannot be written, or read.
        """
        characters = [secrets.choice(ALPHABET) for _ in range(GROUPS * GROUP)]
        code = "-".join("".join(characters[at : at + GROUP]) for at in range(0, len(characters), GROUP))
        try:
            create_private(self.path, f"{code}\n".encode())
            kept = self.path.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise StoreError(f"cannot use {self.path} ({error}): check its owner, and df") from error
        if len(_plain(kept)) != GROUPS * GROUP:
            raise StoreError(f"{self.path} holds no set-up code: delete it, and start the server again")
        return kept

    def delete(self) -> None:
        """Delete it: it has been used.

        Raises:
            StoreError: the folder cannot be written to.
        """
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"cannot delete {self.path} ({error.strerror}): delete it by hand") from error

    def is_right(self, code: str) -> bool:
        """Whether this is it, however it was typed: small letters, without hyphens, O for 0.

        Raises:
            StoreError: as for `make`.
        """
        return compare_digest(_plain(code).encode("utf-8", "replace"), _plain(self.make()).encode())


def _plain(code: str) -> str:
    return "".join(filter(str.isalnum, code.upper())).translate(_READ_AS)
