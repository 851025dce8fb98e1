"""SIGTERM ends the daemon in under 3 s, whatever it waits for, and nothing that it has started stays."""

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from capture_daemon import AUTOFOCUS, LIVE, ROOT, BackgroundRequest, IdleDaemon
from picamera2_library import LIBRARY
from running_series import Series
from serving import Site

DEADLINE_S = 12.0  # four times what is promised: a busy machine runs other tests beside this one

# A program that hangs, deaf to SIGTERM and SIGINT, where `hangs` is true of its arguments; else what it stands for.
PROGRAM = """#!{python}
import os, signal, sys, time
argv = sys.argv[1:]
if {hangs}:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with open({hung!r}, "w") as file:
        file.write(str(os.getpid()))
    time.sleep(120)
{otherwise}
"""
SIMULATED = "os.execv({python!r}, [{python!r}, '-m', 'stillcam.camera.simulated', {name!r}, *argv])"


class Machine:
    """Programs of ours, before the others on the PATH."""

    def __init__(self, idle_daemon: IdleDaemon, folder: Path) -> None:
        self.idle_daemon = idle_daemon
        self.bin, self.hung = folder / "bin", folder / "hung"
        self.bin.mkdir()

    def has(self, name: str, hangs: str, otherwise: str = "") -> None:
        """A program that hangs where an expression is true of `argv`."""
        otherwise = otherwise or SIMULATED.format(python=sys.executable, name=name)
        text = PROGRAM.format(python=sys.executable, hangs=hangs, hung=str(self.hung), otherwise=otherwise)
        (self.bin / name).write_text(text)
        (self.bin / name).chmod(0o755)

    def start(self, camera: str = "simulated") -> None:
        self.idle_daemon.start(PATH=f"{self.bin}:{os.environ['PATH']}", STILLCAM_CAMERA=camera)

    def until_hung(self) -> None:
        deadline = time.monotonic() + 60
        while not (self.hung.exists() and self.hung.read_text()):
            assert time.monotonic() < deadline, self.idle_daemon.log.read_text()
            time.sleep(0.02)


def stalls(idle_daemon: IdleDaemon) -> None:
    """The camera gives no picture from now on, and its program does not end."""
    idle_daemon.fault(stall_after=0, ignore_term=True)


def until_still(idle_daemon: IdleDaemon) -> None:
    """Until no picture has come for a second."""
    came = since = -1.0

    def still(status: dict[str, Any]) -> bool:
        nonlocal came, since
        if status["captures"]["ok"] != came:
            came, since = status["captures"]["ok"], time.monotonic()
        return time.monotonic() >= since + 1.0

    idle_daemon.until(still)


def listing(machine: Machine) -> None:
    machine.has("rpicam-still", "'--list-cameras' in argv")
    machine.start("rpicam")
    machine.until_hung()


def starting(machine: Machine) -> None:
    machine.has("rpicam-still", "'--list-cameras' not in argv")
    machine.start("rpicam")
    machine.until_hung()


def learning_options(machine: Machine) -> None:
    machine.has("rpicam-still", "'--help' in argv")
    machine.idle_daemon.fault(lacks="thumb")
    machine.start("rpicam")
    machine.until_hung()


def without_a_camera(machine: Machine) -> None:
    machine.idle_daemon.fault(no_camera=True)
    machine.start()
    machine.idle_daemon.until(lambda status: status["mode"] == "no camera")


def snapshot(machine: Machine) -> None:
    machine.idle_daemon.settings(snapshot={"interval_s": 0.2, "width": 320})
    machine.idle_daemon.open()
    stalls(machine.idle_daemon)
    until_still(machine.idle_daemon)


def restarting(machine: Machine) -> None:
    """A program that does not end is to make way for another."""
    machine.idle_daemon.fault(ignore_term=True)
    machine.idle_daemon.open()
    machine.idle_daemon.settings(snapshot={"width": 640})
    BackgroundRequest(machine.idle_daemon, "reload")
    machine.idle_daemon.until(lambda _: "new settings" in machine.idle_daemon.log.read_text())


