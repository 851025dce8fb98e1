"""The database `accounts.db`: one short-lived connection for each operation.

It uses SQLite's rollback journal, not a write-ahead log: writes are rare, and between two of them the database is a
single file, whether it is copied or the power fails. With `synchronous=EXTRA` a commit survives a power cut
(sqlite.org/pragma.html: the folder is synced too once the journal is deleted).
"""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from stillcam.accounts.rules import StoreError
from stillcam.common.atomic_write import create_private

BUSY_S = 10.0  # how long a write waits for other processes; one takes 0.1 s on a slow card

# The statements that lead to each version of the schema from the one before. Times are seconds since the epoch.
MIGRATIONS = (
    (
        """CREATE TABLE users (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL,
            folded TEXT NOT NULL UNIQUE,
            role TEXT NOT NULL CHECK (role IN ('owner', 'viewer')),
            password TEXT NOT NULL,
            created REAL NOT NULL,
            seen REAL
        ) STRICT""",
        """CREATE TABLE sessions (
            digest BLOB PRIMARY KEY,
            user INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
            created REAL NOT NULL,
            seen REAL NOT NULL
        ) STRICT, WITHOUT ROWID""",
        "CREATE INDEX sessions_user ON sessions (user)",
        """CREATE TABLE tokens (
            id TEXT PRIMARY KEY,
            digest BLOB NOT NULL UNIQUE,
            name TEXT NOT NULL,
            folded TEXT NOT NULL UNIQUE,
            scope TEXT NOT NULL CHECK (scope IN ('view', 'control')),
            created REAL NOT NULL,
            used REAL
        ) STRICT""",
    ),
    (
        "CREATE TABLE installation (id TEXT NOT NULL) STRICT",
        "INSERT INTO installation VALUES (lower(hex(randomblob(4))))",
    ),
    (
        # Viewers keep the library that they had; tokens of scope view were documented as watching only.
        "ALTER TABLE users ADD COLUMN library INTEGER NOT NULL DEFAULT 1 CHECK (library IN (0, 1))",
        """CREATE TABLE new_tokens (
            id TEXT PRIMARY KEY,
            digest BLOB NOT NULL UNIQUE,
            name TEXT NOT NULL,
            folded TEXT NOT NULL UNIQUE,
            scope TEXT NOT NULL CHECK (scope IN ('view', 'library', 'control')),
            created REAL NOT NULL,
            used REAL
        ) STRICT""",
        "INSERT INTO new_tokens SELECT id, digest, name, folded, scope, created, used FROM tokens",
        "DROP TABLE tokens",
        "ALTER TABLE new_tokens RENAME TO tokens",
    ),
)

Version = tuple[int, ...]


class Store:
    """The database, created with its folder when it is missing; its mode is 0600."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.folder = path.parent
        self._lock = threading.Lock()
        self._listeners: list[Callable[[], None]] = []

    def on_write(self, listener: Callable[[], None]) -> None:
        """Have `listener` called after each write of this process."""
        self._listeners.append(listener)

    def version(self) -> Version | None:
        """A value that differs after a write of any process; None: there is no database.

        A write in the same tick of the file system's clock (some milliseconds) as a call is missed, so what is cached
        by version should also expire. The counter in the file itself would be exact, but closing the file after reading
        it would drop the locks that this process has on it (sqlite.org/howtocorrupt.html, 2.2).

        Raises:
            StoreError: the file cannot be read.
        """
        try:
            status = os.stat(self._path)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"cannot read {self._path} ({error.strerror}): check the owner of its folder") from error
        return status.st_mtime_ns, status.st_size, status.st_ino

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection for reading; rows are sqlite3.Row.

        Raises:
            StoreError: the database is damaged, of a newer Stillcam, or cannot be opened.
        """
        with self._explained(), closing(self._connect()) as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """An exclusive transaction; an exception inside rolls it back.

        Raises:
            StoreError: it cannot be written, or as for `reading`.
        """
        with self._lock:
            with self.reading() as connection:
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            for listener in self._listeners:
                listener()

    def _connect(self) -> sqlite3.Connection:
        if not self._path.exists():
            create_private(self._path, b"")
        connection = sqlite3.connect(self._path, timeout=BUSY_S, isolation_level=None)
        try:
            connection.row_factory = sqlite3.Row
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = EXTRA")
            if _schema(connection) != len(MIGRATIONS):
                self._migrate(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        there = _schema(connection)  # another process may have been faster
        if there > len(MIGRATIONS):
            raise StoreError(f"{self._path} was written by a newer Stillcam: update this one")
        for statements in MIGRATIONS[there:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise StoreError(
                f"cannot use {self._path} ({error}): check its owner, the free space (df -h) and the SD card"
            ) from error
        except sqlite3.DatabaseError as error:
            raise StoreError(
                f"{self._path} is damaged ({error}): restore a copy of it, or move it away and register again"
            ) from error
        except OSError as error:
            raise StoreError(
                f"cannot create {self._path} ({error.strerror}): check the folder's owner and the free space (df -h)"
            ) from error


def _schema(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
