"""The tuning files that come with libcamera, and the one that is chosen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from stillcam.errors import CameraError
from stillcam.settings import Settings

SHARE = (Path("/usr/share/libcamera/ipa/rpi"), Path("/usr/local/share/libcamera/ipa/rpi"))
COMPATIBLE = Path("/proc/device-tree/compatible")


def board() -> str:
    """What the device tree says of this board (`raspberrypi,5-model-b brcm,bcm2712`); empty where there is none."""
    try:
        return COMPATIBLE.read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def folder() -> Path | None:
    """Where libcamera keeps this board's tuning files: `pisp` on a Pi 5, else `vc4`; None without libcamera."""
    kind = "pisp" if "bcm2712" in board() else "vc4"
    return next((place for share in SHARE if (place := share / kind).is_dir()), None)


def files(place: Path) -> list[str]:
    """The names of the tuning files in a folder."""
    return sorted(path.name for path in place.glob("*.json"))


def with_tuning_path(settings: Settings) -> Settings:
    """`settings` with the tuning file's path instead of its name.

    libcamera opens LIBCAMERA_RPI_TUNING_FILE as it is, and without the file there is no camera.

    Raises:
        CameraError: there is no such file.
    """
    name = settings.camera.tuning_file
    if not name:
        return settings
    path = (folder() or Path("/")) / name  # an absolute name stands for itself
    if not path.is_file():
        raise CameraError("options", f"there is no tuning file {path}: choose another one, or none")
    return replace(settings, camera=replace(settings.camera, tuning_file=str(path)))
