"""systemd's end of what units say to it."""

import contextlib
import socket
from collections.abc import Callable
from pathlib import Path

from serving import DEADLINE_S


class ServiceManager:
    """Reads what units say."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "notify"
        self._told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._told.settimeout(DEADLINE_S)
        self._told.bind(str(self.path))

    @property
    def environ(self) -> dict[str, str]:
        return {"NOTIFY_SOCKET": str(self.path), "WATCHDOG_USEC": "400000"}

    def until(self, holds: Callable[[str], bool]) -> list[str]:
        """All that is said until something of which `holds` is true."""
        said: list[str] = []
        while not said or not holds(said[-1]):
            said.append(self._told.recv(4096).decode())
        return said

    def forget(self) -> None:
        """What has been said so far."""
        self._told.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while self._told.recv(4096):
                pass
        self._told.settimeout(DEADLINE_S)

    def close(self) -> None:
        self._told.close()
