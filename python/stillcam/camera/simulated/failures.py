"""How the camera programs end badly, and how they speak."""

import sys


class Failure(Exception):
    """Ends the program: `ERROR: *** TEXT ***` as the last line on stderr, and exit 255."""


def say(line: str) -> None:
    """One line on stderr, at once, in one write: other processes write there too."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()
