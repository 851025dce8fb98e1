"""A process that stands still (SIGSTOP): what viewers see, and that it goes on where it was (SIGCONT)."""

import os
import signal
from pathlib import Path


def test_a_camera_program_that_stands_still_is_started_again(camera):
    """It takes no SIGTERM then: it is killed."""
    pid = camera.camera_program
    os.kill(pid, signal.SIGSTOP)
    camera.site.until(lambda: not Path(f"/proc/{pid}").exists())
    camera.pictures_come()
    assert camera.daemon.ask("status")["restarts"]["stalled"] >= 1
    assert "no picture (stalled)" in camera.logged()
    assert "pictures again after" in camera.logged()


def test_a_daemon_that_stands_still_leaves_the_last_picture(camera):
    process = camera.daemon.process
    process.send_signal(signal.SIGSTOP)
    camera.site.until(lambda: not camera.healthy())
    status = camera.status()
    assert status["stale"] is True
    assert status["capture"]["running"] is False
    assert camera.frame() == os.readlink(camera.daemon.images / "current.jpg")
    process.send_signal(signal.SIGCONT)
    camera.pictures_come()
    camera.site.until(camera.healthy)
    assert camera.daemon.ask("status")["pid"] == process.pid


def test_a_server_that_stands_still_answers_who_has_waited(camera):
    """And has the newest picture soon after."""
    process = camera.site.process
    process.send_signal(signal.SIGSTOP)
    with camera.site.connect() as link:
        link.sendall(b"GET /images/current.jpg HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        missed = camera.daemon.frames(5)["frame"]
        process.send_signal(signal.SIGCONT)
        head = b"".join(iter(lambda: link.recv(65536), b"")).partition(b"\r\n\r\n")[0].decode()
    assert head.startswith("HTTP/1.1 200 ")
    camera.site.until(lambda: camera.frame() >= missed)
    assert camera.site.process.poll() is None
