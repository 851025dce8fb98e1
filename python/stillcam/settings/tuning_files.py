"""Tuning files of libcamera: those of this board, the selected one, and the modes that it defines."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from stillcam.common.errors import CameraError
from stillcam.common.safe_read import parse_json, read_regular
from stillcam.settings.schema import Settings

Modes = Mapping[str, frozenset[str]]  # control -> its values

OWN = Path("/etc/libcamera/ipa/rpi")  # a file here overrides libcamera's own of the same name
SHARE = (Path("/usr/share/libcamera/ipa/rpi"), Path("/usr/local/share/libcamera/ipa/rpi"))
COMPATIBLE = Path("/proc/device-tree/compatible")
MAX_TUNING_BYTES = 4 << 20  # libcamera's own have up to 100 kB

# Where a tuning file lists the modes of a control: algorithm, key (src/ipa/rpi/controller/rpi: awb.cpp,
# agc_channel.cpp). Their names are those of the control's values, with dashes: CentreWeighted is `centre-weighted`.
_MODES = {
    "AwbMode": ("awb", "modes"),
    "AeExposureMode": ("agc", "exposure_modes"),
    "AeMeteringMode": ("agc", "metering_modes"),
    "AeConstraintMode": ("agc", "constraint_modes"),
}
_LAST_COMMA = re.compile(rb",(?=\s*[\]}])")  # libcamera parses the files as YAML, which allows it


def board_compatible() -> str:
    """The board according to the device tree (`raspberrypi,5-model-b brcm,bcm2712`); empty without a device tree."""
    try:
        return COMPATIBLE.read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def folder() -> Path | None:
    """libcamera's folder of tuning files for this board: `pisp` on a Pi 5, else `vc4`; None without libcamera."""
    kind = "pisp" if "bcm2712" in board_compatible() else "vc4"
    return next((place for share in SHARE if (place := share / kind).is_dir()), None)


def files(place: Path) -> list[str]:
    """The names of the tuning files in a folder."""
    return sorted(path.name for path in place.glob("*.json"))


def with_tuning_path(settings: Settings) -> Settings:
    """`settings` with the path of the tuning file instead of its name.

    libcamera opens LIBCAMERA_RPI_TUNING_FILE as it is, and does not open the camera if the file does not exist.

    Raises:
        CameraError: the file does not exist.
    """
    name = settings.camera.tuning_file
    if not name:
        return settings
    path = (folder() or Path("/")) / name  # an absolute name stays as it is
    if not path.is_file():
        raise CameraError("options", f"there is no tuning file {path}: choose another one, or none")
    return replace(settings, camera=replace(settings.camera, tuning_file=str(path)))


def modes(tuning_file: str, camera: Mapping[str, Any] | None) -> Modes | None:
    """The modes that the tuning file in use defines, by control.

    The algorithms ignore a mode that it does not define ("No metering mode", agc_channel.cpp).

    Args:
        tuning_file: as set; empty: the sensor's own, which has the sensor's name.
        camera: as in the daemon's status.

    Returns:
        None if the file does not exist or cannot be read.
    """
    path = _file_in_use(tuning_file, camera or {})
    try:
        return _modes(path, path.stat().st_mtime_ns) if path else None
    except (OSError, ValueError):
        return None


def _file_in_use(tuning_file: str, camera: Mapping[str, Any]) -> Path | None:
    place, model, limits = folder(), camera.get("model"), camera.get("limits")
    if tuning_file:
        return (place or Path("/")) / tuning_file
    if place is None or not model:
        return None
    # A monochrome sensor has no AwbMode, and a file of its own (pipeline_base.cpp, loadIPA).
    name = f"{model}{'_mono' if limits and 'AwbMode' not in limits else ''}.json"
    return next((path for path in (OWN / place.name / name, place / name) if path.is_file()), None)


@lru_cache(maxsize=8)
def _modes(path: Path, _changed_ns: int) -> Modes:
    """Raises OSError or ValueError if the file cannot be read or is not a tuning file."""
    document = parse_json(_LAST_COMMA.sub(b"", read_regular(Path(os.path.realpath(path)), MAX_TUNING_BYTES)))
    if not isinstance(document, dict):
        raise ValueError(f"{path} is not a tuning file")
    listed = document.get("algorithms", [document])  # version 1 has them at the top
    found: dict[str, Any] = {}
    for algorithms in listed if isinstance(listed, list) else []:
        for name, parameters in algorithms.items() if isinstance(algorithms, dict) else []:
            if isinstance(parameters, dict) and parameters.get("enabled", True):
                found.setdefault(name.rpartition(".")[2], parameters)
    channels = found.get("agc", {}).get("channels")
    if isinstance(channels, list) and channels and isinstance(channels[0], dict):
        found["agc"] = channels[0]  # the others are for HDR
    if not found:
        raise ValueError(f"{path} is not a tuning file")
    return {control: _values(found.get(kind, {}).get(key)) for control, (kind, key) in _MODES.items()}


def _values(named: object) -> frozenset[str]:
    names = named if isinstance(named, dict) else {}
    return frozenset("".join(word.capitalize() for word in name.split("-")) for name in names)
