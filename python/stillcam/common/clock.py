"""Whether the machine's clock is synchronised, as far as the kernel knows."""

from __future__ import annotations

import ctypes

SYNCHRONISED_US = 16_000_000  # the kernel reports this error, or a larger one, for a clock that is not synchronised


class _Timex(ctypes.Structure):
    """The first fields of `struct timex`, see adjtimex(2), and room for the others."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("rest", ctypes.c_char * 256),
    )


def synchronised() -> bool:
    """Whether a time server, or a receiver of time signals, has set the clock, and that not long ago.

    This is what `NTPSynchronized` of systemd says, whichever program keeps the time: the largest error is
    below 16 s (systemd, src/timedate/timedated.c). It grows by half a millisecond a second while nothing is
    received, so a night without a network does not matter; setting the clock by hand makes it 16 s at once.
    False if adjtimex(2) is not permitted.
    """
    told = _Timex()
    answered = ctypes.CDLL(None).adjtimex(ctypes.byref(told)) >= 0
    return answered and bool(told.maxerror < SYNCHRONISED_US)
