"""What a camera and its driver can do, as in the daemon's status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from stillcam.settings.controls import CONTROLS
from stillcam.settings.encoder import EncoderLimits


@dataclass(frozen=True, slots=True)
class SensorMode:
    """One width x height x bit depth that the sensor offers; None stands for what is not known."""

    format: str  # libcamera's name (`SRGGB10_CSI2P`)
    size: tuple[int, int]  # width, height in pixels
    bit_depth: int | None  # bits a sample
    fps: float | None  # the highest frame rate
    crop: tuple[int, int, int, int] | None  # x, y, width, height in sensor pixels


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """One camera as listed; None stands for what is not known.

    Args:
        limits: control -> lowest and highest value, or None if it is not a number.
        held: it was not opened for the list, because another process may use it: of its modes only the sizes are known.
    """

    index: int
    model: str
    size: tuple[int, int]
    bit_depth: int | None
    colour: str | None  # Bayer order (`RGGB` …), or `MONO`
    path: str
    modes: tuple[SensorMode, ...]
    limits: Mapping[str, tuple[float, float] | None] | None = None
    held: bool = False

    def as_held(self) -> CameraInfo:
        """The same, as it is listed while another process uses it."""
        modes = tuple(replace(mode, fps=None, crop=None) for mode in self.modes)
        return replace(self, modes=modes, limits=None, held=True)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """The differences between drivers."""

    refused: Mapping[str, str] = field(default_factory=dict)  # control -> why it cannot be set
    windows: int = 1  # focus windows at once
    live: bool = False  # controls change while the camera runs; otherwise the camera program is restarted
    stills_in_videos: bool = False  # stills are possible during a video, as frames of it
    encoder: EncoderLimits | None = None  # of the board's H.264 encoder; None: none that a setting reaches

    def to_json(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


RPICAM = Capabilities(refused={name: control.reason for name, control in CONTROLS.items() if control.reason})
PICAMERA2 = Capabilities(windows=int(CONTROLS["AfWindows"].high or 1), live=True, stills_in_videos=True)
