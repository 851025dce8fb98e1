"""All accounts in memory: what each request is checked against, without the database.

Hundreds of pictures a second are asked for, often by people who signed in. Users, devices
and programs are few, so all of them are kept, and read again when they have changed: a change of
this process counts at once, one of another (`python -m stillcam`) within `LOOK_S`. In the server a
thread looks for that, so that no request waits for the card.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from stillcam.accounts.errors import StoreError
from stillcam.accounts.store import Store, Version
from stillcam.accounts.tokens import Token, token_of
from stillcam.common.folder_watch import FolderWatch
from stillcam.common.threads import keep

LOOK_S = 1.0  # poll interval where inotify reports no changes
AGE_S = 10.0  # after which everything is read anyway: two changes within one tick have one time stamp


@dataclass(frozen=True, slots=True)
class Session:
    """A device on which somebody has signed in.

    Args:
        digest: names it.
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
class Everybody:
    """The accounts at one moment.

    Args:
        registered: there is an owner.
        passwords: hashes by folded names.
        sessions: by digest.
        tokens: by digest.
        installation: its ID; distinguishes its cookies from another installation's on the same host.
    """

    registered: bool = False
    passwords: Mapping[str, str] = field(default_factory=dict)
    sessions: Mapping[bytes, Session] = field(default_factory=dict)
    tokens: Mapping[bytes, Token] = field(default_factory=dict)
    installation: str = ""


class Known:
    """Call it for the current accounts; after `follow`, the call never blocks.

    Args:
        store: the database; where there is none, nobody has registered.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._everybody: Everybody | None = None
        self._version: Version | None = None
        self._read_s = -AGE_S  # monotonic
        self._wrong = ""
        self._followed = False
        store.written = self.read

    def __call__(self) -> Everybody:
        """The accounts; when they cannot be read now, those of before.

        Raises:
            StoreError: they could never be read.
        """
        if not self._followed:
            self._look()
        if self._everybody is None:
            raise StoreError(self._wrong)
        return self._everybody

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
            watch.wait(LOOK_S)
            self._look()

    def _look(self) -> None:
        """Read the accounts again if they have changed."""
        with self._lock:
            if time.monotonic() - self._read_s > AGE_S or self._wrong or self._changed():
                self._read_all()

    def _changed(self) -> bool:
        try:
            return self._store.version() != self._version
        except StoreError:
            return True  # reading raises the reason

    def read(self) -> None:
        """Read everything now: this process has changed it."""
        with self._lock:
            self._read_all()

    def _read_all(self) -> None:
        self._read_s = time.monotonic()
        try:
            self._version = self._store.version()  # before reading: what is written meanwhile counts next time
            self._everybody = self._read() if self._version else Everybody()
        except StoreError as error:
            if not self._wrong:
                logging.error("%s", error)
            self._wrong = str(error)
        else:
            if self._wrong:
                logging.info("the accounts can be read again")
            self._wrong = ""

    def _read(self) -> Everybody:
        with self._store.reading() as connection:
            connection.execute("BEGIN")  # all of it as of one moment
            users = connection.execute("SELECT folded, role, password FROM users").fetchall()
            sessions = connection.execute(
                "SELECT digest, name, role, library, sessions.seen FROM sessions JOIN users ON users.id = sessions.user"
            ).fetchall()
            tokens = connection.execute("SELECT * FROM tokens").fetchall()
            installation = connection.execute("SELECT id FROM installation").fetchone()
        return Everybody(
            registered=any(row["role"] == "owner" for row in users),
            passwords={row["folded"]: row["password"] for row in users},
            sessions={row["digest"]: Session(*row) for row in sessions},
            tokens={row["digest"]: token_of(row) for row in tokens},
            installation=installation["id"],
        )
