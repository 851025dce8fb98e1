"""Mosquitto, and the paho-mqtt of Debian 12 and 13: Home Assistant's entities, their states, events and commands."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pytest
from guests import python_of
from people import register
from pictures import picture
from ports import listens, port_for
from serving import DEADLINE_S, Site
from standin import StandIn

from stillcam.notifications.mqtt_topics import discovery, parse_broker

SECRET = "hunter2-hunter2"
ROWS = {"notifications": {"receivers": ["mqtt"]}}


class Broker:
    """Mosquitto on a free port, which lets in `ann` only; and a subscriber that reads every topic."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.port = port_for(self)
        self._folder = folder
        self._processes: list[subprocess.Popen[str]] = []
        self.got: dict[str, tuple[bool, bytes]] = {}  # topic -> whether it was retained, and the last payload
        passwords = folder / "passwords"
        subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), "ann", SECRET], check=True, timeout=DEADLINE_S)
        (folder / "conf").write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\npersistence false\n"
            f"{'user root' if os.geteuid() == 0 else ''}\n"
        )

    @property
    def address(self) -> str:
        return f"mqtt://ann:{SECRET}@127.0.0.1:{self.port}/cams/shed"

    def __enter__(self) -> Self:
        with (self._folder / "log").open("w") as log:
            argv = ["mosquitto", "-c", str(self._folder / "conf")]
            self._processes.append(subprocess.Popen(argv, stdout=log, stderr=log, text=True))
        self.until(lambda: listens(self.port))
        self._subscribe()
        return self

    def __exit__(self, *_: object) -> None:
        for process in reversed(self._processes):
            process.terminate()
            process.wait(DEADLINE_S)
        self._reading.join()

    def _subscribe(self) -> None:
        argv = [*self._client("mosquitto_sub"), "-t", "#", "-F", "%t %r %x"]
        reader = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
        self._processes.append(reader)

        def read() -> None:
            assert reader.stdout
            with reader.stdout as lines:
                for line in lines:
                    topic, retained, payload = line.rstrip("\n").split(" ")
                    self.got[topic] = retained == "1", bytes.fromhex(payload)

        self._reading = threading.Thread(target=read, daemon=True)
        self._reading.start()

    def _client(self, program: str) -> list[str]:
        return [program, "-h", "127.0.0.1", "-p", str(self.port), "-u", "ann", "-P", SECRET]

    def publish(self, topic: str, text: str) -> None:
        subprocess.run(
            [*self._client("mosquitto_pub"), "-q", "1", "-t", topic, "-m", text], check=True, timeout=DEADLINE_S
        )

    def until(self, holds: Callable[[], Any]) -> Any:
        """Wait until `holds` gives something that counts as true, and return that."""
        deadline = time.monotonic() + DEADLINE_S
        while not (result := holds()):
            assert time.monotonic() < deadline, self.got.keys()
            time.sleep(0.02)
        return result

    def says(self, topic: str, payload: bytes) -> None:
        """Wait until a topic has this payload."""
        self.until(lambda: self.got.get(topic, (False, b""))[1] == payload)


@pytest.fixture(params=["debian12", "debian13"])
def debian(request, monkeypatch):
    """The server runs with the packages of this Debian."""
    monkeypatch.setattr(sys, "executable", str(python_of(request.param)))
    return request.param


@pytest.fixture
def broker(tmp_path) -> Iterator[Broker]:
    with Broker(tmp_path / "broker") as broker:
        yield broker


def addressed(folder: Path, address: str) -> None:
    (folder / "data").mkdir(exist_ok=True)
    (folder / "data/receiver-addresses.json").write_text(json.dumps({"mqtt": address}))


def test_home_assistant_finds_a_device_whose_entities_follow_the_camera(debian, tmp_path, broker):
    addressed(tmp_path, broker.address)
    base = "cams/shed/0"
    with StandIn(tmp_path / "data/run/capture.sock") as daemon, Site(tmp_path, ROWS) as site:
        jpeg = picture((320, 180))
        site.publish(jpeg)
        broker.says(f"{base}/status", b"online")
        configs = broker.until(lambda: entities(broker) if len(entities(broker)) >= 6 else None)
        assert {"camera", "image", "binary_sensor", "switch"} <= {topic.split("/")[1] for topic in configs}
        devices = {json.dumps(document["device"]) for document in configs.values()}
        assert len(devices) == 1
        assert len({document["unique_id"] for document in configs.values()}) == len(configs)
        for document in configs.values():
            for name in ("topic", "state_topic", "image_topic", "command_topic", "availability_topic"):
                assert document.get(name, base).startswith(base)
        broker.until(lambda: broker.got.get(f"{base}/picture", (False, b""))[1] == jpeg)
        broker.says(f"{base}/motion", b"OFF")
        broker.says(f"{base}/armed", b"OFF")
        event = {"number": 1, "start": "2026-11-20T08:00:00.000Z", "end": None, "trigger": "motion", "item": None}
        daemon.status["motion"] = {"armed": True, "active": True, "event": event}
        broker.says(f"{base}/motion", b"ON")
        broker.says(f"{base}/armed", b"ON")
        told = broker.until(lambda: broker.got.get(f"{base}/event"))
        assert json.loads(told[1])["type"] == "motion.began"
        broker.until(lambda: broker.got.get(f"{base}/event/picture", (False, b""))[1] == jpeg)
        broker.says(f"{base}/problem", b"OFF")
        assert SECRET not in site.said()
        site.process.kill()
        broker.says(f"{base}/status", b"offline")  # the will


