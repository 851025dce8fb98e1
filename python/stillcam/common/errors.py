"""Errors for a person. Any other exception that escapes a `main()` is a bug, and shows its traceback."""

from __future__ import annotations

import errno

# Temporary shortages of memory or descriptors.
SHORT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
NO_MEMORY = "not enough memory"


class StillcamError(Exception):
    """A fault that a person can act on: the text says what failed, where, and what to do.

    `main()` prints it as one line and exits with status 1; the API returns it as JSON.
    """


class SettingsError(StillcamError):
    """A setting is wrong.

    Args:
        field: dotted name (`snapshot.interval_s`), empty when the file as a whole is wrong.
        line: line of the settings file, counted from 1; 0 when unknown.
    """

    def __init__(self, message: str, field: str = "", line: int = 0) -> None:
        super().__init__(message)
        self.field = field
        self.line = line


class CameraError(StillcamError):
    """The camera gives no frames now; it may later.

    Args:
        cause: one word for counters and logs: `absent`, `busy`, `died`, `stalled`, `frozen`, `torn`, `disk`,
            `options`, `encoder`, `missing`, `short` (of descriptors or memory).
        reason: a sentence for a person, with what to check.
    """

    FINAL = frozenset({"options", "disk", "missing"})
    NO_CAMERA = frozenset({"absent", "busy", "missing"})  # for whatever use

    def __init__(self, cause: str, reason: str) -> None:
        super().__init__(reason)
        self.cause = cause
        self.reason = reason

    @property
    def transient(self) -> bool:
        """Whether the same request may succeed later without anybody's help."""
        return self.cause not in self.FINAL


def shortage(error: BaseException) -> str:
    """Name the shortage of memory or descriptors that caused `error`, for a person; empty: it has another cause."""
    if isinstance(error, MemoryError) or (isinstance(error, RuntimeError) and "start new thread" in str(error)):
        return NO_MEMORY
    return str(error.strerror) if isinstance(error, OSError) and error.errno in SHORT else ""
