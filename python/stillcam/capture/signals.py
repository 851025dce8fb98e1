"""Signals end what the camera's thread waits for, whenever they come."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from stillcam.common.threads import keep

_MANY = 256  # bytes, one for each signal


def wake_on_signals(nudge: Callable[[], None]) -> None:
    """Have `nudge` called, in another thread, for each signal that has a handler.

    Python runs a handler only between two steps of the main thread. A signal that comes when that thread
    has looked for one, and not yet begun to wait, would be seen after the wait: with a snapshot an
    hour, after an hour. What C does at once is to write to this pipe (signal.set_wakeup_fd).

    Args:
        nudge: ends the main thread's wait.
    """
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)

    def follow() -> None:
        while os.read(reading, _MANY):
            nudge()

    keep(follow, "signals")
