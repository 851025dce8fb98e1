"""Stands in for picamera2.devices.imx708: a machine without that sensor's device node."""

from typing import Any


class IMX708:
    """The sensor's own controls."""

    def __init__(self, camera_num: Any = None) -> None:
        raise RuntimeError("IMX708: Requested camera v4l2 device node not found")

    def __enter__(self) -> "IMX708":
        return self

    def __exit__(self, exc_type: Any, exc_value: Any, tb: Any) -> None:
        """Close it."""

    def set_sensor_hdr_mode(self, enable: Any) -> None:
        """Switch it."""
