"""Frames as files: the contract of `images/` between writer and readers.

`current.jpg` is a relative symlink that always leads to one complete JPEG and is replaced by rename(2). A frame gets
its name only when it is complete; the one before it stays, so that a reader between readlink and open is safe. No other
frame is kept.
"""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from stillcam.common.errors import StillcamError
from stillcam.common.open_file import OpenFile
from stillcam.common.safe_read import open_regular

CURRENT = "current.jpg"
GRACE_S = 0.005  # a replaced frame stays at least so long: a reader may be between readlink and open
STILL_PREFIX = ".still_"  # of files that the camera driver writes and watches for: no others
WORK_PREFIX = ".work_"  # of files that the daemon makes of them, before they are frames
UNSTAMPED = WORK_PREFIX + "unstamped.jpg"  # the newest frame before its stamp, for previews; only while frames have one
STALE_GRACE_S = 5.0
DEFAULT_INTERVAL_S = 2.0  # between frames, until the daemon has reported its own
_NEW_LINK = ".current.jpg.new"
_NAME = re.compile(r"camera_(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)\.(\d{3})Z\.jpg", re.ASCII)


def frame_name(time_s: float) -> str:
    """The name of a frame taken at `time_s` (seconds since the epoch): `camera_20261120T234501.123Z.jpg`."""
    millis = int(time_s * 1000 + 0.5)
    year, month, day, hour, minute, second, *_ = time.gmtime(millis // 1000)
    return f"camera_{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}.{millis % 1000:03}Z.jpg"


def frame_time(name: str) -> float:
    """The time of a frame in seconds since the epoch, from its name.

    Raises:
        ValueError: not a frame's name.
    """
    match = _NAME.fullmatch(name)
    if not match:
        raise ValueError(f"not a frame's name: {name!r}")
    *whole, millis = map(int, match.groups())
    return datetime(*whole, tzinfo=UTC).timestamp() + millis / 1000  # type: ignore[arg-type, misc]


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture as published: its name, its time (seconds since the epoch), and its bytes or the file with them."""

    name: str
    time_s: float
    content: bytes | OpenFile

    @property
    def data(self) -> bytes:
        """Its bytes; an OSError if they cannot be read."""
        return self.content if isinstance(self.content, bytes) else self.content.read()

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return len(self.content) if isinstance(self.content, bytes) else self.content.size


def stale_after_s(interval_s: float) -> float:
    """The age from which the newest frame is stale (seconds), when there should be one every `interval_s`."""
    return 3 * interval_s + STALE_GRACE_S


def current_name(images: Path) -> str | None:
    """The name of the newest frame, or None before there is one."""
    try:
        name = os.readlink(images / CURRENT)
    except OSError:
        return None
    return name if _NAME.fullmatch(name) else None


def open_current(images: Path) -> Frame | None:
    """Open the newest frame, or None before there is one.

    If two frames are published meanwhile, the file is gone, and the newest one is opened instead.

    Raises:
        OSError: the folder cannot be read.
    """
    while (name := current_name(images)) is not None:
        try:
            return Frame(name, frame_time(name), OpenFile(open_regular(images / name)))
        except FileNotFoundError:
            if current_name(images) == name:  # the link dangles: the frame was deleted
                return None
    return None


class Publisher:
    """Publishes frames in `images/`; only one process may have it.

    Args:
        images: the folder; it must exist.
    """

    def __init__(self, images: Path) -> None:
        self._images = images
        self._folder = str(images)
        self._link = f"{images}/{CURRENT}"
        self._new_link = f"{images}/{_NEW_LINK}"
        self.current = current_name(images)
        self.previous: str | None = None
        self._replaced_s = 0.0  # when `previous` was

    def sweep(self) -> int:
        """Delete leftovers of a crash: partial frames, and all frames but the current one.

        Returns:
            how many files were deleted. Other files stay.
        """
        keep = self.current
        if keep and not (self._images / keep).is_file():
            os.unlink(self._link)
            keep = self.current = None
        self.previous = None
        swept = 0
        for entry in os.scandir(self._images):
            own = entry.name.startswith((STILL_PREFIX, WORK_PREFIX, ".probe-")) or entry.name == _NEW_LINK
            if own or (_NAME.fullmatch(entry.name) and entry.name != keep):
                try:
                    os.unlink(entry.path)
                    swept += 1
                except OSError as error:  # another user's, or a folder
                    logging.warning("cannot delete %s (%s): skipped", entry.path, error.strerror)
        return swept

    def publish(self, still: Path, now_s: float) -> str:
        """Give the complete JPEG `still` its name, make `current.jpg` lead to it, and delete the frame before the last.

        A reader opens the old frame or the new one, never a gap: rename(2) replaces a
        symlink atomically, where remove-then-create does not (`rpicam-still --latest`).

        Args:
            still: a file in the same folder; it is renamed.
            now_s: when it was taken, in seconds since the epoch.

        Returns:
            the frame's name, which is never one that is on disk already.

        Raises:
            OSError: the folder is full, read-only or gone; `current.jpg` is unchanged.
        """
        name = frame_name(now_s)
        while name in (self.current, self.previous):
            now_s += 0.001
            name = frame_name(now_s)
        if (left_s := self._replaced_s + GRACE_S - time.monotonic()) > 0:  # above 200 frames a second only
            time.sleep(left_s)
        os.rename(still, f"{self._folder}/{name}")
        try:
            os.symlink(name, self._new_link)
        except FileExistsError:  # the last rename failed
            os.unlink(self._new_link)
            os.symlink(name, self._new_link)
        os.rename(self._new_link, self._link)
        before, self.previous, self.current = self.previous, self.current, name
        self._replaced_s = time.monotonic()
        if before is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{self._folder}/{before}")
        return name

    def delete_previous(self) -> None:
        """Delete the frame before the current one now: it shows what nobody may see any more."""
        if self.previous is not None:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{self._folder}/{self.previous}")
            self.previous = None


def lock_folder(folder: Path) -> int:
    """Lock the images folder itself by flock(2), until the descriptor that is returned is closed.

    Raises:
        StillcamError: another capture daemon works in it.
    """
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(fd)
        raise StillcamError(
            f"another capture daemon uses {folder}: stop it (./start_camera_server.sh --stop),"
            " or set another STILLCAM_IMAGES and STILLCAM_DATA"
        ) from error
    return fd