def turning(machine: Machine, of: str = "") -> None:
    machine.has("jpegtran", f"{of!r} in ''.join(argv)", "os.execv('/usr/bin/jpegtran', ['jpegtran', *argv])")
    machine.idle_daemon.settings(camera={"rotation": 90})
    machine.start()
    if of:
        machine.idle_daemon.until(lambda status: status["captures"]["ok"])


def turning_a_snapshot(machine: Machine) -> None:
    turning(machine)
    machine.until_hung()


def turning_a_photo(machine: Machine) -> None:
    turning(machine, of="_photo_")
    BackgroundRequest(machine.idle_daemon, "photo")
    machine.until_hung()


def turning_a_shot(machine: Machine) -> None:
    turning(machine, of=".shots")
    Series(machine.idle_daemon, interval_s=1)
    machine.until_hung()


def photo(machine: Machine) -> None:
    machine.idle_daemon.open()
    stalls(machine.idle_daemon)
    BackgroundRequest(machine.idle_daemon, "photo")
    machine.idle_daemon.until(lambda status: status["mode"] == "photo")


def focus(machine: Machine) -> None:
    machine.idle_daemon.attach(AUTOFOCUS)
    machine.idle_daemon.open()
    stalls(machine.idle_daemon)
    BackgroundRequest(machine.idle_daemon, "focus")
    machine.idle_daemon.until(lambda _: len(machine.idle_daemon.starts()) > 1)


def series(machine: Machine) -> None:
    machine.idle_daemon.open()
    garden = Series(machine.idle_daemon, interval_s=1).taken(1)
    stalls(machine.idle_daemon)
    machine.idle_daemon.until(lambda status: status["mode"] == "series")
    assert garden.summary()["state"] == "running"


def live(machine: Machine) -> None:
    machine.idle_daemon.settings(live=LIVE)
    machine.idle_daemon.open()
    machine.idle_daemon.ask("lease", seconds=30)
    machine.idle_daemon.until(lambda status: status["mode"] == "live")
    stalls(machine.idle_daemon)
    until_still(machine.idle_daemon)


def video(machine: Machine) -> None:
    machine.idle_daemon.open()
    machine.idle_daemon.ask("video")
    machine.idle_daemon.until(lambda status: status["recording"] and status["recording"]["bytes"])
    stalls(machine.idle_daemon)


def the_end_of_a_video(machine: Machine) -> None:
    video(machine)
    BackgroundRequest(machine.idle_daemon, "stop")
    time.sleep(1.0)  # nothing tells that its program is being ended; if it is not yet, that is the case before


def picamera2(machine: Machine) -> None:
    """Its process stands still."""
    machine.idle_daemon.open(**LIBRARY)
    (child,) = machine.idle_daemon.camera_programs()
    os.kill(child, signal.SIGSTOP)


def a_video_of_picamera2(machine: Machine) -> None:
    machine.idle_daemon.open(**LIBRARY)
    machine.idle_daemon.ask("video")
    machine.idle_daemon.until(lambda status: status["recording"] and status["recording"]["bytes"])
    (child,) = machine.idle_daemon.camera_programs()
    os.kill(child, signal.SIGSTOP)
    BackgroundRequest(machine.idle_daemon, "stop")


def asking_for_libav(machine: Machine) -> None:
    machine.has("rpicam-still", "False")
    machine.has("rpicam-vid", "'--version' in argv")
    machine.idle_daemon.settings(video={"width": 320, "while_recording": "encode"})
    machine.start("rpicam")
    machine.idle_daemon.until(lambda status: status["captures"]["ok"])
    BackgroundRequest(machine.idle_daemon, "video")
    machine.until_hung()


