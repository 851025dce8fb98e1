"""Threads: start without waiting, restart of one that dies, low priority, and exit while some run."""

from __future__ import annotations

import _thread
import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any, NoReturn

from stillcam.common import log
from stillcam.common.errors import shortage
from stillcam.common.formats import utc_text

BACK_OFF_S = (1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 60.0)  # delays before restarts of a thread that has died
STEADY_S = 600.0  # after so long a run, the first delay is used again

_deaths: dict[str, dict[str, Any]] = {}


def start(target: Callable[[], None], name: str) -> threading.Event:
    """Run `target` in a thread of its own, and return an event that is set when it has ended; `name` is for the log.

    Unlike `threading.Thread.start`, this does not wait until the thread runs, which takes long among busy ones.

    Raises:
        RuntimeError: there can be no further thread.
    """
    ended = threading.Event()

    def run() -> None:
        try:
            target()
        except Exception as error:  # noqa: BLE001 - it is logged
            log.fault(f"thread {name}", error)
        finally:
            ended.set()

    _thread.start_new_thread(run, ())
    return ended


def start_restarting(target: Callable[[], None], name: str) -> threading.Event:
    """Run `target` in a thread of its own until it returns; `name` is for the log, the status and doctor.

    After an exception, which is logged, the thread is restarted with increasing delays.
    """

    def run() -> None:
        tries = 0
        while True:
            began_s = time.monotonic()
            try:
                target()
                return
            except Exception as error:  # noqa: BLE001 - it is logged
                tries = 0 if time.monotonic() - began_s >= STEADY_S else tries
                pause_s = BACK_OFF_S[min(tries, len(BACK_OFF_S) - 1)]
                tries += 1
                record_death(name, error)
                log.fault(f"thread {name}", error, f"restarted in {pause_s:g} s")
                time.sleep(pause_s)

    return start(run, name)


def record_death(name: str, error: Exception) -> None:
    """Count the death of a thread that `keep` restarts, or of one that catches the error and continues."""
    count = _deaths[name]["count"] + 1 if name in _deaths else 1
    text = " ".join(str(error).split()) or shortage(error) or type(error).__name__
    _deaths[name] = {"name": name, "count": count, "error": text, "time": utc_text(time.time())}


def deaths() -> list[dict[str, Any]]:
    """The threads of this process that have died: `name`, `count`, the last `error`, and its `time`."""
    return [dict(death) for death in list(_deaths.values())]


def exit_process(status: int) -> NoReturn:
    """End this process with this exit status while threads still run.

    `sys.exit` finalizes the interpreter while they run: a thread that is in C code at that moment may crash the
    process (CPython, documentation of `Py_FinalizeEx`).
    """
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError):  # the reader is gone
            stream.flush()
    os._exit(status)


def lower_priority(nice: int) -> None:
    """Set the calling thread's niceness to `nice` (0 to 19), unless it is higher already.

    Raising the niceness needs no privilege (setpriority(2)). A failure is logged.
    """
    thread = threading.get_native_id()  # on Linux a thread has its own
    try:
        if os.getpriority(os.PRIO_PROCESS, thread) < nice:
            os.setpriority(os.PRIO_PROCESS, thread, nice)
    except OSError as error:
        logging.warning("cannot lower the priority of a background thread: %s", error.strerror)
