"""What a camera offers, and what its driver can set: part of the daemon's status, whichever driver it is.

`python -m stillcam.settings.capabilities` writes docs/drivers.md's tables anew, which come from here and from the
table of controls.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stillcam.settings.controls import CONTROLS, Control
from stillcam.settings.encoder import Encoder

DOCUMENT = Path(__file__).resolve().parents[3] / "docs/drivers.md"


@dataclass(frozen=True, slots=True)
class SensorMode:
    """One width x height x bit depth that the sensor offers.

    Args:
        format: libcamera's name (`SRGGB10_CSI2P`).
        size: width, height in pixels.
        bit_depth: bits a sample; None where the camera program does not say.
        fps: the highest frame rate; None where the camera program does not say.
        crop: x, y, width, height in sensor pixels; None where the camera program does not say.
    """

    format: str
    size: tuple[int, int]
    bit_depth: int | None
    fps: float | None
    crop: tuple[int, int, int, int] | None


@dataclass(frozen=True, slots=True)
class Camera:
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
    """What differs from driver to driver.

    Args:
        refused: control -> why it cannot be set.
        windows: how many focus windows there can be at once.
        live: controls change while the camera runs; else the camera program is started again.
        stills_in_videos: stills can be asked for while a video is made: frames of the video.
        encoder: the limits of the board's H.264 encoder; None: none that a setting reaches.
    """

    refused: Mapping[str, str] = field(default_factory=dict)
    windows: int = 1
    live: bool = False
    stills_in_videos: bool = False
    encoder: Encoder | None = None

    def message(self) -> dict[str, Any]:
        """As JSON carries it."""
        return {
            "refused": dict(self.refused),
            "windows": self.windows,
            "live": self.live,
            "stills_in_videos": self.stills_in_videos,
            "encoder": self.encoder and self.encoder.message(),
        }


RPICAM = Capabilities(refused={name: control.reason for name, control in CONTROLS.items() if control.reason})
PICAMERA2 = Capabilities(windows=int(CONTROLS["AfWindows"].high or 1), live=True, stills_in_videos=True)

# What, and how each driver does it.
FEATURES = (
    ("runs", "`rpicam-still`, `rpicam-vid` (or `libcamera-…`)", "the library picamera2, in a child process"),
    ("a camera program that hangs or dies", "is ended and started again", "is ended and started again"),
    ("snapshots", "`rpicam-still --signal`", "`create_still_configuration`"),
    ("zero shutter lag (`snapshot.zsl`)", "`--zsl`", "stills out of the running configuration"),
    ("photos as JPEG, PNG, BMP", "yes", "yes"),
    ("raw photos (DNG)", "`--raw`", "`save_dng`"),
    ("live view (MJPEG)", "`rpicam-vid --codec mjpeg`", "`create_preview_configuration`, `JpegEncoder`"),
    ("video: H.264 in MP4", "`--codec libav`, or by ffmpeg", "`H264Encoder`, `PyavOutput` or `FfmpegOutput`"),
    ("video: bare H.264, MJPEG", "yes", "yes"),
    ("a fresh picture while a video is made", "no: the last one before it stays", "yes: out of the video"),
    ("sound in videos", "`--libav-audio`", "the encoder's `audio`"),
    ("controls that change", "the program is started again", "at once, while the camera runs"),
    ("the first picture after a change of use", "the program is started again", "the camera stays open"),
    ("autofocus before each still (`AfTrigger`)", "`--autofocus-on-capture`", "`autofocus_cycle`"),
    ("focus windows at once", str(RPICAM.windows), str(PICAMERA2.windows)),
    ("flips, rotation by 180°", "`--hflip`, `--vflip`", "`Transform`"),
    ("rotation by 90° and 270°", "on the JPEG", "on the JPEG"),
    ("sensor modes", "`--mode`", "`sensor`"),
    ("tuning files", "`--tuning-file`", "`tuning`"),
    ("buffers (`buffer_count`)", "`--buffer-count`", "`buffer_count`"),
    ("colour space", "the program's choice", "sYCC for pictures; Rec. 709 or SMPTE 170M for videos"),
    ("HDR of the sensor (Camera Module 3)", "`--hdr sensor`", "by the sensor's device"),
    ("USB cameras", "where rpicam-apps list them", "if they give MJPEG: stills and live view; no raw, no videos"),
    ("metadata of each frame", "`--metadata`; of videos, MJPEG only", "`get_metadata`"),
)

# Controls that no option sets alone: how the camera programs are told.
TOGETHER = {
    "AfMetering": "with `--autofocus-window`",
    "AfWindows": "`--autofocus-window`, one",
    "AfTrigger": "`--autofocus-on-capture`",
    "AeEnable": "by `--shutter`, `--gain`",
    "AeFlickerMode": "by `--flicker-period`",
    "AeFlickerPeriod": "`--flicker-period`",
    "FrameDurationLimits": "`--framerate`, one time",
    "AwbEnable": "by `--awbgains`",
}
# Those that picamera2 does not set live, or not in every case.
RESTARTED = {
    "AfTrigger": "`autofocus_cycle`, of stills",
    "HdrMode": "live; `Sensor` opens the camera again",
}


def feature_table() -> list[str]:
    """What each driver can, as lines of Markdown."""
    return ["| what | rpicam | picamera2 |", "| --- | --- | --- |", *(f"| {' | '.join(row)} |" for row in FEATURES)]


def control_table() -> list[str]:
    """How each driver sets each control, as lines of Markdown."""
    head = ["| control | rpicam | picamera2 |", "| --- | --- | --- |"]
    return head + [f"| `{name}` | {_rpicam(control)} | {_picamera2(name)} |" for name, control in CONTROLS.items()]


def _rpicam(control: Control) -> str:
    if control.name in RPICAM.refused:
        return f"no: {RPICAM.refused[control.name]}"
    return f"`{control.option}`" if control.option else TOGETHER[control.name]


def _picamera2(name: str) -> str:
    if name in PICAMERA2.refused:
        return f"no: {PICAMERA2.refused[name]}"
    return RESTARTED.get(name, "live")


def renewed(text: str) -> str:
    """The document with its tables as they must be."""
    tables = iter((feature_table(), control_table()))
    return re.sub(r"(?:^\|.*\n)+", lambda _: "\n".join(next(tables)) + "\n", text, flags=re.MULTILINE)


if __name__ == "__main__":
    DOCUMENT.write_text(renewed(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
