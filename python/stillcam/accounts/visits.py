"""Notes when devices and programs were last seen, sparing the card: once in `EVERY_S` for each.

A thread of its own writes, so that no request waits for the card. What a power cut loses of
it makes a session end some minutes earlier, weeks from now.
"""

from __future__ import annotations

import logging
from queue import SimpleQueue

from stillcam.accounts.errors import StoreError
from stillcam.accounts.sessions import Sessions
from stillcam.common.threads import keep

EVERY_S = 600.0


class Visits:
    """Takes note of visits; its thread ends with the process.

    Args:
        sessions: where they are kept.
    """

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions
        self._queue: SimpleQueue[bytes] = SimpleQueue()
        self._noted: dict[bytes, float] = {}  # by digest, when it was noted last
        keep(self._run, "visits")

    def note(self, digest: bytes, seen_s: float | None, now_s: float) -> None:
        """A visit.

        Args:
            digest: of the session or token.
            seen_s: what is known of the one before.
            now_s: seconds since the epoch.
        """
        before_s = max(seen_s or 0.0, self._noted.get(digest, 0.0))
        if now_s - before_s >= EVERY_S:
            self._noted[digest] = now_s
            self._queue.put(digest)

    def _run(self) -> None:
        while True:
            digests = {self._queue.get()}
            while not self._queue.empty():
                digests.add(self._queue.get())
            try:
                self._sessions.seen(list(digests))
            except StoreError as error:
                logging.warning("visits are not noted: %s", error)
