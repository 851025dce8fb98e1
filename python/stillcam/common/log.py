"""Logs: one line an event on stderr, in UTC, and a log file that cannot fill the card.

The scripts append stderr to `data/logs/*.log`. Each process keeps its file small: when stderr is a regular file above
the limit, its content moves to `*.log.1`, and the file is truncated (the descriptor is in append mode, so that no line
is torn).
"""

from __future__ import annotations

import logging
import os
import stat
import sys
import threading
import time
from collections import deque
from typing import TextIO

from stillcam.common.errors import shortage

MAX_LOG_BYTES = 1 << 20
RECENT_WARNINGS = 30  # kept in memory, for a bug report
SHORT_AGAIN_S = 60.0  # log a shortage of memory at most once in this time

_recent: deque[str] = deque(maxlen=RECENT_WARNINGS)
_short_s = -SHORT_AGAIN_S  # when a shortage was last logged (monotonic)


class _TrimmedStderr(logging.StreamHandler[TextIO]):
    """Writes to stderr and keeps the file behind it, if it is one, under `MAX_LOG_BYTES`."""

    def emit(self, record: logging.LogRecord) -> None:
        super().emit(record)
        if record.levelno >= logging.WARNING:
            _recent.append(self.format(record))
        try:
            trim(2, MAX_LOG_BYTES)
        except OSError:
            self.handleError(record)


def trim(fd: int, max_bytes: int) -> bool:
    """Move the content of the log file open at `fd` aside once it is larger than `max_bytes`.

    Returns:
        whether that was done. False for a terminal, a pipe, or a file that is small or deleted.

    Raises:
        OSError: the copy could not be written; the log is unchanged.
    """
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode) or status.st_size <= max_bytes or status.st_nlink == 0:
        return False
    import shutil

    name = os.readlink(f"/proc/self/fd/{fd}")
    shutil.copyfile(name, name + ".1")
    os.truncate(fd, 0)
    return True


def set_up(level: int = logging.INFO) -> None:
    """Send all logs to stderr, uncaught exceptions of threads included."""
    handler = _TrimmedStderr(sys.stderr)
    formatter = logging.Formatter("%(asctime)sZ %(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[handler])

    def thread_hook(args: threading.ExceptHookArgs) -> None:
        name = args.thread.name if args.thread else "?"
        if args.exc_value is not None:
            fault(f"thread {name}", args.exc_value)

    threading.excepthook = thread_hook


def recent_warnings() -> list[str]:
    """The last warnings and errors of this process, oldest first, tracebacks included."""
    return list(_recent)


def fault(what: str, error: BaseException, consequence: str = "") -> None:
    """Log that `what` has failed: a bug with its traceback, a shortage in one line, at most once a minute.

    Args:
        what: the work that failed.
        error: why; `errors.shortage` tells a shortage from a bug.
        consequence: for example `restarted in 2 s`.
    """
    global _short_s  # noqa: PLW0603 - without a lock: two threads may each log a line
    end = f"; {consequence}" if consequence else ""
    if not (short := shortage(error)):
        logging.error("%s failed: this is a bug%s", what, end, exc_info=error)
    elif time.monotonic() - _short_s >= SHORT_AGAIN_S:
        _short_s = time.monotonic()
        logging.warning("%s failed: %s%s", what, short, end)
