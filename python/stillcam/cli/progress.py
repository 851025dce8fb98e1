"""The progress of a command: one line on stderr, at a terminal only, that is erased at the end."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import Self

from stillcam.common.formats import span_text

SHOW_AFTER_S = 2.0  # what is done by then needs no progress
REFRESH_S = 1.0
_COLUMNS = 80  # of a terminal that does not know its width


class ProgressLine:
    """Shows what a command waits for, and for how long, during the `with` block.

    Attributes:
        text: what happens now.
        left_s: the estimated time left; None: unknown.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.left_s: float | None = None
        self._began_s = time.monotonic()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._show, daemon=True)

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        if self._thread.ident:
            self._thread.join()

    def _show(self) -> None:
        if self._ended.wait(SHOW_AFTER_S):
            return
        columns = os.get_terminal_size(sys.stderr.fileno()).columns or _COLUMNS
        width = columns - 3  # Ctrl-C shows as ^C
        while True:
            _print(f"\r{self._line(width):<{width}}")
            if self._ended.wait(REFRESH_S):
                break
        _print(f"\r{'':{columns - 1}}\r")

    def _line(self, width: int) -> str:
        left = "" if self.left_s is None else f", {span_text(self.left_s)} left"
        times = f" ({span_text(time.monotonic() - self._began_s)}{left})"
        return self.text[: max(0, width - len(times))] + times


def _print(text: str) -> None:
    print(text, end="", file=sys.stderr, flush=True)
