"""What detection takes: processor time for a frame, and memory."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from clips import FPS, Clip
from debian_motion import watching
from processes import cpu_s, memory_mb
from report import Row, compared, measured
from simulated_site import Site, running

ROOT = Path(__file__).resolve().parents[2]
SETTLING_S = 10.0  # until something is measured
SHARE = 0.5
MOST_MB = 12.0
ON_A_ZERO = """
import os, runpy
pages, true = (427 << 20) // os.sysconf("SC_PAGE_SIZE"), os.sysconf
os.sysconf = lambda name: pages if name == "SC_PHYS_PAGES" else true(name)
runpy.run_module("stillcam.capture", run_name="__main__")
"""


def costs(clip: Clip, others: dict[str, str], seconds: float, folder: Path) -> Iterator[Row]:
    """Rows of processor time and memory.

    All of them watch the clip at 1280x720 in real time and together, so that whatever else the machine does hits all.

    Args:
        others: names of configurations of `motion`.
        seconds: that are measured.
    """
    recording = replace(clip, seconds=SETTLING_S + seconds).record(folder, 1)
    with ExitStack() as stack:
        child = stack.enter_context(_looking())
        theirs = [
            stack.enter_context(watching(recording, folder / f"{name}, {clip.name}", more))
            for name, more in others.items()
        ]
        pids, before = [child.pid, *(pid for _, pid in theirs)], []
        began_s = time.monotonic()
        for number, jpeg in enumerate(recording.frames()):
            for camera, _ in theirs:
                camera.await_request()
            time.sleep(max(0.0, began_s + number / FPS - time.monotonic()))
            if number == SETTLING_S * FPS:
                before = [cpu_s(pid) for pid in pids]
            for camera, _ in theirs:
                camera.answer(jpeg)
            assert child.stdin
            child.stdin.write(jpeg)
            child.stdin.flush()
        for camera, _ in theirs:
            camera.await_request()
        time.sleep(1 / FPS)
        after, memory = [cpu_s(pid) for pid in pids], [memory_mb(pid) for pid in pids]
    milliseconds = [1000 * (now - then) / (seconds * FPS) for now, then in zip(after, before, strict=True)]
    for name, their_ms, their_mb in zip(others, milliseconds[1:], memory[1:], strict=True):
        other = f"{clip.name}, motion ({name})"
        yield compared(f"processor time for a frame: {other}", milliseconds[:1], [their_ms], "{:.1f} ms", at_most=SHARE)
        work = f"memory of a process that only detects: {other}"
        yield compared(work, memory[:1], [their_mb], "{:.1f} MB")


@contextmanager
def _looking() -> Iterator[subprocess.Popen[bytes]]:
    environ = os.environ | {"PYTHONPATH": str(ROOT / "python")}
    argv = [sys.executable, str(Path(__file__).with_name("looking.py"))]
    child = subprocess.Popen(argv, env=environ, stdin=subprocess.PIPE)
    try:
        yield child
    finally:
        child.kill()
        child.wait()


def memory_armed(folder: Path, watched_s: float) -> Iterator[Row]:
    """What an armed daemon takes beyond one with a viewer; both as on a Pi Zero 2 W, and nothing moves.

    Args:
        watched_s: until it is measured; the memory for the seconds before an event is full then.

    Raises:
        RuntimeError: there was an event, which takes the frames out of that memory.
    """
    taken = []
    for armed in (False, True):
        site = Site(folder / f"armed {armed}", "imx219", motion={"armed": armed})
        site.behave(cameras="imx219", no_boat=True)
        site.compile()
        with running("-c", ON_A_ZERO, environ=site.environ) as daemon:
            site.status()
            site.ask("lease", seconds=30)
            site.status(mode="motion" if armed else "live")
            time.sleep(watched_s)
            taken.append(memory_mb(daemon.pid))
            if armed and site.ask("status")["motion"]["event"]:
                raise RuntimeError("something has moved in an empty picture")
    work = "memory of an armed daemon beyond the live view, on a Pi with 427 MB"
    yield measured(work, taken[1] - taken[0], "{:.1f} MB", at_most=MOST_MB)
