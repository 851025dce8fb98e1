"""An MQTT broker: the state of the camera for Home Assistant's discovery, and a message for each event.

The receiver with the name `mqtt` has an address like `mqtt://user:password@broker.local:1883/stillcam/garden`; the path
is the topic that all others are below. paho-mqtt is imported when there is such a receiver. It reconnects by itself, in
a thread of its own; another thread follows the state of the camera.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from stillcam.common.errors import StillcamError
from stillcam.common.threads import start_restarting
from stillcam.notifications.addresses import Addresses
from stillcam.notifications.events import Facts, Message
from stillcam.notifications.mqtt_topics import Broker, discovery, parse_broker
from stillcam.notifications.receiver import DeliveryError, picture_of_message
from stillcam.settings.receivers import MQTT

MISSING = "paho-mqtt is not installed: sudo apt install -y python3-paho-mqtt"
STATE_POLL_S = 2.0
PICTURE_S = 10.0  # between two pictures of the camera
SLOW_S = 60.0  # between two temperatures
ANSWER_S = 10.0  # for a connection, and for the receipt of a message
KEEP_ALIVE_S = 30
RECONNECT_S = (1, 60)  # the shortest and the longest pause before a further attempt to connect
MAX_COMMANDS = 10  # that wait


class MqttChannel:
    """The channel to the broker.

    Args:
        addresses: that has the address of the broker.
        number: of the camera.
        facts: about the camera; None: only messages are sent.
        arm: arms or disarms the camera; raises StillcamError.
    """

    kind = "mqtt"
    name = MQTT
    pictures = True

    def __init__(self, addresses: Addresses, number: int, facts: Facts | None, arm: Callable[[bool], None]) -> None:
        self._addresses = addresses
        self._number = number
        self._facts = facts
        self._arm = arm
        self._lock = threading.Lock()
        self._broker: Broker | None = None
        self._client: Any = None
        self._connected = threading.Event()
        self._refused = ""  # why the broker does not let us in
        self._sent: dict[str, object] = {}  # topic -> the state that the broker has
        self._picture: Any = None  # the receipt of the last picture
        self._picture_s = self._slow_s = -SLOW_S
        self._commands: deque[bool] = deque(maxlen=MAX_COMMANDS)
        self._wake = threading.Event()
        self._closed = False
        if facts:
            start_restarting(self._follow, "mqtt")

    @property
    def problem(self) -> str:
        """See `Channel`."""
        try:
            address = self._addresses.get(MQTT)
            if not address:
                return f"it has no address yet: enter mqtt://broker.local, or run `stillcam receiver address {MQTT}`"
            parse_broker(address, socket.gethostname(), self._number)
        except (StillcamError, ValueError) as error:
            return str(error)
        return "" if find_spec("paho") else MISSING

    def deliver(self, message: Message) -> str:
        """See `Channel`."""
        if problem := self.problem:
            raise DeliveryError(problem)
        broker = self._connect()
        if not self._connected.wait(ANSWER_S):
            raise DeliveryError(self._refused or "the broker cannot be reached")
        self._publish(f"{broker.topic}/event", message.body)
        _, picture = picture_of_message(message)
        if picture:
            self._publish(f"{broker.topic}/event/picture", picture, retain=True)
        return ""

    def close(self) -> None:
        """End the connection; the broker then shows the camera as offline."""
        self._closed = True
        self._wake.set()
        with self._lock:
            self._disconnect()

    def _publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        receipt = self._client.publish(topic, payload, qos=1, retain=retain)
        try:
            receipt.wait_for_publish(ANSWER_S)
        except (ValueError, RuntimeError) as error:  # the queue is full, or the connection is lost
            raise DeliveryError("the connection to the broker is lost") from error
        if not receipt.is_published():
            raise DeliveryError(f"the broker has not confirmed it within {ANSWER_S:g} s")

    # --- connection

    def _connect(self) -> Broker:
        """Connect to the broker of the address, unless that is so already; does not wait for it."""
        broker = parse_broker(self._addresses.get(MQTT) or "", socket.gethostname(), self._number)
        with self._lock:
            if broker == self._broker and self._client:
                return broker
            self._disconnect()
            self._broker, self._client = broker, _client()
            client = self._client
            client.on_connect, client.on_disconnect, client.on_message = self._joined, self._left, self._told
            if broker.user:
                client.username_pw_set(broker.user, broker.password)
            if broker.tls:
                client.tls_set(ca_certs=broker.ca or None)
            if self._facts:
                client.will_set(f"{broker.topic}/status", "offline", qos=1, retain=True)
            client.max_queued_messages_set(20)
            client.reconnect_delay_set(*RECONNECT_S)
            client.connect_async(broker.host, broker.port, KEEP_ALIVE_S)
            client.loop_start()
        return broker

    def _disconnect(self) -> None:
        client, self._client = self._client, None
        self._connected.clear()
        if client:
            if self._facts and self._broker and client.is_connected():
                client.publish(f"{self._broker.topic}/status", "offline", qos=1, retain=True).wait_for_publish(1.0)
            client.disconnect()
            client.loop_stop()

    def _joined(self, client: Any, _userdata: object, _flags: object, code: Any, *_: object) -> None:
        """The answer of the broker; paho-mqtt 1 gives a number, and 2 a ReasonCode."""
        if code != 0:
            is_login = code in (4, 5, 134, 135)  # of MQTT 3 and 5
            self._refused = f"the broker refuses {'the user or the password' if is_login else 'the connection'}"
            return
        self._refused = ""
        broker = self._broker
        if self._facts and broker:
            self._sent = {}
            for topic, document in discovery(broker, self._number, self._facts.temperature() is not None).items():
                client.publish(topic, json.dumps(document), qos=1, retain=True)
            client.publish(f"{broker.topic}/status", "online", qos=1, retain=True)
            client.subscribe(f"{broker.topic}/armed/set", qos=1)
        self._connected.set()
        self._wake.set()

    def _left(self, *_: object) -> None:
        self._connected.clear()

    def _told(self, _client: Any, _userdata: object, message: Any) -> None:
        """A command; the thread that follows the state carries it out, as that takes a while."""
        if message.payload in (b"ON", b"OFF"):
            self._commands.append(message.payload == b"ON")
            self._wake.set()

    # --- state

    def _follow(self) -> None:
        while not self._closed:
            if not self.problem:
                broker = self._connect()
                while self._commands:
                    self._carry_out(self._commands.popleft())
                if self._connected.is_set() and self._facts:
                    self._show(broker, self._facts)
            self._wake.wait(STATE_POLL_S)
            self._wake.clear()

    def _carry_out(self, armed: bool) -> None:
        try:
            self._arm(armed)
        except StillcamError as error:
            logging.warning("mqtt: cannot %s the camera: %s", "arm" if armed else "disarm", error)
        self._sent.clear()  # the broker may have another state than it was told

    def _show(self, broker: Broker, facts: Facts) -> None:
        """Publish what has changed."""
        now_s, status = time.monotonic(), facts.status()
        if status.get("running"):
            motion = status.get("motion") or {}
            event = motion.get("event") or {"end": ""}
            self._state(f"{broker.topic}/armed", bool(motion.get("armed")))
            self._state(f"{broker.topic}/motion", event["end"] is None)
        self._state(f"{broker.topic}/problem", facts.picture_loss() is not None)
        if now_s - self._slow_s >= SLOW_S:
            self._slow_s, celsius = now_s, facts.temperature()
            if celsius is not None:
                self._client.publish(f"{broker.topic}/temperature", f"{celsius:.1f}", retain=True)
        if now_s - self._picture_s >= PICTURE_S and (self._picture is None or self._picture.is_published()):
            picture = facts.picture()
            if picture:
                self._picture_s = now_s
                self._picture = self._client.publish(f"{broker.topic}/picture", picture)

    def _state(self, topic: str, is_on: bool) -> None:
        if self._sent.get(topic) != is_on:
            self._client.publish(topic, "ON" if is_on else "OFF", qos=1, retain=True)
            self._sent[topic] = is_on


def _client() -> Any:
    """A client of paho-mqtt 1 (Debian 12) or 2 (Debian 13)."""
    import paho.mqtt.client as paho

    name = f"stillcam-{os.urandom(4).hex()}"
    if hasattr(paho, "CallbackAPIVersion"):
        return paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=name)
    return paho.Client(client_id=name)
