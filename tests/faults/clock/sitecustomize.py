"""Shifts what `time.time` says in a Python that finds this on its path, by the seconds in the file `FAULT_CLOCK`.

A test may not set the machine's clock, and libfaketime, which stands between a program and the
kernel, also changes how poll(2) and semaphores wait. The steady clock stays what it is, as it
does when a time server puts the other one right.
"""

import os
import time
from pathlib import Path

_file, _real = Path(os.environ["FAULT_CLOCK"]), time.time


def shifted() -> float:
    """Seconds since the epoch, on a clock that somebody has set."""
    return _real() + float(_file.read_text())


time.time = shifted
