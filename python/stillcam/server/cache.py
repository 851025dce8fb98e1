"""The newest frame in memory: read once, shared by every viewer, and whoever waits is woken."""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from inotify_simple import INotify, flags

from stillcam.frames import CURRENT, Frame, read_current

RETRY_S = 1.0  # until the images folder is there


@dataclass(frozen=True, slots=True)
class Seen:
    """A frame, and when it came by the monotonic clock: an NTP jump must not make it old."""

    frame: Frame
    seen_s: float

    def age_s(self) -> float:
        """Seconds since it was published."""
        return max(0.0, time.monotonic() - self.seen_s)


class FrameCache:
    """Follows `images/` by inotify in a thread of its own, until closed."""

    def __init__(self, images: Path) -> None:
        self._images = images
        self._changed = threading.Condition()
        self._newest: Seen | None = None
        self._stop = os.eventfd(0)
        self._thread = threading.Thread(target=self._follow, name="frames", daemon=True)
        self._thread.start()

    @property
    def newest(self) -> Seen | None:
        """The newest frame; None before there is one."""
        return self._newest

    def wait_for_other(self, name: str, timeout_s: float) -> Seen | None:
        """Wait for a frame that is not the one called `name`; None if none comes in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._newest is not None and self._newest.frame.name != name, timeout_s)
            return self._newest if self._newest and self._newest.frame.name != name else None

    def close(self) -> None:
        """End the thread."""
        os.eventfd_write(self._stop, 1)
        self._thread.join()

    def _follow(self) -> None:
        while True:
            try:
                with INotify() as inotify:
                    # ATTRIB tells of the folder's end too; both are followed by a new watch on what has its name.
                    inotify.add_watch(
                        self._images, flags.MOVED_TO | flags.DELETE_SELF | flags.MOVE_SELF | flags.ONLYDIR
                    )
                    self._read(first=True)
                    if self._watch(inotify):
                        return
            except OSError as error:
                logging.debug("waiting for %s: %s", self._images, error)
            if self._readable(None, RETRY_S):
                return

    def _watch(self, inotify: INotify) -> bool:
        """Read each new frame; True when it is time to end, False when the folder is gone."""
        while True:
            self._readable(inotify, None)
            events = inotify.read(timeout=0)
            if not events and self._readable(None, 0):
                return True
            if any(event.mask & (flags.DELETE_SELF | flags.MOVE_SELF | flags.IGNORED) for event in events):
                return False
            if any(event.name == CURRENT or event.mask & flags.Q_OVERFLOW for event in events):
                self._read(first=False)

    def _readable(self, inotify: INotify | None, timeout_s: float | None) -> bool:
        """Wait; whether the end has come."""
        poller = select.poll()
        poller.register(self._stop, select.POLLIN)
        if inotify is not None:
            poller.register(inotify.fileno(), select.POLLIN)
        ready = poller.poll(None if timeout_s is None else timeout_s * 1000)
        return any(fd == self._stop for fd, _ in ready)

    def _read(self, first: bool) -> None:
        frame = read_current(self._images)
        if frame is None or (self._newest and self._newest.frame.name == frame.name):
            return
        # A frame from before our start has the age that its name tells.
        age_s = max(0.0, time.time() - frame.time_s) if first else 0.0
        with self._changed:
            self._newest = Seen(frame, time.monotonic() - age_s)
            self._changed.notify_all()
