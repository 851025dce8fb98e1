"""What systemd is told, by the datagrams that it gets."""

import logging
import os
import socket
from contextlib import contextmanager

import pytest
from serving import DEADLINE_S

from stillcam.capture.alive import Alive
from stillcam.notify import Service


@contextmanager
def service_manager(address):
    """systemd's end of it."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
        told.settimeout(DEADLINE_S)
        told.bind(address)
        yield told


@pytest.mark.parametrize("abstract", [False, True])
def test_it_says_when_it_is_ready(tmp_path, abstract):
    name = f"stillcam-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with service_manager(f"\0{name}" if abstract else name) as told:
        Service({"NOTIFY_SOCKET": f"@{name}" if abstract else name}).ready()
        assert told.recv(4096) == b"READY=1"


def test_the_watchdog_is_fed_while_it_is_alive(tmp_path):
    answers = iter(["", "well", "", "very well"])
    with service_manager(str(tmp_path / "notify")) as told:
        environ = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "4000"}
        Service(environ).watch(lambda: next(answers, ""))
        assert told.recv(4096) == b"WATCHDOG=1\nSTATUS=well"
        assert told.recv(4096) == b"WATCHDOG=1\nSTATUS=very well"


@pytest.mark.parametrize(
    "environ",
    [
        pytest.param({}, id="no service manager"),
        pytest.param({"WATCHDOG_USEC": "1000"}, id="no socket"),
        pytest.param({"NOTIFY_SOCKET": "/nowhere/notify"}, id="no watchdog"),
        pytest.param({"NOTIFY_SOCKET": "/nowhere/notify", "WATCHDOG_USEC": "1", "WATCHDOG_PID": "1"}, id="another pid"),
        pytest.param({"NOTIFY_SOCKET": "/nowhere/notify", "WATCHDOG_USEC": "soon"}, id="nonsense"),
    ],
)
def test_nobody_is_fed_who_has_not_asked(environ):
    def alive() -> str:
        raise AssertionError("asked")

    service = Service(environ)
    service.watch(alive)
    service.ready()


def test_a_service_manager_that_is_gone_is_said_once(caplog):
    service = Service({"NOTIFY_SOCKET": "/nowhere/notify"})
    with caplog.at_level(logging.WARNING):
        service.ready()
        service.ready()
    assert len(caplog.records) == 1


class Clock:
    """A steady clock and a daemon's status."""

    def __init__(self):
        self.now_s, self.mode, self.frames = 100.0, "starting", 0
        self.alive = Alive(self.message, lambda: self.now_s)

    def message(self):
        return {"mode": self.mode, "captures": {"ok": self.frames}, "interval_s": 2.0}

    def after(self, seconds, mode, frames):
        self.now_s, self.mode, self.frames = self.now_s + seconds, mode, frames
        return self.alive()


def test_a_daemon_without_a_frame_is_not_alive():
    clock = Clock()
    assert clock.after(0, "starting", 0) == ""
    assert clock.after(60, "no camera", 0) == ""
    assert clock.after(1, "snapshot", 1) == "snapshot, 1 frames"


def test_a_daemon_is_alive_for_three_intervals_and_a_grace():
    clock = Clock()
    clock.after(0, "snapshot", 5)
    assert clock.after(11, "no camera", 5) == "no camera, 5 frames"
    assert clock.after(1, "no camera", 5) == ""
    assert clock.after(60, "snapshot", 6) == "snapshot, 6 frames"


def test_a_video_needs_no_frames():
    clock = Clock()
    clock.after(0, "snapshot", 5)
    assert clock.after(3600, "video", 5) == "video, 5 frames"
    assert clock.after(10, "snapshot", 5) == "snapshot, 5 frames"
    assert clock.after(10, "snapshot", 5) == ""
