"""Users: owners may do everything, viewers may watch and, if granted, open the library."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from stillcam.accounts.rules import ConflictError, NotFoundError, check_name, folded
from stillcam.accounts.store import Store
from stillcam.common.formats import utc_text


@dataclass(frozen=True, slots=True)
class User:
    """One person. Times are seconds since the epoch."""

    name: str  # as shown
    role: str  # one of `ROLES`
    library: bool  # whether the user may open the library; owners always may
    created_s: float
    seen_s: float | None  # to within some minutes; None: never

    def to_json(self) -> dict[str, str | bool | None]:
        """The user in the answers of the API and of `user list --json`."""
        return {
            "name": self.name,
            "role": self.role,
            "library": self.library,
            "created": utc_text(self.created_s),
            "last_seen": None if self.seen_s is None else utc_text(self.seen_s),
        }


class Users:
    """The users in the database. Each method raises StoreError when that cannot be used."""

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now

    def registered(self) -> bool:
        """Whether there is an owner."""
        with self._store.reading() as connection:
            return _owners(connection) > 0

    def all(self) -> list[User]:
        """All users, by name."""
        with self._store.reading() as connection:
            return [_user(row) for row in connection.execute("SELECT * FROM users ORDER BY folded")]

    def get(self, name: str) -> User:
        """One user; upper and lower case are the same.

        Raises:
            NotFoundError: nobody has this name.
        """
        with self._store.reading() as connection:
            return _user(_row(connection, name))

    def add(self, name: str, password: str, role: str, library: bool = True, *, first: bool = False) -> User:
        """Add a user.

        Args:
            password: its hash (passwords.hashed).
            role: one of `ROLES`.
            library: whether a viewer may open the library.
            first: only if there is no owner.

        Raises:
            InvalidError: the name is invalid.
            ConflictError: the name is taken, or `first` and there is an owner, or a viewer and there is no owner.
        """
        user = User(check_name(name), role, library or role == "owner", self._now(), None)
        with self._store.writing() as connection:
            registered = _owners(connection) > 0
            if first and registered:
                raise ConflictError("an owner has registered already: sign in, or ask them for an account")
            if user.role != "owner" and not registered:
                raise ConflictError("the first user must be an owner (role: owner)")
            if connection.execute("SELECT 1 FROM users WHERE folded = ?", (folded(user.name),)).fetchone():
                raise ConflictError(f"a user called {user.name} already exists: choose another name")
            connection.execute(
                "INSERT INTO users (name, folded, role, password, created, library) VALUES (?, ?, ?, ?, ?, ?)",
                (user.name, folded(user.name), user.role, password, user.created_s, library),
            )
        return user

    def change(
        self,
        name: str,
        *,
        role: str | None = None,
        password: str | None = None,
        library: bool | None = None,
        keep_session: bytes | None = None,
    ) -> User:
        """Change a user's role, password (its hash), or right to open the library. None: unchanged.

        A new password ends their sessions, but for the one with the digest `keep_session`.

        Raises:
            NotFoundError: nobody has this name.
            ConflictError: no owner would be left. Nothing is changed then.
        """
        with self._store.writing() as connection:
            row = _row(connection, name)
            if role == "viewer":
                _keep_an_owner(connection, row)
            connection.execute(
                """UPDATE users SET role = coalesce(?, role), password = coalesce(?, password),
                   library = coalesce(?, library) WHERE id = ?""",
                (role, password, library, row["id"]),
            )
            if password is not None:
                connection.execute("DELETE FROM sessions WHERE user = ? AND digest IS NOT ?", (row["id"], keep_session))
            return _user(_row(connection, name))

    def remove(self, name: str) -> None:
        """Remove a user and their sessions.

        Raises:
            NotFoundError: nobody has this name.
            ConflictError: no owner would be left.
        """
        with self._store.writing() as connection:
            row = _row(connection, name)
            _keep_an_owner(connection, row)
            connection.execute("DELETE FROM users WHERE id = ?", (row["id"],))


def _owners(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM users WHERE role = 'owner'").fetchone()[0])


def _keep_an_owner(connection: sqlite3.Connection, row: sqlite3.Row) -> None:
    if row["role"] == "owner" and _owners(connection) == 1:
        raise ConflictError(f"{row['name']} is the only owner: make another user an owner first")


def _row(connection: sqlite3.Connection, name: str) -> sqlite3.Row:
    row: sqlite3.Row | None = connection.execute("SELECT * FROM users WHERE folded = ?", (folded(name),)).fetchone()
    if row is None:
        raise NotFoundError(f"there is no user called {name}")
    return row


def _user(row: sqlite3.Row) -> User:
    library = bool(row["library"]) or row["role"] == "owner"
    return User(row["name"], row["role"], library, row["created"], row["seen"])
