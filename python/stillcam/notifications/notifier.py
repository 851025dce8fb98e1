"""Notifies other programs of events: the receivers in the settings, and by the owner's command for each new item.

It runs in the web server, because the capture daemon has no network access. One thread polls every two
seconds, and only while there is a receiver or a command.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable

from stillcam.common.disk_space import Disk
from stillcam.common.errors import StillcamError
from stillcam.common.paths import Paths
from stillcam.common.threads import start_restarting
from stillcam.notifications.command_hook import CommandHook
from stillcam.notifications.events import Event, Facts, NewItems, PictureMonitor
from stillcam.notifications.receivers import Receivers
from stillcam.settings.schema import Settings

EVENTS_POLL_S = 2.0
SLOW_POLL_S = 10.0  # between two polls of series, films, disk and board
GROUPS = ("picture", "item", "motion", "series", "film", "disk", "board")  # of events that are polled for
MAX_REPORTED = 100  # events of other threads that wait for the next poll

Poll = Callable[[float, float], Iterable[Event]]


class Notifier:
    """Polls for the events of one camera and passes them to the receivers.

    Attributes:
        receivers: those that the settings name.

    Args:
        settings: gives the settings in force.
        facts: what the server knows.
    """

    def __init__(self, paths: Paths, settings: Callable[[], Settings], facts: Facts) -> None:
        self._paths = paths
        self._settings = settings
        self._facts = facts
        self.receivers = Receivers(paths, facts, self._set_armed)
        self._arm: Callable[[bool], None] | None = None
        self._wanted: set[str] = set()  # the groups of events that receivers want
        self._polls: dict[str, Poll] = {}  # of the sources in use
        self._reported: deque[Event] = deque(maxlen=MAX_REPORTED)
        self._hook: CommandHook | None = None
        self._last_error = ""  # logged once

    def start(self, arm: Callable[[bool], None]) -> None:
        """Poll in a thread that ends with the process; `arm` arms or disarms the camera, and raises StillcamError."""
        self._arm = arm
        start_restarting(self._run, "notifier")

    def report(self, event: Event) -> None:
        """Pass an event on that happens in another thread; at once or within two seconds."""
        if event.type.partition(".")[0] in self._wanted:
            self._reported.append(event)

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
        self._wanted = {type_.partition(".")[0] for type_ in self.receivers.update(settings)}
        wanted = set(self._wanted)
        if settings.hooks.item:
            wanted.add("item")
        # What happens while nobody wants to know is not reported later.
        self._polls = {group: poll for group, poll in self._polls.items() if group in wanted}
        while self._reported:
            self.receivers.send(self._reported.popleft())
        now_s, time_s, failed = time.monotonic(), time.time(), None
        for group in GROUPS:
            if group in wanted:
                try:
                    self._polls[group] = self._polls.get(group) or self._source(group)
                    for event in self._polls[group](now_s, time_s):
                        self.receivers.send(event)
                except OSError as error:  # the other sources are polled all the same
                    failed = error
        if failed:
            raise failed

    def _source(self, group: str) -> Poll:
        """The source of a group of events. The module of most is imported once a receiver wants them."""
        if group == "picture":
            return PictureMonitor(self._facts.picture_loss, self._facts.picture, time.monotonic()).poll
        if group == "item":
            return self._new_items()
        from stillcam.notifications import sources

        if group == "motion":
            return sources.MotionMonitor(self._facts, self._paths.library).poll
        slow: dict[str, Poll] = {
            "series": sources.SeriesMonitor(self._paths.series).poll,
            "profile": sources.ProfileMonitor(self._facts).poll,
            "film": sources.FilmMonitor(self._facts).poll,
            "disk": sources.DiskMonitor(Disk(self._paths.library, self._reserve_mb)).poll,
            "board": sources.BoardMonitor(self._facts).poll,
        }
        return _slowly(slow[group])

    def _new_items(self) -> Poll:
        """The source of new items; the owner's command is run for each."""
        items = NewItems(self._paths.library)

        def poll(_now_s: float, _time_s: float) -> Iterable[Event]:
            for item in items.poll():
                yield items.event(item)
                if command := self._settings().hooks.item:
                    self._hook = self._hook or CommandHook()
                    self._hook.add(command, self._paths.library / item.day / item.name)

        return poll

    def _set_armed(self, armed: bool) -> None:
        if self._arm:
            self._arm(armed)

    def _reserve_mb(self) -> int:
        return self._settings().files.floor_mb


def _slowly(poll: Poll) -> Poll:
    """`poll`, but not at every time."""
    polled_s = -SLOW_POLL_S

    def slow(now_s: float, time_s: float) -> Iterable[Event]:
        nonlocal polled_s
        if now_s - polled_s < SLOW_POLL_S:
            return ()
        polled_s = now_s
        return poll(now_s, time_s)

    return slow
