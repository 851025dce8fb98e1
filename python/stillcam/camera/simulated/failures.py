"""How the camera programs end badly, and how they speak."""

import contextlib
import os
import resource
from typing import NoReturn


class Failure(Exception):
    """Ends the program: `ERROR: *** TEXT ***` as the last line on stderr, and exit 255."""


def say(line: str) -> None:
    """One line on stderr, in one write: other processes write there too, and a signal handler may speak in between.

    That nobody listens any more is no reason to end.
    """
    with contextlib.suppress(OSError):
        os.write(2, f"{line}\n".encode(errors="replace"))


def terminate(text: str) -> NoReturn:
    """An exception in a thread that encodes or writes: nobody catches it, and the program aborts at once.

    So are videos written (libav_encoder.cpp, file_output.cpp): what is in memory is lost, and no file is finished.
    """
    say("terminate called after throwing an instance of 'std::runtime_error'")
    say(f"  what():  {text}")
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.abort()
