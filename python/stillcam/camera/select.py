"""Chooses the driver by `STILLCAM_CAMERA`."""

from __future__ import annotations

import contextlib
import os
import sys
import zlib
from collections.abc import Mapping
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from stillcam.camera.driver import Driver
from stillcam.camera.rpicam.driver import Rpicam
from stillcam.camera.rpicam.listing_cache import ListingCache, identity
from stillcam.camera.rpicam.process import Programs, find_programs
from stillcam.camera.simulated import BOARD, FAULTS, FAULTS_FILE, USUAL_BOARD
from stillcam.common.errors import StillcamError
from stillcam.common.paths import ROOT, Paths
from stillcam.settings.encoder import encoder_limits
from stillcam.settings.tuning_files import board_compatible

CAMERA_LIST = "cameras.list"  # in data/run
CHOICES = ("auto", "rpicam", "picamera2", "simulated")
_INSTALL = (
    "install the camera programs of Raspberry Pi OS (sudo apt install -y rpicam-apps), or try STILLCAM_CAMERA=simulated"
)
_LIBRARY = ("picamera2", "libcamera")  # the second comes only with the system, not from PyPI
_OF_DEBIAN = Path("/usr/lib/python3/dist-packages/picamera2")


def choose_driver(environ: Mapping[str, str], paths: Paths) -> Driver:
    """The driver that `STILLCAM_CAMERA` names.

    `auto` selects the camera programs if they are installed, else picamera2, else the simulated camera. A machine with
    camera software never falls back to simulation, which would hide a loose cable.

    Raises:
        StillcamError: the name is unknown, or what the driver needs is not installed.
    """
    kind = environ.get("STILLCAM_CAMERA") or "auto"
    if kind not in CHOICES:
        raise StillcamError(f"STILLCAM_CAMERA must be one of {', '.join(CHOICES)}, not {kind!r}")
    programs, picamera2 = find_programs(environ.get("PATH")), has_picamera2()
    if kind == "rpicam" and programs is None:
        raise StillcamError(f"neither rpicam-still nor libcamera-still is on the PATH: {_INSTALL}")
    if not picamera2 and _OF_DEBIAN.is_dir() and (kind == "picamera2" or (kind == "auto" and programs is None)):
        raise StillcamError(
            f"picamera2 is installed, but {sys.executable} does not see it: Stillcam needs Debian's Python"
            " (/usr/bin/python3) in an environment made with --system-site-packages; remove .venv, then start again"
        )
    if kind == "picamera2" and not picamera2:
        raise StillcamError(
            "STILLCAM_CAMERA=picamera2: the library is not installed: install that of Raspberry Pi OS"
            " (sudo apt install -y python3-picamera2 --no-install-recommends), or use rpicam or simulated"
        )
    if kind == "picamera2" or (kind == "auto" and programs is None and picamera2):
        from stillcam.camera.picamera2.driver import Picamera2  # a process with another driver does not need it

        return Picamera2(paths.images, environ, encoder_limits(board_compatible()))
    if kind == "simulated" or programs is None:
        return _simulated(environ, paths)
    cache = ListingCache(paths.run / CAMERA_LIST, partial(identity, programs.still[0], environ))
    return Rpicam(programs, paths.images, environ, encoder=encoder_limits(board_compatible()), cache=cache)


def has_picamera2() -> bool:
    """Whether picamera2 can be imported; it is not imported here."""
    return all(find_spec(name) is not None for name in _LIBRARY)


def _simulated(environ: Mapping[str, str], paths: Paths) -> Rpicam:
    call = (sys.executable, "-m", "stillcam.camera.simulated")
    env = dict(environ)
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT / "python"), environ.get("PYTHONPATH")]))
    machine = env.setdefault("STILLCAM_SIMULATED_DIR", str(paths.primary.run / "simulated"))
    with contextlib.suppress(OSError):  # the programs create it too, and report errors
        Path(machine).mkdir(mode=0o700, parents=True, exist_ok=True)
    programs = Programs((*call, "rpicam-still"), (*call, "rpicam-vid"))
    encoder = encoder_limits(env.get(BOARD) or USUAL_BOARD)
    cache = ListingCache(paths.run / CAMERA_LIST, partial(_simulated_identity, Path(machine), env))
    return Rpicam(programs, paths.images, env, "simulated", Path(machine), encoder, cache)


def _simulated_identity(machine: Path, environ: Mapping[str, str]) -> str:
    """What the simulated cameras depend on."""
    try:
        faults = (machine / FAULTS_FILE).read_bytes()
    except OSError:
        faults = b""
    return f"{zlib.crc32(faults, zlib.crc32(f'{environ.get(FAULTS)}'.encode())):08x}"
