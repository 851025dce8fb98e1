"""Translates exceptions of the library into a cause and a reason that a person can act on.

Source of the texts: picamera2 0.3.38 (picamera2.py) and libcamera's Python bindings, which raise the system's errors.
The library wraps exceptions, so the causes of an exception are searched too.
"""

from __future__ import annotations

import errno
import re

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

INSTALL = "sudo apt install -y python3-picamera2 --no-install-recommends"
UNINSTALL = "python3 -m pip uninstall --break-system-packages"
UPDATE = f"sudo apt update && {INSTALL}"
NO_FLIPS = "this camera cannot flip its pictures: turn off camera.hflip, camera.vflip and a camera.rotation of 180"
USB_VIDEO = (
    "videos of USB cameras are made of their JPEGs: set video.while_recording to picture, and files.video to mp4, which"
    " needs ffmpeg, or to mjpeg"
)

REASONS: tuple[Failure, ...] = (
    ("missing", f"pip has replaced numpy or simplejpeg by a version that does not fit: {UNINSTALL} numpy simplejpeg",
     "numpy.dtype size changed", "numpy.core.multiarray failed to import", "_array_api not found"),
    ("missing", "libcamera and its Python library do not match: sudo apt update && sudo apt full-upgrade",
     "cannot open shared object file", "undefined symbol", "version `", "no attribute 'cameramanager'"),
    ("missing", "picamera2 needs Raspberry Pi's libcamera, of which Debian's lacks a part: use Raspberry Pi OS",
     "no attribute 'to_tuple'"),
    ("absent", "this camera number does not exist: see api/cameras, then set camera.index", "no camera number"),
    ("absent", NO_CAMERA, "camera(s) not found"),
    ("missing", NO_LIBCAMERA, "failed to start cameramanager"),
    ("missing",
     "there is no /dev/dma_heap/linux,cma, from which picamera2 takes memory: use the kernel of Raspberry Pi OS",
     "could not open any dmaheap device"),
    ("busy", CAMERA_IN_USE, "failed to acquire camera", "device or resource busy",
     "unexpected code: -16"),  # -EBUSY, up to picamera2 0.3.16
    ("short", NO_MEMORY, "cannot allocate memory"),
    ("options", "USB cameras give no raw photos: take photos instead", "no raw photos of usb cameras"),
    ("options", USB_VIDEO, "no encoded videos of usb cameras"),
    ("options", "the camera has no such sensor mode: choose one that api/cameras lists",
     "configuration failed: sensor mode"),
    ("options", NO_FLIPS, "configuration failed: no flips"),
    ("options", NOT_POSSIBLE, "invalid camera configuration", "configuration failed",
     "failed to configure camera: invalid argument"),
    ("died", NOT_STARTED, "failed to start camera"),
    ("options", "PiDNG writes no raw photos of a monochrome sensor: take photos, as PNG if nothing may be lost",
     "pidng: 'colourcorrectionmatrix'"),
    ("missing",
     f"raw photos need Debian's PiDNG (sudo apt install -y python3-pidng), not pip's: {UNINSTALL} pidng",
     "pidng: "),
    ("options",
     "pip's PyAV records no sound: install Debian's (sudo apt install -y python3-av), or set video.audio to off",
     "no container format"),
    ("disk", "ffmpeg, which writes the video, has ended: the disk is full or gone (see: df -h)", "broken pipe"),
    ("stalled", "the camera delivers no pictures: check its cable and the power supply", "gives no frames"),
    ("died", "the camera was disconnected: check its cable and the power supply", "no such device"),
)  # fmt: skip
MICROPHONE = "default"  # PulseAudio's, or ALSA's; PyAV opens it like a file
DEVICE = re.compile(r"/dev/(video|media|v4l|dma_heap)")  # not /dev/shm, which is a disk
DEVICES = {
    errno.ENOENT: ("missing", "there is no {}, picamera2's H.264 encoder on a Pi up to 4: set files.video to mjpeg"),
    errno.EACCES: ("missing", "this user may not open {}: add it to the group video (sudo usermod -aG video USER)"),
    errno.EBUSY: ("busy", "another program uses {}: end it (see: fuser -v {}), then try again"),
}  # fmt: skip
DISK = {errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO, errno.ENOENT, errno.EACCES}


class TooOld(Exception):
    """This version of the library lacks what Stillcam needs."""


def cause_and_reason(error: BaseException) -> tuple[str, str]:
    """The cause (see CameraError) and the reason for an exception of the library."""
    chain = [error]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) and cause not in chain:
        chain.append(cause)
    for one in chain:
        if isinstance(one, TooOld):
            return "missing", f"{one}: update it ({UPDATE})"
        if isinstance(one, ModuleNotFoundError):
            return "missing", f"picamera2 cannot be loaded ({one}): install it ({INSTALL})"
    if any(isinstance(one, OSError) and one.filename == MICROPHONE for one in chain):
        return "options", NO_MICROPHONE
    for one in chain:
        if isinstance(one, OSError) and DEVICE.match(str(one.filename)) and one.errno in DEVICES:
            known, reason = DEVICES[one.errno]
            return known, reason.replace("{}", str(one.filename))
    if found := find(REASONS, "\n".join(map(str, chain))):
        return found
    if isinstance(error, OSError) and error.errno in DISK and error.filename:
        where = f"{error.filename} could not be written: {error.strerror}"
        return "disk", f"{where}; the disk is full, read-only or missing (see: df -h)"
    return "died", f"picamera2: {type(error).__name__}: {error}"
