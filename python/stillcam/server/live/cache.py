"""The newest frame in memory: read once, shared by all viewers, and whoever waits for it is woken.

Each frame has a gate: a lock that is held until the next frame arrives. A waiting thread acquires it and releases it
at once, so that viewers wake one after the other, and each is sending by the time the next one runs. With 300 viewers
that takes a third of the processor time of `Condition.notify_all`, which wakes all of them to queue for one lock.
"""

from __future__ import annotations

import contextlib
import errno
import logging
import os
import select
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from inotify_simple import INotify, flags

from stillcam.common import log
from stillcam.common.formats import utc_text
from stillcam.common.threads import record
from stillcam.frames.files import CURRENT, Frame, current_name, read_current
from stillcam.server.live.picture import Picture

WATCH_AGAIN_S = 1.0  # pause before the next attempt to watch the images folder
ARRIVAL_S = 2.0  # from the daemon's answer that a frame is published to the frame here
FOLDER_CHECK_S = 5.0  # without a new frame, interval between checks whether the folder has been replaced
_EVENTS = flags.MOVED_TO | flags.DELETE_SELF | flags.MOVE_SELF | flags.ONLYDIR
_GONE = flags.DELETE_SELF | flags.MOVE_SELF | flags.IGNORED | flags.UNMOUNT


@dataclass(frozen=True, slots=True, kw_only=True)
class CachedFrame(Picture):
    """A frame.

    Args:
        name: the file name.
        received_s: when it was read (monotonic): a clock that is set must not make it old.
        sequence: its number since the start of this server, from 1.
    """

    name: str
    received_s: float
    sequence: int

    @classmethod
    def of(cls, frame: Frame, received_s: float, sequence: int, mark: str = "") -> CachedFrame:
        """Prepare a frame; `mark` distinguishes the tag of a version of it, such as a smaller one."""
        lines = f"X-Frame-Time: {utc_text(frame.time_s)}\r\nX-Frame-Sequence: {sequence}\r\n".encode()
        own = {"name": frame.name, "received_s": received_s, "sequence": sequence}
        return cls.prepare(frame.data, frame.time_s, frame.name + mark, lines, **own)

    def age_s(self) -> float:
        """Seconds since it was received."""
        return max(0.0, time.monotonic() - self.received_s)


class FrameCache:
    """Follows `images/` by inotify in a thread of its own, until closed.

    The folder may be missing, be removed, and be made again or mounted over at any time.
    """

    def __init__(self, images: Path) -> None:
        self._images = images
        # The newest frame and its gate: one value, read and replaced in one step.
        self._state: tuple[CachedFrame | None, threading.Lock] = (None, _closed_gate())
        self._stop = os.eventfd(0)
        self._logged: int | None = None  # errno of the last warning
        self._thread = threading.Thread(target=self._follow, name="frames", daemon=True)
        self._thread.start()

    @property
    def newest(self) -> CachedFrame | None:
        """The newest frame; None before there is one."""
        return self._state[0]

    def wait_for_other(self, name: str, timeout_s: float) -> CachedFrame | None:
        """Wait for a frame that is not the one called `name`; None if none comes in time."""
        frame, gate = self._state
        if frame is None or frame.name == name:
            if not gate.acquire(timeout=timeout_s):
                return None
            gate.release()
            frame = self.newest
        return frame

    def catch_up(self) -> str | None:
        """Wait until the frame that is in the folder now, or a later one, is the newest here.

        Called after the daemon has published a frame, before clients learn of it.

        Returns:
            the name of that frame if it has not arrived in time; None: it has.
        """
        wanted, deadline_s = current_name(self._images), time.monotonic() + ARRIVAL_S
        for _ in range(2):  # the first frame to come may have been read before
            frame, gate = self._state
            if wanted is None or (frame and frame.name == wanted):
                break
            if not gate.acquire(timeout=max(0.0, deadline_s - time.monotonic())):
                return wanted
            gate.release()
        return None

    def close(self) -> None:
        """End the thread."""
        os.eventfd_write(self._stop, 1)
        self._thread.join()
        os.close(self._stop)

    def _follow(self) -> None:
        while True:
            try:
                with INotify() as inotify:
                    folder = _identity(self._images)
                    inotify.add_watch(self._images, _EVENTS)
                    self._read(first=True)
                    if self._watch(inotify, folder):
                        return
            except (FileNotFoundError, ValueError) as error:  # no folder yet, or a malformed link
                logging.debug("waiting for %s: %s", self._images, error)
            except OSError as error:
                self._poll_instead(error)
            except Exception as error:  # noqa: BLE001 - it is logged: without this thread no new frame would be shown
                record("frames", error)
                log.fault(f"reading a frame of {self._images}", error)
            if self._stopped(None, WATCH_AGAIN_S):
                return

    def _poll_instead(self, error: OSError) -> None:
        """Read the newest frame without inotify."""
        if error.errno != self._logged:
            self._logged = error.errno
            hint = ": raise fs.inotify.max_user_instances (sysctl)" if error.errno == errno.EMFILE else ""
            logging.warning(
                "cannot follow %s (%s)%s; polling every %g s", self._images, error.strerror, hint, WATCH_AGAIN_S
            )
        with contextlib.suppress(OSError, ValueError):
            self._read(first=self.newest is None)

    def _watch(self, inotify: INotify, folder: tuple[int, int]) -> bool:
        """Read each new frame; True when the cache is closed, False when the folder has been replaced.

        inotify reports neither a mount over the folder nor the deletion of a folder that is open elsewhere.
        """
        while not self._stopped(inotify, FOLDER_CHECK_S):
            events = inotify.read(timeout=0)
            if any(event.mask & _GONE for event in events) or (not events and _identity(self._images) != folder):
                return False
            if any(event.name == CURRENT or event.mask & flags.Q_OVERFLOW for event in events):
                self._read(first=False)
        return True

    def _stopped(self, inotify: INotify | None, timeout_s: float) -> bool:
        """Wait for an event, at most so long; whether the cache is closed."""
        poller = select.poll()
        poller.register(self._stop, select.POLLIN)
        if inotify is not None:
            poller.register(inotify.fileno(), select.POLLIN)
        return any(fd == self._stop for fd, _ in poller.poll(timeout_s * 1000))

    def _read(self, first: bool) -> None:
        frame, (newest, gate) = read_current(self._images), self._state
        if frame is None or (newest and newest.name == frame.name):
            return
        # A frame from before the start has the age that its name says.
        age_s = max(0.0, time.time() - frame.time_s) if first else 0.0
        sequence = newest.sequence + 1 if newest else 1
        self._state = CachedFrame.of(frame, time.monotonic() - age_s, sequence), _closed_gate()
        gate.release()


def _closed_gate() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino
