"""Tokens, with which programs authenticate, and the keys that tokens and sessions consist of."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from stillcam.accounts.rules import ConflictError, NotFoundError, check_name, folded
from stillcam.accounts.store import Store
from stillcam.common.formats import utc_text

PREFIX = "stillcam_"  # of tokens: scanners for leaked secrets recognise it


@dataclass(frozen=True, slots=True)
class Token:
    """A token, without its key. Times are seconds since the epoch."""

    id: str  # identifies it in URLs
    name: str  # of the program that has it
    scope: str  # one of `SCOPES`
    created_s: float
    used_s: float | None  # to within some minutes; None: never

    def to_json(self) -> dict[str, str | None]:
        """The token in the answers of the API and of `token list --json`."""
        return {
            "id": self.id,
            "name": self.name,
            "scope": self.scope,
            "created": utc_text(self.created_s),
            "last_used": None if self.used_s is None else utc_text(self.used_s),
        }


def new_key(prefix: str = "") -> str:
    """A new key of 256 random bits, in letters, digits, `-` and `_`."""
    import secrets

    return prefix + secrets.token_urlsafe(32)


def digest(key: str) -> bytes:
    """The hash of a key: only that is stored. 256 random bits cannot be guessed, so one round of SHA-256 is enough."""
    from hashlib import sha256

    return sha256(key.encode()).digest()


class Tokens:
    """The tokens in the database. Each method raises StoreError when that cannot be used."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now

    def all(self) -> list[Token]:
        """Every token, by name."""
        with self._store.reading() as connection:
            return [token_of(row) for row in connection.execute("SELECT * FROM tokens ORDER BY folded")]

    def add(self, name: str, scope: str) -> tuple[Token, str]:
        """Create a token of one of `SCOPES`; returns it, and its key, which cannot be retrieved later.

        Raises:
            InvalidError: the name is invalid.
            ConflictError: a token has this name already.
        """
        token = Token(os.urandom(6).hex(), check_name(name), scope, self._now(), None)
        key = new_key(PREFIX)
        with self._store.writing() as connection:
            if connection.execute("SELECT 1 FROM tokens WHERE folded = ?", (folded(token.name),)).fetchone():
                raise ConflictError(f"a token called {token.name} already exists: choose another name")
            connection.execute(
                "INSERT INTO tokens VALUES (?, ?, ?, ?, ?, ?, NULL)",
                (token.id, digest(key), token.name, folded(token.name), token.scope, token.created_s),
            )
        return token, key

    def remove(self, which: str) -> None:
        """Revoke the token with this id or name.

        Raises:
            NotFoundError: there is none.
        """
        with self._store.writing() as connection:
            for column, value in (("id", which), ("folded", folded(which))):
                if connection.execute(f"DELETE FROM tokens WHERE {column} = ?", (value,)).rowcount:  # noqa: S608
                    return
            raise NotFoundError(f"there is no token {which}")


def token_of(row: sqlite3.Row) -> Token:
    """The token in a row of the table."""
    return Token(row["id"], row["name"], row["scope"], row["created"], row["used"])
