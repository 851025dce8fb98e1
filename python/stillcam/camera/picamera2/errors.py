"""Translates exceptions of the library into a cause and a reason that a person can act on.

Source of the texts: picamera2 0.3.38 (picamera2.py) and libcamera's Python bindings, which raise the system's errors.
The library wraps exceptions, so the causes of an exception are searched too.
"""

from __future__ import annotations

import errno
import re

from stillcam.camera.driver import CAMERA_IN_USE, NO_MICROPHONE

INSTALL = "sudo apt install -y python3-picamera2 --no-install-recommends"

# Part of the text in lower case, cause for counters, reason; the first match counts.
REASONS = (
    ("no module named", "missing", f"picamera2 cannot be loaded: install it ({INSTALL})"),
    ("no camera number", "absent", "this camera number does not exist: see api/cameras, then set camera.index"),
    ("camera(s) not found", "absent",
     "no camera found: switch the Pi off, check both ends of the ribbon cable, and see: python -m stillcam doctor"),
    ("failed to acquire camera", "busy", CAMERA_IN_USE),
    ("device or resource busy", "busy", CAMERA_IN_USE),
    ("unexpected code: -16", "busy", CAMERA_IN_USE),  # -EBUSY, up to picamera2 0.3.16
    ("cannot allocate memory", "short",
     "the camera has no memory for such large pictures or so many of them: choose a smaller size, or fewer buffers"),
    ("of usb cameras", "options",
     "a USB camera gives no raw photos, and videos only with the driver rpicam: choose photos"),
    ("invalid camera configuration", "options", "the camera cannot do this size or sensor mode: choose another one"),
    ("configuration failed: sensor mode", "options",
     "the camera has no such sensor mode: choose one that api/cameras lists"),
    ("configuration failed", "options", "the camera cannot do this size or sensor mode: choose another one"),
    ("configuration() got an unexpected keyword argument", "missing",
     f"this picamera2 is too old for Stillcam: update it ({INSTALL})"),
    ("pidng: ", "missing",
     "raw photos need Debian's PiDNG (sudo apt install -y python3-pidng), not pip's: python3 -m pip uninstall pidng"),
    ("no container format", "options",
     "pip's PyAV records no sound: install Debian's (sudo apt install -y python3-av), or set video.audio to off"),
    ("broken pipe", "disk", "ffmpeg, which writes the video, has ended: the disk is full or gone (see: df -h)"),
    ("gives no frames", "stalled", "the camera gives no pictures: check its cable and the power supply"),
    ("no such device", "died", "the camera went away: check its cable and the power supply"),
)  # fmt: skip
MICROPHONE = "default"  # PulseAudio's, or ALSA's; PyAV opens it like a file
DEVICE = re.compile(r"/dev/(video|media|v4l|dma_heap)")  # not /dev/shm, which is a disk
DEVICES = {
    errno.ENOENT: ("missing", "there is no {}, picamera2's H.264 encoder on a Pi up to 4: set files.video to mjpeg"),
    errno.EACCES: ("missing", "this user may not open {}: add it to the group video (sudo usermod -aG video USER)"),
    errno.EBUSY: ("busy", "another program uses {}: end it (see: fuser -v {}), then try again"),
}  # fmt: skip
DISK = {errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO, errno.ENOENT, errno.EACCES}


def cause_and_reason(error: BaseException) -> tuple[str, str]:
    """The cause (see CameraError) and the reason for an exception of the library."""
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) and cause not in chain:
        chain.append(cause)
    text = "\n".join(str(one) for one in chain).lower()
    if any(isinstance(one, OSError) and one.filename == MICROPHONE for one in chain):
        return "options", NO_MICROPHONE
    for one in chain:
        if isinstance(one, OSError) and DEVICE.match(str(one.filename)) and one.errno in DEVICES:
            cause_word, reason = DEVICES[one.errno]
            return cause_word, reason.replace("{}", str(one.filename))
    for piece, cause_word, reason in REASONS:
        if piece in text:
            return cause_word, reason
    if isinstance(error, OSError) and error.errno in DISK and error.filename:
        where = f"{error.filename} could not be written: {error.strerror}"
        return "disk", f"{where}; the disk is full, read-only or gone (see: df -h)"
    return "died", f"picamera2: {type(error).__name__}: {error}"
