"""Notifies other programs of events: by webhooks, and by the owner's command for each new item.

It runs in the web server, because the capture daemon has no network access. One thread polls every two
seconds, and only while there is a receiver or a command.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable

from stillcam.common.errors import StillcamError
from stillcam.common.paths import Paths
from stillcam.common.threads import start_restarting
from stillcam.notifications.command_hook import CommandHook
from stillcam.notifications.events import Event, NewItems, PictureLoss, PictureMonitor
from stillcam.notifications.webhook import KEY_FILE, Message, Receiver, load_key
from stillcam.settings.schema import Settings

EVENTS_POLL_S = 2.0


class Notifier:
    """Polls for the events of one camera and passes them to the receivers.

    Args:
        settings: gives the settings in force.
        picture_loss: gives the state of the picture; None: it is fresh.
    """

    def __init__(
        self, paths: Paths, settings: Callable[[], Settings], picture_loss: Callable[[], PictureLoss | None]
    ) -> None:
        self._paths = paths
        self._settings = settings
        self._picture_loss = picture_loss
        self._machine = socket.gethostname()
        self._receivers: dict[str, Receiver] = {}
        self._new_items: NewItems | None = None
        self._picture: PictureMonitor | None = None
        self._hook: CommandHook | None = None
        self._last_error = ""  # logged once

    def start(self) -> None:
        """Poll in a thread that ends with the process."""
        start_restarting(self._run, "notifier")

    def _run(self) -> None:
        while True:
            try:
                self.poll()
                self._last_error = ""
            except (StillcamError, OSError) as error:
                if str(error) != self._last_error:
                    logging.warning("webhooks and hooks: %s", error)
                self._last_error = str(error)
            time.sleep(EVENTS_POLL_S)

    def poll(self) -> None:
        """Detect events once, and pass them on.

        Raises:
            StillcamError: there is no key to sign with.
            OSError: the library cannot be read.
        """
        settings = self._settings()
        self._update_receivers(settings.webhooks.urls)
        command = settings.hooks.item
        if not self._receivers and not command:
            self._new_items = self._picture = None  # events of this time are not reported later
            return
        self._new_items = self._new_items or NewItems(self._paths.library)
        self._picture = self._picture or PictureMonitor(self._picture_loss, time.monotonic())
        if event := self._picture.poll(time.monotonic(), time.time()):
            self._send(event)
        for item in self._new_items.poll():
            self._send(self._new_items.event(item))
            if command:
                self._hook = self._hook or CommandHook()
                self._hook.add(command, self._paths.library / item.day / item.name)

    def _update_receivers(self, urls: tuple[str, ...]) -> None:
        for url in self._receivers.keys() - set(urls):
            self._receivers.pop(url).close()
        for url in urls:
            if url not in self._receivers:
                self._receivers[url] = Receiver(url, load_key(self._paths.primary.data / KEY_FILE))

    def _send(self, event: Event) -> None:
        message = Message.of(event, self._machine, self._paths.number)
        for receiver in self._receivers.values():
            receiver.send(message)
