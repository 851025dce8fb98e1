"""Stands in for picamera2.request: a frame, and the buffers that it holds until it is released."""

import logging
import struct
from dataclasses import replace
from io import BytesIO
from typing import Any

import libcamera

from stillcam.camera.simulated import encode
from stillcam.camera.simulated.options import StillOptions
from stillcam.camera.simulated.picture import Frame

_log = logging.getLogger(__name__)


class CompletedRequest:
    """One frame."""

    def __init__(self, request: Any, picam2: Any) -> None:
        self.request = request
        self.picam2 = picam2
        self.ref_count = 1
        self.lock = picam2.request_lock
        self.stop_count = picam2.stop_count
        self.config = picam2.camera_config.copy()

    @property
    def _frame(self) -> Frame:
        """The picture and what is said of it."""
        frame: Frame = self.request.frame
        return frame

    def acquire(self) -> None:
        """Keep it."""
        with self.lock:
            assert self.ref_count > 0
            self.ref_count += 1

    def release(self) -> None:
        """Give it back: the camera takes the next frame with it, and with the controls that wait (request.py:138)."""
        with self.lock:
            self.ref_count -= 1
            assert self.ref_count >= 0
            if self.ref_count:
                return
            if self.stop_count == self.picam2.stop_count and self.picam2.started:
                self.request.reuse()
                for control, value in self.picam2._waiting_controls().items():
                    self.request.set_control(control, value)
                self.picam2.camera.queue_request(self.request)
            self.request, self.config = None, {}

    def get_metadata(self) -> dict[str, Any]:
        """As libcamera names it; a rectangle is a tuple."""
        return {control.name: plain(value) for control, value in self.request.metadata.items()}

    def make_buffer(self, name: str) -> bytes:
        """The picture's memory; of a USB camera: longer than its JPEG, with what was there before."""
        assert self.config[name]["format"] == "MJPEG"
        jpeg = encode.jpeg(self._frame.image, 80)
        return jpeg + b"\0" * 64 + jpeg[len(jpeg) // 2 :]

    def save(self, name: str, file_output: Any, format: Any = None, exif_data: Any = None) -> None:
        """Write the picture; an error of a file is kept to itself (request.py:283)."""
        assert name == "main"
        assert self.config[name]["format"] != "YUYV"  # which the library cannot save
        form = {"jpeg": "jpg"}.get(format, format) if format else str(file_output).rpartition(".")[2]
        options = replace(StillOptions(), encoding=form, quality=self.picam2.options.get("quality", 90), thumb="none")
        sensor = self.picam2.camera._sensor
        data = self.picam2._faults.corrupt(self.picam2._captures, encode.still(self._frame, options, sensor))
        if isinstance(file_output, BytesIO):
            file_output.write(data)
            return
        try:
            with open(file_output, "wb") as file:
                file.write(data)
        except OSError:
            return
        _log.info("Saved %s to file %s.", self, file_output)

    def save_dng(self, file_output: Any, name: str = "raw") -> None:
        """Write what the sensor saw."""
        assert name == "raw"
        with open(str(file_output), "wb") as file:
            file.write(dng(self._frame, self.config["raw"]["size"], self.picam2.camera_properties["Model"]))
        _log.info("Saved %s to file %s.", self, file_output)


def plain(value: Any) -> Any:
    """What the bindings give, in Python's types (utils.py, convert_from_libcamera_type)."""
    if isinstance(value, libcamera.Rectangle):
        return value.x, value.y, value.width, value.height
    if isinstance(value, libcamera.Size):
        return value.width, value.height
    return value


def dng(frame: Frame, size: tuple[int, int], model: str) -> bytes:
    """As PiDNG writes it (pidng/core.py): one directory with the raw plane itself, and no thumbnail."""
    name = model.encode() + b"\0"
    plane = frame.image.convert("L").resize(size).tobytes()
    deep = bytearray(2 * len(plane))
    deep[1::2] = plane
    tags = [
        (254, 4, 1, 0), (256, 4, 1, size[0]), (257, 4, 1, size[1]), (258, 3, 1, 16), (259, 3, 1, 1),
        (262, 3, 1, 32803), (272, 2, len(name), 0), (273, 4, 1, 0), (274, 3, 1, 1), (277, 3, 1, 1),
        (278, 4, 1, size[1]), (279, 4, 1, len(deep)),
    ]  # fmt: skip
    behind = 8 + 2 + 12 * len(tags) + 4
    places = {272: behind, 273: behind + len(name)}
    entries = b"".join(struct.pack("<HHII", tag, kind, n, places.get(tag, value)) for tag, kind, n, value in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + name + bytes(deep)
