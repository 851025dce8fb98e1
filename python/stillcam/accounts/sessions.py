"""Sessions: devices on which users have signed in.

A session ends when its user signs out, changes the password or is removed, or after `LIFE_S` without a visit. Its time
is the wall clock's, which a Pi may correct after its start: a session that began before that may end early.
"""

from __future__ import annotations

from collections.abc import Callable

from stillcam.accounts.rules import CredentialsError, folded
from stillcam.accounts.store import Store
from stillcam.accounts.tokens import digest, new_key

LIFE_S = 30 * 86400.0  # from the last visit
MAX_PER_USER = 50  # then the least recently used one ends


class Sessions:
    """The sessions in the database. Each method raises StoreError when that cannot be used."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now

    def start(self, name: str, password: str, instead_of: str = "") -> str:
        """Begin a session; returns its key, for the device to keep.

        Args:
            name: of the user.
            password: the hash that was verified.
            instead_of: the key of this device's session before, which ends.

        Raises:
            CredentialsError: the user no longer exists, or has changed the password.
        """
        key, now_s = new_key(), self._now()
        with self._store.writing() as connection:
            row = connection.execute(
                "SELECT id FROM users WHERE folded = ? AND password = ?", (folded(name), password)
            ).fetchone()
            if row is None:
                raise CredentialsError("the name or the password is wrong")
            connection.execute(
                "DELETE FROM sessions WHERE digest = ? OR seen < ?", (digest(instead_of), now_s - LIFE_S)
            )
            connection.execute(
                """DELETE FROM sessions WHERE digest IN (
                       SELECT digest FROM sessions WHERE user = ? ORDER BY seen DESC LIMIT -1 OFFSET ?)""",
                (row["id"], MAX_PER_USER - 1),
            )
            connection.execute("INSERT INTO sessions VALUES (?, ?, ?, ?)", (digest(key), row["id"], now_s, now_s))
            connection.execute("UPDATE users SET seen = ? WHERE id = ?", (now_s, row["id"]))
        return key

    def end(self, session: bytes) -> None:
        """End the session with this digest, if there is one."""
        with self._store.writing() as connection:
            connection.execute("DELETE FROM sessions WHERE digest = ?", (session,))

    def end_all(self, name: str) -> None:
        """End every session of one user."""
        with self._store.writing() as connection:
            connection.execute(
                "DELETE FROM sessions WHERE user IN (SELECT id FROM users WHERE folded = ?)", (folded(name),)
            )
