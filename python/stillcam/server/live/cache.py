"""The newest frame in memory: read once, shared by all viewers, whose waiting threads it wakes.

Each frame has a gate: a lock that is held until the next frame arrives. A waiting thread acquires it and releases it
at once, so that viewers wake one after the other, and each is sending by the time the next one runs. With 300 viewers
that takes a third of the processor time of `Condition.notify_all`, which wakes all of them to queue for one lock.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from stillcam.common import log
from stillcam.common.folder_watch import FolderWatch
from stillcam.common.formats import utc_text
from stillcam.common.inotify import MOVED_TO
from stillcam.common.threads import record_death
from stillcam.frames.files import Frame, current_name, open_current
from stillcam.server.live.picture import Picture

ARRIVAL_S = 2.0  # from the daemon's answer that a frame is published to the frame here
FOLDER_CHECK_S = 2.5  # without a new frame, interval between checks of the folder, which may have been replaced


@dataclass(slots=True, kw_only=True, eq=False)
class CachedFrame(Picture):
    """A frame."""

    name: str  # of its file
    received_s: float  # when it was read (monotonic): a clock that is set must not make it old
    sequence: int  # its number since the start of this server, from 1

    @classmethod
    def of(cls, frame: Frame, received_s: float, sequence: int, mark: str = "") -> CachedFrame:
        """Prepare a frame; `mark` distinguishes the tag of a version of it, such as a smaller one."""
        lines = f"X-Frame-Time: {utc_text(frame.time_s)}\r\nX-Frame-Sequence: {sequence}\r\n".encode()
        own = {"name": frame.name, "received_s": received_s, "sequence": sequence}
        return cls.prepare(frame.content, frame.time_s, frame.name + mark, lines, **own)

    def age_s(self) -> float:
        """Seconds since it was received."""
        return max(0.0, time.monotonic() - self.received_s)


class NewestFrame:
    """The newest frame, and whoever waits for the next one."""

    def __init__(self) -> None:
        # The newest frame and its gate: one value, read and replaced in one step.
        self._state: tuple[CachedFrame | None, threading.Lock] = (None, closed_gate())

    @property
    def newest(self) -> CachedFrame | None:
        """The newest frame; None before there is one."""
        return self._state[0]

    def is_newest(self, frame: CachedFrame) -> bool:
        """Whether a frame is the newest."""
        return self._state[0] is frame

    def wait_for_other(self, name: str, timeout_s: float) -> CachedFrame | None:
        """Wait for a frame that is not the one called `name`; None if none comes in time."""
        frame, gate = self._state
        if frame is None or frame.name == name:
            if not gate.acquire(timeout=timeout_s):
                return None
            gate.release()
            frame = self.newest
        return frame

    def _replace(self, frame: CachedFrame | None) -> None:
        """Make a frame the newest, and wake all who wait for it. Only one thread at a time may do so."""
        _, gate = self._state
        self._state = frame, closed_gate()
        gate.release()


class FrameCache(NewestFrame):
    """Follows `images/` by inotify in a thread of its own, until closed.

    The folder may be missing, be removed, and be made again or mounted over at any time.
    """

    def __init__(self, images: Path) -> None:
        super().__init__()
        self._images = images
        self._closing = False
        self._wake_up = os.eventfd(0)
        self._logged = ""  # the last warning
        self._thread = threading.Thread(target=self._follow, name="frames", daemon=True)
        self._thread.start()

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
        self._closing = True
        os.eventfd_write(self._wake_up, 1)
        self._thread.join()
        os.close(self._wake_up)

    def _follow(self) -> None:
        watch, reported = FolderWatch(self._images, MOVED_TO), False
        while not self._closing:
            try:
                self._read(new=reported)
            except (OSError, ValueError) as error:
                if str(error) != self._logged:
                    logging.warning("cannot read the newest frame of %s: %s", self._images, error)
                self._logged = str(error)
            except Exception as error:  # noqa: BLE001 - it is logged: without this thread no new frame would be shown
                record_death("frames", error)
                log.fault(f"reading a frame of {self._images}", error)
            reported = watch.wait(FOLDER_CHECK_S, self._wake_up)
        watch.close()

    def _read(self, new: bool) -> None:
        """Read the newest frame if it is another one; a frame that is not `new` has the age that its name says."""
        newest = self.newest
        if newest and newest.name == current_name(self._images):
            return
        frame = open_current(self._images)
        if frame is None or (newest and newest.name == frame.name):
            return
        age_s = 0.0 if new else max(0.0, time.time() - frame.time_s)
        sequence = newest.sequence + 1 if newest else 1
        self._replace(CachedFrame.of(frame, time.monotonic() - age_s, sequence))


def closed_gate() -> threading.Lock:
    """A lock that is held, until something has happened."""
    lock = threading.Lock()
    lock.acquire()
    return lock
