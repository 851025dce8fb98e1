"""Focus now: one autofocus scan, and what came of it.

rpicam-still takes no commands but "capture". In AfMode Auto it scans whenever its viewfinder
starts (core/rpicam_app.cpp, StartCamera), and leaves the lens alone for the still that follows: so
it is started so, and asked for stills until the metadata tell that the scan is over.

In AfMode Auto ("When asked") the lens stays where the last scan has left it (see `lens`); where there
has been none, there is one at the start.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from stillcam.camera.convergence import SCANNING
from stillcam.camera.driver import Interrupted
from stillcam.capture.command_queue import Command
from stillcam.capture.context import CaptureContext
from stillcam.capture.modes.lens import SCAN_WAITS_S, Lens, rests
from stillcam.capture.recovery import snapshot_cycle_s
from stillcam.common.errors import CameraError, StillcamError
from stillcam.settings.capabilities import Camera
from stillcam.settings.schema import Settings

LINGER_S = 1.0  # after a scan that was asked for, for settings that keep what it found
FAILED = 3  # libcamera's AfState


class AutofocusMode:
    """One scan, for all who have asked, and in AfMode Auto for a camera whose lens has no position yet."""

    name = "snapshot"  # its pictures are snapshots: settings that fail here are those that fail there
    urgent = True

    def __init__(self, context: CaptureContext, lens: Lens) -> None:
        self._context = context
        self._lens = lens
        self._asking: list[Command] = []
        self._runs = False
        self.handlers = {"focus": self._asked}

    def wanted(self) -> bool:
        context = self._context
        unknown = not self._runs and self._lens.unknown(context.settings.wanted, context.status.camera)
        return bool(self._asking) or unknown

    def run(self, settings: Settings, camera: Camera) -> None:
        """See Mode."""
        context = self._context
        asking, self._asking = self._asking, []
        self._runs = True  # it does not interrupt itself
        try:
            context.start_snapshots(scanning(settings), camera)
            answer = scan(context, camera, self._lens)
        except (CameraError, Interrupted) as error:
            for command in asking:
                command.fail(error if isinstance(error, CameraError) else StillcamError("interrupted: focus again"))
            if isinstance(error, CameraError) and error.cause == "unable" and not asking:
                return  # AfMode Auto on a camera that does not list what it can: nobody has asked
            raise
        finally:
            self._runs = False
        for command in asking:
            command.finish(answer)
        if asking:
            context.pause(LINGER_S)

    def fail(self, error: CameraError) -> None:
        """See Mode."""
        for command in self._asking:
            command.fail(error)
        self._asking = []

    def _asked(self, command: Command) -> None:
        if error := unable(self._context.status.camera):
            command.fail(error)
        elif self._context.recording:
            command.fail(CameraError("busy", "a video is being made: stop it first, or wait for its end"))
        else:
            self._asking.append(command)


def take_focused(context: CaptureContext, cycle_s: Callable[[Settings], float], over: Callable[[], bool]) -> str | None:
    """Take a still once the scan that the start of the camera has begun is over, and publish it.

    Returns:
        the frame's name; None: it was `over` before.

    Raises:
        Interrupted, CameraError: see `awaited`.
    """
    if context.driver.waits_for_focus:
        return context.take(cycle_s)
    for wait_s in SCAN_WAITS_S[:-1]:
        if not context.rest(wait_s, over):
            return None
        if name := context.take(cycle_s, lambda: rests(context.described())):
            return name
    return context.take(cycle_s) if context.rest(SCAN_WAITS_S[-1], over) else None


def unable(camera: Camera | None) -> CameraError | None:
    """Why this camera cannot focus; None: it can, or it is not known."""
    if camera and camera.limits is not None and "AfMode" not in camera.limits:
        return CameraError("unable", f"this camera ({camera.model}) has no autofocus")
    return None


def scanning(settings: Settings) -> Settings:
    """The settings with which a scan is made: its range, speed and window are as set.

    Without ZSL: there the still stream is part of the viewfinder, and rpicam-apps begin no scan.
    """
    controls = {name: value for name, value in settings.controls.items() if name not in ("LensPosition", "AfTrigger")}
    return replace(settings, controls=controls | {"AfMode": "Auto"}, snapshot=replace(settings.snapshot, zsl=False))


def scan(context: CaptureContext, camera: Camera, lens: Lens) -> dict[str, Any]:
    """Wait for the scan, and take a picture of what it found.

    Args:
        context: its driver has been started with `scanning` settings.

    Returns:
        `state` (focused, failed), `lens_position` (dioptres, None: not told), `distance_m` (None: infinity, or
        not told) and `frame`.

    Raises:
        Interrupted: the daemon ends, or there are other settings.
        CameraError: the camera fails, or has no autofocus (`unable`).
    """
    frame = take_focused(context, snapshot_cycle_s, context.leaving)
    if frame is None:
        raise Interrupted
    about = context.described()
    position, state = about.get("LensPosition"), about.get("AfState")
    lens.learn(camera, position)
    if position is None and state is None:
        raise CameraError("unable", "this camera has no autofocus")
    return {
        "state": "failed" if state in (SCANNING, FAILED) else "focused",
        "lens_position": position,
        "distance_m": round(1 / position, 3) if position else None,
        "frame": frame,
    }
