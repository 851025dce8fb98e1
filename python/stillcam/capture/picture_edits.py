"""Privacy masks in what the camera gives: before anything else of the daemon gets a picture.

Live frames and small stills are masked here, larger ones and other formats by a child process. What draws is imported
only while there are masks. A picture that cannot be masked is deleted.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from stillcam.camera.driver import Driver, Interrupted, Still
from stillcam.capture.image_files import check_image, run_on_picture
from stillcam.common.errors import CameraError, SettingsError
from stillcam.frames.files import WORK_PREFIX
from stillcam.frames.jpeg import InvalidJpeg
from stillcam.settings.schema import PrivacySettings, Settings

if TYPE_CHECKING:
    from stillcam.edits.draw import MaskDrawer

LARGEST_HERE = 1920 * 1088  # pixels of a picture that is masked in this process: it takes 12 MB for a moment
_MASKED = WORK_PREFIX + "masked"
_MASKING = "masking the picture", "masked"


class PictureEdits:
    """Draws the masks of the settings into pictures of a driver.

    Args:
        privacy: gives the settings in force: of a new mask, the next picture has it already.
        interrupts: descriptors that end the work on a large still when they become readable.
    """

    def __init__(self, driver: Driver, privacy: Callable[[], PrivacySettings], interrupts: Sequence[int]) -> None:
        self._driver = driver
        self._privacy = privacy
        self._interrupts = interrupts
        self._drawer: MaskDrawer | None = None

    def frames(self, frames: list[bytes]) -> list[bytes]:
        """Mask the frames that the driver has just given; the same list if there are no masks.

        Raises:
            CameraError: `missing`: libturbojpeg is not installed; `torn`: one of them is incomplete.
        """
        masks = self._privacy().masks
        return [self._masked(frame, masks) for frame in frames] if masks else frames

    def still(self, still: Still) -> Still:
        """Mask a still that the driver has just given, in its file; without a DNG that may not be kept.

        Raises:
            CameraError: as `frames`, `disk` if the folder is full; the still is deleted.
            Interrupted: one of the `interrupts` is readable; the still is deleted.
        """
        privacy = self._privacy()
        if not privacy.masks:
            return still
        raw = still.raw
        masked = still.path.with_name(_MASKED + still.path.suffix)
        try:
            if raw and not privacy.raw:
                raw.unlink(missing_ok=True)
                raw = None
            self._mask_file(still, masked, privacy.masks)
            masked.replace(still.path)
        except (OSError, CameraError, Interrupted) as error:
            for path in filter(None, (still.path, still.raw, masked)):
                path.unlink(missing_ok=True)
            if isinstance(error, OSError):
                raise CameraError("disk", f"{still.path.parent}: {error.strerror}") from error
            raise
        return Still(still.path, still.time_s, raw)

    def _mask_file(self, still: Still, target: Path, masks: Sequence[str]) -> None:
        source, view = still.path, self._driver.view
        width, height = check_image(source)
        if source.suffix == ".jpg" and width * height <= LARGEST_HERE:
            target.write_bytes(self._masked(source.read_bytes(), masks))
            return
        plan = json.dumps({"masks": masks, "crops": view.crops, "flips": view.flips})
        run_on_picture(
            [sys.executable, "-m", "stillcam.edits", plan, str(source), str(target)], _MASKING, self._interrupts
        )

    def _masked(self, jpeg: bytes, masks: Sequence[str]) -> bytes:
        from stillcam.edits.coefficients import DamagedJpeg, MissingLibrary
        from stillcam.edits.draw import MaskDrawer

        drawer = self._drawer = self._drawer or MaskDrawer()
        try:
            return drawer.draw(jpeg, masks, self._driver.view)
        except MissingLibrary as error:
            raise CameraError("missing", f"no picture can be masked: {error}") from error
        except (InvalidJpeg, DamagedJpeg) as error:
            raise CameraError("torn", f"the camera wrote an incomplete picture ({error}): is the disk full?") from error


def masks_error(settings: Settings) -> SettingsError | None:
    """The error for masks that this machine cannot draw; None: it can, or there are none."""
    if not settings.privacy.masks:
        return None
    from stillcam.edits.coefficients import MissingLibrary, check_library

    try:
        check_library()
    except MissingLibrary as error:
        return SettingsError(f"no picture can be masked: {error}", "privacy.masks")
    return None


def raw_error(settings: Settings) -> str | None:
    """Why raw photos are refused; None: they are not."""
    if settings.privacy.masks and not settings.privacy.raw:
        return "a raw photo would show what the privacy masks cover: take a photo, or allow it by privacy.raw"
    return None
