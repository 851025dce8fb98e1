"""Writing a picture as the camera programs do: truncated and filled in place, for every reader to see half-done."""

import os
import re
import sys
import time
from pathlib import Path

from stillcam.camera.simulated.failures import Failure
from stillcam.camera.simulated.faults import Faults

NAME_BYTES = 128  # char filename[128] in rpicam_still.cpp, the last one for the end
CHUNK_BYTES = 1 << 16
CHUNK_S = 0.0002  # about a slow card's pace: the half-written file is there to be seen
DIRECTIVE = re.compile(r"%(%|[-+ #0]*\d*(?:\.\d+)?[diuxXo])")


def numbered(pattern: str, number: int, size: int = NAME_BYTES) -> str:
    """`pattern` as a printf format for `number`, cut to what a buffer of `size` bytes holds.

    Other directives are undefined behaviour in C; here they stay as they are.
    """

    def replace(directive: re.Match[str]) -> str:
        if directive[1] == "%":
            return "%"
        return str(("%" + directive[1][:-1] + directive[1][-1].replace("u", "d")) % number)

    return os.fsdecode(os.fsencode(DIRECTIVE.sub(replace, pattern))[: size - 1])


def write(name: str, data: bytes, faults: Faults) -> None:
    """Write `data` to the file `name` (`-`: stdout), as far as `faults` let it.

    Raises:
        Failure: the file cannot be opened, or not be written to its end; what there is stays.
    """
    if name == "-":
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o666)
    except OSError:
        raise Failure(f"failed to open file {name}") from None
    keep = len(data) // 2 if faults.disk_full else len(data)
    try:
        view = memoryview(data)[:keep]
        while view:
            view = view[os.write(descriptor, view[:CHUNK_BYTES]) :]
            time.sleep(CHUNK_S / faults.speed)
    except OSError:
        raise Failure("failed to write file - output probably corrupt") from None
    finally:
        os.close(descriptor)
    if faults.disk_full:
        raise Failure("failed to write file - output probably corrupt")


def link_latest(link: str, target: str) -> None:
    """`--latest`: remove, then create, with the gap between; a dangling link is not seen, and is in the way."""
    path = Path(link)
    try:
        if path.exists():
            path.unlink()
        path.symlink_to(target)
    except OSError as error:
        raise Failure(f"filesystem error: cannot create symlink: {error.strerror} [{target}] [{link}]") from None
