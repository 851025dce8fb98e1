"""Frames as the files that the programs write: JPEG with EXIF, PNG, BMP, and DNG.

Tags as image/jpeg.cpp and image/dng.cpp of rpicam-apps write them. There is no Orientation in EXIF.
"""

import io
import math
import sys
from collections.abc import Mapping
from typing import Any

from PIL import Image
from PIL.TiffImagePlugin import IFDRational, ImageFileDirectory_v2
from PIL.TiffTags import SIGNED_RATIONAL

from stillcam.camera.simulated.isp import linear
from stillcam.camera.simulated.options import StillOptions
from stillcam.camera.simulated.picture import Frame
from stillcam.camera.simulated.program import Failure
from stillcam.camera.simulated.sensors import Sensor

THUMBNAIL_BYTES = 60_000  # what fits into EXIF
BRIGHTNESS_OFFSET = -3.3  # APEX: aperture value of f/1.8, less the speed value of ISO 100

HEADER_BYTES = 8
EXIF_POINTER, RAW_POINTER, STRIP = 0x8769, 0x014A, 0x0111
SIGNED = (0x9203, 0xC621)  # the tags whose type is a signed fraction

BLACK = 64  # of 10 bits, as for all these sensors
DNG_THUMBNAIL = 16  # the thumbnail's side is this fraction
# XYZ (D50) to the camera's colours, of the kind that rpicam-apps computes from its colour matrix.
COLOUR_MATRIX = (0.8127, -0.2741, -0.0731, -0.3906, 1.2384, 0.1674, -0.0592, 0.1825, 0.5406)

BOX = Image.Resampling.BOX
Tags = dict[int, Any]


def still(frame: Frame, options: StillOptions, sensor: Sensor) -> bytes:
    """A still in the encoding that the options name."""
    if options.encoding == "jpg":
        thumbnail = b"" if options.thumb == "none" else _thumbnail(frame.image, options.thumb)
        return jpeg(frame.image, options.quality, _exif(frame, sensor.model, thumbnail))
    buffer = io.BytesIO()
    frame.image.save(buffer, options.encoding)
    return buffer.getvalue()


