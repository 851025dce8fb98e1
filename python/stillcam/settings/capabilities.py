"""The capabilities of a camera and its driver, as in the daemon's status.

`python -m stillcam.settings.capabilities` updates the tables in docs/reference/drivers.md, which come from here and
from the table of controls.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stillcam.settings.controls import CONTROLS, Control
from stillcam.settings.encoder import EncoderLimits

DOCUMENT = Path(__file__).resolve().parents[3] / "docs/reference/drivers.md"


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
        limits: what the camera itself names: control -> (low, high), or None for one that is no
            number; None as a whole where the camera program does not say.
        held: it was not opened for the list, as another process has it or may have it: of its modes only the sizes
            are known.
    """

    index: int
    model: str
    size: tuple[int, int]
    bit_depth: int | None
    colour: str | None  # Bayer order (RGGB ...), MONO, or None where not said
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
        return {
            "refused": dict(self.refused),
            "windows": self.windows,
            "live": self.live,
            "stills_in_videos": self.stills_in_videos,
            "encoder": self.encoder and self.encoder.to_json(),
        }


RPICAM = Capabilities(refused={name: control.reason for name, control in CONTROLS.items() if control.reason})
PICAMERA2 = Capabilities(windows=int(CONTROLS["AfWindows"].high or 1), live=True, stills_in_videos=True)

# Feature, rpicam, picamera2.
FEATURES = (
    ("runs", "`rpicam-still`, `rpicam-vid` (or `libcamera-…`)", "the library picamera2, in a child process"),
    ("a process that hangs or dies", "is restarted", "is restarted"),
    ("snapshots", "`rpicam-still --signal`", "`create_still_configuration`"),
    ("zero shutter lag (`snapshot.zsl`)", "`--zsl`", "stills from the running configuration"),
    ("photos as JPEG, PNG, BMP", "yes", "yes"),
    ("raw photos (DNG)", "`--raw`", "`save_dng`"),
    ("live view (MJPEG)", "`rpicam-vid --codec mjpeg`", "`create_preview_configuration`, `JpegEncoder`"),
    ("video: H.264 in MP4", "`--codec libav`, or by ffmpeg", "`H264Encoder`, `PyavOutput` or `FfmpegOutput`"),
    ("video: bare H.264, MJPEG", "yes", "yes"),
    ("fresh pictures during a video", "no: the last one before it stays", "yes: frames of the video"),
    ("sound in videos", "`--libav-audio`", "the encoder's `audio`"),
    ("changed controls", "restart the program", "take effect at once"),
    ("change of use (photo, video, live)", "the program restarts", "the camera stays open"),
    ("autofocus before each still (`AfTrigger`)", "`--autofocus-on-capture`", "`autofocus_cycle`"),
    ("focus windows", str(RPICAM.windows), str(PICAMERA2.windows)),
    ("flips, rotation by 180°", "`--hflip`, `--vflip`", "`Transform`"),
    ("rotation by 90° and 270°", "on the JPEG", "on the JPEG"),
    ("sensor modes", "`--mode`", "`sensor`"),
    ("tuning files", "`--tuning-file`", "`tuning`"),
    ("buffers (`buffer_count`)", "`--buffer-count`", "`buffer_count`"),
    ("colour space", "the program's choice", "sYCC for pictures; Rec. 709 or SMPTE 170M for videos"),
    ("HDR of the sensor (Camera Module 3)", "`--hdr sensor`", "by the sensor's device"),
    ("USB cameras", "if rpicam-apps list them", "with MJPEG: stills and live view; no raw photos, no videos"),
    ("metadata of each frame", "`--metadata`; for videos with MJPEG only", "`get_metadata`"),
)

# Controls that no option sets alone, and what sets them.
COMBINED_OPTIONS = {
    "AfMetering": "with `--autofocus-window`",
    "AfWindows": "`--autofocus-window`, one",
    "AfTrigger": "`--autofocus-on-capture`",
    "AeEnable": "by `--shutter`, `--gain`",
    "AeFlickerMode": "by `--flicker-period`",
    "AeFlickerPeriod": "`--flicker-period`",
    "FrameDurationLimits": "`--framerate`, one time",
    "AwbEnable": "by `--awbgains`",
}
# Controls that picamera2 does not set live, or not always.
NOT_ALWAYS_LIVE = {
    "AfTrigger": "`autofocus_cycle`, of stills",
    "HdrMode": "live; `Sensor` opens the camera again",
}


def feature_table() -> list[str]:
    """The features of each driver, as lines of Markdown."""
    return ["| what | rpicam | picamera2 |", "| --- | --- | --- |", *(f"| {' | '.join(row)} |" for row in FEATURES)]


def control_table() -> list[str]:
    """How each driver sets each control, as lines of Markdown."""
    head = ["| control | rpicam | picamera2 |", "| --- | --- | --- |"]
    return head + [f"| `{name}` | {_rpicam(control)} | {_picamera2(name)} |" for name, control in CONTROLS.items()]


def _rpicam(control: Control) -> str:
    if control.name in RPICAM.refused:
        return f"no: {RPICAM.refused[control.name]}"
    return f"`{control.option}`" if control.option else COMBINED_OPTIONS[control.name]


def _picamera2(name: str) -> str:
    if name in PICAMERA2.refused:
        return f"no: {PICAMERA2.refused[name]}"
    return NOT_ALWAYS_LIVE.get(name, "live")


def updated(text: str) -> str:
    """The document with its tables up to date."""
    tables = iter((feature_table(), control_table()))
    return re.sub(r"(?:^\|.*\n)+", lambda _: "\n".join(next(tables)) + "\n", text, flags=re.MULTILINE)


if __name__ == "__main__":
    DOCUMENT.write_text(updated(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
