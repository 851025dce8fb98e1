"""What a person or a driver asks of a running program: signals, and keys on stdin."""

import os
import select
import signal
from types import FrameType

from stillcam.camera.simulated.failures import say

STDIN = 0


class Requests:
    """The last request that came; requests are coalesced, as one variable holds them in the original."""

    def __init__(self, *, keys: bool, signals: bool, verbose: bool) -> None:
        self._keys, self._signals, self._verbose = keys, signals, verbose
        self._last = 0
        self._stdin = select.poll()
        self._stdin.register(STDIN, select.POLLIN)

    def catch(self, *numbers: signal.Signals) -> None:
        """From here on these signals are caught, whatever the parent did with them."""
        for number in numbers:
            signal.signal(number, self._received)

    def key(self) -> str:
        """`x` to leave, a line end for a capture (or a pause), else nothing; each request once."""
        if self._last == signal.SIGINT:
            return "x"
        key = ""
        if self._keys and self._stdin.poll(0):
            key = os.read(STDIN, 4096).decode(errors="replace")[:1].lower()
        if self._signals:
            if self._last == signal.SIGUSR1:
                key = "\n"
            elif self._last in (signal.SIGUSR2, signal.SIGPIPE):
                key = "x"
            self._last = 0
        return key

    def _received(self, number: int, _frame: FrameType | None) -> None:
        self._last = number
        if self._verbose:
            say(f"Received signal {number}")
