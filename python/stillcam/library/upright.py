"""Opens untrusted pictures: upright by their EXIF orientation, in RGB, decoded no larger than needed.

Pillow limits the number of pixels ("decompression bomb"). On a Pi memory is what counts, so the limit here is in bytes:
a JPEG of 196 megapixels needs few of them, as it is decoded at an eighth.
"""

from __future__ import annotations

import contextlib
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from PIL import Image, JpegImagePlugin

from stillcam.common.kernel_files import fields_of

Image.MAX_IMAGE_PIXELS = None

FORMATS = ("JPEG", "PNG", "BMP", "TIFF", "WEBP", "GIF")  # TIFF: a DNG is one
MAX_PICTURE_BYTES = 300_000_000  # of memory for one picture: a PNG of 75 megapixels; the largest sensor has 64
GREY = -1
MAX_JPEG_BYTES = 64_000_000  # a larger one is decoded at a half, a quarter or an eighth

_MEMINFO = Path("/proc/meminfo")
_ORIENTATION = 0x0112  # EXIF 2.32, 4.6.4
_ON_ITS_SIDE = (5, 6, 7, 8)
_TURNED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_BYTES = {"1": 1, "L": 1, "P": 1, "I": 12, "I;16": 12, "I;16B": 12}  # of memory for a pixel, with its conversion

Size = tuple[int, int]


class Unreadable(Exception):
    """The file is not a picture that can be decoded; the text says why."""


def orientation_of(image: Image.Image) -> int:
    """The EXIF orientation: 1 (upright) to 8."""
    value = 1
    with contextlib.suppress(Exception):  # Pillow raises nearly anything; a picture without EXIF is still one
        value = image.getexif().get(_ORIENTATION, 1)
    return value if value in _TURNED else 1


@dataclass(frozen=True, slots=True)
class JpegFormat:
    """The size and encoding of a JPEG; `sampling` is None if it is another one, or the JPEG is not stored upright."""

    size: Size  # in pixels when upright
    sampling: int | None  # of chroma, as Pillow numbers it: 0 (4:4:4), 1 (4:2:2), 2 (4:2:0); or GREY


def read_format(jpeg: bytes) -> JpegFormat:
    """Read the format from the headers. Raises Unreadable if it is damaged."""
    with _readable(), Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
        orientation = orientation_of(image)
        size = image.size[::-1] if orientation in _ON_ITS_SIDE else image.size
        return JpegFormat(size, _sampling(image) if orientation == 1 else None)


def upright(file: BinaryIO, least: Size, formats: tuple[str, ...] = FORMATS) -> Image.Image:
    """Decode the picture in `file`, upright.

    Args:
        least: width and height in pixels that are needed; the result is no larger than necessary for that.
        formats: those that Pillow may try.

    Raises:
        Unreadable: it is damaged, or decoding it would take too much memory.
    """
    with _readable(), Image.open(file, formats=formats) as image:
        orientation = orientation_of(image)
        return _decoded(image, orientation, least[::-1] if orientation in _ON_ITS_SIDE else least)


@contextlib.contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except Unreadable:
        raise
    except Exception as error:  # Pillow raises nearly anything when a file is damaged
        raise Unreadable(str(error) or type(error).__name__) from error


def _sampling(image: Image.Image) -> int | None:
    if image.mode == "L":
        return GREY
    # An Adobe marker that says 0, or components named so: red, green and blue are stored, not brightness and colour.
    plain = image.info.get("adobe_transform") != 0 and [layer[0] for layer in getattr(image, "layer", ())] != [*b"RGB"]
    sampling = JpegImagePlugin.get_sampling(image)
    return sampling if plain and sampling >= 0 else None


def _memory_limit() -> int:
    """How many bytes of memory a picture may take: half of the available, the rest is for the camera."""
    words = fields_of(_MEMINFO, ":").get("MemAvailable", "").split()
    return min(MAX_PICTURE_BYTES, int(words[0]) * 1024 // 2) if words and words[0].isdecimal() else MAX_PICTURE_BYTES


def _decoded(image: Image.Image, orientation: int, least: Size) -> Image.Image:
    (wide, high), room = image.size, _memory_limit()
    # A progressive JPEG is held as coefficients of two bytes, whatever the size it is decoded at.
    needed = 2 * len(image.getbands()) * wide * high if image.info.get("progressive") else 0
    part = next((part for part in (1, 2, 4) if 4 * wide * high <= min(MAX_JPEG_BYTES, room) * part * part), 8)
    image.draft("RGB", (min(least[0], max(1, wide // part)), min(least[1], max(1, high // part))))
    needed += image.width * image.height * _BYTES.get(image.mode, 8 if image.format == "WEBP" else 4)
    if needed > room:
        raise Unreadable(f"decoding it needs {needed / 1e6:.0f} MB of memory; the limit is {room / 1e6:.0f}")
    if image.mode.startswith("I"):  # 16 bits of grey: Pillow would turn all that is brighter than 255 white
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    scale = max(least[0] / image.width, least[1] / image.height)
    if scale < 1:
        image.thumbnail((math.ceil(image.width * scale), math.ceil(image.height * scale)))
    if image.mode != "RGB":
        image = image.convert("RGB")
    turn = _TURNED.get(orientation)
    if turn is not None:
        return image.transpose(turn)
    image.load()
    return image
