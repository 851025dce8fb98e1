"""The accounts in memory: every request is checked against them, without the database.

Hundreds of pictures a second are asked for, often by people who have signed in. Users, devices and programs are few, so
all of them are cached, and read again when they have changed: a change of this process counts at once, one of another
process (`python -m stillcam`) within `POLL_S`. In the server a thread watches for that, so that no request waits for
the card. Another thread writes when devices and programs were last seen.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from queue import SimpleQueue

from stillcam.accounts.rules import StoreError
from stillcam.accounts.sessions import Sessions
from stillcam.accounts.store import Store, Version
from stillcam.accounts.tokens import Token, token_of
from stillcam.common.folder_watch import FolderWatch
from stillcam.common.threads import keep

POLL_S = 1.0  # where inotify reports no changes
MAX_AGE_S = 10.0  # then everything is read again: two changes within one tick have the same time stamp
VISIT_S = 600.0  # a visit is written once in this time, to spare the card


@dataclass(frozen=True, slots=True)
class Session:
    """A device on which a user has signed in.

    Args:
        digest: identifies it.
        name: the user's.
        role: the user's.
        library: whether the user may open the library.
        seen_s: the last visit in seconds since the epoch, to within some minutes.
    """

    digest: bytes
    name: str
    role: str
    library: bool
    seen_s: float


@dataclass(frozen=True, slots=True)
class CachedAccounts:
    """The accounts as read at one moment.

    Args:
        registered: whether there is an owner.
        passwords: the hashes, by folded name.
        sessions: by digest.
        tokens: by digest.
        installation: its ID; distinguishes its cookies from another installation's on the same host.
    """

    registered: bool = False
    passwords: Mapping[str, str] = field(default_factory=dict)
    sessions: Mapping[bytes, Session] = field(default_factory=dict)
    tokens: Mapping[bytes, Token] = field(default_factory=dict)
    installation: str = ""


class AccountsCache:
    """The current accounts. After `follow`, `get` never waits for the disk.

    Args:
        store: the database; without one, nobody has registered.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._accounts: CachedAccounts | None = None
        self._version: Version | None = None
        self._read_s = -MAX_AGE_S  # monotonic
        self._error = ""
        self._followed = False
        store.on_write(self.read)

    def get(self) -> CachedAccounts:
        """The accounts; while they cannot be read, the last known ones.

        Raises:
            StoreError: they could never be read.
        """
        if not self._followed:
            self._refresh()
        if self._accounts is None:
            raise StoreError(self._error)
        return self._accounts

    def follow(self) -> None:
        """Read everything, then follow changes in a daemon thread.

        Raises:
            RuntimeError: there is no memory for a thread.
        """
        self.read()
        self._followed = True
        keep(self._follow, "accounts")

    def _follow(self) -> None:
        watch = FolderWatch(self._store.folder)
        while True:
            watch.wait(POLL_S)
            self._refresh()

    def _refresh(self) -> None:
        """Read the accounts again if they have changed."""
        with self._lock:
            if time.monotonic() - self._read_s > MAX_AGE_S or self._error or self._changed():
                self._read_all()

    def _changed(self) -> bool:
        try:
            return self._store.version() != self._version
        except StoreError:
            return True  # reading raises the reason

    def read(self) -> None:
        """Read everything now."""
        with self._lock:
            self._read_all()

    def _read_all(self) -> None:
        self._read_s = time.monotonic()
        try:
            self._version = self._store.version()  # before reading: a write in between counts next time
            self._accounts = self._read() if self._version else CachedAccounts()
        except StoreError as error:
            if not self._error:
                logging.error("%s", error)
            self._error = str(error)
        else:
            if self._error:
                logging.info("the accounts can be read again")
            self._error = ""

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


class Visits:
    """Records when devices and programs were last seen, each at most once in `VISIT_S`.

    A thread writes, so that no request waits for the card. What a power cut loses of it ends a session some minutes
    earlier, weeks later.

    Args:
        sessions: records them.
    """

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._queue: SimpleQueue[bytes] = SimpleQueue()
        self._recorded: dict[bytes, float] = {}  # by digest: when it was last recorded
        keep(self._run, "visits")

    def note(self, digest: bytes, seen_s: float | None, now_s: float) -> None:
        """Record a visit.

        Args:
            digest: of the session or token.
            seen_s: of the last recorded visit; None: there is none.
            now_s: seconds since the epoch.
        """
        before_s = max(seen_s or 0.0, self._recorded.get(digest, 0.0))
        if now_s - before_s >= VISIT_S:
            self._recorded[digest] = now_s
            self._queue.put(digest)

    def _run(self) -> None:
        while True:
            digests = {self._queue.get()}
            while not self._queue.empty():
                digests.add(self._queue.get())
            try:
                self._sessions.touch(list(digests))
            except StoreError as error:
                logging.warning("the last visits cannot be recorded: %s", error)
