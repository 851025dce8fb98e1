"""Turns what a camera program prints when it fails into a reason that a person can act on.

Source of the texts: rpicam-apps 1.12 and libcamera 0.7, seen on stderr. An stderr line
alone is no error (libcamera is chatty): these are looked up only once a program has ended.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from stillcam.errors import CameraError

# A piece of the program's text, the cause for counters, the reason; the first that is found counts.
FAILURES = (
    ("no cameras available", "absent",
     "no camera found: switch the Pi off, check both ends of the ribbon cable, and see: rpicam-still --list-cameras"),
    ("selected camera is not available", "absent",
     "this camera number does not exist: see rpicam-still --list-cameras, then set camera.index"),
    ("failed to acquire camera", "busy",
     "another program uses the camera: end it (see: pgrep -a 'rpicam|libcamera'), then it goes on by itself"),
    ("failed to write file", "disk",
     "the picture could not be written: the disk is full or read-only (see: df -h)"),
    ("failed to open file", "disk",
     "the picture could not be created: the images folder is missing, full or read-only (see: df -h)"),
    ("unrecognised option", "options",
     "the camera program does not know an option that Stillcam uses: update it (sudo apt install rpicam-apps)"),
    ("failed to allocate capture buffers", "options",
     "the camera has no memory for such large pictures or so many of them: choose a smaller size, or fewer buffers"),
    ("invalid awb mode", "options", "the camera program does not know this white balance mode: choose another one"),
    ("invalid time string", "options", "the camera program does not take this time: use a number of microseconds"),
    ("failed to start camera", "options", "the camera does not start like this: choose another sensor mode or size"),
    ("failed to configure streams", "options", "the camera cannot do this size or sensor mode: choose another one"),
    ("failed to valid stream config", "options", "the camera cannot do this size or sensor mode: choose another one"),
    ("transforms requiring transpose", "options", "the camera cannot rotate by 90 or 270 degrees: set camera.rotation"),
    ("unable to find an appropriate h.264 codec", "missing",
     "no H.264 encoder: install one (sudo apt install ffmpeg), or choose mjpeg"),
    ("device timeout detected", "stalled", "the camera stopped answering: check its cable and the power supply"),
)  # fmt: skip

_FATAL = re.compile(r"ERROR:\s*\*{3}\s*(.*?)\s*\*{3}")


def failure(program: str, status: int, stderr: Iterable[str]) -> CameraError:
    """The error for a camera program that has ended.

    Args:
        program: its name.
        status: its exit status, negative for the signal that ended it.
        stderr: its last lines.
    """
    lines = list(stderr)
    fatal = [match[1] for line in lines if (match := _FATAL.search(line))]
    for said in (fatal[-1:], lines):
        text = "\n".join(said).lower()
        for piece, cause, reason in FAILURES:
            if piece in text:
                return CameraError(cause, reason)
    how = f"was ended by signal {-status}" if status < 0 else f"ended with status {status}"
    last = fatal[-1] if fatal else next((line for line in reversed(lines) if line.strip()), "")
    return CameraError("died", f"{program} {how}{': ' + last.strip() if last else ''}")