def jpeg(image: Image.Image, quality: int, exif: bytes = b"") -> bytes:
    """A baseline JPEG, 4:2:0; libjpeg takes 1 to 100 for `quality`, and so does this."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=min(100, max(1, quality)), subsampling="4:2:0", exif=exif)
    return buffer.getvalue()


def dng(frame: Frame, size: tuple[int, int], sensor: Sensor) -> bytes:
    """A raw picture: the Bayer plane of a sensor mode, 16 bits a sample, uncompressed, with a thumbnail.

    Args:
        size: of the plane, even.
    """
    image = frame.image.resize(size)
    small = image.resize((max(1, size[0] // DNG_THUMBNAIL), max(1, size[1] // DNG_THUMBNAIL)), BOX)
    red, blue = frame.metadata["ColourGains"]
    first: Tags = {
        0x00FE: 1, 0x0100: small.width, 0x0101: small.height, 0x0102: (8, 8, 8), 0x0103: 1, 0x0106: 2,
        0x010F: "Raspberry Pi", 0x0110: sensor.model, STRIP: 0, 0x0112: 1, 0x0115: 3, 0x0116: small.height,
        0x0117: small.width * small.height * 3, 0x011C: 1, 0x0131: "rpicam-apps", RAW_POINTER: 0, EXIF_POINTER: 0,
        0xC612: bytes((1, 1, 0, 0)), 0xC613: bytes((1, 0, 0, 0)), 0xC614: sensor.model,
        0xC621: tuple(_fraction(number) for number in COLOUR_MATRIX),
        0xC628: (_fraction(1 / red), _fraction(1), _fraction(1 / blue)), 0xC65A: 21,
    }  # fmt: skip
    raw: Tags = {
        0x00FE: 0, 0x0100: size[0], 0x0101: size[1], 0x0102: 16, 0x0103: 1, 0x0106: 32803, STRIP: 0, 0x0115: 1,
        0x0116: size[1], 0x0117: size[0] * size[1] * 2, 0x011C: 1, 0x828D: (2, 2),
        0x828E: bytes("RGB".index(letter) for letter in sensor.order), 0xC619: (2, 2), 0xC61A: (BLACK,) * 4,
        0xC61D: (1 << sensor.bits) - 1,
    }  # fmt: skip
    shot: Tags = {0x829A: _seconds(frame), 0x8827: _iso(frame)}
    # Offsets of strips count from the end of their directory: Pillow adds it.
    shot_at = HEADER_BYTES + len(_directory(first, HEADER_BYTES))
    raw_at = shot_at + len(_directory(shot, shot_at))
    first |= {EXIF_POINTER: shot_at, RAW_POINTER: raw_at, STRIP: raw_at - shot_at + len(_directory(raw, raw_at))}
    pixels = small.tobytes()
    pixels += b"\0" * (len(pixels) % 2)
    raw[STRIP] = len(pixels)
    parts = (_directory(first, HEADER_BYTES), _directory(shot, shot_at), _directory(raw, raw_at), pixels)
    return b"".join((_header(), *parts, mosaic(image, sensor, {"R": 1 / red, "G": 1.0, "B": 1 / blue})))


def mosaic(image: Image.Image, sensor: Sensor, gains: Mapping[str, float]) -> bytes:
    """The colour that each pixel of the sensor sees: little-endian samples of 16 bits, row by row."""
    (width, height), white = image.size, (1 << sensor.bits) - 1
    low, high = Image.new("L", image.size), Image.new("L", image.size)
    for position, letter in enumerate(sensor.order):
        row, column = divmod(position, 2)
        pair = bytearray(2 * width)  # of rows, with the pixels that see this colour
        pair[row * width + column : (row + 1) * width : 2] = b"\xff" * (width // 2)
        mask, plane = Image.frombytes("L", image.size, bytes(pair) * (height // 2)), image.getchannel(letter)
        light = [linear(value / 255) * gains[letter] for value in range(256)]
        samples = [min(white, round(BLACK + (white - BLACK) * part)) for part in light]
        low.paste(plane.point([sample & 255 for sample in samples]), mask=mask)
        high.paste(plane.point([sample >> 8 for sample in samples]), mask=mask)
    deep = bytearray(2 * width * height)
    deep[0::2], deep[1::2] = low.tobytes(), high.tobytes()
    return bytes(deep)


def _exif(frame: Frame, model: str, thumbnail: bytes) -> bytes:
    """The APP1 segment's content, with its `Exif` start; the thumbnail is a JPEG, or nothing."""
    metadata, date = frame.metadata, f"{frame.moment:%Y:%m:%d %H:%M:%S}"
    gain = metadata["AnalogueGain"] * metadata["DigitalGain"]
    brightness = BRIGHTNESS_OFFSET - math.log2(metadata["ExposureTime"] / 1e6 * gain)
    first: Tags = {0x010F: "Raspberry Pi", 0x0110: model, 0x0131: "rpicam-apps", 0x0132: date, EXIF_POINTER: 0}
    shot: Tags = {
        0x829A: _seconds(frame), 0x8827: _iso(frame), 0x9003: date, 0x9004: date, 0x9203: _fraction(brightness),
    }  # fmt: skip
    if "LensPosition" in metadata:  # the distance in metres: infinity has 0 below the line
        shot[0x9206] = IFDRational(1000, int(1000 * metadata["LensPosition"]))
    first[EXIF_POINTER] = shot_at = HEADER_BYTES + len(_directory(first, HEADER_BYTES))
    second_at = shot_at + len(_directory(shot, shot_at))
    second: Tags = {0x0103: 6, 0x0201: 0, 0x0202: len(thumbnail)}
    second[0x0201] = second_at + len(_directory(second, second_at))
    parts = [_header(), _directory(first, HEADER_BYTES, second_at if thumbnail else 0), _directory(shot, shot_at)]
    return b"".join((b"Exif\0\0", *parts, *((_directory(second, second_at), thumbnail) if thumbnail else ())))


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


def _header() -> bytes:
    return b"II*\0" + HEADER_BYTES.to_bytes(4, "little")


def _directory(tags: Tags, at: int, following: int = 0) -> bytes:
    """A TIFF directory for the file position `at`, its values behind it; `following` is the next one's position."""
    directory = ImageFileDirectory_v2()
    for tag, value in tags.items():
        directory[tag] = value
        if tag in SIGNED:
            directory.tagtype[tag] = SIGNED_RATIONAL
    data, end = directory.tobytes(at), 2 + 12 * len(tags)
    return data[:end] + following.to_bytes(4, "little") + data[end + 4 :]


def _fraction(number: float) -> IFDRational:
    return IFDRational(round(number * 1_000_000), 1_000_000)


def _seconds(frame: Frame) -> IFDRational:
    return IFDRational(frame.metadata["ExposureTime"], 1_000_000)


def _iso(frame: Frame) -> int:
    gain: float = frame.metadata["AnalogueGain"] * frame.metadata["DigitalGain"]
    return min(65_535, round(100 * gain))
