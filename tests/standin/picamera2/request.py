"""Stands in for picamera2.request: a frame, and the buffers that it holds until it is released."""

import logging
import struct
from dataclasses import replace
from io import BytesIO
from typing import Any

import libcamera
from PIL import Image

from stillcam.camera.simulated import encode
from stillcam.camera.simulated.options import StillOptions
from stillcam.camera.simulated.picture import Frame

_log = logging.getLogger(__name__)


class MappedArray:
    """The memory of a stream: what is written to it is what is encoded afterwards."""

    def __init__(self, request: "CompletedRequest", stream: Any, reshape: Any = True, write: Any = True) -> None:
        self.array = request._planes[stream]

    def __enter__(self) -> "MappedArray":
        return self

    def __exit__(self, exc_type: Any, exc_value: Any, exc_traceback: Any) -> None:
        """Nothing is to be unmapped."""


class _Planes(dict[str, bytearray]):
    """The streams of a frame as YUV420, each drawn once it is looked at."""

    def __init__(self, request: "CompletedRequest") -> None:
        super().__init__()
        self._request = request

    def __missing__(self, name: str) -> bytearray:
        request = self._request
        about = request.config[name]
        (width, height), stride = about["size"], about["stride"]
        planes = bytearray()
        image = request._seen(request._frame.image).convert("YCbCr").resize((width, height))
        for band, divisor in zip(image.split(), (1, 2, 2), strict=True):
            pixels = band.resize((width // divisor, height // divisor)).tobytes()
            for at in range(0, len(pixels), width // divisor):
                planes += pixels[at : at + width // divisor].ljust(stride // divisor, b"\0")
        self[name] = planes
        return planes


class CompletedRequest:
    """One frame."""

    def __init__(self, request: Any, picam2: Any) -> None:
        self.request = request
        self.picam2 = picam2
        self.ref_count = 1
        self.lock = picam2.request_lock
        self.stop_count = picam2.stop_count
        self.config = picam2.camera_config.copy()
        self._planes = _Planes(self)

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

    def _seen(self, image: Image.Image) -> Image.Image:
        """What comes of an image if its luma and chroma are taken for a JPEG's (request.py:263, jpeg_encoder.py:42)."""
        space = self.config["colour_space"]
        if self.config["main"]["format"] != "YUV420" or int(space.range) == 0:  # full
            return image
        luma, chroma = range(256), range(256)
        tables = [round(16 + value * 219 / 255) for value in luma]
        tables += [round(128 + (value - 128) * 224 / 255) for value in chroma] * 2
        return image.convert("YCbCr").point(tables).convert("RGB")

    def _make_jpeg(self, name: str, quality: int) -> bytes:
        """A stream's memory as it is encoded."""
        about, planes = self.config[name], self._planes[name]
        (width, height), stride = about["size"], about["stride"]
        luma = Image.frombytes("L", (width, height), bytes(planes), "raw", "L", stride, 1)
        chroma, bands = planes[stride * height :], [luma]
        for at in (0, len(chroma) // 2):
            half = width // 2, height // 2
            band = Image.frombytes("L", half, bytes(chroma[at : at + len(chroma) // 2]), "raw", "L", stride // 2, 1)
            bands.append(band.resize((width, height)))
        jpeg = BytesIO()
        Image.merge("YCbCr", bands).save(jpeg, "JPEG", quality=quality)
        return jpeg.getvalue()

    def make_buffer(self, name: str) -> bytes:
        """The picture's memory; of a USB camera: longer than its JPEG, with what was there before."""
        if self.config[name]["format"] == "YUV420":
            return bytes(self._planes[name])
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
        frame = replace(self._frame, image=self._seen(self._frame.image))
        data = self.picam2._faults.corrupt(self.picam2._captures, encode.still(frame, options, sensor))
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
