"""What is drawn into pictures: privacy masks before anything else gets one, and stamps once it is upright.

Live frames and small stills are drawn into here, larger ones and other formats by a child process. What draws is
imported only while there are masks or stamps. A picture that cannot be masked is deleted.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stillcam.camera.driver import Driver, Still
from stillcam.camera.metadata import Metadata
from stillcam.capture.image_files import check_image, run_on_picture
from stillcam.common.errors import NO_MEMORY, CameraError, SettingsError, shortage
from stillcam.frames.files import WORK_PREFIX
from stillcam.frames.jpeg import InvalidJpeg
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.geometry import View
from stillcam.settings.mask_camera import unfit_masks
from stillcam.settings.schema import Settings
from stillcam.settings.stamp_text import Stamp, stamp_of

if TYPE_CHECKING:
    from stillcam.capture.library_writer.frame_recording import Edit
    from stillcam.edits.draw import MaskDrawer
    from stillcam.edits.stamp import StampDrawer
    from stillcam.motion.ring import Jpeg, TimedFrame

LARGEST_HERE = 1920 * 1088  # pixels of a picture that is masked in this process: it takes 12 MB for a moment
_MASKED = WORK_PREFIX + "masked"
_STAMPED = WORK_PREFIX + "stamped"
_MASKING, _STAMPING = ("masking the picture", "masked"), ("stamping the picture", "stamped")


class PictureEdits:
    """Draws the masks and stamps of the settings into pictures of a driver.

    Args:
        settings: gives those in force: of a new mask, the next picture has it already.
        camera: gives the one in use. If the masks were drawn for another one, pictures are black.
        interrupts: descriptors that end the work on a large still when they become readable.
    """

    def __init__(
        self,
        driver: Driver,
        settings: Callable[[], Settings],
        camera: Callable[[], CameraInfo | None],
        interrupts: Sequence[int],
    ) -> None:
        self._driver = driver
        self._camera = camera
        self._settings = settings
        self._interrupts = interrupts
        self._drawer: MaskDrawer | None = None
        self._stamper: StampDrawer | None = None
        self._privacy = settings().privacy  # of the newest still

    def frames(self, frames: list[bytes]) -> list[bytes]:
        """Mask the frames that the driver has just given; the same list if there are no masks.

        Raises:
            CameraError: `missing`: libturbojpeg is not installed; `torn`: one of them is incomplete; `short`: there is
                not enough memory.
        """
        masks = self._settings().privacy.masks
        return [self._masked(frame, masks, self.view) for frame in frames] if masks else frames

    def still(self, still: Still) -> Still:
        """Mask a still that the driver has just given, in its file.

        Raises:
            CameraError: as `frames`, `disk` if the folder is full, `options` if it is a raw photo, which may not be
                kept since a mask was set.
            Interrupted: one of the `interrupts` is readable.
            After these and any other error, the still is deleted.
        """
        self._privacy = self._settings().privacy
        if not (masks := self._privacy.masks):
            return still
        masked = still.path.with_name(_MASKED + still.path.suffix)
        try:
            if still.raw and (refused := raw_error(self._settings())):
                raise CameraError("options", refused)
            self._mask_file(still.path, masked, masks, self.view)
            masked.replace(still.path)
        except BaseException as error:
            for path in filter(None, (still.path, still.raw, masked)):
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
            if isinstance(error, OSError):
                cause = "short" if shortage(error) else "disk"
                raise CameraError(cause, f"{still.path.parent}: {error.strerror}") from error
            raise
        return still

    def renewed(self, still: Still) -> Still:
        """Mask the newest still again if commands have brought other masks since `still`; raises as it."""
        return still if self._settings().privacy == self._privacy else self.still(still)

    def cover_more(self, before: Settings) -> bool:
        """Whether the masks cover something that they did not with the settings `before`."""
        now, camera = self._settings(), self._camera()
        if set(now.privacy.masks) - set(before.privacy.masks):
            return True
        return bool(unfit_masks(now, camera)) and not unfit_masks(before, camera)

    @property
    def view(self) -> View:
        """What the newest picture of the driver shows, as far as masks may rely on it."""
        return self._trusted(self._driver.view)

    def frame(self, path: Path, view: View) -> Path:
        """A copy of a published frame with the masks that are set now, beside it; raises as `still`, and OSError."""
        masked = path.with_name(_MASKED + path.suffix)
        try:
            self._mask_file(path, masked, self._settings().privacy.masks, self._trusted(view))
        except BaseException:
            masked.unlink(missing_ok=True)
            raise
        return masked

    def _mask_file(self, source: Path, target: Path, masks: Sequence[str], view: View) -> None:
        width, height = check_image(source)
        if source.suffix == ".jpg" and width * height <= LARGEST_HERE:
            target.write_bytes(self._masked(source.read_bytes(), masks, view))
            return
        plan = {"masks": masks, "crops": view.crops, "flips": view.flips, "rotation": view.rotation}
        self._run_child(plan, source, target, _MASKING)

    def _run_child(self, plan: Mapping[str, Any], source: Path, target: Path, words: tuple[str, str]) -> None:
        argv = [sys.executable, "-m", "stillcam.edits", json.dumps(plan), str(source), str(target)]
        run_on_picture(argv, words, self._interrupts)

    def stamps(self, use: str) -> bool:
        """Whether the pictures of a use have a stamp: `live`, `photo`, `series`, `video` or `motion`."""
        return use in self._settings().stamp.uses

    def same_stamp(self, use: str) -> bool:
        """Whether the pictures of a use have a stamp if and only if published frames have one."""
        return self.stamps(use) == self.stamps("live")

    def stamp_file(self, path: Path, use: str, time_s: float, metadata: Metadata | None = None) -> None:
        """Draw the stamp of a use into a picture that is upright, if it has one; the file is replaced.

        Args:
            time_s: when it was taken, since the epoch.
            metadata: its own; None: those of the driver's newest picture.

        Raises:
            CameraError, Interrupted, OSError: it has no stamp; see `still`, but it is not deleted.
        """
        if not self.stamps(use):
            return
        stamp, stamped = self._stamp(time_s, metadata=metadata), path.with_name(_STAMPED + path.suffix)
        width, height = check_image(path)
        try:
            if path.suffix == ".jpg" and width * height <= LARGEST_HERE:
                stamped.write_bytes(self._draw_stamp(path.read_bytes(), stamp))
            else:
                self._run_child({"stamp": asdict(stamp)}, path, stamped, _STAMPING)
            stamped.replace(path)
        finally:
            stamped.unlink(missing_ok=True)

    def recorded(self, use: str, rotation: int) -> Edit:
        """What draws the stamp of a use into the frames of a recording, which players rotate by so many degrees.

        It is called by the thread that writes them. A frame that has been damaged is written as it is.
        """
        from stillcam.capture.library_writer.frame_recording import unchanged

        if not self.stamps(use):
            return unchanged
        from stillcam.edits.coefficients import DamagedJpeg
        from stillcam.edits.stamp import StampDrawer

        drawer, ahead_s = StampDrawer(), time.time() - time.monotonic()

        def stamped(frame: TimedFrame) -> Jpeg:
            try:
                return drawer.draw(bytes(frame[1]), self._stamp(frame[0] + ahead_s, rotation))
            except (InvalidJpeg, DamagedJpeg):
                return frame[1]

        return stamped

    def _stamp(self, time_s: float, rotation: int = 0, metadata: Metadata | None = None) -> Stamp:
        driver, settings = self._driver, self._settings().stamp
        known = driver.metadata if metadata is None else metadata
        return stamp_of(settings, time_s, socket.gethostname(), driver.model, known, rotation)

    def _draw_stamp(self, jpeg: bytes, stamp: Stamp) -> bytes:
        from stillcam.edits.stamp import StampDrawer

        stamper = self._stamper = self._stamper or StampDrawer()
        with _camera_errors("stamped"):
            return stamper.draw(jpeg, stamp)

    def _trusted(self, view: View) -> View:
        """The view as far as masks may rely on it: not if they were drawn for another camera."""
        return replace(view, crops=()) if unfit_masks(self._settings(), self._camera()) else view

    def _masked(self, jpeg: bytes, masks: Sequence[str], view: View) -> bytes:
        from stillcam.edits.draw import MaskDrawer

        drawer = self._drawer = self._drawer or MaskDrawer()
        with _camera_errors("masked"):
            return drawer.draw(jpeg, masks, view)


@contextlib.contextmanager
def _camera_errors(done: str) -> Iterator[None]:
    """Raise CameraError for what goes wrong with a JPEG that is to be `done`: masked or stamped."""
    from stillcam.edits.coefficients import DamagedJpeg, MissingLibrary

    try:
        yield
    except MissingLibrary as error:
        raise CameraError("missing", f"no picture can be {done}: {error}") from error
    except MemoryError as error:
        reason = f"the picture could not be {done}: {NO_MEMORY}; see free -m, or choose a smaller size"
        raise CameraError("short", reason) from error
    except (InvalidJpeg, DamagedJpeg) as error:
        raise CameraError("torn", f"the camera wrote an incomplete picture ({error}): is the disk full?") from error


def drawing_error(settings: Settings) -> SettingsError | None:
    """The error for masks or stamps that this machine cannot draw; None: it can, or there are none."""
    if not (settings.privacy.masks or settings.stamp.uses):
        return None
    from stillcam.edits.coefficients import MissingLibrary, check_library

    try:
        check_library()
    except MissingLibrary as error:
        masked = bool(settings.privacy.masks)
        words, field = ("masked", "privacy.masks") if masked else ("stamped", "stamp.uses")
        return SettingsError(f"no picture can be {words}: {error}", field)
    return None


def raw_error(settings: Settings) -> str | None:
    """Why raw photos are refused; None: they are not."""
    if settings.privacy.masks and not settings.privacy.raw:
        return "a raw photo would show what the privacy masks cover: take a photo, or allow it by privacy.raw"
    return None
