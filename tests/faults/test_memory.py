"""Too little memory: what runs stays or is started again, says so, and goes on as soon as there is some again."""

import contextlib
import os
import resource
from pathlib import Path

from serving import DEADLINE_S

from stillcam.ipc.protocol import NoAnswer, ask


def take_memory(pid: int, spare: int = 0) -> tuple[int, int]:
    """Let a process have no more address space than it has and so many bytes; what it might have before."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
    before = resource.prlimit(pid, resource.RLIMIT_AS)
    resource.prlimit(pid, resource.RLIMIT_AS, (pages * resource.getpagesize() + spare, before[1]))
    return before


def test_a_command_socket_without_memory_listens_again_when_there_is_some(listener, tmp_path):
    """There is none for a thread, which is what each client had."""
    before = take_memory(listener, 4 << 20)  # a thread wants 8 MB
    for _ in range(100):  # more than there are threads at most
        try:
            assert ask(tmp_path / "sock", {"command": "hello"}, DEADLINE_S) == {"command": "hello"}
        except NoAnswer:
            continue
    resource.prlimit(listener, resource.RLIMIT_AS, before)
    for _ in range(100):
        assert ask(tmp_path / "sock", {"command": "hello"}, DEADLINE_S) == {"command": "hello"}


def test_a_daemon_without_memory_goes_on_when_it_has_some(camera):
    """Its camera program is ended meanwhile: it cannot start another one."""
    daemon = camera.daemon
    pid = daemon.process.pid
    last = camera.frame()
    before = take_memory(pid)
    os.kill(camera.camera_program, 9)
    camera.site.until(lambda: "Cannot allocate memory" in camera.logged() or daemon.process.poll() is not None)
    assert camera.site.until(camera.frame) >= last
    assert "this is a bug" not in camera.logged()
    if daemon.process.poll() is None:
        resource.prlimit(pid, resource.RLIMIT_AS, before)
    else:
        daemon.start()  # as systemd does
    camera.pictures_come()
    assert daemon.ask("status")["running"] is True


def test_a_server_without_memory_goes_on_when_it_has_some(camera):
    """It refuses whom it cannot serve, and needs no restart."""
    site = camera.site
    assert site.process
    before = take_memory(site.process.pid)
    for _ in range(100):
        with contextlib.suppress(OSError):
            site.ask("/images/current.jpg")
    assert site.process.poll() is None, site.said()
    assert "this is a bug" not in site.said()
    resource.prlimit(site.process.pid, resource.RLIMIT_AS, before)
    camera.pictures_come()
    camera.site.until(camera.healthy)
