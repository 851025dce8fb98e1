"""Checks from the camera programs to the picture."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from stillcam.camera.errors import CAMERA_IN_USE
from stillcam.camera.select import choose_driver
from stillcam.checks.finding import FAULT, OK, WARNING, Finding, Installation
from stillcam.common.errors import StillcamError
from stillcam.common.formats import span_text
from stillcam.frames.files import current_name, frame_time
from stillcam.ipc.protocol import ask
from stillcam.settings.file import load_or_last_good
from stillcam.system_info.camera import camera as camera_rows
from stillcam.system_info.software import Software

CABLE = (
    "switch the Pi off and check both ends of the ribbon cable (its contacts face the board's, the latch is shut);"
    " then see: rpicam-still --list-cameras"
)
START = "start it: ./start_camera_server.sh, or sudo systemctl restart stillcam.target"
GRACE_S = 5.0  # beyond three intervals, as the web server judges


def software(installation: Installation) -> list[Finding]:
    """Which camera programs are installed, or which library."""
    name = "camera software"
    try:
        driver = choose_driver(installation.environ, installation.paths).name
    except StillcamError as error:
        return [Finding(name, FAULT, str(error))]
    if driver != "simulated":
        rows = dict(Software().rows(installation.environ.get("PATH")))
        if driver == "picamera2":
            return [Finding(name, OK, f"picamera2 {rows.get('picamera2', 'of unknown version')}")]
        return [
            Finding(name, OK, f"{rows['Camera programs']}, libcamera {rows.get('libcamera', 'of unknown version')}")
        ]
    if installation.environ.get("STILLCAM_CAMERA") == "simulated":
        return [Finding(name, OK, "the simulated camera, as STILLCAM_CAMERA says")]
    state = FAULT if installation.is_pi else WARNING
    return [Finding(name, state, "none: pictures are simulated", "sudo apt install -y rpicam-apps, then start again")]


def cameras(installation: Installation) -> list[Finding]:
    """Which cameras are attached, as the daemon or else the camera programs report."""
    try:
        if installation.status:
            found = ask(installation.paths.socket, {"command": "cameras"})["cameras"]
            names = [f"{camera['index']} ({camera['model']})" for camera in found]
        else:
            # Listing writes nothing, and the images folder need not be there yet.
            driver = choose_driver(installation.environ, replace(installation.paths, images=Path("/")))
            index = load_or_last_good(installation.paths.settings)[0].camera.index
            listed = driver.list_cameras(index, ())
            names = [f"{camera.index} ({camera.model})" for camera in listed]
            if any(camera.held and camera.index == index for camera in listed):
                return [Finding("cameras", FAULT, ", ".join(names), f"camera {index}: {CAMERA_IN_USE}")]
    except StillcamError as error:
        return [Finding("cameras", FAULT, str(error), CABLE)]
    if installation.status.get("mode") == "no camera":
        return [Finding("cameras", FAULT, str(installation.status.get("reason")), CABLE)]
    return [Finding("cameras", OK, ", ".join(names)) if names else Finding("cameras", FAULT, "none", CABLE)]


def daemon(installation: Installation) -> list[Finding]:
    """Whether the capture daemon answers, its notice, and whether background threads of it have died."""
    status = installation.status
    if not status:
        return [Finding("capture daemon", FAULT, "does not answer", START)]
    found = f"runs since {status['started']}, mode {status['mode']}"
    if status.get("notice"):
        return [Finding("capture daemon", WARNING, found, str(status["notice"])), _threads(status)]
    return [Finding("capture daemon", OK, found), _threads(status)]


def picture(installation: Installation) -> list[Finding]:
    """How old the newest frame is."""
    name = current_name(installation.paths.images)
    if name is None:
        return [Finding("picture", FAULT, f"none in {installation.paths.images}", "see the checks above, and the log")]
    try:
        age_s = time.time() - frame_time(name)
    except ValueError:
        return [Finding("picture", FAULT, f"current.jpg leads to {name}, which is no frame", START)]
    allowed_s = 3 * float(installation.status.get("interval_s") or 2.0) + GRACE_S
    if age_s > allowed_s and installation.status.get("mode") != "video":
        return [Finding("picture", FAULT, f"the newest is {span_text(age_s)} old", "see the checks above, and the log")]
    if age_s < -GRACE_S:
        return [Finding("picture", WARNING, f"the newest is {span_text(-age_s)} ahead of the clock", "see the clock")]
    return [Finding("picture", OK, f"the newest is {max(age_s, 0.0):.1f} s old")]


def restarts(installation: Installation) -> list[Finding]:
    """Restarts of the camera program since the start of the daemon, by cause."""
    counts = [f"{label}: {text}" for label, text in camera_rows({**installation.status, "running": True}, 0)
              if label.startswith("Restarts: ")]  # fmt: skip
    if not installation.status:
        return []
    if not counts:
        return [Finding("restarts", OK, "the camera program has not been started again")]
    found = "; ".join(text.removeprefix("Restarts: ") for text in counts)
    return [
        Finding("restarts", WARNING, f"since {installation.status['started']}: {found}", "the log says when and why")
    ]


def _threads(status: Mapping[str, Any]) -> Finding:
    """Which background threads have died. Each was restarted, but the cause may persist."""
    name, died = "background threads", status.get("threads")
    if not died:
        return Finding(name, OK, "none has failed")
    found = "; ".join(
        f"restarts of {one['name']}: {one['count']}, last at {one['time']}: {one['error']}" for one in died
    )
    return Finding(name, WARNING, found, "the log says why: a traceback there is a bug to report")
