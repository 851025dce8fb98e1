"""Chooses the driver by `STILLCAM_CAMERA`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

from stillcam.camera.programs import Programs, find_programs
from stillcam.camera.rpicam import Rpicam
from stillcam.errors import StillcamError
from stillcam.paths import ROOT, Paths

CHOICES = ("auto", "rpicam", "picamera2", "simulated")
_INSTALL = "install the camera programs (sudo apt install -y rpicam-apps), or try STILLCAM_CAMERA=simulated"


def choose_driver(environ: Mapping[str, str], paths: Paths) -> Rpicam:
    """The driver that `STILLCAM_CAMERA` names.

    `auto` takes the camera programs where they exist, else the simulated camera. A machine
    that has camera software never falls back to simulation: a loose cable must be seen.

    Raises:
        StillcamError: the name is unknown, or what the driver needs is not installed.
    """
    kind = environ.get("STILLCAM_CAMERA") or "auto"
    if kind not in CHOICES:
        raise StillcamError(f"STILLCAM_CAMERA must be one of {', '.join(CHOICES)}, not {kind!r}")
    programs = find_programs(environ.get("PATH"))
    if kind == "picamera2":
        raise StillcamError("STILLCAM_CAMERA=picamera2: this version has no picamera2 driver; use rpicam or simulated")
    if kind == "rpicam" and programs is None:
        raise StillcamError(f"neither rpicam-still nor libcamera-still is on the PATH: {_INSTALL}")
    if kind == "simulated" or programs is None:
        return _simulated(environ, paths)
    return Rpicam(programs, paths.images, environ)


def _simulated(environ: Mapping[str, str], paths: Paths) -> Rpicam:
    call = (sys.executable, "-m", "stillcam.camera.simulated")
    env = dict(environ)
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT / "python"), environ.get("PYTHONPATH")]))
    env.setdefault("STILLCAM_SIMULATED_DIR", str(paths.run / "simulated"))
    return Rpicam(Programs((*call, "rpicam-still"), (*call, "rpicam-vid")), paths.images, env, name="simulated")
