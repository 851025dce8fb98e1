"""A stamp: a line of light text on a dark box in a corner of a picture.

In a JPEG the box takes whole blocks. Their brightness is encoded by the picture's own quantisation table, and their
colour is neutral; all other blocks stay as they are.
"""

from __future__ import annotations

import io
import math
from pathlib import Path

from PIL import Image, ImageDraw

from stillcam.common.fonts import font
from stillcam.edits.coefficients import BLOCK_BYTES, Writes, read_blocks, replace_blocks
from stillcam.edits.jpeg_layout import BLOCK, JpegLayout, read_layout
from stillcam.settings.stamp_text import Stamp

DARK, LIGHT = 16, 245  # brightness
LETTERS = 0.62  # height of the font, of the box
MARGIN = 0.35  # of the box's height, on both sides of the text
CORNERS = ("top-left", "top-right", "bottom-right", "bottom-left")  # clockwise
LEAST_PX = 10  # height of a box whose text can be read


class StampDrawer:
    """Draws stamps; remembers the newest one, which a second of live frames shares."""

    def __init__(self) -> None:
        self._newest: tuple[object, Writes] | None = None

    def draw(self, jpeg: bytes, stamp: Stamp) -> bytes:
        """The JPEG with a stamp.

        Raises:
            InvalidJpeg, DamagedJpeg, MissingLibrary: see `masks` and `coefficients`.
        """
        layout, table = read_layout(jpeg), _brightness_table(jpeg)
        key = stamp, layout, tuple(table)
        newest = self._newest
        if newest is None or newest[0] != key:
            newest = self._newest = key, _writes(stamp, layout, table)
        return replace_blocks(jpeg, newest[1])


def stamp_image(source: Path, target: Path, stamp: Stamp) -> None:
    """Write a PNG or BMP with a stamp.

    Raises:
        OSError: it cannot be read or written.
    """
    with Image.open(source, formats=("PNG", "BMP")) as image:
        image.load()
        box, place = _box(stamp, image.size, (1, 1))
        image.paste(box.convert(image.mode), place)
        image.save(target, image.format, compress_level=1)


def _box(stamp: Stamp, size: tuple[int, int], step: tuple[int, int]) -> tuple[Image.Image, tuple[int, int]]:
    """The box (mode L), and its place in a picture of this size; both are multiples of a step, and may reach beyond."""
    turned = stamp.rotation in (90, 270)
    (wide, high), (across, down) = (size[::-1], step[::-1]) if turned else (size, step)
    height = _up(max(LEAST_PX, high * stamp.size / 100), down)
    letters = font(max(6, round(height * LETTERS)))
    left, top, right, bottom = letters.getbbox(stamp.text)
    width = min(_up(wide, across), _up(right - left + 2 * MARGIN * height, across))
    corner = CORNERS[(CORNERS.index(stamp.corner) - stamp.rotation // 90) % 4]  # before players rotate the picture
    shape = (height, width) if turned else (width, height)
    place = (
        _up(size[0], step[0]) - shape[0] if corner.endswith("right") else 0,
        _up(size[1], step[1]) - shape[1] if corner.startswith("bottom") else 0,
    )
    # The last blocks of a picture may reach beyond its edge.
    seen = (width, height) if turned else (min(width, wide - place[0]), min(height, high - place[1]))
    box = Image.new("L", (width, height), DARK)
    start = (max(MARGIN * height, (seen[0] - (right - left)) / 2) - left, (seen[1] - (bottom - top)) / 2 - top)
    ImageDraw.Draw(box).text(start, stamp.text, fill=LIGHT, font=letters)
    if turned:
        box = box.transpose(Image.Transpose.ROTATE_90 if stamp.rotation == 90 else Image.Transpose.ROTATE_270)
    return box, place


def _up(length: float, step: int) -> int:
    return math.ceil(length / step) * step


def _writes(stamp: Stamp, layout: JpegLayout, table: list[int]) -> Writes:
    box, (x, y) = _box(stamp, (layout.width, layout.height), layout.mcu)
    encoded = io.BytesIO()
    box.save(encoded, "JPEG", qtables=[table])
    writes: dict[tuple[int, int], list[tuple[int, bytes]]] = {}
    for row, coefficients in enumerate(read_blocks(encoded.getvalue())):
        writes[0, y // BLOCK + row] = [(x // BLOCK * BLOCK_BYTES, coefficients)]
    mcu = layout.mcu
    for number, component in enumerate(layout.components[1:], 1):
        grey = bytes(box.width // mcu[0] * component.across * BLOCK_BYTES)
        offset = x // mcu[0] * component.across * BLOCK_BYTES
        first, count = y // mcu[1] * component.down, box.height // mcu[1] * component.down
        writes |= {(number, row): [(offset, grey)] for row in range(first, first + count)}
    return writes


def _brightness_table(jpeg: bytes) -> list[int]:
    """The quantisation table of the first component, in Pillow's order."""
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
        number = image.layer[0][3]  # type: ignore[attr-defined]
        table: list[int] = list(image.quantization[number])  # type: ignore[attr-defined]
        return table
