"""Starting a thread without waiting for it."""

from __future__ import annotations

import _thread
import logging
import threading
from collections.abc import Callable


def start(target: Callable[[], None], name: str) -> threading.Event:
    """Run `target` in a thread of its own; the event is set when it has ended.

    `threading.Thread.start` waits until the thread runs, and so for ever when there is no memory for
    its first line (CPython 3.11, Lib/threading.py: `self._started.wait()`).

    Args:
        target: what it does.
        name: what the log calls it.

    Raises:
        RuntimeError: there is no memory for a thread.
    """
    ended = threading.Event()

    def run() -> None:
        try:
            target()
        except Exception:
            logging.critical("thread %s failed: this is a bug", name, exc_info=True)
        finally:
            ended.set()

    _thread.start_new_thread(run, ())
    return ended
