"""Too little memory: what runs stays or is started again, says so, and goes on as soon as there is some again."""

import contextlib
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from installation import Installation
from serving import DEADLINE_S, ROOT

from stillcam.ipc.protocol import NoAnswer, ask

SERVER = """
import resource, sys
from pathlib import Path
from stillcam.ipc.protocol import CommandServer
server = CommandServer(Path(sys.argv[1]), lambda message: message)
before = resource.getrlimit(resource.RLIMIT_AS)
print("ready", flush=True)
for line in sys.stdin:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + (4 << 20)  # a thread wants 8 MB
    new = (most, before[1]) if line == "none\\n" else before
    resource.setrlimit(resource.RLIMIT_AS, new)
    print("done", flush=True)
"""


def take_memory(pid: int) -> tuple[int, int]:
    """Let a process have no more address space than it has; what it might have before."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[0])
    before = resource.prlimit(pid, resource.RLIMIT_AS)
    resource.prlimit(pid, resource.RLIMIT_AS, (pages * resource.getpagesize(), before[1]))
    return before


def test_a_command_socket_without_memory_listens_again_when_there_is_some(tmp_path):
    """There is none for a thread, which is what each client had."""
    with subprocess.Popen(
        [sys.executable, "-c", SERVER, str(tmp_path / "sock")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=os.environ | {"PYTHONPATH": str(ROOT / "python")},
    ) as server:  # fmt: skip
        order, answer = server.stdin, server.stdout
        assert order and answer

        def let(how: str) -> None:
            order.write(f"{how}\n")
            order.flush()
            assert answer.readline() == "done\n"

        assert answer.readline() == "ready\n"
        let("none")
        for _ in range(100):  # more than there are threads at most
            try:
                assert ask(tmp_path / "sock", {"command": "hello"}, DEADLINE_S) == {"command": "hello"}
            except NoAnswer:
                continue
        let("some")
        for _ in range(100):
            assert ask(tmp_path / "sock", {"command": "hello"}, DEADLINE_S) == {"command": "hello"}


@pytest.fixture
def camera(tmp_path):
    with Installation(tmp_path) as camera:
        yield camera


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
