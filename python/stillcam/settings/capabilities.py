"""What a camera and its driver can do, as in the daemon's status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from stillcam.settings.controls import CONTROLS
from stillcam.settings.encoder import EncoderLimits


@dataclass(frozen=True, slots=True)
class SensorMode:
    """One width x height x bit depth that the sensor offers.

    Args:
        format: libcamera's name (`SRGGB10_CSI2P`).
        size: width, height in pixels.
        bit_depth: bits a sample; None: not known.
        fps: the highest frame rate; None: not known.
        crop: x, y, width, height in sensor pixels; None: not known.
    """

    format: str
    size: tuple[int, int]
    bit_depth: int | None
    fps: float | None
    crop: tuple[int, int, int, int] | None


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """One camera as listed: its number, sensor and modes.

    Args:
        colour: Bayer order (`RGGB` …), or `MONO`; None: not known.
        limits: control -> lowest and highest value, or None if it is not a number; None as a whole: not known.
        held: it was not opened for the list, because another process may use it: of its modes only the sizes are known.
    """

    index: int
    model: str
    size: tuple[int, int]
    bit_depth: int | None
    colour: str | None
    path: str
    modes: tuple[SensorMode, ...]
    limits: Mapping[str, tuple[float, float] | None] | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The differences between drivers.

    Args:
        refused: control -> why it cannot be set.
        windows: the number of focus windows that are possible at once.
        live: whether controls change while the camera runs; otherwise the camera program is restarted.
        stills_in_videos: whether stills are possible during a video, as frames of it.
        encoder: the limits of the board's H.264 encoder; None: none that a setting reaches.
    """

    refused: Mapping[str, str] = field(default_factory=dict)
    windows: int = 1
    live: bool = False
    stills_in_videos: bool = False
    encoder: EncoderLimits | None = None

    def to_json(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


RPICAM = Capabilities(refused={name: control.reason for name, control in CONTROLS.items() if control.reason})
PICAMERA2 = Capabilities(windows=int(CONTROLS["AfWindows"].high or 1), live=True, stills_in_videos=True)
