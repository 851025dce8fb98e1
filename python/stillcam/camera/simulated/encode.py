"""Frames as the files that the programs write: JPEG with EXIF, PNG, BMP, and DNG; and their metadata as text.

Tags as image/jpeg.cpp and image/dng.cpp of rpicam-apps write them. There is no Orientation in EXIF.
"""

import io
import json
import math
import sys
from collections.abc import Mapping
from typing import Any

from PIL import Image
from PIL.TiffImagePlugin import IFDRational, ImageFileDirectory_v2

from stillcam.camera.simulated.isp import linear
from stillcam.camera.simulated.options import StillOptions
from stillcam.camera.simulated.picture import Frame, Metadata
from stillcam.camera.simulated.program import Failure
from stillcam.camera.simulated.sensors import Sensor

THUMBNAIL_BYTES = 60_000  # what fits into EXIF
BRIGHTNESS_OFFSET = -3.3  # APEX: aperture value of f/1.8, less the speed value of ISO 100

HEADER = b"II*\0\x08\0\0\0"  # of a TIFF file whose first directory comes next
EXIF_POINTER, RAW_POINTER, STRIP = 0x8769, 0x014A, 0x0111

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
    thumbnail = small.tobytes()
    red, blue = frame.metadata["ColourGains"]
    first: Tags = {
        0x00FE: 1, 0x0100: small.width, 0x0101: small.height, 0x0102: (8, 8, 8), 0x0103: 1, 0x0106: 2,
        0x010F: "Raspberry Pi", 0x0110: sensor.model, STRIP: 0, 0x0112: 1, 0x0115: 3, 0x0116: small.height,
        0x0117: len(thumbnail), 0x011C: 1, 0x0131: "rpicam-apps", RAW_POINTER: 0, EXIF_POINTER: _shot(frame),
        0xC612: bytes((1, 1, 0, 0)), 0xC613: bytes((1, 0, 0, 0)), 0xC614: sensor.model,
        0xC621: tuple(_fraction(number) for number in COLOUR_MATRIX),
        0xC628: (_fraction(1 / red), _fraction(1), _fraction(1 / blue)), 0xC65A: 21,
    }  # fmt: skip
    raw: Tags = {
        0x00FE: 0, 0x0100: size[0], 0x0101: size[1], 0x0102: 16, 0x0103: 1, 0x0106: 32803, STRIP: len(thumbnail),
        0x0115: 1, 0x0116: size[1], 0x0117: size[0] * size[1] * 2, 0x011C: 1, 0x828D: (2, 2),
        0x828E: bytes("RGB".index(letter) for letter in sensor.order), 0xC619: (2, 2), 0xC61A: (BLACK,) * 4,
        0xC61D: (1 << sensor.bits) - 1,
    }  # fmt: skip
    # The raw plane's directory comes behind the first one, then the thumbnail, then the plane. Offsets of strips count
    # from the end of their directory: Pillow adds it.
    first[RAW_POINTER] = raw_at = len(HEADER + _directory(first, len(HEADER)))
    behind = _directory(raw, raw_at)
    first[STRIP] = len(behind)
    plane = mosaic(image, sensor, {"R": 1 / red, "G": 1.0, "B": 1 / blue})
    return b"".join((HEADER, _directory(first, len(HEADER)), behind, thumbnail, plane))


def mosaic(image: Image.Image, sensor: Sensor, gains: Mapping[str, float]) -> bytes:
    """The colour that each pixel of the sensor sees: little-endian samples of 16 bits, row by row."""
    width, height = image.size
    white, deep = (1 << sensor.bits) - 1, bytearray(2 * width * height)
    for position, letter in enumerate(sensor.order):
        row, column = divmod(position, 2)
        light = [linear(value / 255) * gains[letter] for value in range(256)]
        samples = [min(white, round(BLACK + (white - BLACK) * part)) for part in light]
        plane = image.getchannel(letter).tobytes()
        for byte in (0, 1):
            part = plane.translate(bytes(sample >> 8 * byte & 255 for sample in samples))
            for start in range(row * width, height * width, 2 * width):
                seen = slice(start + column, start + width, 2)
                deep[2 * seen.start + byte : 2 * seen.stop : 4] = part[seen]
    return bytes(deep)


def tensor(length: int) -> Metadata:
    """What an IMX500 adds: the output of its network."""
    return {"CnnOutputTensor": [0.015625] * length} if length else {}


def as_json(content: Metadata) -> str:
    """An object, a line for each key, without a line's end after its brace."""
    lines = ",\n".join(f"    {json.dumps(key)}: {_value(value)}" for key, value in content.items())
    return "{\n" + lines + "\n}"


def as_txt(content: Metadata) -> str:
    """`Name=value` lines and an empty one; a rectangle is `(x, y)/wxh`."""
    texts = {key: _value(value) for key, value in content.items()}
    if "ScalerCrop" in content:
        x, y, width, height = content["ScalerCrop"]
        texts["ScalerCrop"] = f"({x}, {y})/{width}x{height}"
    return "".join(f"{key}={text}\n" for key, text in texts.items()) + "\n"


def _exif(frame: Frame, model: str, thumbnail: bytes) -> bytes:
    """The APP1 segment's content, with its `Exif` start; the thumbnail is a JPEG, or nothing."""
    metadata, date = frame.metadata, f"{frame.moment:%Y:%m:%d %H:%M:%S}"
    gain = metadata["AnalogueGain"] * metadata["DigitalGain"]
    brightness = BRIGHTNESS_OFFSET - math.log2(metadata["ExposureTime"] / 1e6 * gain)
    shot = _shot(frame) | {0x9003: date, 0x9004: date, 0x9203: _fraction(brightness)}
    if "LensPosition" in metadata:  # the distance in metres: infinity has 0 below the line
        shot[0x9206] = IFDRational(1000, int(1000 * metadata["LensPosition"]))
    first: Tags = {0x010F: "Raspberry Pi", 0x0110: model, 0x0131: "rpicam-apps", 0x0132: date, EXIF_POINTER: shot}
    second_at = len(HEADER + _directory(first, len(HEADER)))
    second: Tags = {0x0103: 6, 0x0201: 0, 0x0202: len(thumbnail)}
    second[0x0201] = len(_directory(second, second_at)) + second_at
    chained = _directory(first, len(HEADER), second_at if thumbnail else 0)
    return b"Exif\0\0" + HEADER + chained + (_directory(second, second_at) + thumbnail if thumbnail else b"")


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


def _directory(tags: Tags, at: int, following: int = 0) -> bytes:
    """A TIFF directory for the file position `at`, its values behind it; `following` is the next one's position."""
    directory = ImageFileDirectory_v2()
    for tag, value in tags.items():
        directory[tag] = value
    data, end = directory.tobytes(at), 2 + 12 * len(tags)
    return data[:end] + following.to_bytes(4, "little") + data[end + 4 :]


def _shot(frame: Frame) -> Tags:
    """ExposureTime and ISO, which are in a directory of their own."""
    metadata = frame.metadata
    iso = round(100 * metadata["AnalogueGain"] * metadata["DigitalGain"])
    return {0x829A: IFDRational(metadata["ExposureTime"], 1_000_000), 0x8827: min(65_535, iso)}


def _fraction(number: float) -> IFDRational:
    return IFDRational(round(number * 1_000_000), 1_000_000)


def _value(value: Any) -> str:
    """As libcamera's ControlValue::toString: six decimals, spaces inside brackets; all of it is JSON too."""
    if isinstance(value, list):
        return "[ " + ", ".join(_value(item) for item in value) + " ]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.6f}" if isinstance(value, float) else str(value)
