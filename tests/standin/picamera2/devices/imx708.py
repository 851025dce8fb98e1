"""Stands in for picamera2.devices.imx708."""

from typing import Any

from picamera2 import Picamera2


class IMX708:
    """The sensor's own controls."""

    def __init__(self, camera_num: Any = None) -> None:
        if camera_num not in [camera["Num"] for camera in Picamera2.global_camera_info()]:
            raise RuntimeError("IMX708: Requested IMX708 camera device not be found")

    def __enter__(self) -> "IMX708":
        return self

    def __exit__(self, exc_type: Any, exc_value: Any, tb: Any) -> None:
        """Close it."""

    def set_sensor_hdr_mode(self, enable: Any) -> None:
        """Switch it; what the sensor then gives is not simulated."""
        if not isinstance(enable, bool):
            raise TypeError("True or False")
