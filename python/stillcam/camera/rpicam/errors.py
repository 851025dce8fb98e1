"""Translates what a camera program prints when it fails into a cause and a reason that a person can act on.

Source of the texts: stderr of rpicam-apps 1.12 and libcamera 0.7, and the sources of libcamera-apps 1.0 to rpicam-apps
1.12. An exception in the main thread ends as `ERROR: *** TEXT ***` (apps/rpicam_still.cpp, main); one in a thread that
encodes or writes ends the program by SIGABRT, with a line `what():  TEXT` (libav_encoder.cpp, file_output.cpp).
libcamera also logs on stderr in normal operation: texts are looked up only after a program has ended, and only in lines
that report an error.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from stillcam.camera.errors import (
    CAMERA_IN_USE,
    NO_CAMERA,
    NO_LIBCAMERA,
    NO_MEMORY,
    NO_MICROPHONE,
    NOT_POSSIBLE,
    NOT_STARTED,
    Failure,
    find,
)
from stillcam.camera.rpicam.options import without_options
from stillcam.common.errors import CameraError
from stillcam.settings.capabilities import Capabilities
from stillcam.settings.controls import CONTROLS

_UPDATE = "update it (sudo apt install rpicam-apps)"
_LIBRARIES = "the camera programs and their libraries do not match: sudo apt full-upgrade"
_DISK = "the picture could not be written: the disk is full or read-only (see: df -h)"
_VIDEO_DISK = "the video could not be written: the disk is full (see: df -h)"
_VIDEO_FOLDER = "the video could not be created: its folder is missing, full or read-only (see: df -h)"
_NO_HEAP = (
    "the camera programs cannot open a device in /dev/dma_heap: check that this user is in the group video"
    " (see: groups); a container needs these devices, too"
)
_NO_ENCODER = (
    "the board's H.264 encoder cannot be opened: check that no other program uses it, and that this user is in the"
    " group video (see: groups); or set files.video to mjpeg"
)
_TOO_LARGE = "the encoder does not support this size: choose at most 1920x1080 on a Pi 4 or older, or mjpeg"

FAILURES: tuple[Failure, ...] = (
    ("absent", NO_CAMERA, "no cameras available"),
    ("absent", "this camera number does not exist: see rpicam-still --list-cameras, then set camera.index",
     "selected camera is not available"),
    ("busy", CAMERA_IN_USE, "failed to acquire camera"),
    ("missing",
     "the old camera software is switched on: sudo raspi-config, Interface Options, Legacy Camera, No; then restart",
     "legacy camera stack"),
    ("missing", "the camera programs find no camera hardware of a Raspberry Pi (see: ls -l /dev/video*)",
     "only supports the raspberry pi platforms"),
    ("missing", NO_LIBCAMERA, "camera manager failed to start"),
    ("missing", _LIBRARIES, "error while loading shared libraries", "symbol lookup error"),
    ("disk", _DISK, "failed to write file", "failed to write bmp file", "libpng error: write error"),
    ("disk", "the picture could not be created: the images folder is missing, full or read-only (see: df -h)",
     "failed to open file"),
    ("disk", "the raw photo could not be written: the disk is full or read-only (see: df -h)", "error writing dng"),
    ("disk", "the raw photo could not be created: its folder is missing, full or read-only (see: df -h)",
     "could not open file"),
    ("disk", _VIDEO_DISK, "failed to write output bytes", "libav: unable write output", "libav: error writing output"),
    ("disk", _VIDEO_FOLDER, "failed to open output file", "libav: unable to open output"),
    ("options", NO_MICROPHONE, "libav: cannot open", "find a audio stream"),
    ("died", "the microphone stopped during the video: check its cable, or set video.audio to off",
     "libav: cannot read audio"),
    ("options", f"the camera program does not know an option that Stillcam uses: {_UPDATE}", "unrecognised option"),
    ("missing", _NO_HEAP, "could not open any dmaheap device"),
    ("short", NO_MEMORY, "failed to allocate capture buffers"),
    ("options", "the camera program does not know this white balance mode: choose another one", "invalid awb mode"),
    ("options", "the camera program does not accept this time: use a number of microseconds", "invalid time string"),
    ("options", "the camera supports even sizes only: change width or height by one", "width and height must be even"),
    ("died", NOT_STARTED, "failed to start camera"),
    ("options", NOT_POSSIBLE, "failed to configure streams", "failed to valid stream config"),
    ("options", "the camera cannot rotate by 90 or 270 degrees: set camera.rotation", "transforms requiring transpose"),
    ("missing",
     "no H.264 encoder: apt install rpicam-apps, not rpicam-apps-lite (to simulate: apt install ffmpeg); or use mjpeg",
     "unable to find an appropriate h.264 codec"),
    ("missing",
     "the camera program lacks this codec: sudo apt install rpicam-apps (not rpicam-apps-lite); or choose mjpeg",
     "unrecognised codec"),
    ("encoder", "libav has no H.264 encoder here: sudo apt full-upgrade; or set files.video to mjpeg",
     "cannot find video encoder"),
    ("encoder", "libav cannot encode this: choose another size or bit rate; or set files.video to mjpeg",
     "unable to open video codec"),
    ("missing", _NO_ENCODER, "failed to open v4l2 h264 encoder"),
    ("options", "rpicam-still cannot save raw photos in this sensor mode: set raw.sensor_mode to one of 10 or 12 bits",
     "unsupported bayer format"),
    ("options", _TOO_LARGE, "failed to start output streaming", "libav: error receiving packet"),
    ("stalled", "the camera stopped responding: check its cable and the power supply", "device timeout detected"),
)  # fmt: skip

# Options that set a control together with others.
_CONTROLS = {control.option: control.name for control in CONTROLS.values() if control.option} | {
    "--flicker-period": "AeFlickerPeriod",
    "--autofocus-window": "AfWindows",
    "--autofocus-on-capture": "AfTrigger",
    "--framerate": "FrameDurationLimits",
}

_FATAL = re.compile(r"ERROR:\s*\*{3}\s*(?P<main>.*?)\s*\*{3}|^\s*what\(\):\s*(?P<thread>.*\S)")
_SAYS_ERROR = re.compile(
    r"\b(?:ERROR|FATAL)\b|^\s*what\(\):|: error while loading |: symbol lookup error:|^libpng error:"
    r"|^Could not open any dmaHeap"
)
_EARLIER = "Could not open any dmaHeap"  # comes before the error that follows from it (core/dma_heaps.cpp)
_CLOCK = re.compile(r"^\[[\d:.]+\] \[\d+\]\s+")  # of libcamera's lines
_UNRECOGNISED = re.compile(r"unrecognised option '(--[\w-]+)")  # boost::program_options
_INVALID = re.compile(r"the argument \('(.*)'\) for option '(--[\w-]+)' is invalid")
_REFUSED = re.compile(r"\b(?:invalid|illegal|bad|incorrect|no such) ", re.IGNORECASE)  # core/options.cpp, of values


def failure(program: str, status: int, stderr: Iterable[str]) -> CameraError:
    """The error for a camera program that has ended.

    Args:
        program: its name.
        status: its exit status, negative for the signal that ended it.
        stderr: its last lines.
    """
    lines = [line for line in stderr if _SAYS_ERROR.search(line)]
    fatal = [match["main"] or match["thread"] or "" for line in lines if (match := _FATAL.search(line))]
    earlier = [line for line in lines if line.startswith(_EARLIER)]
    for said in (earlier or fatal[-1:], lines):
        text = "\n".join(said)
        if reason := _option_reason(program, text):
            return CameraError("options", reason)
        if known := find(FAILURES, text):
            return CameraError(*known)
    if fatal and _REFUSED.match(fatal[-1]):
        return CameraError("options", f"{program} refuses a value ({fatal[-1]}): choose another one")
    how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
    last = fatal[-1] if fatal else _CLOCK.sub("", lines[-1]) if lines else ""
    return CameraError("died", f"{program} {how}{': ' + last.strip() if last else ''}")


def unrecognised_option(lines: Iterable[str]) -> str | None:
    """The option that made a program end because it does not support it, as `--ccm`; None: it had another reason."""
    return next((match[1] for line in lines if (match := _UNRECOGNISED.search(line))), None)


def _option_reason(program: str, text: str) -> str | None:
    if option := unrecognised_option([text]):
        return _unsupported_reason(program, option)
    if match := _INVALID.search(text):
        return f"{program} takes no {match[1]} for {match[2]}{_control(match[2])}: choose another value, or {_UPDATE}"
    return None


def _unsupported_reason(program: str, option: str) -> str:
    return f"{program} has no option {option}{_control(option)}: {_UPDATE}"


def _control(option: str) -> str:
    return f" ({_CONTROLS[option]})" if option in _CONTROLS else ""


# Compatibility. Bookworm's first camera programs (2023) lack options of later ones, such as --ccm (2025).

REQUIRED = frozenset({"--camera", "--timeout", "--signal", "--output", "--codec", "--raw", "--encoding"})
_LISTED = re.compile(r"^\s+(?:-\w \[ )?(--[a-z][\w-]*)", re.MULTILINE)


class UnsupportedOptions:
    """Options that the camera programs have ended at: later starts leave them out.

    Attributes:
        capabilities: what can be set without them.
    """

    def __init__(self, capabilities: Capabilities) -> None:
        self.capabilities = capabilities
        self._options: dict[str, frozenset[str]] = {}  # program -> options

    def supports(self, program: str, option: str) -> bool:
        """Whether the program supports the option, as far as is known."""
        return option not in self._options.get(program, ())

    def remove(self, program: str, arguments: Sequence[str]) -> list[str]:
        """`arguments` without the options that the program does not support."""
        return without_options(arguments, self._options.get(program, frozenset()))

    def add(self, program: str, option: str, arguments: Sequence[str], help_text: str) -> None:
        """Record that `program` ended at `option`; see `unsupported_options`."""
        if not (options := unsupported_options(option, arguments, help_text)):
            return
        logging.warning("%s does not support %s: continuing without", program, ", ".join(sorted(options)))
        self._options[program] = self._options.get(program, frozenset()) | options
        refused = {name: _unsupported_reason(program, option) for option in options if (name := _CONTROLS.get(option))}
        self.capabilities = replace(self.capabilities, refused={**self.capabilities.refused, **refused})


def unsupported_options(option: str, arguments: Sequence[str], help_text: str) -> frozenset[str]:
    """The options in `arguments` that can be left out because a program does not support them.

    Args:
        option: the one that the program has ended at.
        arguments: those that it was given.
        help_text: the output of `--help`, which lists its options. If it lists none of `arguments` it is ignored.
    """
    listed = set(_LISTED.findall(help_text))
    given = {word.partition("=")[0] for word in arguments if word.startswith("--")}
    return frozenset({option} | (given - listed if listed & given else set())) - REQUIRED
