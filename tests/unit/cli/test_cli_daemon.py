"""What takes long is waited for, and a time-out is called one."""

import argparse
import os
import pty
import re
import socket
import threading
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from standin import STATUS

from stillcam.capture.command_queue import CommandQueue
from stillcam.capture.command_socket import CommandHandler
from stillcam.capture.status import Status
from stillcam.cli import camera, daemon, progress
from stillcam.common.errors import CameraError
from stillcam.common.formats import utc_text
from stillcam.common.paths import Paths
from stillcam.ipc.protocol import AnswerTimeout, CommandServer, Message, NoAnswer, ask

ITEM = "2026-11-20/20261120T234501.123Z_photo_imx708.jpg"
TAKING = {"kind": "photo", "done": 0, "of": 1, "due": None}


@pytest.fixture
def paths(tmp_path):
    paths = Paths(tmp_path / "images", tmp_path / "data")
    paths.run.mkdir(parents=True)
    return paths


@pytest.fixture
def terminal(monkeypatch):
    """stderr is one, where the progress appears at once; gives what is shown there."""
    shown: list[str] = []

    class Terminal:
        def isatty(self) -> bool:
            return True

        def fileno(self) -> int:
            return theirs

        def write(self, text: str) -> None:
            shown.append(text)

        def flush(self) -> None: ...

    ours, theirs = pty.openpty()
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=Terminal()))
    for name in ("SHOW_AFTER_S", "REFRESH_S"):
        monkeypatch.setattr(progress, name, 0.02)
    yield shown
    os.close(ours)
    os.close(theirs)


def served(paths: Paths, slow: str, answer: Message, status: Callable[[], Message]) -> CommandServer:
    """A daemon that answers `slow` once it has said three times how far it is."""
    looked = threading.Semaphore(0)

    def handle(message: Message) -> Message:
        if message["command"] == "status":
            looked.release()
            return status()
        assert message["command"] == slow
        for _ in range(3):
            assert looked.acquire(timeout=90)
        return answer

    return CommandServer(paths.socket, handle)


@pytest.mark.parametrize("taking", [pytest.param(TAKING, id="its turn"), pytest.param(None, id="before or after it")])
def test_a_photo_is_waited_for_however_long_it_takes(paths, monkeypatch, terminal, taking):
    monkeypatch.setattr(daemon, "STATUS_POLL_S", 0.05)
    server = served(paths, "photo", {"items": [ITEM]}, lambda: STATUS | {
        "mode": "photo", "interval_s": 601.0, "taking": taking, "since": utc_text(time.time()),
    })  # fmt: skip
    try:
        told = camera.photos(paths, argparse.Namespace(kind="photo", count=1, delay=0.0))
    finally:
        server.close()
    assert told.document["items"] == [ITEM]
    assert re.search(r"photo 1 of 1 \(\d+ s, \d+ min \d+ s left\)", "".join(terminal))


def test_a_snapshot_is_waited_for_too(paths, monkeypatch, terminal):
    monkeypatch.setattr(daemon, "STATUS_POLL_S", 0.05)
    server = served(paths, "snapshot", {"frame": "camera_1.jpg"}, lambda: dict(STATUS))
    try:
        told = camera.snapshot(paths, argparse.Namespace(json=True, path=False))
    finally:
        server.close()
    assert told.document["frame"] == "camera_1.jpg"
    assert "taking a snapshot" in "".join(terminal)


def test_a_daemon_that_hangs_is_given_up_and_called_late(paths, monkeypatch, terminal):
    for name in ("STATUS_POLL_S", "STATUS_TIMEOUT_S", "HUNG_S"):
        monkeypatch.setattr(daemon, name, 0.05)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(paths.socket))
        listener.listen(90)
        with pytest.raises(AnswerTimeout, match="not answered within"):
            daemon.ask_with_progress(paths.socket, {"command": "photo"}, "photo")


def test_a_daemon_that_ends_meanwhile_is_no_time_out(paths):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(paths.socket))
        listener.listen()

        def end() -> None:
            link = listener.accept()[0]
            link.recv(4096)
            link.close()

        threading.Thread(target=end, daemon=True).start()
        with pytest.raises(NoAnswer, match="while it was answering"):
            daemon.ask_with_progress(paths.socket, {"command": "photo"}, "photo")


def test_a_time_out_is_called_one(paths):
    """The daemon runs: to start it would be the wrong advice."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(paths.socket))
        listener.listen()
        with pytest.raises(NoAnswer) as caught:
            ask(paths.socket, {"command": "photo"}, 0.05)
    assert "has not answered within 0.05 s" in str(caught.value) and "start it" not in str(caught.value)


def test_nobody_who_listens_is_told_to_be_started(paths):
    with pytest.raises(NoAnswer, match=r"start it with \./start_camera_server\.sh"):
        ask(paths.socket, {"command": "photo"}, 0.05)


@pytest.mark.parametrize("command", ["snapshot", "focus"])
def test_a_picture_that_does_not_come_in_the_time_that_is_left_for_it_is_late(command):
    """A proxy gives the web server less than a long exposure takes."""
    status = Status("simulated")
    status.enter("photo", 601.0)
    commands = CommandHandler(CommandQueue(), status, lambda: 30.0, lambda name: {"name": name}, {})
    with pytest.raises(CameraError, match=r"within 0\.05 s.*mode photo") as caught:
        commands.handle({"command": command, "wait_s": 0.05})
    assert caught.value.cause == "late"
