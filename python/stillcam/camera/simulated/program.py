"""What the camera programs share: how they fail, log, catch signals and name files."""

import contextlib
import os
import re
import resource
import select
import signal
from types import FrameType
from typing import NoReturn

NAME_BYTES = 128  # char filename[128] in rpicam_still.cpp, the last one for the end
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
        self._woken, waking = os.pipe()
        os.set_blocking(waking, False)
        signal.set_wakeup_fd(waking, warn_on_full_buffer=False)
        for number in caught:
            signal.signal(number, self._received)

    def wait(self, timeout_s: float) -> None:
        """Wait until one comes, or the time is over."""
        if select.select([self._woken], [], [], timeout_s)[0]:
            os.read(self._woken, 512)

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
