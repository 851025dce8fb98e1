"""Tells other programs what happens: by webhooks, and by the owner's command for each item.

It is the web server's work, because the capture daemon has no network. One thread looks every two
seconds, and only while somebody wants to know.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable

from stillcam.common.errors import StillcamError
from stillcam.common.paths import Paths
from stillcam.common.threads import keep
from stillcam.ipc.daemon_client import CameraLink
from stillcam.notifications.command_hook import ItemHook
from stillcam.notifications.events import Arrivals, Event, Outages
from stillcam.notifications.webhook import Message, Receiver
from stillcam.notifications.webhook_key import FILE, make_key
from stillcam.server.live.cache import FrameCache
from stillcam.server.live.staleness import Freshness
from stillcam.settings.schema import Settings

LOOK_S = 2.0


class Herald:
    """Looks, and tells.

    Args:
        paths: where everything is.
        settings: gives those in force.
        cache: the frames.
    """

    def __init__(self, paths: Paths, settings: Callable[[], Settings], cache: FrameCache) -> None:
        self._paths = paths
        self._settings = settings
        self._freshness = Freshness(cache, CameraLink(paths.socket))
        self._machine = socket.gethostname()
        self._receivers: dict[str, Receiver] = {}
        self._arrivals: Arrivals | None = None
        self._outages: Outages | None = None
        self._hook: ItemHook | None = None
        self._said = ""  # the last problem, so that it is told once

    def start(self) -> None:
        """Begin; the thread ends with the process."""
        keep(self._run, "herald")

    def _run(self) -> None:
        while True:
            try:
                self.look()
                self._said = ""
            except (StillcamError, OSError) as error:
                if str(error) != self._said:
                    logging.warning("webhooks and hooks: %s", error)
                self._said = str(error)
            time.sleep(LOOK_S)

    def look(self) -> None:
        """Look once.

        Raises:
            StillcamError: there is no key to sign with.
            OSError: the library cannot be read.
        """
        settings = self._settings()
        self._listen(settings.webhooks.urls)
        command = settings.hooks.item
        if not self._receivers and not command:
            self._arrivals = self._outages = None  # what happens meanwhile is nobody's business
            return
        self._arrivals = self._arrivals or Arrivals(self._paths.library)
        self._outages = self._outages or Outages(self._freshness, time.monotonic())
        if event := self._outages.look(time.monotonic(), time.time()):
            self._send(event)
        for item in self._arrivals.look():
            self._send(self._arrivals.event(item))
            if command:
                self._hook = self._hook or ItemHook()
                self._hook.add(command, self._paths.library / item.day / item.name)

    def _listen(self, urls: tuple[str, ...]) -> None:
        """Have a receiver for each of these, and no other."""
        for url in self._receivers.keys() - set(urls):
            self._receivers.pop(url).close()
        for url in urls:
            if url not in self._receivers:
                self._receivers[url] = Receiver(url, make_key(self._paths.house.data / FILE))

    def _send(self, event: Event) -> None:
        message = Message.of(event, self._machine, self._paths.number)
        for receiver in self._receivers.values():
            receiver.send(message)
