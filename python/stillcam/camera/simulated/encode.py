"""Frames as the files that the programs write."""

import io
import sys
from collections.abc import Callable

from PIL import Image

from stillcam.camera.simulated import exif
from stillcam.camera.simulated.failures import Failure
from stillcam.camera.simulated.options import StillOptions
from stillcam.camera.simulated.picture import Frame
from stillcam.camera.simulated.sensors import Sensor


def still(frame: Frame, options: StillOptions, sensor: Sensor) -> bytes:
    """A still in the encoding that the options name."""
    encoding = options.encoding.lower()
    if encoding == "jpg":
        return _jpg(frame, options, sensor)
    return OTHERS[encoding](frame.image)


def jpeg(image: Image.Image, quality: int, content: bytes = b"") -> bytes:
    """A baseline JPEG, 4:2:0; libjpeg takes 1 to 100 for `quality`, and so does this."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=min(100, max(1, quality)), subsampling="4:2:0", exif=content)
    return buffer.getvalue()


def yuv420(image: Image.Image) -> bytes:
    """Full-range planes: Y, then U and V at half the width and height."""
    luma, blue, red = image.convert("YCbCr").split()
    half = (max(1, image.width // 2), max(1, image.height // 2))
    return b"".join(plane.tobytes() for plane in (luma, blue.resize(half, BOX), red.resize(half, BOX)))


def _jpg(frame: Frame, options: StillOptions, sensor: Sensor) -> bytes:
    thumbnail = b"" if options.thumb.lower() == "none" else _thumbnail(frame.image, options.thumb)
    content = exif.build(sensor.model, frame.metadata, frame.moment, options.exif, thumbnail)
    return jpeg(frame.image, options.quality, content)


def _thumbnail(image: Image.Image, wanted: str) -> bytes:
    """width:height:quality, at whatever lower quality fits into EXIF (image/jpeg.cpp).

    libjpeg ends the program with status 1 where width or height is 0.
    """
    width, height, quality = (int(part) for part in wanted.split(":"))
    if not width or not height:
        sys.exit(1)
    small = image.resize((min(width, image.width), min(height, image.height)), BOX, reducing_gap=2.0)
    for lower in range(quality, 0, -5):
        data = jpeg(small, lower)
        if len(data) < THUMBNAIL_BYTES:
            return data
    raise Failure("failed to make acceptable thumbnail")


def _saved(form: str) -> Callable[[Image.Image], bytes]:
    def save(image: Image.Image) -> bytes:
        buffer = io.BytesIO()
        image.save(buffer, form)
        return buffer.getvalue()

    return save


def _rgb48(image: Image.Image) -> bytes:
    """Little-endian 16-bit samples."""
    flat = image.tobytes()
    deep = bytearray(2 * len(flat))
    deep[0::2] = deep[1::2] = flat
    return bytes(deep)


THUMBNAIL_BYTES = 60_000
BOX = Image.Resampling.BOX

OTHERS: dict[str, Callable[[Image.Image], bytes]] = {
    "png": _saved("PNG"),
    "bmp": _saved("BMP"),
    "rgb": Image.Image.tobytes,
    "rgb24": Image.Image.tobytes,
    "rgb48": _rgb48,
    "yuv420": yuv420,
}
