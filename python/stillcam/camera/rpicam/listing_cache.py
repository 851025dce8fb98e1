"""Keeps what `--list-cameras` has printed from one start of the daemon to the next, while the devices are the same.

Listing takes as long as starting the camera: all of libcamera is loaded, and each sensor is configured for each of its
modes. What it prints depends on the sensors that the kernel has found, on the kernel, on libcamera with its tuning
files, and on the camera programs. `identity` is made of all of them, and a list is only used if its identity is that of
now. Of a USB camera nothing but its name is known, so with one nothing is kept.
"""

from __future__ import annotations

import logging
import os
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

from stillcam.common.atomic_write import replace_file
from stillcam.common.safe_read import read_regular

MAX_BYTES = 1 << 20
_DEVICES = "sys/class/video4linux"
_USB = "/usb"
# Below the root: the firmware's settings, libcamera and what it loads, its tuning files, rpicam-apps.
_FILES = (
    "boot/firmware/config.txt", "boot/config.txt",
    *(f"{lib}/{names}" for lib in ("usr/lib", "usr/lib/*", "usr/local/lib", "usr/local/lib/*")
      for names in ("libcamera*", "libcamera/*", "libcamera/ipa/*", "rpicam*")),
    *(f"{share}/libcamera/ipa/rpi/*/*.json" for share in ("usr/share", "usr/local/share")),
)  # fmt: skip

Identity = Callable[[], str | None]


def identity(program: str, environ: Mapping[str, str], root: Path = Path("/")) -> str | None:
    """What a list of cameras depends on, as a checksum; None: it cannot be known.

    Sensors of one model differ by their names (`imx708_wide`), overlays by the properties of the sensor.

    Args:
        program: the path of rpicam-still.
        environ: its environment.
        root: where `/sys`, `/usr` and `/boot` are.
    """
    entries = sorted((root / _DEVICES).glob("*"))
    devices = {(os.path.realpath(entry / "device"), _read(entry / "name")) for entry in entries}
    if not devices or any(_USB in place for place, _ in devices):
        return None
    nodes = {os.path.realpath(entry / "device/of_node") for entry in entries}  # several devices share one
    kernel = os.uname()
    variables = sorted(item for item in environ.items() if item[0].startswith("LIBCAMERA"))
    files = [_state(path) for path in (Path(program), *(path for names in _FILES for path in sorted(root.glob(names))))]
    known = (sorted(devices), [*map(_described, sorted(nodes))], kernel.release, kernel.version, variables, files)
    return f"{zlib.crc32(repr(known).encode()):08x}"  # hashlib would load OpenSSL, which takes a megabyte


def _described(node: str) -> list[tuple[str, bytes]]:
    """The properties of a node of the device tree and of those below it, such as the link to the receiver."""
    paths = (Path(folder, name) for folder, _, names in os.walk(node) for name in names)
    return sorted((str(path), _read(path)) for path in paths)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _state(path: Path) -> tuple[str, int, int, int]:
    """Of a file that an update replaces."""
    try:
        status = path.stat()
    except OSError:
        return str(path), 0, 0, 0
    return str(path), status.st_ino, status.st_size, status.st_mtime_ns


class ListingCache:
    """The last list, in a file.

    Args:
        path: of the file.
        identity: returns that of now; None: nothing is kept.
    """

    def __init__(self, path: Path, identity: Identity) -> None:
        self._path = path
        self._identity = identity

    def read(self) -> str:
        """What was printed at the last time, if the devices are the same; else empty."""
        try:
            before, _, text = read_regular(self._path, MAX_BYTES).decode().partition("\n")
        except (OSError, ValueError):
            return ""
        return text if before and before == self._identity() else ""

    def write(self, text: str) -> None:
        """Keep what was printed now. A failure is not logged: the next start lists again."""
        if now := self._identity():
            try:
                replace_file(self._path, f"{now}\n{text}".encode(), durable=False)
            except OSError as error:
                logging.debug("the list of cameras is not kept: %s", error)
