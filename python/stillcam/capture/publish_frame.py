"""From the camera's file to a frame: check, rotate, drop the thumbnail, publish, notice a frozen sensor."""

from __future__ import annotations

import contextlib
import logging
import os
import time
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from stillcam.camera.driver import Interrupted, Still
from stillcam.capture.image_files import check_frame, check_image, link_or_copy, rotate
from stillcam.capture.picture_edits import PictureEdits
from stillcam.capture.status import Histogram
from stillcam.common.errors import CameraError
from stillcam.common.folders import LINKS, unwritable
from stillcam.frames.files import UNSTAMPED, WORK_PREFIX, Publisher, frame_time
from stillcam.frames.jpeg import InvalidJpeg, picture_offset
from stillcam.settings.geometry import View

FROZEN_FRAMES = 10  # identical pictures in a row, apart from EXIF, that count as a frozen sensor ...
FROZEN_S = 10.0  # ... if they span at least this time
_ROTATED = WORK_PREFIX + "turned.jpg"
_PLAIN = WORK_PREFIX + "plain.jpg"
_LIVE = WORK_PREFIX + "live.jpg"
_SHOWN = WORK_PREFIX + "shown.jpg"
_BLACK_SIZE = 640, 480  # of a black frame in place of one whose size is not known
_UNSTAMPED_NEW = WORK_PREFIX + "unstamped.new"


