"""Runs the capture daemon, and writes when each step of a change of use was taken: `time<tab>step`, a line each.

Run it as `python benchmarks/capture/traced_daemon.py FILE [MB_PER_S]`; times are monotonic. MB_PER_S is how fast the
library's disk is: a file takes so long to be synced. Nothing else differs from `python -m stillcam.capture`.

| step | meaning |
| --- | --- |
| told, ended | the camera program is told to end, and has ended |
| begun | another one has been started, or the library has got its command |
| opened | it has opened the camera |
| captured | it has closed the file of a still, or written frames |
| published | `current.jpg` is the new frame |
| stored | an item is in the library |
"""

import os
import sys
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from stillcam.camera.driver import Driver
from stillcam.camera.picamera2.driver import Picamera2
from stillcam.camera.rpicam.driver import Rpicam
from stillcam.capture.__main__ import run
from stillcam.capture.context import CaptureContext
from stillcam.common import atomic_write, log
from stillcam.common.child_process import ChildProcess
from stillcam.common.paths import Paths
from stillcam.library import pending

CAMERA_PROGRAMS = "rpicam", "libcamera", "picamera2"

Method = Callable[..., Any]


class Trace:
    """Writes the steps to a file."""

    def __init__(self, path: str) -> None:
        self._file = open(path, "a", buffering=1)  # noqa: SIM115 - until the daemon ends

    def note(self, step: str) -> None:
        """The step is taken now."""
        self._file.write(f"{time.monotonic():.6f}\t{step}\n")

    def around(self, kind: type, method: str, *, before: str = "", after: str = "") -> None:
        """Note steps before and after each call of a method; `after` only if it returns something true, or None.

        Other programs than those of the camera, such as ffmpeg, are left out.
        """
        original: Method = getattr(kind, method)

        @wraps(original)
        def traced(self_: Any, *arguments: Any, **more: Any) -> Any:
            if before and _concerns_camera(self_):
                self.note(before)
            result = original(self_, *arguments, **more)
            if after and (result is None or result) and _concerns_camera(self_):
                self.note(after)
            return result

        setattr(kind, method, traced)


def _concerns_camera(caller: object) -> bool:
    return not isinstance(caller, ChildProcess) or caller.name.startswith(CAMERA_PROGRAMS)


def slow_down(mb_per_s: float) -> None:
    """Let the library's disk take its time for each file."""
    sync = atomic_write.sync

    def slow(path: Path) -> None:
        if path.is_file():
            time.sleep(path.stat().st_size / (mb_per_s * 1e6))
        sync(path)

    setattr(pending, "sync", slow)  # noqa: B010 - its import of it


def main(path: str, mb_per_s: str = "") -> None:
    """Run the daemon until a signal ends it."""
    trace = Trace(path)
    trace.around(ChildProcess, "stop", before="told", after="ended")
    trace.around(ChildProcess, "__init__", after="begun")
    trace.around(Picamera2, "_command", after="begun")
    trace.around(Driver, "wait_still", after="captured")
    trace.around(Driver, "read_frames", after="captured")
    trace.around(CaptureContext, "frame_published", before="published")
    trace.around(pending.PendingItem, "finish", after="stored")
    for driver in Rpicam, Picamera2:
        trace.around(driver, "wait_ready", after="opened")
    if mb_per_s:
        slow_down(float(mb_per_s))
    log.set_up()
    run(Paths.from_environ(os.environ))


if __name__ == "__main__":
    main(*sys.argv[1:])