def entities(broker: Broker) -> dict[str, Any]:
    """The documents of the discovery, by topic."""
    return {
        topic: json.loads(raw) for topic, (_, raw) in dict(broker.got).items() if topic.startswith("homeassistant/")
    }


ACCEPTS = """
import importlib, json, sys
sys.path.append(sys.argv[1])  # it has paho-mqtt, which Home Assistant installs when it is used
for topic, document in json.load(sys.stdin).items():
    module = importlib.import_module(f"homeassistant.components.mqtt.{topic.split('/')[1]}")
    print(module.DISCOVERY_SCHEMA(document)["name"])
"""


def test_home_assistant_accepts_the_documents_of_the_discovery():
    """By the schemas with which the real one reads them."""
    documents = discovery(parse_broker("mqtt://broker/cams", "shed", 0), 0, has_temperature=True)
    debian = "debian13" if sys.version_info >= (3, 13) else "debian12"  # as far as Home Assistant's own pin goes
    [packages] = python_of(debian).parents[1].glob("lib/python3.*/site-packages")
    done = subprocess.run(
        [python_of("homeassistant"), "-c", ACCEPTS, packages],
        input=json.dumps(documents), capture_output=True, text=True, timeout=DEADLINE_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert {"Picture", "Last event", "Motion", "Motion detection", "No picture", "Server"} < set(
        done.stdout.splitlines()
    )


def test_the_switch_arms_the_camera_as_the_api_does(debian, tmp_path, broker):
    addressed(tmp_path, broker.address)
    reloaded = {"reloaded": True, "revision": 1, "in_force": True, "frame": None}
    with ArmedDaemon(tmp_path / "data/run/capture.sock", tmp_path / "data/settings.json") as daemon:
        daemon.reloaded = reloaded
        with Site(tmp_path, ROWS) as site:
            broker.says("cams/shed/0/armed", b"OFF")
            broker.publish("cams/shed/0/armed/set", "ON")
            site.until(lambda: json.loads((site.data / "settings.json").read_text()).get("motion") == {"armed": True})
            broker.says("cams/shed/0/armed", b"ON")
            broker.publish("cams/shed/0/armed/set", "nonsense")
            broker.publish("cams/shed/0/armed/set", "OFF")
            broker.says("cams/shed/0/armed", b"OFF")
            assert "motion" not in json.loads((site.data / "settings.json").read_text())


class ArmedDaemon(StandIn):
    """A daemon that is armed as the settings file says."""

    reloaded: dict[str, Any]

    def __init__(self, socket: Path, settings: Path) -> None:
        super().__init__(socket)
        self._settings = settings

    def _answer(self, message: Any) -> Any:
        armed = json.loads(self._settings.read_text()).get("motion", {}).get("armed", False)
        self.status["motion"] = {"armed": True, "active": True, "event": None} if armed else None
        return self.reloaded if message["command"] == "reload" else super()._answer(message)


def test_a_message_waits_for_a_broker_that_comes_later(debian, tmp_path):
    late = Broker(tmp_path / "broker")
    addressed(tmp_path, late.address)
    with Site(tmp_path, ROWS | {"files": {"floor_mb": 10_000_000}}) as site:
        owner = register(site)
        last = owner.call("/api/notifications/test", "POST", {"row": "mqtt"})[1]["last"]
        assert last["error"] == "the broker cannot be reached"
        with late:
            told = late.until(lambda: late.got.get("cams/shed/0/event"))
            assert json.loads(told[1])["type"] == "disk.low"
            assert owner.call("/api/notifications/test", "POST", {"row": "mqtt"})[1]["last"]["error"] is None


@pytest.mark.parametrize(
    ("address", "says"),
    [
        pytest.param("mqtt://ann:wrong-{secret}@127.0.0.1:{port}", "refuses the user or the password", id="password"),
        pytest.param("https://{secret}.example/", "its address must be like mqtt://user:password@", id="no broker"),
        pytest.param("mqtt://127.0.0.1:{port}/{secret}/+", "the topic in its address cannot contain", id="topic"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_shown_without_the_address(debian, tmp_path, broker, address, says):
    addressed(tmp_path, address.format(secret=SECRET, port=broker.port))
    with Site(tmp_path, ROWS) as site:
        last = register(site).call("/api/notifications/test", "POST", {"row": "mqtt"})[1]["last"]
        assert says in last["error"]
        assert SECRET not in json.dumps(last) + site.said()


def test_a_machine_without_paho_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(python_of("lowest")))
    addressed(tmp_path, "mqtt://127.0.0.1:9")
    with Site(tmp_path, ROWS) as site:
        [receiver] = register(site).call("/api/notifications")[1]["receivers"]
        assert receiver["problem"] == "paho-mqtt is not installed: sudo apt install -y python3-paho-mqtt"
