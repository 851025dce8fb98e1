"""The accounts in memory: every request is checked against them, without the database.

Hundreds of pictures a second are asked for, often by people who have signed in. Users, devices and programs are few, so
all of them are cached, and read again when they have changed: a change of this process counts at once, one of another
process (`stillcam`) within a second. In the server a thread watches for that, so that no request waits for
the card. The same thread writes when devices and programs were last seen.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from stillcam.accounts.rules import StoreError
from stillcam.accounts.store import Store, Version
from stillcam.accounts.tokens import Token, token_of
from stillcam.common.folder_watch import UNREPORTED_S, FolderWatch
from stillcam.common.threads import start_restarting

REREAD_S = 10.0  # then everything is read again: two changes within one tick have the same time stamp
VISIT_S = 600.0  # a visit is written once in this time, to spare the card


@dataclass(frozen=True, slots=True)
class Session:
    """A device on which a user has signed in."""

    digest: bytes  # identifies it
    name: str  # the user's, as the next two
    role: str
    library: bool  # whether the user may open the library
    seen_s: float  # the last visit, to within some minutes (seconds since the epoch)


@dataclass(frozen=True, slots=True)
class CachedAccounts:
    """The accounts as read at one moment."""

    registered: bool = False  # whether there is an owner
    passwords: Mapping[str, str] = field(default_factory=dict)  # the hashes, by folded name
    sessions: Mapping[bytes, Session] = field(default_factory=dict)  # by digest
    tokens: Mapping[bytes, Token] = field(default_factory=dict)  # by digest
    installation: str = ""  # its ID; distinguishes its cookies from another installation's on the same host


class AccountsCache:
    """The current accounts; after the first time, `get` never waits for the disk.

    Args:
        store: the database; without one, nobody has registered.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()  # while they are read
        self._accounts: CachedAccounts | None = None
        self._version: Version | None = None
        self._read_s = -REREAD_S  # monotonic
        self._error = ""
        self._visits: dict[bytes, float] = {}  # by digest: the last one noted, in seconds since the epoch
        self._unwritten: dict[bytes, float] = {}  # the same, of those to be written
        store.on_write(lambda: self.refresh(written=True))

    def get(self) -> CachedAccounts:
        """The accounts; while they cannot be read, the last known ones.

        Raises:
            StoreError: they could never be read.
        """
        if self._accounts is None and not self._error:
            self.refresh()
        if self._accounts is None:
            raise StoreError(self._error)
        return self._accounts

    def last_read(self) -> CachedAccounts | None:
        """The accounts as last read, another object after each change; None before. Never reads or raises."""
        return self._accounts

    def follow(self) -> None:
        """Read everything, then follow changes and write visits, in a daemon thread."""
        self.refresh()
        start_restarting(self._follow, "accounts")

    def refresh(self, *, written: bool = False) -> None:
        """Read the accounts again if they have changed, or anyway if they were just `written`."""
        with self._lock:
            try:
                version = self._store.version()  # before reading: a write in between counts next time
                recent = time.monotonic() - self._read_s <= REREAD_S and not self._error
                if recent and version == self._version and not written:
                    return
                self._read_s = time.monotonic()
                accounts = self._read() if version else CachedAccounts()
            except StoreError as error:
                if not self._error:
                    logging.error("%s", error)
                self._error = str(error)
            else:
                if self._error:
                    logging.info("the accounts can be read again")
                self._accounts, self._version, self._error = accounts, version, ""

    def note_visit(self, digest: bytes, seen_s: float | None, now_s: float) -> None:
        """Note that a session or token is in use; what a power cut loses of it ends a session some minutes earlier.

        Args:
            digest: of the session or token.
            seen_s: the last visit that the database has; None: none.
            now_s: seconds since the epoch.
        """
        if now_s - max(seen_s or 0.0, self._visits.get(digest, 0.0)) >= VISIT_S:
            self._visits[digest] = self._unwritten[digest] = now_s

    def write_visits(self) -> None:
        """Write what was noted. A clock that was set back never makes a visit older."""
        visits = [self._unwritten.popitem() for _ in range(len(self._unwritten))]
        if not visits:
            return
        try:
            with self._store.writing() as connection:
                for digest, seen_s in visits:
                    seen = {"digest": digest, "seen": seen_s}
                    for statement in _VISIT:
                        connection.execute(statement, seen)
        except StoreError as error:
            logging.warning("cannot record the users' last visits: %s", error)

    def _follow(self) -> None:
        watch = FolderWatch(self._store.folder)
        while True:
            watch.wait(UNREPORTED_S)
            self.refresh()
            self.write_visits()

    def _read(self) -> CachedAccounts:
        with self._store.reading() as connection:
            connection.execute("BEGIN")  # all of it as of one moment
            users = connection.execute("SELECT folded, role, password FROM users").fetchall()
            sessions = connection.execute(
                "SELECT digest, name, role, library, sessions.seen FROM sessions JOIN users ON users.id = sessions.user"
            ).fetchall()
            tokens = connection.execute("SELECT * FROM tokens").fetchall()
            installation = connection.execute("SELECT id FROM installation").fetchone()
        return CachedAccounts(
            registered=any(row["role"] == "owner" for row in users),
            passwords={row["folded"]: row["password"] for row in users},
            sessions={row["digest"]: Session(*row) for row in sessions},
            tokens={row["digest"]: token_of(row) for row in tokens},
            installation=installation["id"],
        )


_VISIT = (
    "UPDATE sessions SET seen = max(seen, :seen) WHERE digest = :digest",
    "UPDATE tokens SET used = max(coalesce(used, 0), :seen) WHERE digest = :digest",
    """UPDATE users SET seen = max(coalesce(seen, 0), :seen)
       WHERE id = (SELECT user FROM sessions WHERE digest = :digest)""",
)
