"""The motion sensor of deploy/gpio, with the mock pins of Debian 12's and 13's gpiozero and a real daemon."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from guests import environ, python_of
from people import Client, program, register
from ports import kept_port
from programs import certificate
from serving import DEADLINE_S, ROOT, Site
from watching import Daemon

SENSOR = ROOT / "deploy/gpio/motion_sensor.py"
DEFAULTS = ROOT / "deploy/gpio/stillcam-gpio.default"
GUESTS = ("debian12", "debian13")
SMALL = {
    "snapshot": {"interval_s": 3600, "width": 320},
    "live": {"width": 320, "framerate": 5},
    "motion": {"record": "picture"},
}
# Runs the program; lines on standard input drive the pin.
MOCK = """
import runpy, sys, threading
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

Device.pin_factory = MockFactory()
pin = Device.pin_factory.pin(17)

def drive():
    for line in sys.stdin:
        {"high": pin.drive_high, "low": pin.drive_low}[line.strip()]()

threading.Thread(target=drive, daemon=True).start()
runpy.run_path(sys.argv[1], run_name="__main__")
"""


class Sensor:
    """The program with a pin that tests drive."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process = process
        self._log = log

    def drive(self, *levels: str) -> None:
        """Give the pin these levels, one after the other."""
        assert self._process.stdin
        self._process.stdin.writelines(f"{level}\n" for level in levels)
        self._process.stdin.flush()

    def said(self) -> list[str]:
        """What it has logged."""
        assert self._process.poll() is None, self._log.read_text()
        return self._log.read_text().splitlines()


class Camera:
    """A server, with the events of its daemon."""

    def __init__(self, site: Site, owner: Client) -> None:
        self.site = site
        self.token = program(owner, "control").headers["Authorization"].removeprefix("Bearer ")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.site.port}"


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[Camera]:
    """A camera without a daemon."""
    with Site(tmp_path, SMALL) as site:
        yield Camera(site, register(site))


@contextmanager
def sensor(guest: str, camera: Camera, **settings: str) -> Iterator[Sensor]:
    """The sensor, which waits for motion."""
    home = camera.site.data / "sensor"
    home.mkdir(exist_ok=True)
    log = home / "log"
    wanted = {"GPIO_PIN": "17", "CAMERA_TOKEN": camera.token, "CAMERA_URL": camera.url, **settings}
    with log.open("w") as said:
        argv: list[str | Path] = [python_of(guest), "-c", MOCK, SENSOR]
        process = subprocess.Popen(argv, env=environ(home) | wanted, stdin=subprocess.PIPE, stderr=said, text=True)
    running = Sensor(process, log)
    try:
        camera.site.until(lambda: "waiting for motion on GPIO 17" in "".join(running.said()))
        yield running
    finally:
        process.kill()
        process.communicate()


def event(number: int) -> Any:
    """A condition: so many events have begun, the newest by a request."""

    def holds(status: dict[str, Any]) -> bool:
        newest = status["motion"] and status["motion"]["event"]
        return bool(newest and newest["number"] >= number and newest["trigger"] == "request")

    return holds


def ended(status: dict[str, Any]) -> bool:
    """The newest event is over, and its picture is in the library."""
    newest = status["motion"]["event"]
    return bool(newest["end"] and newest["item"])


@pytest.mark.parametrize("guest", GUESTS)
def test_a_sensor_that_switches_often_starts_one_event(guest, camera):
    with Daemon(camera.site) as daemon, sensor(guest, camera, EVENT_SECONDS="5") as pir:
        daemon.until(lambda status: status["frame"])
        pir.drive("high", "low", "high", "low", "high")
        status = daemon.until(event(1))
        assert status["motion"]["armed"] is False
        pir.drive("low")
        status = daemon.until(ended)
        assert status["motion"]["counts"]["events"] == 1
        assert camera.site.data.joinpath("library", status["motion"]["event"]["item"]).exists()
        pir.drive("high")
        daemon.until(event(2))
        assert len(pir.said()) == 1, pir.said()


def test_a_daemon_that_is_away_is_asked_again_and_said_once(camera):
    with sensor("debian13", camera, EVENT_SECONDS="1") as pir:
        answered = 'route="api/motion/trigger",status="503"'
        owner = Client(camera.site, Authorization=f"Bearer {camera.token}")
        pir.drive("high")
        camera.site.until(lambda: count(owner, answered) >= 2)
        assert [line for line in pir.said()[1:] if "the capture daemon does not answer" not in line] == []
        assert len(pir.said()) == 2
        with Daemon(camera.site) as daemon:
            daemon.until(event(1))
            camera.site.until(lambda: "events are recorded again" in pir.said()[-1])


