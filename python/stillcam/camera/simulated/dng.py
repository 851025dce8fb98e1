"""A raw picture as a DNG: the Bayer plane of the sensor mode, 16 bits a sample, uncompressed, with a thumbnail.

Tags and order as image/dng.cpp of rpicam-apps.
"""

from PIL import Image

from stillcam.camera.simulated import tiff
from stillcam.camera.simulated.metadata import Metadata
from stillcam.camera.simulated.sensors import Sensor
from stillcam.camera.simulated.tone import linear

BLACK = 64  # of 10 bits, as for both sensors
LIGHT = [linear(value / 255) for value in range(256)]
THUMBNAIL = 16  # the thumbnail's side is this fraction

# XYZ (D50) to the camera's colours, of the kind that rpicam-apps computes from its colour matrix.
COLOUR_MATRIX = (0.8127, -0.2741, -0.0731, -0.3906, 1.2384, 0.1674, -0.0592, 0.1825, 0.5406)


def build(image: Image.Image, sensor: Sensor, metadata: Metadata) -> bytes:
    """The whole file. `image` is the picture as developed; its size is that of the raw plane, and is even."""
    width, height = image.size
    white = (1 << sensor.bits) - 1
    red, blue = metadata["ColourGains"]
    small = image.resize((max(1, width // THUMBNAIL), max(1, height // THUMBNAIL)), Image.Resampling.BOX)
    first: dict[int, tiff.Value] = {
        0x00FE: tiff.long(1),
        0x0100: tiff.long(small.width),
        0x0101: tiff.long(small.height),
        0x0102: tiff.short(8, 8, 8),
        0x0103: tiff.short(1),
        0x0106: tiff.short(2),
        0x010F: tiff.text("Raspberry Pi"),
        0x0110: tiff.text(sensor.model),
        0x0111: tiff.long(0),
        0x0112: tiff.short(1),
        0x0115: tiff.short(3),
        0x0116: tiff.long(small.height),
        0x0117: tiff.long(small.width * small.height * 3),
        0x011C: tiff.short(1),
        0x0131: tiff.text("rpicam-apps"),
        0x014A: tiff.long(0),
        0x8769: tiff.long(0),
        0xC612: tiff.Value(tiff.BYTE, [1, 1, 0, 0]),
        0xC613: tiff.Value(tiff.BYTE, [1, 0, 0, 0]),
        0xC614: tiff.text(sensor.model),
        0xC621: tiff.rational(*COLOUR_MATRIX, kind=tiff.SRATIONAL),
        0xC628: tiff.rational(1 / red, 1.0, 1 / blue),
        0xC65A: tiff.short(21),
    }
    raw: dict[int, tiff.Value] = {
        0x00FE: tiff.long(0),
        0x0100: tiff.long(width),
        0x0101: tiff.long(height),
        0x0102: tiff.short(16),
        0x0103: tiff.short(1),
        0x0106: tiff.short(32803),
        0x0111: tiff.long(0),
        0x0115: tiff.short(1),
        0x0116: tiff.long(height),
        0x0117: tiff.long(width * height * 2),
        0x011C: tiff.short(1),
        0x828D: tiff.short(2, 2),
        0x828E: tiff.Value(tiff.BYTE, ["RGB".index(letter) for letter in sensor.order]),
        0xC619: tiff.short(2, 2),
        0xC61A: tiff.rational(*[BLACK] * 4),
        0xC61D: tiff.long(white),
    }
    shot: dict[int, tiff.Value] = {
        0x829A: tiff.rational(metadata["ExposureTime"] / 1e6),
        0x8827: tiff.short(min(65_535, round(100 * metadata["AnalogueGain"]))),
    }
    raw_at = tiff.HEADER_BYTES + tiff.size(first)
    shot_at = raw_at + tiff.size(raw)
    small_at = shot_at + tiff.size(shot)
    plane_at = small_at + small.width * small.height * 3 + small.width * small.height % 2
    first |= {0x0111: tiff.long(small_at), 0x014A: tiff.long(raw_at), 0x8769: tiff.long(shot_at)}
    raw[0x0111] = tiff.long(plane_at)
    start = b"".join([
        tiff.header(tiff.HEADER_BYTES), tiff.encode(first, tiff.HEADER_BYTES), tiff.encode(raw, raw_at),
        tiff.encode(shot, shot_at), small.tobytes(),
    ])  # fmt: skip
    return start.ljust(plane_at, b"\0") + mosaic(image, sensor.order, {"R": 1 / red, "G": 1.0, "B": 1 / blue}, white)


def mosaic(image: Image.Image, order: str, gains: dict[str, float], white: int) -> bytes:
    """The colour that each pixel of the sensor sees: little-endian 16-bit samples, row by row."""
    width, height = image.size
    half = (width // 2, height // 2)
    rows = []
    for pair, down in ((order[:2], 0), (order[2:], 1)):
        row = bytearray(width * height)  # every second row of the plane: width * height / 2 samples
        for column, letter in enumerate(pair):
            # An affine step of two pixels picks this position of each square, without mixing its neighbours in.
            step = (2, 0, column - 0.5, 0, 2, down - 0.5)
            plane = image.getchannel(letter).transform(half, Image.Transform.AFFINE, step, Image.Resampling.NEAREST)
            samples = [min(white, round(BLACK + (white - BLACK) * light * gains[letter])) for light in LIGHT]
            row[2 * column :: 4] = plane.tobytes().translate(bytes(sample & 255 for sample in samples))
            row[2 * column + 1 :: 4] = plane.tobytes().translate(bytes(sample >> 8 for sample in samples))
        rows.append(row)
    stride = width * 2
    return b"".join(bytes(row[at : at + stride]) for at in range(0, height // 2 * stride, stride) for row in rows)