def finishing_a_video(machine: Machine) -> None:
    machine.has("ffmpeg", "'-movflags' in argv", "os.execv('/usr/bin/ffmpeg', ['ffmpeg', *argv])")
    machine.start()
    machine.idle_daemon.until(lambda status: status["captures"]["ok"])
    BackgroundRequest(machine.idle_daemon, "video", seconds=1, wait=True)
    machine.until_hung()


def film(machine: Machine) -> None:
    machine.has("ffmpeg", "True", "os.execv('/usr/bin/ffmpeg', ['ffmpeg', *argv])")
    machine.start()
    machine.idle_daemon.until(lambda status: status["captures"]["ok"])
    garden = Series(machine.idle_daemon, interval_s=1).taken(2)
    garden.ask("finish")
    machine.idle_daemon.ask("film", do="make", order={"series": "Garden"})
    machine.until_hung()


STEPS = (
    listing, starting, learning_options, without_a_camera, snapshot, restarting, turning_a_snapshot, turning_a_photo,
    turning_a_shot, photo, focus, series, live, video, the_end_of_a_video, picamera2,
    a_video_of_picamera2, asking_for_libav, finishing_a_video, film,
)  # fmt: skip


def descendants(pid: int) -> list[int]:
    """Processes that it has started, and those that these have."""
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # a thread that has just ended
            for child in children.read_text().split():
                found += [int(child), *descendants(int(child))]
    return found


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.__name__)
def test_sigterm_ends_it_whatever_it_waits_for(idle_daemon: IdleDaemon, tmp_path, step: Callable[[Machine], None]):
    step(Machine(idle_daemon, tmp_path))
    assert idle_daemon.process is not None
    started = descendants(idle_daemon.process.pid)
    idle_daemon.process.terminate()
    assert idle_daemon.process.wait(DEADLINE_S) == 0
    for pid in started:
        idle_daemon.until_gone(pid)
    assert "Traceback" not in idle_daemon.log.read_text()


# Standard error as it is while a line is being written: a BufferedWriter takes no other one of the same thread.
MIDDLE_OF_A_LINE = """
import os, signal, sys

class Stream:
    def __init__(self, stream):
        self._stream, self._writes = stream, False

    def write(self, text):
        if self._writes:
            raise RuntimeError("reentrant call")
        self._writes = True
        try:
            if " INFO capture " in text:
                os.kill(os.getpid(), signal.SIGTERM)
            return self._stream.write(text)
        finally:
            self._writes = False

    def __getattr__(self, name):
        return getattr(self._stream, name)

sys.stderr = Stream(sys.stderr)
"""


def test_sigterm_in_the_middle_of_a_log_line_counts(idle_daemon, tmp_path):
    (tmp_path / "site").mkdir()
    (tmp_path / "site/sitecustomize.py").write_text(MIDDLE_OF_A_LINE)
    process = idle_daemon.start(PYTHONPATH=f"{tmp_path / 'site'}:{ROOT / 'python'}")
    assert process.wait(60) == 0


# What a thread in C code may do to a process whose interpreter is being taken apart, at once and always.
CRASHES_APART = """
import atexit, os, signal, sys
if sys.orig_argv[-1] in ("stillcam.capture", "stillcam.server"):
    atexit.register(os.kill, os.getpid(), signal.SIGSEGV)
"""


@pytest.mark.parametrize("process", [IdleDaemon, Site])
def test_no_interpreter_is_taken_apart_under_its_threads(tmp_path, process):
    (tmp_path / "sitecustomize.py").write_text(CRASHES_APART)
    started = process(tmp_path)
    try:
        started.start(PYTHONPATH=f"{tmp_path}:{ROOT / 'python'}")
        if process is IdleDaemon:
            started.until(lambda status: status["mode"] == "snapshot")
        assert started.end() == 0
    finally:
        if started.process and started.process.poll() is None:
            started.process.kill()
            started.process.wait()
