"""In the worker: configurations and controls of the settings in the types of the library."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from stillcam.camera.picamera2.configuration import CameraConfiguration
from stillcam.camera.rpicam.options import VIEWFINDER_WIDTH
from stillcam.settings.controls import Values

BUFFERS = {"preview": 4, "still": 1, "video": 6}  # the library's defaults
PIXELS = {"still": "BGR888", "preview": "YUV420", "video": "YUV420"}
STREAMS = 2  # where there are ScalerCrops: main and lores
USB_PIXELS = "MJPEG"  # common to USB cameras; the library decodes it for stills


class Conversion:
    """For one camera that is open.

    Args:
        camera: the library's.
        board_hdr: the board makes HDR, see `set_sensor_hdr`.
    """

    def __init__(self, camera: Any, board_hdr: bool) -> None:
        self._libcamera = import_module("libcamera")
        self._camera = camera
        self._board_hdr = board_hdr
        self.is_usb = "ColorFilterArrangement" not in camera.camera_properties  # as Picamera2._is_rpi_camera

    def configuration(
        self,
        wanted: CameraConfiguration,
        buffers: int = 0,
        *,
        queue: bool = True,
        use: str = "",
        size: tuple[int, int] | None = None,
        jpeg: bool = False,
        lores: tuple[int, int] | None = None,
    ) -> Any:
        """The library's configuration for the wanted use case, or for another `use`, `size` and number of buffers.

        Args:
            jpeg: the frames become JPEGs, which are full-range at any size; H.264 is not.
            lores: size of a second stream.
        """
        use, size = use or wanted.use, size or wanted.size
        buffers = buffers or wanted.buffers or BUFFERS[use]
        create = {
            "still": self._camera.create_still_configuration,
            "preview": self._camera.create_preview_configuration,
            "video": self._camera.create_video_configuration,
        }[use]
        more: dict[str, Any] = {}
        if sensor := wanted.sensor if use == wanted.use else wanted.viewfinder:
            width, height, depth = sensor
            more["sensor"] = {"output_size": (width, height), "bit_depth": depth}
            if wanted.raw:
                more["raw"] = {"size": (width, height)}
        if use == "preview" or jpeg:
            more["colour_space"] = self._libcamera.ColorSpace.Sycc()
        if lores:
            more["lores"] = {"size": lores, "format": PIXELS["video"]}
        transform = self._libcamera.Transform(hflip=wanted.flips[0], vflip=wanted.flips[1])
        main = {"size": size, "format": USB_PIXELS if self.is_usb else PIXELS[use]}
        return create(main=main, transform=transform, buffer_count=buffers, queue=queue, **more)

    def viewfinder(self, wanted: CameraConfiguration) -> Any:
        """Small pictures in a sensor mode with the still's field of view, so that exposure and focus are the same."""
        size = wanted.size
        width = min(VIEWFINDER_WIDTH, size[0])
        size = width, max(2, round(width * size[1] / size[0]) // 2 * 2)
        return self.configuration(wanted, BUFFERS["preview"], use="preview", size=size)

    def controls(self, controls: Values) -> dict[str, Any]:
        """Controls in the library's types, without those that this camera lacks."""
        available = self._camera.camera_controls
        if self._board_hdr:
            controls = {"HdrMode": "SingleExposure"} | controls
        if "ScalerCrops" in available and "ScalerCrop" in controls:  # of two streams: it wins (applyScalerCrop)
            controls = dict(controls)
            controls["ScalerCrops"] = [controls.pop("ScalerCrop")] * STREAMS
        native = {}
        for name, value in controls.items():
            if name in available:
                value = available[name][2] if value is None else value  # noqa: PLW2901
                if value is not None:
                    native[name] = self._value(name, value)
        return native

    def _value(self, name: str, value: Any) -> Any:
        if isinstance(value, str):
            controls = self._libcamera.controls
            enum = getattr(controls, f"{name}Enum", None) or getattr(controls.draft, f"{name}Enum")
            return getattr(enum, value)
        if isinstance(value, list | tuple):
            return [tuple(part) for part in value] if isinstance(value[0], list | tuple) else tuple(value)
        return value
