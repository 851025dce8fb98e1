"""Both programs as units of systemd: ready, and a watchdog that is fed only while all is well."""

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from unittest.mock import ANY

import pytest
from notified import ServiceManager
from pictures import picture
from serving import Site
from watching import Viewer

from stillcam.server.own_address import healthz


@pytest.fixture
def manager(tmp_path) -> Iterator[ServiceManager]:
    manager = ServiceManager(tmp_path)
    yield manager
    manager.close()


def test_the_daemon_is_ready_first_and_then_fed(daemon, manager):
    daemon.start(**manager.environ)
    said = manager.until(lambda text: "snapshot" in text)
    assert said[0] == "READY=1"
    assert said[-1].startswith("WATCHDOG=1\nSTATUS=snapshot, ")


def test_it_is_ready_before_old_series_are_open(daemon, manager):
    """One is on a disk that does not answer: whoever opens its file waits for ever."""
    old = daemon.data / "series" / "Old"
    old.mkdir(parents=True)
    os.mkfifo(old / "series.json")
    daemon.start(**manager.environ)
    assert manager.until(lambda text: "snapshot" in text)[0] == "READY=1"
    daemon.frames(2)
    daemon.process.kill()


def test_a_daemon_without_a_camera_is_fed(daemon, manager):
    daemon.fault(no_camera=True)
    daemon.start(**manager.environ)
    said = manager.until(lambda text: "no camera" in text)
    assert said[-1] == "WATCHDOG=1\nSTATUS=no camera, 0 frames"


def test_the_server_is_fed_while_it_answers_itself(site, manager):
    assert site.end() == 0
    site.start(**manager.environ)
    assert manager.until(lambda text: "answers: no picture yet" in text)[0] == "READY=1"
    site.publish(picture())
    manager.until(lambda text: text == "WATCHDOG=1\nSTATUS=running, pictures are fresh")


def test_health_is_asked_over_the_loopback(site):
    assert healthz("127.0.0.1", site.port, tls=False)[0] == 503
    assert healthz("0.0.0.0", site.port, tls=False)[0] == 503
    site.end()
    with pytest.raises(ConnectionRefusedError):
        healthz("127.0.0.1", site.port, tls=False)


@pytest.mark.parametrize(
    "said", [b"220 ready\r\n", b"HTTP/1.1 200 OK\r\n\r\n<html>", b'HTTP/1.1 200 OK\r\n\r\n{"a": 1}']
)
def test_who_answers_but_is_no_stillcam(said):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            with listener.accept()[0] as link:
                link.recv(4096)
                link.sendall(said)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(ConnectionError, match="another program"):
            healthz("127.0.0.1", listener.getsockname()[1], tls=False)
        thread.join()


def test_a_server_whose_places_are_all_taken_is_fed(tmp_path, manager):
    """Its own question needs none of them."""
    limits = {"max_connections": 8, "max_connections_per_address": 8}
    site = Site(tmp_path, {"server": limits})
    site.start(**manager.environ)
    try:
        site.publish(picture())
        with ExitStack() as viewers:
            for _ in range(8):
                viewers.enter_context(Viewer(site)).part()
            assert healthz("127.0.0.1", site.port, tls=False) == (503, ANY)  # all are taken
            manager.forget()
            for _ in range(5):
                manager.until(lambda text: text == "WATCHDOG=1\nSTATUS=running, pictures are fresh")
            assert healthz("127.0.0.1", site.port, tls=False)[1]["reason"].startswith("too many connections")
    finally:
        site.end()
