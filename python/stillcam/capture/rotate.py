"""Turns a picture by 90 or 270 degrees: a JPEG losslessly by jpegtran, else by Pillow.

Both run as a child process, so that a 12-megapixel picture never lives in the daemon's memory.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from stillcam.camera.driver import Interrupted
from stillcam.common.child_process import wait_readable
from stillcam.common.errors import CameraError

TIMEOUT_S = 60.0


def rotate(source: Path, target: Path, degrees: int, jpegtran: str | None, interrupts: Sequence[int] = ()) -> None:
    """Write `source`, turned clockwise by `degrees` (90 or 270), to `target`; a JPEG keeps its EXIF.

    jpegtran moves the picture's blocks without decoding them. Where width or height is no
    multiple of the block size (8 or 16 pixels), the incomplete blocks at the edge that
    would come to lie first are left out (`-trim`): at most 15 pixels.

    Args:
        source, target: files in one folder, of the same type; `target` is replaced.
        degrees: clockwise.
        jpegtran: the program's path, or None to use Pillow (quality 95).
        interrupts: descriptors that end it when they become readable.

    Raises:
        CameraError: `source` is no whole picture, or the disk is full.
        Interrupted: one of `interrupts` is readable.
    """
    if jpegtran and source.suffix == ".jpg":
        # fmt: off
        argv = [jpegtran, "-rotate", str(degrees), "-trim", "-copy", "all", "-outfile", str(target), str(source)]
        # fmt: on
    else:
        argv = [sys.executable, "-m", "stillcam.capture.rotate", str(degrees), str(source), str(target)]
    with open(os.memfd_create("said"), "w+b") as said:  # a pipe that is full would stop the child
        child = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=said, close_fds=False
        )
        try:
            in_time = _ends(child.pid, TIMEOUT_S, interrupts)
        finally:
            child.kill()  # no harm once it has ended
            status = child.wait()
        said.seek(0)
        last_words = said.read().decode(errors="replace").strip().rpartition("\n")[2]
    if not in_time:
        raise CameraError("torn", f"turning the picture took longer than {TIMEOUT_S:g} s")
    if status:
        cause = "disk" if "space" in last_words.lower() or "write" in last_words.lower() else "torn"
        raise CameraError(cause, f"the picture could not be turned by {degrees} degrees: {last_words}")


def _ends(pid: int, timeout_s: float, interrupts: Sequence[int]) -> bool:
    """Whether a child ends in time, noticed at once: a wait(2) with a timeout has to poll."""
    fd = os.pidfd_open(pid)
    try:
        ready = wait_readable(timeout_s, fd, *interrupts)
        if ready and fd not in ready:
            raise Interrupted
        return bool(ready)
    finally:
        os.close(fd)


def main(degrees: str, source: str, target: str) -> None:
    """The child process that does it with Pillow."""
    from PIL import Image

    turn = {90: Image.Transpose.ROTATE_270, 270: Image.Transpose.ROTATE_90}[int(degrees)]
    with Image.open(source) as picture:
        exif = picture.info.get("exif", b"")
        if picture.format == "JPEG":
            picture.transpose(turn).save(target, "JPEG", quality=95, subsampling="4:2:0", exif=exif)
        else:
            picture.transpose(turn).save(target, picture.format)


if __name__ == "__main__":
    main(*sys.argv[1:])
