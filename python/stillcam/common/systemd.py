"""Notifications to systemd (sd_notify(3)): ready, watchdog, and a status line for `systemctl status`.

Without a service manager, nothing is sent. The watchdog is fed only while a check succeeds: systemd restarts a service
that has not fed it for `WatchdogSec`.
"""

from __future__ import annotations

import logging
import os
import socket
import threading
from collections.abc import Callable, Mapping

from stillcam.common.threads import start_restarting


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
        """The service works: units that are ordered after it may start."""
        self._send("READY=1")

    def watch(self, check: Callable[[], str]) -> None:
        """Feed the watchdog, four times as often as needed, while `check` succeeds.

        Args:
            check: called in a thread of its own; returns the status line, empty on failure. While it does not return,
                the watchdog is not fed.
        """
        if self._socket and self._watchdog_s:
            start_restarting(lambda: self._feed(check, self._watchdog_s / 4), "watchdog")

    def _feed(self, check: Callable[[], str], pause_s: float) -> None:
        pause = threading.Event()
        while True:
            if status := check():
                self._send(f"WATCHDOG=1\nSTATUS={status}")
            pause.wait(pause_s)

    def _send(self, message: str) -> None:
        """Send one datagram; a failure is logged once."""
        if not self._socket:
            return
        address = "\0" + self._socket[1:] if self._socket.startswith("@") else self._socket
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as client:
                client.settimeout(5.0)
                client.connect(address)
                client.sendall(message.encode())
        except OSError as error:
            if not self._failed:
                logging.warning("cannot notify the service manager (%s): %s", self._socket, error)
            self._failed = True
        else:
            self._failed = False


def _watchdog_s(environ: Mapping[str, str]) -> float:
    """The watchdog's time-out; 0: none, or that of another process (sd_watchdog_enabled(3))."""
    time_us = environ.get("WATCHDOG_USEC", "")
    if not time_us.isdecimal() or environ.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    return int(time_us) / 1e6
