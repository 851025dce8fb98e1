"""Checks from the camera programs to the picture."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from stillcam.camera.errors import CAMERA_IN_USE
from stillcam.camera.select import choose_driver
from stillcam.checks.finding import Finding, Installation, dead_threads, fault, ok, warning
from stillcam.common.errors import StillcamError
from stillcam.common.formats import span_text
from stillcam.frames.files import DEFAULT_INTERVAL_S, STALE_GRACE_S, current_name, frame_time, stale_after_s
from stillcam.ipc.protocol import ask
from stillcam.settings.file import load_or_last_good
from stillcam.system_info.camera import CAUSES, masks_text
from stillcam.system_info.software import Software

CABLE = (
    "switch the Pi off and check both ends of the ribbon cable (its contacts face the board's, the latch is shut);"
    " then see: rpicam-still --list-cameras"
)
START = "start it: ./start_camera_server.sh, or sudo systemctl restart stillcam.target"

MOTION_SKIPPED = 0.1  # of all frames: more than that means that the processor does not keep up


def software(installation: Installation) -> list[Finding]:
    """Which camera programs are installed, or which library."""
    check = "camera software"
    try:
        driver = choose_driver(installation.environ, installation.paths).name
    except StillcamError as error:
        return fault(check, str(error))
    if driver == "simulated":
        if installation.environ.get("STILLCAM_CAMERA") == "simulated":
            return ok(check, "the simulated camera (STILLCAM_CAMERA=simulated)")
        found = "no camera software is installed: pictures are simulated"
        if installation.is_pi:
            return fault(check, found, "on Raspberry Pi OS: sudo apt install -y rpicam-apps, then restart Stillcam")
        advice = "cameras need a Raspberry Pi; to simulate one here without this warning, set STILLCAM_CAMERA=simulated"
        return warning(check, found, advice)
    rows = dict(Software().rows(installation.environ.get("PATH")))
    if driver == "picamera2":
        return ok(check, f"picamera2 {rows.get('picamera2', 'of unknown version')}")
    return ok(check, f"{rows['Camera programs']}, libcamera {rows.get('libcamera', 'of unknown version')}")


def cameras(installation: Installation) -> list[Finding]:
    """Which cameras are attached, as the daemon or else the camera programs report."""
    status = installation.status
    try:
        if status:
            found = ask(installation.paths.socket, {"command": "cameras"})["cameras"]
            names = [f"{camera['index']} ({camera['model']})" for camera in found]
        else:
            # Listing writes nothing, and the images folder need not be there yet.
            driver = choose_driver(installation.environ, replace(installation.paths, images=Path("/")))
            index = load_or_last_good(installation.paths.settings)[0].camera.index
            listed = driver.list_cameras(index, ())
            names = [f"{camera.index} ({camera.model})" for camera in listed]
            if any(camera.held and camera.index == index for camera in listed):
                return fault("cameras", ", ".join(names), f"camera {index}: {CAMERA_IN_USE}")
    except StillcamError as error:
        return fault("cameras", str(error), CABLE)
    if status.get("mode") == "no camera":
        return fault("cameras", str(status.get("reason")), CABLE)
    return ok("cameras", ", ".join(names)) if names else fault("cameras", "none", CABLE)


def daemon(installation: Installation) -> list[Finding]:
    """Whether the capture daemon answers, its notice, and whether background threads of it have died."""
    check, status = "capture daemon", installation.status
    if not status:
        return fault(check, "does not answer", START)
    found, notice = f"running since {status['started']}, mode {status['mode']}", status.get("notice")
    own = warning(check, found, str(notice)) if notice else ok(check, found)
    return own + dead_threads("background threads", status.get("threads"))


def picture(installation: Installation) -> list[Finding]:
    """How old the newest frame is."""
    check, advice = "picture", "see the checks above, and the log"
    name = current_name(installation.paths.images)
    if name is None:
        return fault(check, f"none in {installation.paths.images}", advice)
    try:
        age_s = time.time() - frame_time(name)
    except ValueError:
        return fault(check, f"current.jpg points to {name}, which is not a frame", START)
    allowed_s = stale_after_s(float(installation.status.get("interval_s") or DEFAULT_INTERVAL_S))
    recording = installation.status.get("recording")
    if age_s > allowed_s and not (recording and not recording.get("picture")):
        return fault(check, f"the newest picture is {span_text(age_s)} old", advice)
    if age_s < -STALE_GRACE_S:
        return warning(check, f"the newest picture is {span_text(-age_s)} ahead of the clock", "check the clock")
    return ok(check, f"the newest picture is {max(age_s, 0.0):.1f} s old")


def restarts(installation: Installation) -> list[Finding]:
    """Restarts of the camera program since the start of the daemon, by cause."""
    status = installation.status
    if not status:
        return []
    counts = [f"{CAUSES.get(cause, cause)}: {count}" for cause, count in status.get("restarts", {}).items()]
    if not counts:
        return ok("restarts", "the camera program has not been restarted")
    return warning("restarts", f"since {status['started']}: {'; '.join(counts)}", "`stillcam log` shows when and why")


def privacy(installation: Installation) -> list[Finding]:
    """How many privacy masks there are, and whether raw photos show what they cover."""
    masks = masks_text(installation.status)
    return ok("privacy", masks) if masks else []


def motion(installation: Installation) -> list[Finding]:
    """Whether processor and disk keep up with the detection of motion."""
    motion = installation.status.get("motion")
    if not motion:
        return []
    counts = motion["counts"]
    frames = counts["looked"] + counts["skipped"]
    if counts["dropped"]:
        text = f"{counts['dropped']} frames of events are missing: the disk was too slow"
        return warning("motion", text, "lower live.framerate or live.quality, or use a faster card or disk")
    if counts["skipped"] > MOTION_SKIPPED * frames:
        return warning("motion", f"{counts['skipped']} of {frames} frames were skipped", "lower motion.fps")
    return ok("motion", f"{counts['events']} events, {frames} frames looked at")
