"""Whether the clock can be trusted to choose a profile.

A Pi without a battery-backed clock starts with the time of its last shutdown, until a time server corrects it. The
choice therefore stays as it was for some minutes after a start or a jump of the clock, unless the kernel says that the
clock is synchronised. Without a network nobody will ever say so: the clock then counts after these minutes.
"""

from __future__ import annotations

from collections.abc import Callable

HOLD_S = 300.0  # after the start of the system, or a jump
JUMP_S = 60.0  # smaller steps do not matter: a profile may be a minute early or late


class ClockDoubt:
    """Used by one thread.

    Args:
        synchronised: whether the kernel says that the clock is right.
    """

    def __init__(self, synchronised: Callable[[], bool]) -> None:
        self._synchronised = synchronised
        self._ahead_s: float | None = None  # of the steady clock
        self._until_s = HOLD_S  # the steady clock begins with the system

    def doubted(self, now_s: float, up_s: float) -> bool:
        """Whether the time is in doubt.

        Args:
            now_s: by the clock in doubt, since the epoch.
            up_s: since the start of the system, by a clock that nobody sets.
        """
        ahead_s = now_s - up_s
        if self._ahead_s is not None and abs(ahead_s - self._ahead_s) > JUMP_S:
            self._until_s = up_s + HOLD_S
        self._ahead_s = ahead_s
        return up_s < self._until_s and not self._synchronised()