class FramePublisher:
    """Publishes stills as frames in the images folder.

    Args:
        images: the folder; leftovers of a crash are removed.
        rotation: clockwise degrees, which may be changed; 90 and 270 are done here, 180 by the camera.
        jpegtran: path of the program, None without.
        durations: counts how long each `publish` takes.
        stops: descriptors that end a rotation when they become readable.
        edits: draws the stamp of frames; None: they have none.
    """

    def __init__(
        self,
        images: Path,
        rotation: int,
        jpegtran: str | None,
        durations: Histogram,
        stops: Sequence[int] = (),
        edits: PictureEdits | None = None,
    ) -> None:
        self._images = images
        self.rotation = rotation
        self._jpegtran = jpegtran
        self._durations = durations
        self._stops = stops
        self._edits = edits
        self._publisher = Publisher(images)
        self._size = 0  # bytes of the newest frame
        self._checksum: int | None = None  # of the newest frame before its stamp, which changes every second
        self._same = 0
        self._same_since = 0.0
        self._frozen = False
        self._view = View((), (False, False))  # of the newest frame
        self._unstamped = False  # whether there is a picture without its stamp
        if removed := self._publisher.sweep():
            logging.info("removed %s leftover files from %s", removed, images)

    def publish(self, still: Still) -> str:
        """Publish a still that the camera has closed, and return the frame's name.

        Raises:
            CameraError: `torn` if it is no whole JPEG (it is deleted), `disk` if the folder is
                full or gone. The frame before stays current.
            Interrupted: one of the `stops` is readable.
        """
        path, began_s = still.path, time.monotonic()
        with self._deleted_on_failure(path):
            if self.rotation in (90, 270):
                check_image(path)
                rotated = self._images / _ROTATED
                rotate(path, rotated, self.rotation, self._jpegtran, self._stops)
                path.unlink()
                path = rotated
            checksum = None
            if self._edits and self._edits.stamps("live"):
                checksum = _checksum(path)
                self._keep_unstamped(path)
                self._edits.stamp_file(path, "live", still.time_s)
            elif self._unstamped:
                (self._images / UNSTAMPED).unlink(missing_ok=True)
                self._unstamped = False
            return self._finish(path, still.time_s, began_s, checksum)

    def publish_live(self, frame: bytes, time_s: float) -> str:
        """Publish one whole JPEG from the stream; the rest as `publish`."""
        path = self._images / _LIVE
        with self._deleted_on_failure(path):
            path.write_bytes(frame)
        return self.publish(Still(path, time_s))

    def publish_copy(self, picture: Path, time_s: float) -> str:
        """Publish a copy of a complete picture that has been rotated already; raises as `publish`."""
        path, began_s = self._images / _SHOWN, time.monotonic()
        with self._deleted_on_failure(path):
            path.unlink(missing_ok=True)
            link_or_copy(picture, path)
            return self._finish(path, time_s, began_s)

    def mask_current(self) -> str | None:
        """Publish the newest frame once more, with the masks that are set now, and delete the one without them.

        Returns:
            its name; None: there is no frame. If it cannot be masked, it is black, which is logged.

        Raises:
            Interrupted: the daemon ends; it is black.
            OSError: it shows what is to be masked: not even a black one could be written.
        """
        if self.current is None or self._edits is None:
            return None
        shown = self._images / self.current
        try:
            masked = self._edits.frame(shown, self._view)
            self._replace_current(masked)
        except (CameraError, OSError) as error:
            self._blacken(shown)
            logging.error("the newest picture is black now: its new privacy mask could not be drawn: %s", error)
        except BaseException:
            self._blacken(shown)
            raise
        return self.current

    @property
    def current(self) -> str | None:
        """The name of the newest frame; None: there is none."""
        return self._publisher.current

    def _blacken(self, shown: Path) -> None:
        """Replace the newest frame by a black one."""
        from stillcam.edits.black import black_jpeg

        try:
            size = check_image(shown)
        except (CameraError, OSError):
            size = _BLACK_SIZE
        for path in (shown, self._images / UNSTAMPED):  # on a full disk, they make room
            path.unlink(missing_ok=True)
        black = self._images / _SHOWN
        black.write_bytes(black_jpeg(*size))
        self._replace_current(black)

    def _replace_current(self, picture: Path) -> None:
        """Publish a picture in place of the newest frame, of the same time, and delete that one."""
        (self._images / UNSTAMPED).unlink(missing_ok=True)
        self._publisher.publish(picture, frame_time(str(self.current)))
        self._publisher.delete_previous()

    def check_frozen(self) -> None:
        """Detect a sensor that hangs: its pictures have been identical, apart from EXIF, for a while.

        Raises:
            CameraError: `frozen`; only once until the picture changes, because more restarts do not help.
        """
        if self._same == 0:
            self._frozen = False
        elif not self._frozen and self._same >= FROZEN_FRAMES and time.monotonic() - self._same_since >= FROZEN_S:
            self._frozen = True
            raise CameraError(
                "frozen", "the picture does not change at all: the sensor hangs, or it is completely dark"
            )

    def _finish(self, path: Path, time_s: float, began_s: float, checksum: int | None = None) -> str:
        size, thumbnail = check_frame(path)
        if thumbnail:
            path = self._without(thumbnail, path)
        self._compare(path, size, checksum)
        name = self._publisher.publish(path, time_s)
        if self._edits:
            view, rotated = self._edits.view, self.rotation in (90, 270)
            self._view = View(view.crops, view.flips, self.rotation) if rotated else view
        self._durations.add(time.monotonic() - began_s)
        return name

    def _keep_unstamped(self, path: Path) -> None:
        """Keep the picture without its stamp beside the frame: the server shows other stamps on it."""
        new = self._images / _UNSTAMPED_NEW
        link_or_copy(path, new)
        new.replace(self._images / UNSTAMPED)
        self._unstamped = True

    def _without(self, thumbnail: list[tuple[int, int]], path: Path) -> Path:
        """A copy of the file without the thumbnail in its EXIF, in its place.

        Programs that cut a stream at the first and last bytes of a JPEG would cut at the thumbnail. The file itself
        is not changed: the driver takes each file that is closed after writing for a new still, and it may be a
        hard link to a picture of a series.
        """
        import shutil

        plain = self._images / _PLAIN
        shutil.copyfile(path, plain)
        with plain.open("r+b") as copy:
            for start, end in thumbnail:
                os.pwrite(copy.fileno(), bytes(end - start), start)
        path.unlink()
        return plain

    @contextlib.contextmanager
    def _deleted_on_failure(self, picture: Path) -> Iterator[None]:
        """Delete a picture that becomes no frame, as far as the folder allows."""
        try:
            yield
        except (OSError, CameraError, Interrupted) as error:
            with contextlib.suppress(OSError):
                for path in (picture, self._images / _ROTATED, self._images / _PLAIN):
                    path.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise CameraError("disk", unwritable(self._images, error, (LINKS,))) from error
            raise

    def _compare(self, path: Path, size: int, checksum: int | None) -> None:
        """Count how many pictures in a row are the same but for their EXIF.

        Files are read only when the sizes are equal, which noise makes rare.

        Args:
            size: of this one, in bytes.
            checksum: of it before it got its stamp; None: it has none.
        """
        before, size_before, self._size = self._publisher.current, self._size, size
        checksum_before, self._checksum = self._checksum, checksum
        if checksum is not None:
            same = checksum == checksum_before
        else:
            same = bool(before) and size == size_before and _same_picture(path, self._images / str(before))
        if same:
            self._same += 1
        else:
            self._same = 0
            self._same_since = time.monotonic()


def _checksum(path: Path) -> int:
    """Of a picture without its EXIF."""
    data = path.read_bytes()
    try:
        return zlib.crc32(data[picture_offset(data) :])
    except InvalidJpeg as error:
        raise CameraError("torn", f"the camera wrote an incomplete picture ({error}): is the disk full?") from error


def _same_picture(path: Path, other: Path) -> bool:
    try:
        one, two = path.read_bytes(), other.read_bytes()
        return one[picture_offset(one) :] == two[picture_offset(two) :]
    except FileNotFoundError:
        return False
