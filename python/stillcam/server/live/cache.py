"""The newest frame in memory: read once, shared by every viewer, and whoever waits is woken.

Each frame has a turnstile: a lock that is held until the next frame is there. Whoever waits
takes it and gives it on at once, so that viewers wake one after the other and each is sending
by the time the next one runs. With 300 viewers that takes a third of the processor time that
`Condition.notify_all` does, which wakes all of them to queue for one lock.
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
from stillcam.common.threads import record
from stillcam.common.utc import utc_text
from stillcam.frames.files import CURRENT, Frame, current_name, read_current
from stillcam.http.bodies import Blob
from stillcam.server.live.multipart import part

RETRY_S = 1.0  # until the images folder is there
ARRIVAL_S = 2.0  # from the daemon's word that a frame is out to the frame here
LOOK_S = 5.0  # without a frame, how often to see that the folder watched still is the one of that name
_EVENTS = flags.MOVED_TO | flags.DELETE_SELF | flags.MOVE_SELF | flags.ONLYDIR
_GONE = flags.DELETE_SELF | flags.MOVE_SELF | flags.IGNORED | flags.UNMOUNT


@dataclass(frozen=True, slots=True)
class Seen:
    """A frame as it is handed to viewers; everything about it that is the same for all is made once.

    Args:
        name: the frame's.
        time_s: when it was taken, in seconds since the epoch.
        seen_s: when it came, by the monotonic clock: an NTP jump must not make it old.
        sequence: how many frames this server had seen with it.
        tag: its ETag, in quotes.
        head: header lines of an answer with it.
        picture: the JPEG.
        part: the head of its part in a stream, and the rest of the part, of which `picture` is the beginning.
    """

    name: str
    time_s: float
    seen_s: float
    sequence: int
    tag: str
    head: bytes
    picture: Blob
    part: tuple[bytes, Blob]

    @classmethod
    def of(cls, frame: Frame, seen_s: float, sequence: int, mark: str = "") -> Seen:
        """Make what is sent of `frame`; `mark` distinguishes the tag of a version of it, such as a smaller one."""
        tag = f'"{frame.name}{mark}"'
        about = f"X-Frame-Time: {utc_text(frame.time_s)}\r\nX-Frame-Sequence: {sequence}\r\n".encode()
        head = b"Content-Type: image/jpeg\r\nETag: %b\r\n%b" % (tag.encode(), about)
        parts = part(frame.data, frame.time_s, about)
        picture = parts[1].first(len(frame.data))
        return cls(frame.name, frame.time_s, seen_s, sequence, tag, head, picture, parts)

    def age_s(self) -> float:
        """Seconds since it was published."""
        return max(0.0, time.monotonic() - self.seen_s)


class FrameCache:
    """Follows `images/` by inotify in a thread of its own, until closed.

    The folder may be missing, be removed, and be made again or mounted over at any time.
    """

    def __init__(self, images: Path) -> None:
        self._images = images
        # The newest frame and its turnstile: one value, so that nobody takes the one without the other.
        self._state: tuple[Seen | None, threading.Lock] = (None, _closed())
        self._stop = os.eventfd(0)
        self._told: int | None = None  # why frames could not be followed, as it stands in the log
        self._thread = threading.Thread(target=self._follow, name="frames", daemon=True)
        self._thread.start()

    @property
    def newest(self) -> Seen | None:
        """The newest frame; None before there is one."""
        return self._state[0]

    def wait_for_other(self, name: str, timeout_s: float) -> Seen | None:
        """Wait for a frame that is not the one called `name`; None if none comes in time."""
        seen, turnstile = self._state
        if seen is None or seen.name == name:
            if not turnstile.acquire(timeout=timeout_s):
                return None
            turnstile.release()
            seen = self.newest
        return seen

    def catch_up(self) -> str | None:
        """Wait until the frame that is in the folder now, or a later one, is the newest here.

        To be called once the daemon has said that a frame is out, before others are told so.

        Returns:
            the name of that frame if it has not come in time; None: it has.
        """
        wanted, until = current_name(self._images), time.monotonic() + ARRIVAL_S
        for _ in range(2):  # the first frame to come may have been read before
            seen, turnstile = self._state
            if wanted is None or (seen and seen.name == wanted):
                break
            if not turnstile.acquire(timeout=max(0.0, until - time.monotonic())):
                return wanted
            turnstile.release()
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
            except (FileNotFoundError, ValueError) as error:  # no folder yet; the link leads to a date that is none
                logging.debug("waiting for %s: %s", self._images, error)
            except OSError as error:
                self._go_without(error)
            except Exception as error:  # noqa: BLE001 - it is logged: without this thread no new frame would be shown
                with contextlib.suppress(MemoryError):
                    record("frames", error)
                    log.fault(f"reading a frame of {self._images}", error)
            if self._ends(None, RETRY_S):
                return

    def _go_without(self, error: OSError) -> None:
        """Look for a frame now and then, as long as the kernel does not tell of them."""
        if error.errno != self._told:
            self._told = error.errno
            hint = ": raise fs.inotify.max_user_instances (sysctl)" if error.errno == errno.EMFILE else ""
            logging.warning("cannot follow %s (%s)%s; looking every %g s", self._images, error.strerror, hint, RETRY_S)
        with contextlib.suppress(OSError, ValueError):
            self._read(first=self.newest is None)

    def _watch(self, inotify: INotify, folder: tuple[int, int]) -> bool:
        """Read each new frame; True when it is time to end, False when the folder is no longer there.

        A folder that is mounted over tells nothing, and neither does a deleted one that somebody has open.
        """
        while not self._ends(inotify, LOOK_S):
            events = inotify.read(timeout=0)
            if any(event.mask & _GONE for event in events) or (not events and _identity(self._images) != folder):
                return False
            if any(event.name == CURRENT or event.mask & flags.Q_OVERFLOW for event in events):
                self._read(first=False)
        return True

    def _ends(self, inotify: INotify | None, timeout_s: float) -> bool:
        """Wait for events, or as long; whether it is time to end."""
        poller = select.poll()
        poller.register(self._stop, select.POLLIN)
        if inotify is not None:
            poller.register(inotify.fileno(), select.POLLIN)
        return any(fd == self._stop for fd, _ in poller.poll(timeout_s * 1000))

    def _read(self, first: bool) -> None:
        frame, (newest, turnstile) = read_current(self._images), self._state
        if frame is None or (newest and newest.name == frame.name):
            return
        # A frame from before our start has the age that its name tells.
        age_s = max(0.0, time.time() - frame.time_s) if first else 0.0
        sequence = newest.sequence + 1 if newest else 1
        self._state = Seen.of(frame, time.monotonic() - age_s, sequence), _closed()
        turnstile.release()


def _closed() -> threading.Lock:
    lock = threading.Lock()
    lock.acquire()
    return lock


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino
