"""What systemd is told, by the datagrams that it gets."""

import logging
import os
import socket
from contextlib import contextmanager
from functools import partial

import pytest
from serving import DEADLINE_S

from stillcam.capture.__main__ import watchdog_status
from stillcam.capture.command_queue import CommandQueue
from stillcam.capture.status import Status
from stillcam.common.child_process import wait_readable
from stillcam.common.systemd import Service


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


def test_a_daemon_is_alive_while_its_camera_thread_looks_for_commands():
    status = Status("simulated")
    commands = CommandQueue()
    alive = partial(watchdog_status, commands, status)
    assert alive() == ""  # it has not begun
    assert commands.take() == []
    assert alive() == "starting, 0 frames"
    assert alive() == ""  # it hangs


def test_asking_whether_it_is_alive_wakes_the_camera_thread():
    commands = CommandQueue()
    assert not wait_readable(0, commands.wake)
    commands.polled()
    assert wait_readable(0, commands.wake)
