"""Stands in for picamera2.request: a frame, drawn once it is looked at."""

from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

from stillcam.camera.simulated import dng, encode
from stillcam.camera.simulated.metadata import tensor
from stillcam.camera.simulated.options import StillOptions
from stillcam.camera.simulated.picture import Frame, Picture, local_now
from stillcam.camera.simulated.sensors import Sensor, SensorMode


class CompletedRequest:
    """One frame."""

    def __init__(self, request: Picture, picam2: Any) -> None:
        self.request = request
        self.picam2 = picam2
        self.config = picam2.camera_config
        self._faults = picam2._faults
        self._lock = picam2._drawing
        self._drawn: Frame | None = None

    @property
    def _frame(self) -> Frame:
        """The picture and what is said of it."""
        with self._lock:
            if self._drawn is None:
                self._drawn = self.request.take(local_now(), frozen=self._faults.frozen)
            return self._drawn

    def acquire(self) -> None:
        """Keep it."""

    def release(self) -> None:
        """Give it back."""

    def get_metadata(self) -> dict[str, Any]:
        """As libcamera names it; a rectangle is a tuple."""
        metadata = self._frame.metadata | tensor(self._faults.tensor)
        return metadata | {"ScalerCrop": tuple(metadata["ScalerCrop"]), "ColourGains": tuple(metadata["ColourGains"])}

    def make_buffer(self, name: str) -> bytes:
        """The picture's memory; of a USB camera: longer than its JPEG, with what was there before."""
        assert self.config[name]["format"] == "MJPEG"
        jpeg = encode.jpeg(self._frame.image, 80)
        return jpeg + b"\0" * 64 + jpeg[len(jpeg) // 2 :]

    def save(self, name: str, file_output: Any, format: Any = None, exif_data: Any = None) -> None:
        """Write the picture."""
        assert name == "main"
        assert self.config[name]["format"] != "YUYV"  # which the library cannot save
        form = {"jpeg": "jpg"}.get(format, format) if format else str(file_output).rpartition(".")[2]
        options = replace(StillOptions(), encoding=form, quality=self.picam2.options.get("quality", 90))
        data = self._faults.spoiled(self.picam2._captures, encode.still(self._frame, options, self._sensor))
        if isinstance(file_output, BytesIO):
            file_output.write(data)
        else:
            Path(file_output).write_bytes(data)

    def save_dng(self, file_output: Any, name: str = "raw") -> None:
        """Write what the sensor saw."""
        mode: SensorMode = self.picam2._mode
        image = self._frame.image.resize(mode.size)
        Path(file_output).write_bytes(dng.build(image, self._sensor, self._frame.metadata))

    @property
    def _sensor(self) -> Sensor:
        sensor: Sensor = self.picam2._sensor
        return sensor
