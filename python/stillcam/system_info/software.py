"""Versions of camera programs, libraries and helper programs."""

from __future__ import annotations

import re
import threading
import time
from pathlib import Path

from stillcam.common.child_process import find_program
from stillcam.system_info import Row, output_of

VERSION_TIMEOUT_S = 3.0  # rpicam-still loads all of libcamera to print its version: 0.3 s on a slow board
VERSION_RETRY_S = 60.0  # until a program that has printed nothing is run again

_PACKAGES = (("picamera2", "picamera2"), ("Pillow", "pillow"))
# Names of the programs, the newest first, the option that prints their version, and the patterns of its output.
# rpicam-apps core/options.cpp: "rpicam-apps build: v1.5.0 ...", "libcamera build: v0.3.0+65-6ddd79b5".
_PROGRAMS = (
    (("rpicam-still", "libcamera-still"), "--version",
     (("Camera programs", re.compile(r"-apps build:\s*(.+)")), ("libcamera", re.compile(r"libcamera build:\s*(.+)")))),
    (("jpegtran",), "-version", (("jpegtran", re.compile(r"version\s+(.+)")),)),
    (("ffmpeg",), "-version", (("FFmpeg", re.compile(r"version\s+(\S+)")),)),
)  # fmt: skip

_Program = tuple[str, int, int]  # path, time of change, size


class Software:
    """Runs each program once for its version, and again when it has been replaced or printed nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._outputs: dict[_Program, tuple[str, float]] = {}  # output and time

    def rows(self, path: str | None = None) -> list[Row]:
        """The versions of the programs in the folders of `path` (None: `PATH`), and of packages."""
        from concurrent.futures import ThreadPoolExecutor

        with self._lock, ThreadPoolExecutor(len(_PROGRAMS), "version") as pool:
            found = [next(filter(None, (find_program(name, path=path) for name in row[0])), None) for row in _PROGRAMS]
            outputs = list(pool.map(self._output_of, found, [row[1] for row in _PROGRAMS]))
        rows: list[Row] = []
        for (_, _, wanted), program, text in zip(_PROGRAMS, found, outputs, strict=True):
            versions = [(label, match[1].strip()) for label, pattern in wanted if (match := pattern.search(text))]
            unknown = "of unknown version" if program else "not installed"
            rows += versions or [(wanted[0][0], unknown)]
        return rows + [(label, version) for label, name in _PACKAGES if (version := _installed(name))]

    def _output_of(self, program: str | None, option: str) -> str:
        """What a program prints about its version; empty: there is none, or it does not end in time."""
        if program is None:
            return ""
        try:
            stat = Path(program).stat()
        except OSError:
            return ""  # just removed
        key = (program, stat.st_mtime_ns, stat.st_size)
        text, asked_s = self._outputs.get(key, ("", -VERSION_RETRY_S))
        if text or time.monotonic() - asked_s < VERSION_RETRY_S:
            return text
        text = output_of((program, option), VERSION_TIMEOUT_S)
        self._outputs[key] = text, time.monotonic()
        return text


def _installed(package: str) -> str | None:
    """The version of a Python package, without importing it; None: not installed."""
    from importlib import metadata

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
