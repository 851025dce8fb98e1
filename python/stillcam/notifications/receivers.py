"""The receivers of one camera: made from the rows of the settings, kept while their rows are the same."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from stillcam.common.formats import utc_text
from stillcam.common.paths import Paths
from stillcam.common.threads import start
from stillcam.notifications.events import Event, Facts, Message
from stillcam.notifications.receiver import Channel, Choice, DeliveryError, Receiver
from stillcam.notifications.webhook import KEY_FILE, Webhook, load_key
from stillcam.settings.receivers import EVENTS, MQTT, ReceiverRow, parse_row
from stillcam.settings.schema import Settings

TEST_S = 50.0  # a little longer than any channel takes; the page waits for 60 s
WEBHOOK_EVENTS = frozenset({"item.taken", "picture.lost", "picture.back"})  # of an address without events behind it
NAMED_EVENTS = frozenset(EVENTS) - {
    "item.taken",
    "motion.ended",
    "profile.changed",
}  # of a name without events behind it
NAMED_EVERY_S = 60.0


class Receivers:
    """Those that the settings name; safe to use from any thread.

    Args:
        facts: about the camera, for an MQTT broker; None: that gets messages only.
        arm: arms or disarms the camera; raises StillcamError.
    """

    def __init__(self, paths: Paths, facts: Facts | None = None, arm: Callable[[bool], None] | None = None) -> None:
        self._paths = paths
        self._facts = facts
        self._arm = arm or _nothing
        self._machine = socket.gethostname()
        self._lock = threading.Lock()
        self._receivers: dict[str, tuple[Choice, Receiver]] = {}  # by row

    def update(self, settings: Settings) -> set[str]:
        """Close receivers that the settings no longer name, and open new ones; returns the types that they want.

        Raises:
            StillcamError: there is no key to sign webhooks with.
        """
        webhooks, named = settings.webhooks.urls, settings.notifications.receivers
        with self._lock:
            for row in self._receivers.keys() - {*webhooks, *named}:
                self._receivers.pop(row)[1].close()
            for row in webhooks:
                if row not in self._receivers:
                    parsed, key = parse_row(row), load_key(self._paths.primary.data / KEY_FILE)
                    self._receivers[row] = Choice(parsed, WEBHOOK_EVENTS), Receiver(Webhook(parsed.target, key))
            for row in named:
                if row not in self._receivers:
                    parsed = parse_row(row)
                    self._receivers[row] = self._named(parsed)
            return {type_ for choice, _ in self._receivers.values() for type_ in choice.events}

    def _named(self, row: ReceiverRow) -> tuple[Choice, Receiver]:
        channel = _channel(row.target, self._paths, self._facts, self._arm)
        if row.target == MQTT:
            return Choice(row, frozenset(EVENTS)), Receiver(channel)
        return Choice(row, NAMED_EVENTS, NAMED_EVERY_S), Receiver(channel)

    def send(self, event: Event) -> None:
        """Queue an event for each receiver that takes it."""
        message, now_s, time_s = Message.of(event, self._machine, self._paths.number), time.monotonic(), time.time()
        with self._lock:
            for choice, receiver in self._receivers.values():
                if choice.takes(event.type, now_s, time_s):
                    receiver.send(message)

    def describe(self, settings: Settings) -> list[dict[str, Any]]:
        """Each receiver with its last attempt, in the order of the settings, as for `update`."""
        self.update(settings)
        with self._lock:
            rows = [
                row for row in (*settings.webhooks.urls, *settings.notifications.receivers) if row in self._receivers
            ]
            return [_described(row, *self._receivers[row]) for row in dict.fromkeys(rows)]

    def test(self, settings: Settings, row: str, picture: bytes | None) -> dict[str, Any]:
        """Send a test message at once; the receiver with this attempt, as for `update`. LookupError: there is none."""
        self.update(settings)
        with self._lock:
            choice, receiver = self._receivers[row]
        event = Event("test", time.time(), {}, "test", f"This camera can reach you: {receiver.channel.name}.", picture)
        message = Message.of(event, self._machine, self._paths.number)
        ended = start(partial(_attempt, receiver, message), "test")
        document = _described(row, choice, receiver) | {"last": None}
        if not ended.wait(TEST_S):
            error = f"no answer within {TEST_S:g} s"
            return document | {"last": {"time": utc_text(time.time()), "type": "test", "error": error, "note": None}}
        return _described(row, choice, receiver)


def problem_of(name: str, paths: Paths) -> str:
    """Why the receiver of this name cannot work yet, and what to do; empty: nothing is missing."""
    return _channel(name, paths, None, _nothing).problem


def _channel(name: str, paths: Paths, facts: Facts | None, arm: Callable[[bool], None]) -> Channel:
    """The way to the receiver of this name. Its module is imported once there is such a receiver."""
    from stillcam.notifications.addresses import Addresses

    addresses = Addresses(paths.primary.data)
    if name == MQTT:
        from stillcam.notifications.mqtt_channel import MqttChannel

        return MqttChannel(addresses, paths.number, facts, arm)
    from stillcam.notifications.apprise_channel import AppriseChannel

    return AppriseChannel(name, addresses)


def _nothing(_armed: bool) -> None:
    """Where nothing can be armed."""


def _attempt(receiver: Receiver, message: Message) -> None:
    with suppress(DeliveryError):  # it is in `receiver.last`
        receiver.attempt(message)


def _described(row: str, choice: Choice, receiver: Receiver) -> dict[str, Any]:
    last = receiver.last
    return {
        "row": row,
        "kind": receiver.channel.kind,
        "name": receiver.channel.name,
        "events": sorted(choice.events),
        "problem": receiver.channel.problem or None,
        "last": last
        and {
            "time": utc_text(last.time_s),
            "type": last.type,
            "error": last.error or None,
            "note": last.note or None,
        },
    }
