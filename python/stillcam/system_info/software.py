"""The versions of what Stillcam works with: camera programs, libraries, helpers."""

from __future__ import annotations

import re
import shutil
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path

from stillcam.system_info import Row

TIMEOUT_S = 3.0  # rpicam-still loads all of libcamera to say its version: 0.3 s on a slow board
AGAIN_S = 60.0  # until a program that has said nothing is asked again

_PACKAGES = (("picamera2", "picamera2"), ("Pillow", "pillow"), ("inotify-simple", "inotify-simple"))
# Names of the programs, the newest first, the option that makes them say their version, and what to find in that.
# rpicam-apps core/options.cpp: "rpicam-apps build: v1.5.0 ...", "libcamera build: v0.3.0+65-6ddd79b5".
_PROGRAMS = (
    (("rpicam-still", "libcamera-still"), "--version",
     (("Camera programs", re.compile(r"-apps build:\s*(.+)")), ("libcamera", re.compile(r"libcamera build:\s*(.+)")))),
    (("jpegtran",), "-version", (("jpegtran", re.compile(r"version\s+(.+)")),)),
    (("ffmpeg",), "-version", (("FFmpeg", re.compile(r"version\s+(\S+)")),)),
)  # fmt: skip

_Program = tuple[str, int, int]  # path, time of change, size


class Software:
    """Asks each program once, and again when it has been replaced or had nothing to say."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[_Program, tuple[str, float]] = {}  # what it said, and when

    def rows(self, path: str | None = None) -> list[Row]:
        """The versions.

        Args:
            path: folders of programs; None: `PATH`.
        """
        with self._lock, ThreadPoolExecutor(len(_PROGRAMS), "version") as pool:
            found = [next(filter(None, (shutil.which(name, path=path) for name in row[0])), None) for row in _PROGRAMS]
            said = list(pool.map(self._ask, found, [row[1] for row in _PROGRAMS]))
        rows: list[Row] = []
        for (_, _, wanted), program, text in zip(_PROGRAMS, found, said, strict=True):
            versions = [(label, match[1].strip()) for label, pattern in wanted if (match := pattern.search(text))]
            unknown = "of unknown version" if program else "not installed"
            rows += versions or [(wanted[0][0], unknown)]
        return rows + [(label, version) for label, name in _PACKAGES if (version := _installed(name))]

    def _ask(self, program: str | None, option: str) -> str:
        """What a program says of its version; empty without it, or when it does not end in time."""
        if program is None:
            return ""
        try:
            about = Path(program).stat()
        except OSError:
            return ""  # it has just been removed
        key = (program, about.st_mtime_ns, about.st_size)
        text, asked_s = self._kept.get(key, ("", -AGAIN_S))
        if text or time.monotonic() - asked_s < AGAIN_S:
            return text
        try:
            done = subprocess.run(
                [program, option],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                timeout=TIMEOUT_S, check=False,
            )  # fmt: skip
            text = done.stdout.decode(errors="replace")
        except (OSError, subprocess.TimeoutExpired):
            text = ""
        self._kept[key] = text, time.monotonic()
        return text


def _installed(package: str) -> str | None:
    """The version of a Python package, which is not imported for it; None: it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
