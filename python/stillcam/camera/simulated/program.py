"""What the camera programs share: how they fail, log, catch signals and write files."""

import contextlib
import os
import re
import resource
import signal
import time
from types import FrameType
from typing import NoReturn

NAME_BYTES = 128  # char filename[128] in rpicam_still.cpp, the last one for the end
CHUNK_BYTES = 1 << 16
CHUNK_S = 0.0002  # about a slow card's pace: the half-written file is there to be seen
DIRECTIVE = re.compile(r"%(%|[-+ #0]*\d*(?:\.\d+)?[diuxXo])")


class Failure(Exception):
    """Ends the program: `ERROR: *** TEXT ***` as the last line on stderr, and exit 255."""


def print_stderr(line: str) -> None:
    """One line on stderr, in one write: other processes write there too, and a signal handler may speak in between."""
    with contextlib.suppress(OSError):  # a closed stderr is no reason to end
        os.write(2, f"{line}\n".encode(errors="replace"))


def terminate(text: str) -> NoReturn:
    """Abort, as for an exception in a thread that encodes or writes, which nothing catches.

    Videos are written so (libav_encoder.cpp, file_output.cpp): what is in memory is lost, and no file is finished.
    """
    print_stderr("terminate called after throwing an instance of 'std::runtime_error'")
    print_stderr(f"  what():  {text}")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.abort()


class Signals:
    """The last signal that came; signals are coalesced, as one variable holds them in the original.

    Args:
        verbose: whether each is logged.
        caught: from here on, whatever the parent did with them.
    """

    def __init__(self, *caught: signal.Signals, verbose: bool) -> None:
        self._verbose = verbose
        self._last = 0
        for number in caught:
            signal.signal(number, self._received)

    def take(self) -> int:
        """The last signal since the last call; 0: none."""
        last, self._last = self._last, 0
        return last

    def _received(self, number: int, _frame: FrameType | None) -> None:
        self._last = number
        if self._verbose:
            print_stderr(f"Received signal {number}")


def format_name(pattern: str, number: int, size: int = NAME_BYTES) -> str:
    """`pattern` as a printf format for `number`, cut to what a buffer of `size` bytes holds.

    Other directives are undefined behaviour in C; here they stay as they are.
    """

    def replace(directive: re.Match[str]) -> str:
        return "%" if directive[1] == "%" else ("%" + directive[1].replace("u", "d")) % number

    return os.fsdecode(os.fsencode(DIRECTIVE.sub(replace, pattern))[: size - 1])


def write(name: str, data: bytes, *, full: bool, speed: float) -> None:
    """Write `data` to the file `name`, truncated and filled in place, for every reader to see half-done.

    Args:
        full: the disk is full when half of it has been written.
        speed: of simulated time.

    Raises:
        Failure: the file cannot be opened, or not be written to its end; what there is stays.
    """
    try:
        file = open(name, "wb", buffering=0)  # noqa: SIM115 - closed below
    except OSError:
        raise Failure(f"failed to open file {name}") from None
    with file:
        try:
            view = memoryview(data)[: len(data) // 2 if full else len(data)]
            while view:
                view = view[file.write(view[:CHUNK_BYTES]) :]
                time.sleep(CHUNK_S / speed)
        except OSError:
            full = True
    if full:
        raise Failure("failed to write file - output probably corrupt")
