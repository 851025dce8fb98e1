"""Autofocus: pictures in focus from a camera that has just been started, and a scan on request.

rpicam-still takes no commands but "capture". In AfMode Auto it scans whenever its viewfinder
starts (core/rpicam_app.cpp, StartCamera), and leaves the lens alone for the still that follows. For a scan it is
therefore started in that mode, and asked for stills until their metadata report that the scan is over.

In AfMode Auto ("On request") the lens stays where the last scan has left it; without one before, there is a scan
at the start. The camera programs do not remember the position: `LensPositions` does.

In AfMode Continuous each start of a program begins a scan. For a first picture that is not to wait for it, the program
is started with the lens where it was a moment ago, and after that picture again with autofocus.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from stillcam.camera.convergence import SCANNING
from stillcam.camera.driver import Driver, Interrupted
from stillcam.camera.metadata import Metadata
from stillcam.capture.command_queue import Command
from stillcam.capture.context import CaptureContext
from stillcam.capture.modes.detect import RequestedMode
from stillcam.capture.timeouts import snapshot_cycle_s
from stillcam.common.errors import CameraError, StillcamError
from stillcam.settings.capabilities import CameraInfo
from stillcam.settings.schema import Settings

# From the start of the camera program to a still, and again if the metadata of that still say that the scan continues:
# nothing else is known of the viewfinder. Autofocus skips 5 frames after each (re)configuration; a scan then takes
# about 12 frames where the sensor has phase detection and light, else 35 to 110, and each still may have it begin
# again. The last still is taken as it is: after 5.5 s in all the newest frame does not yet count as stale.
SCAN_WAITS_S = (1.5, 4.0)
LINGER_S = 1.0  # after a scan on request, for settings that keep what it found
AF_FAILED = 3  # libcamera's AfState


class ScanWatch:
    """Postpones snapshots that would interrupt a scan again and again.

    Each still reconfigures the camera, and a scan by contrast then restarts from its beginning (libcamera rpi/af.cpp,
    switchMode): with a still every 2 s it never ends. After two stills in a row during a scan, the next one waits for
    the time of a whole scan. A scan by phase detection does not restart, and is over by the second still.
    """

    def __init__(self, driver: Driver) -> None:
        self._driver = driver
        self._seen: Metadata = {}  # of the newest still
        self._interrupting = 0  # stills in a row, 1 or 2, that were taken during a scan

    def earliest_s(self) -> float:
        """When to take the next regular still, at the earliest (monotonic); -inf: a scan need not be waited for."""
        metadata = self._driver.metadata
        if metadata is not self._seen:
            self._seen = metadata
            self._interrupting = 0 if lens_at_rest(metadata) else self._interrupting % 2 + 1
        return self._driver.metadata_received_s + SCAN_WAITS_S[-1] if self._interrupting == 2 else -math.inf


class AutofocusMode(RequestedMode):
    """One scan, for all pending requests, and in AfMode Auto for a camera whose lens has no position yet."""

    use = "snapshot"  # settings that fail here are those that fail there
    urgent = True
    title = "autofocus scan"
    finishes = True
    picture = "the last one, until there is one in focus"

    def __init__(self, context: CaptureContext) -> None:
        super().__init__(context)
        self._scanning = False
        self.handlers = {"focus": self._on_focus}

    def wanted(self) -> bool:
        context = self._context
        return bool(self._requests) or (
            not self._scanning and context.lens.needs_scan(context.settings.wanted, context.status.camera)
        )

    def run(self, settings: Settings, camera: CameraInfo) -> None:
        context, requests = self._context, self._take_requests()
        self._scanning = True  # it does not interrupt itself
        try:
            context.start_stills(scan_settings(settings), camera)
            context.status.enter("focus", snapshot_cycle_s(settings))
            result = self._scan(camera)
        except (CameraError, Interrupted) as error:
            for command in requests:
                command.fail(error if isinstance(error, CameraError) else StillcamError("interrupted: focus again"))
            if isinstance(error, CameraError) and error.cause == "unable" and not requests:
                return  # AfMode Auto on a camera that does not list its controls: no request has failed
            raise
        finally:
            self._scanning = False
        for command in requests:
            command.finish(result)
        if requests:
            context.pause(LINGER_S)

    def _scan(self, camera: CameraInfo) -> dict[str, Any]:
        """Wait for the scan, and take a picture of what it found; the driver has been started with `scan_settings`.

        Returns:
            `state` (focused, failed), `lens_position` (dioptres, None: not reported), `distance_m` (None: infinity,
            or not reported) and `frame`.
        """
        frame = take_focused(self._context, camera, self._context.must_leave)
        if frame is None:
            raise Interrupted
        metadata = self._context.still_metadata()
        position, state = metadata.get("LensPosition"), metadata.get("AfState")
        self._context.lens.record(camera, position)
        if position is None and state is None:
            raise CameraError("unable", "this camera has no autofocus")
        return {
            "state": "failed" if state in (SCANNING, AF_FAILED) else "focused",
            "lens_position": position,
            "distance_m": round(1 / position, 3) if position else None,
            "frame": frame,
        }

    def _on_focus(self, command: Command) -> None:
        camera = self._context.status.camera
        if camera and camera.limits is not None and "AfMode" not in camera.limits:
            raise CameraError("unable", f"this camera ({camera.model}) has no autofocus")
        self._on_request(command)


def lens_at_rest(metadata: Metadata) -> bool:
    """Whether a picture was not taken in the middle of a scan."""
    return metadata.get("AfState") != SCANNING


def take_focused(context: CaptureContext, camera: CameraInfo, cancelled: Callable[[], bool]) -> str | None:
    """Take a still once the scan that the start of the camera has begun is over, and publish it.

    Where no frame is shown, or one that would become stale meanwhile, the first still is published before.

    Returns:
        the frame's name; None: it was `cancelled` before.
    """
    if context.driver.waits_for_focus:
        return context.take_still()
    if not context.shows_fresh_frame(sum(SCAN_WAITS_S)):
        name = context.take_still()
        if (metadata := context.still_metadata()) and "AfState" not in metadata:
            return name  # no autofocus
    if not context.lens.is_slow(camera):
        if not context.converge(SCAN_WAITS_S[0], cancelled):
            return None
        if name := context.take_still(lambda: lens_at_rest(context.still_metadata())):
            return name
        context.lens.scan_took_long(camera)
    return context.take_still() if context.converge(SCAN_WAITS_S[-1], cancelled) else None


def scan_settings(settings: Settings) -> Settings:
    """The settings for a scan: its range, speed and window are as set.

    Without ZSL: there the still stream is part of the viewfinder, and rpicam-apps begin no scan.
    """
    controls = {name: value for name, value in settings.controls.items() if name not in ("LensPosition", "AfTrigger")}
    return replace(settings, controls=controls | {"AfMode": "Auto"}, snapshot=replace(settings.snapshot, zsl=False))
