"""Focus now: one autofocus scan, and what came of it.

rpicam-still takes no commands but "capture". In AfMode Auto it scans whenever its viewfinder
starts (core/rpicam_app.cpp, StartCamera), and leaves the lens alone for the still that follows: so
it is started so, given the time of a scan, and asked for a still, whose metadata tell.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from stillcam.camera.driver import Camera, Driver, Interrupted
from stillcam.camera.metadata import Metadata
from stillcam.capture.commands import Command
from stillcam.capture.snapshots import start_stills
from stillcam.capture.studio import Studio
from stillcam.capture.timing import snapshot_s
from stillcam.errors import CameraError, StillcamError
from stillcam.settings import Settings

SCAN_S = 2.5  # a scan over the whole range takes about a second at 30 frames a second
TRIES = 3
DESCRIBED_S = 5.0  # from the picture's file to its metadata
LINGER_S = 1.0  # after a scan, for settings that keep what it found
SCANNING, FAILED = 1, 3  # libcamera's AfState


class Focusing:
    """One scan, for all who have asked."""

    name = "focus"
    urgent = True

    def __init__(self, studio: Studio) -> None:
        self._studio = studio
        self._asking: list[Command] = []
        self.verbs = {"focus": self._asked}

    def wanted(self) -> bool:
        return bool(self._asking)

    def run(self, settings: Settings, camera: Camera) -> None:
        """See Mode."""
        studio = self._studio
        asking, self._asking = self._asking, []
        try:
            start_stills(studio, scanning(settings), camera)
            answer = scan(studio.driver, lambda: studio.take(snapshot_s), studio.stops)
        except (CameraError, Interrupted) as error:
            for command in asking:
                command.fail(error if isinstance(error, CameraError) else StillcamError("interrupted: focus again"))
            raise
        for command in asking:
            command.finish(answer)
        studio.pause(LINGER_S)

    def fail(self, error: CameraError) -> None:
        """See Mode."""
        for command in self._asking:
            command.fail(error)
        self._asking = []

    def _asked(self, command: Command) -> None:
        if error := unable(self._studio.status.camera):
            command.fail(error)
        elif self._studio.recording:
            command.fail(CameraError("busy", "a video is being made: stop it first, or wait for its end"))
        else:
            self._asking.append(command)


def unable(camera: Camera | None) -> CameraError | None:
    """Why this camera cannot focus; None: it can, or it is not known."""
    if camera and camera.limits is not None and "AfMode" not in camera.limits:
        return CameraError("unable", f"this camera ({camera.model}) has no autofocus")
    return None


def scanning(settings: Settings) -> Settings:
    """The settings with which a scan is made: its range, speed and window are as set."""
    controls = {name: value for name, value in settings.controls.items() if name not in ("LensPosition", "AfTrigger")}
    return replace(settings, controls=controls | {"AfMode": "Auto"})


def scan(driver: Driver, take: Callable[[], str], interrupts: Sequence[int]) -> dict[str, Any]:
    """Wait for the scan, and take a picture of what it found.

    Args:
        driver: started with `scanning` settings.
        take: takes a still and publishes it; gives the frame's name.

    Returns:
        `state` (focused, failed), `lens_position` (dioptres, None: not told), `distance_m` (None: infinity, or
        not told) and `frame`.

    Raises:
        CameraError: the camera fails, or has no autofocus (`unable`).
    """
    for _ in range(TRIES):
        driver.rest(SCAN_S, interrupts)
        before = driver.metadata
        frame = take()
        about = _described(driver, before, interrupts)
        if about.get("AfState") != SCANNING:
            break
    position, state = about.get("LensPosition"), about.get("AfState")
    if position is None and state is None:
        raise CameraError("unable", "this camera has no autofocus")
    return {
        "state": "failed" if state in (SCANNING, FAILED) else "focused",
        "lens_position": position,
        "distance_m": round(1 / position, 3) if position else None,
        "frame": frame,
    }


def _described(driver: Driver, before: Metadata, interrupts: Sequence[int]) -> Metadata:
    """The metadata of the picture that has just come: they come behind it."""
    deadline = time.monotonic() + DESCRIBED_S
    while driver.metadata is before and time.monotonic() < deadline:
        driver.rest(0.02, interrupts)
    return driver.metadata