def count(owner: Client, labels: str) -> int:
    """How many requests with these labels the server has answered."""
    metrics = owner.ask("/metrics")[1].decode()
    found = re.search(rf"^\S*requests\S*{re.escape(labels)}\S* (\d+)", metrics, re.MULTILINE)
    return int(found[1]) if found else 0


def test_a_camera_that_records_a_video_is_asked_again_after_it(camera):
    with Daemon(camera.site) as daemon, sensor("debian13", camera, EVENT_SECONDS="1") as pir:
        daemon.until(lambda status: status["frame"])
        owner = Client(camera.site, Authorization=f"Bearer {camera.token}")
        assert owner.call("/api/video", "POST", {})[0] == 202
        pir.drive("high")
        camera.site.until(lambda: "a video is being recorded" in pir.said()[-1])
        assert owner.call("/api/video", "DELETE")[0] == 200
        daemon.until(event(1))


def test_a_server_that_is_away_is_said(camera):
    with kept_port() as port, sensor("debian13", camera, CAMERA_URL=f"http://127.0.0.1:{port}") as pir:
        pir.drive("high")
        camera.site.until(lambda: "does not answer (" in pir.said()[-1])


def test_a_token_that_was_removed_is_said(camera):
    with sensor("debian13", camera, CAMERA_TOKEN="stillcam_removed") as pir:
        pir.drive("high")
        camera.site.until(lambda: "the server refuses CAMERA_TOKEN" in pir.said()[-1])


def run(*argv: Any, **settings: str) -> subprocess.CompletedProcess[str]:
    kept = {"PATH": os.environ["PATH"], "PYTHONWARNINGS": "ignore"}
    return subprocess.run(
        [*map(str, argv), SENSOR], env=kept | settings, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False, timeout=DEADLINE_S,
    )  # fmt: skip


GOOD = {"GPIO_PIN": "17", "CAMERA_TOKEN": "stillcam_1"}


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        pytest.param({"GPIO_PIN": ""}, "GPIO_PIN is missing: set it in /etc/default/stillcam-gpio", id="no pin"),
        pytest.param({"CAMERA_TOKEN": ""}, "CAMERA_TOKEN is missing", id="no token"),
        pytest.param({"EVENT_SECONDS": "0"}, "EVENT_SECONDS must be from 1 to 3600, not 0", id="too short"),
        pytest.param({"EVENT_SECONDS": "nan"}, "EVENT_SECONDS must be from 1 to 3600, not nan", id="not a number"),
        pytest.param({"EVENT_SECONDS": "ten"}, "EVENT_SECONDS must be from 1 to 3600, not ten", id="a word"),
        pytest.param({"CAMERA_URL": "shed:8080"}, "CAMERA_URL must begin with http:// or https://", id="no scheme"),
        pytest.param({"GPIO_PIN": "99"}, "GPIO 99 cannot be used", id="no such pin"),
    ],
)
@pytest.mark.parametrize("guest", GUESTS)
def test_a_wrong_setting_is_said_and_the_unit_does_not_restart(guest, settings, reason):
    done = run(python_of(guest), **GOOD | {"GPIOZERO_PIN_FACTORY": "mock"} | settings)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith(f"motion_sensor.py: {reason}")
    assert done.stderr.count("\n") == 1


def test_missing_libraries_are_named_with_their_packages():
    """-S: without the packages of this machine. Where lgpio is missing, so are the pins."""
    assert "sudo apt install -y python3-gpiozero python3-lgpio" in run(sys.executable, "-S", **GOOD).stderr
    done = run(python_of("debian13"), **GOOD, GPIOZERO_PIN_FACTORY="lgpio")
    assert done.returncode == 2
    assert done.stderr.startswith("motion_sensor.py: GPIO 17 cannot be used (")
    assert "python3-lgpio" in done.stderr


def test_https_needs_the_address_and_the_authority_of_the_server(camera):
    authority = certificate(camera.site.data, "localhost")[1]
    camera.site.end()
    camera.site.start()
    for address, said in (
        (camera.url, f"the server is at https://127.0.0.1:{camera.site.port}/"),
        (f"https://127.0.0.1:{camera.site.port}", "certificate verify failed"),
        (f"https://localhost:{camera.site.port}", "the capture daemon does not answer"),
    ):
        with sensor("debian13", camera, CAMERA_URL=address, SSL_CERT_FILE=str(authority)) as pir:
            pir.drive("high")
            camera.site.until(lambda pir=pir, said=said: said in pir.said()[-1])


def test_the_defaults_are_those_of_the_program_and_complete():
    text = DEFAULTS.read_text()
    names = set(re.findall(r'setting\("(\w+)"', SENSOR.read_text()))
    assert set(re.findall(r"^#?([A-Z_]+)=", text, re.MULTILINE)) == names
    assert "CAMERA_TOKEN=\n" in text
