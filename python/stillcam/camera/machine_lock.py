"""The lock that keeps the capture daemons of one machine from disturbing each other's cameras.

Listing cameras acquires each of them in turn, also those of other daemons. Two listings at the same time get
`(65535, 65535)/65535x65535 crop` and 30 fps for every mode of a camera that the other one has acquired, and opening a
camera meanwhile fails with "failed to acquire" (rpicam-apps core/options.cpp, Options::Parse).

It is flock(2) on a folder that every user may read: no file has to be created, so owner and umask do not matter, and it
works where systemd has made /run read-only. It is released when the process ends, however that happens. Another
program may hold it forever, so each wait has a time-out; the camera is then used without the lock, and the log says so.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import time
from collections.abc import Sequence
from pathlib import Path

from stillcam.camera.driver import Interrupted
from stillcam.common.child_process import wait_readable

MACHINE = Path("/run/lock")  # not /tmp: PrivateTmp= gives each unit its own
LIST_TIMEOUT_S = 20.0  # for a program that lists cameras
LIST_WAIT_S = LIST_TIMEOUT_S + 5.0
OPEN_WAIT_S = 2.0  # this wait cannot be interrupted, and a daemon has to end within 3 s
_LOCK_POLL_S = 0.02


class MachineLock:
    """Waits for the lock, and holds it until `close`.

    Args:
        folder: the same for all daemons that see the same cameras. If it does not exist, its nearest parent is used.
        shared: True for opening a camera, which may happen while another one is opened; False for listing cameras,
            which may not.
        timeout_s: how long to wait.
        required: raise Interrupted afterwards, instead of going on without the lock.
        interrupts: descriptors that end the wait when they become readable.

    Raises:
        Interrupted: one of `interrupts` is readable, or see `required`.
        OSError: too many open files.
    """

    def __init__(
        self,
        folder: Path,
        *,
        shared: bool,
        timeout_s: float,
        interrupts: Sequence[int] = (),
        required: bool = False,
    ) -> None:
        self._fd = _opened(folder)
        try:
            if self._acquire(fcntl.LOCK_SH if shared else fcntl.LOCK_EX, timeout_s, interrupts):
                return
            if required:
                raise Interrupted
        except BaseException:
            self.close()
            raise
        logging.warning("another process held the lock on %s for %g s; using the camera without it (see: lslocks)",
                        folder, timeout_s)  # fmt: skip

    def _acquire(self, how: int, timeout_s: float, interrupts: Sequence[int]) -> bool:
        deadline = time.monotonic() + timeout_s
        while True:
            with contextlib.suppress(BlockingIOError):
                fcntl.flock(self._fd, how | fcntl.LOCK_NB)
                return True
            if time.monotonic() >= deadline:
                return False
            if wait_readable(_LOCK_POLL_S, *interrupts):
                raise Interrupted

    def __enter__(self) -> MachineLock:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the lock; may be called again."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _opened(folder: Path) -> int:
    for place in (folder, *folder.parents):
        try:
            return os.open(place, os.O_RDONLY | os.O_DIRECTORY)
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue
    raise FileNotFoundError(f"no folder {folder}")
