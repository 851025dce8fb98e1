"""Which camera programs there are, how to call them, and what they say of themselves."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stillcam.camera.driver import Interrupted
from stillcam.camera.rpicam.errors import failure
from stillcam.common.child_process import ChildProcess, wait_readable
from stillcam.common.errors import CameraError

SAY_TIMEOUT_S = 20.0
PIPE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Programs:
    """How to call the camera programs: each the beginning of a command line."""

    still: tuple[str, ...]
    vid: tuple[str, ...]


def find_programs(path: str | None) -> Programs | None:
    """rpicam-still and rpicam-vid, else libcamera-still and libcamera-vid, on `path` (as in PATH); None without."""
    for family in ("rpicam", "libcamera"):
        if still := shutil.which(f"{family}-still", path=path):
            return Programs((still,), (shutil.which(f"{family}-vid", path=path) or f"{family}-vid",))
    return None


def said_by(started: ChildProcess, interrupts: Sequence[int] = ()) -> tuple[str, str]:
    """What a camera program that ends of itself prints on stdout (a pipe) and stderr.

    Raises:
        CameraError: it fails, or does not answer.
        Interrupted: one of `interrupts` became readable.
    """
    with started as program:
        said = bytearray()
        deadline = time.monotonic() + SAY_TIMEOUT_S
        while ready := wait_readable(deadline - time.monotonic(), program.stdout, *interrupts):
            if program.stdout not in ready:
                program.stop(grace_s=0.0)  # it has nothing to lose
                raise Interrupted
            if not (chunk := os.read(program.stdout, 65536)):
                break
            said += chunk
        else:
            raise CameraError("stalled", f"{program.name} does not answer: restart the Pi")
        program.wait(1.0)
        if program.status:
            raise failure(program.name, program.status, program.stderr)
        return said.decode(errors="replace"), "\n".join(program.stderr)


def has_libav(told: Callable[[str], str]) -> bool:
    """Whether rpicam-vid can write MP4 and the like.

    It says so of itself since 1.5 (core/version.cpp, capabilities: by the libraries that are there); before, it has the
    options of libav if it was built with it (core/video_options.hpp, LIBAV_PRESENT).

    Args:
        told: gives what it prints for an option.
    """
    version = told("--version")
    return "libav:1" in version if "libav:" in version else "--libav-format" in told("--help")


def widen(pipe: int) -> None:
    """Have a pipe hold a megabyte, so that a frame fits in. A wish: the kernel may refuse it (pipe(7))."""
    try:
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)
    except OSError as error:
        logging.debug("a pipe stays as small as it is: %s", error)
