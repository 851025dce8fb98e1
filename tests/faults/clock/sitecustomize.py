"""Shifts what `time.time` says in a Python that finds this on its path, by the seconds in the file `FAULT_CLOCK`.

The second word there is whether the kernel takes its clock for right: `synchronised` or `free`.

A test may not set the machine's clock, and libfaketime, which stands between a program and the
kernel, also changes how poll(2) and semaphores wait. The steady clock stays what it is, as it
does when a time server puts the other one right.
"""

import os
import time
from contextlib import suppress
from pathlib import Path

_file, _real = Path(os.environ["FAULT_CLOCK"]), time.time
_shift = [0.0]


def shifted() -> float:
    """Seconds since the epoch, on a clock that somebody has set."""
    with suppress(OSError):  # a clock needs no descriptor: without one it goes on as it was
        _shift[0] = float(_file.read_text().split()[0])
    return _real() + _shift[0]


time.time = shifted
with suppress(ImportError):  # not every Python that finds this is ours
    import stillcam.common.clock

    stillcam.common.clock.synchronised = lambda: _file.read_text().split()[1] == "synchronised"
