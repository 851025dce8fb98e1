"""Too few file descriptors: what runs stays, says so, and goes on as soon as there are some again."""

import os
import resource
import signal
import time
from contextlib import suppress

import pytest
from installation import descriptors
from serving import DEADLINE_S

from stillcam.ipc.protocol import NoAnswer, ask


def lowest_free(pid: int) -> int:
    """The descriptor that a process would be given next, while it talks to nobody."""

    def now() -> int:
        used = {int(name) for name in os.listdir(f"/proc/{pid}/fd")}
        return next(number for number in range(1000) if number not in used)

    found = []
    for _ in range(50):
        found.append(now())
        time.sleep(0.01)  # a question of the server's comes and goes meanwhile
    return min(found)


def test_a_daemon_without_descriptors_goes_on_when_it_has_some(camera):
    """It may open nothing more: no picture can be read to see that it is whole."""
    daemon = camera.daemon
    pid = daemon.process.pid
    before, most = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    last = camera.frame()
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (lowest_free(pid), most))
    camera.site.until(lambda: "Too many open files" in camera.logged() or "no more open files" in camera.logged())
    assert camera.site.until(camera.frame) >= last
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (before, most))
    camera.pictures_come()
    assert daemon.process.poll() is None
    assert "Traceback" not in camera.logged()


def test_a_command_socket_that_could_take_nobody_takes_them_again(listener, tmp_path):
    before, most = resource.prlimit(listener, resource.RLIMIT_NOFILE)
    resource.prlimit(listener, resource.RLIMIT_NOFILE, (3, most))
    with suppress(NoAnswer):  # if accept(2) has begun, it had its descriptor before
        ask(tmp_path / "sock", {"command": "hello"}, 0.5)
    with pytest.raises(NoAnswer):
        ask(tmp_path / "sock", {"command": "hello"}, 0.5)
    resource.prlimit(listener, resource.RLIMIT_NOFILE, (before, most))
    assert ask(tmp_path / "sock", {"command": "hello"}, DEADLINE_S) == {"command": "hello"}


def test_no_descriptor_is_lost_with_a_camera_program(camera):
    """It is ended again and again; the daemon has as many open as before."""
    daemon = camera.daemon
    counts = []
    for deaths in range(1, 5):
        os.kill(camera.camera_program, signal.SIGKILL)
        daemon.until(lambda told, deaths=deaths: told["restarts"].get("died", 0) >= deaths)
        daemon.frames(3)
        counts.append(min(descriptors(daemon.process.pid) for _ in range(50)))
    assert counts[-1] <= counts[0] + 1, counts  # a question may be under way
