"""Tells systemd how it goes (sd_notify(3)): ready, still alive, and a line for `systemctl status`.

Where no service manager has asked for it, nothing happens. The watchdog is fed only while a
check holds: systemd ends and restarts a service that has not been fed for `WatchdogSec`.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Mapping

from stillcam.common.threads import keep


class Service:
    """This process, as a unit of systemd with `Type=notify`.

    Args:
        environ: `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` of the process.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._socket = environ.get("NOTIFY_SOCKET", "")
        self._watchdog_s = _watchdog_s(environ)
        self._failed = False

    def ready(self) -> None:
        """It does its work: what is ordered after it may start."""
        self._tell("READY=1")

    def watch(self, alive: Callable[[], str]) -> None:
        """Feed the watchdog, four times as often as needed, while `alive` holds.

        Args:
            alive: called in a thread of its own; a line on how it goes, empty when it does not.
                If it never returns, the watchdog is not fed either.
        """
        if self._socket and self._watchdog_s:
            keep(lambda: self._feed(alive, self._watchdog_s / 4), "watchdog")

    def _feed(self, alive: Callable[[], str], pause_s: float) -> None:
        pause = threading.Event()
        while True:
            if how := alive():
                self._tell(f"WATCHDOG=1\nSTATUS={how}")
            pause.wait(pause_s)

    def _tell(self, message: str) -> None:
        """One datagram; a service manager that cannot be told is no reason to end."""
        if not self._socket:
            return
        address = "\0" + self._socket[1:] if self._socket.startswith("@") else self._socket
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as link:
                link.settimeout(5.0)
                link.connect(address)
                link.sendall(message.encode())
        except OSError as error:
            if not self._failed:
                logging.warning("the service manager cannot be told (%s): %s", self._socket, error)
            self._failed = True
        else:
            self._failed = False


def _watchdog_s(environ: Mapping[str, str]) -> float:
    """How often systemd wants to be told; 0: not at all, or another process is meant (sd_watchdog_enabled(3))."""
    asked = environ.get("WATCHDOG_USEC", "")
    if not asked.isdecimal() or environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    return int(asked) / 1e6
