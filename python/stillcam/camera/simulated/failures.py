"""How the camera programs end badly, and how they speak."""

import contextlib
import os


class Failure(Exception):
    """Ends the program: `ERROR: *** TEXT ***` as the last line on stderr, and exit 255."""


def say(line: str) -> None:
    """One line on stderr, in one write: other processes write there too, and a signal handler may speak in between.

    That nobody listens any more is no reason to end.
    """
    with contextlib.suppress(OSError):
        os.write(2, f"{line}\n".encode(errors="replace"))
