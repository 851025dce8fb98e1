"""The time without pictures: why, since when, and how long to wait before the next try."""

from __future__ import annotations

import logging
import time

from stillcam.common.errors import CameraError

BACK_OFF_S = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0)


class Backoff:
    """Said once when it begins, or has another reason, and once when it is over."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self._began = 0.0  # monotonic
        self._failures = 0  # running

    def failed(self, error: CameraError) -> float:
        """There is no picture; how long to wait, in seconds."""
        if self.reason is None:
            self._began = time.monotonic()
        if self.reason != error.reason:
            logging.error("no picture (%s): %s; trying again", error.cause, error)
        self.reason = error.reason
        self._failures += 1
        return BACK_OFF_S[min(self._failures, len(BACK_OFF_S)) - 1]

    def over(self) -> None:
        """There is a picture."""
        if self.reason is not None:
            logging.info("pictures again after %.1f s (%s)", time.monotonic() - self._began, self.reason)
        self.reason = None
        self._failures = 0
