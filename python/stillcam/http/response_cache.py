"""The response cache: answers that are sent again without being made again.

Clients ask for the newest picture with the same bytes all day. The application marks an answer that would be the same
for anybody who sends these bytes (`Answer.cache`); it is kept under the exact bytes of the request's head, and sent
again while its conditions hold, for `KEPT_S` at most. Only its Date and its age are new.
"""

from __future__ import annotations

import time

from stillcam.http.bodies import Blob
from stillcam.http.messages import Answer, CachePermission, ResponseHead

KEPT_S = 1.0  # then the application decides again
MAX_HEADS = 256
MAX_HEAD_BYTES = 2048


_NO_BODY = Blob(b"")


class CachedResponse:
    """An answer for requests with the same head."""

    __slots__ = ("body", "ended", "head", "permitted", "until_s")

    def __init__(self, head: ResponseHead, body: Blob, permission: CachePermission) -> None:
        self.head = head
        self.body = body
        self.permitted = permission.holds
        self.ended = permission.ended
        self.until_s = time.monotonic() + KEPT_S


class ResponseCache:
    """The answers that may be sent again, by the bytes of the request's head with its last empty line."""

    def __init__(self) -> None:
        self._answers: dict[bytes, CachedResponse] = {}
        self._pruned_s = 0.0  # monotonic

    def find(self, request: bytes, now_s: float) -> CachedResponse | None:
        """The answer to a request of these bytes; None: the application has to answer it."""
        kept = self._answers.get(request)
        return kept if kept is not None and now_s < kept.until_s and kept.permitted() else None

    def keep(self, request: bytes, head: ResponseHead, answer: Answer) -> None:
        """Keep an answer that has just been made, if the application permits it."""
        if answer.cache is None or len(request) > MAX_HEAD_BYTES:
            return
        body = answer.body or _NO_BODY
        assert isinstance(body, Blob), "only pictures may be sent again"
        self._prune(time.monotonic())
        if len(self._answers) >= MAX_HEADS:
            self._answers.clear()
        self._answers[request] = CachedResponse(head, body, answer.cache)

    def _prune(self, now_s: float) -> None:
        """Drop what has expired: each answer holds its frame in memory, and many are never asked for again (`?t=`)."""
        if now_s - self._pruned_s >= KEPT_S:
            self._pruned_s = now_s
            self._answers = {head: kept for head, kept in self._answers.copy().items() if kept.until_s > now_s}
