"""Autofocus: when its scans are waited for, and where they have left the lens of each camera."""

from __future__ import annotations

from stillcam.camera.convergence import SCANNING, with_lens_position
from stillcam.camera.metadata import Metadata
from stillcam.camera.use_cases import effective_controls
from stillcam.settings.capabilities import Camera
from stillcam.settings.schema import Settings

# From the start of the camera program to a still, and again if the metadata of that still say that the scan goes on:
# nothing else is told of the viewfinder. Autofocus skips 5 frames after each (re)configuration; a scan then takes
# about 12 frames where the sensor has phase detection and light, else up to 90, and each still may have it begin
# again. The last still is taken as it is: after 5.5 s in all the newest frame does not yet count as stale.
SCAN_WAITS_S = (1.5, 4.0)


def rests(metadata: Metadata) -> bool:
    """Whether a picture was not taken in the middle of a scan."""
    return metadata.get("AfState") != SCANNING


class Lens:
    """Where the last scan has left the lens of each camera, for AfMode Auto; the camera programs do not remember it."""

    def __init__(self) -> None:
        self._positions: dict[str, float | None] = {}  # by the camera's path

    def learn(self, camera: Camera, position: float | None) -> None:
        """A scan is over; None: this camera does not say where it has left the lens."""
        self._positions[camera.path] = position

    def unknown(self, settings: Settings, camera: Camera | None) -> bool:
        """Whether the lens is to stay where a scan has left it, and there has been none."""
        controls = effective_controls(settings, settings.live)
        asked = controls.get("AfMode") == "Auto" and controls.get("AfTrigger") != "Start"
        return asked and camera is not None and camera.path not in self._positions

    def held(self, settings: Settings, camera: Camera) -> Settings:
        """The settings that the driver is started with."""
        position = self._positions.get(camera.path)
        return settings if position is None else with_lens_position(settings, position)
