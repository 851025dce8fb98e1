"""Whether the daemon does its work: what feeds systemd's watchdog."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


class Alive:
    """Call it for a line on how it goes; empty when the camera's thread has not looked for commands since.

    Frames do not count: a missing camera is no reason to restart the daemon, which would end the film
    that is being made and every self-timer.

    Args:
        turns: whether the camera's thread has looked since the last time; it is asked to.
        status: gives the daemon's message.
    """

    def __init__(self, turns: Callable[[], bool], status: Callable[[], Mapping[str, Any]]) -> None:
        self._turns = turns
        self._status = status

    def __call__(self) -> str:
        if not self._turns():
            return ""
        told = self._status()
        return f"{told['mode']}, {told['captures']['ok']} frames"
