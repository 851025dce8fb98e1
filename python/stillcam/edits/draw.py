"""Draws masks into pictures; the blocks of a JPEG that they do not cover stay as the camera has encoded them."""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from stillcam.edits.coefficients import BLOCK_BYTES, Writes, replace_blocks
from stillcam.edits.jpeg_layout import BLOCK, JpegLayout, read_layout
from stillcam.edits.masks import covered
from stillcam.frames.exif import thumbnail_ranges
from stillcam.settings.geometry import View

BLACK = -1024  # DC coefficient of a black block of brightness, times its step (T.81, A.3.1)
MOST_PLANS = 4  # snapshots, live view and photos differ in size


class MaskDrawer:
    """Blackens what masks cover, and remembers where that is in pictures of one kind."""

    def __init__(self) -> None:
        self._plans: OrderedDict[tuple[Sequence[str], View, JpegLayout], Writes] = OrderedDict()

    def draw(self, jpeg: bytes, masks: Sequence[str], view: View) -> bytes:
        """The JPEG with its masks, and without a thumbnail; the same object if they cover nothing of it.

        Args:
            jpeg: as the camera has made it, before a rotation by 90 or 270 degrees.
            masks: as in the settings.
            view: what it shows.

        Raises:
            InvalidJpeg, DamagedJpeg: it is no whole JPEG.
            MissingLibrary: libturbojpeg is not installed.
        """
        key = tuple(masks), view, read_layout(jpeg)
        writes = self._plans.get(key)
        if writes is None:
            writes = self._plans[key] = _writes(*key)
            if len(self._plans) > MOST_PLANS:
                self._plans.popitem(last=False)
        self._plans.move_to_end(key)
        return _without_thumbnail(replace_blocks(jpeg, writes)) if writes else jpeg


def draw_into_image(source: Path, target: Path, masks: Sequence[str], view: View) -> None:
    """Write a PNG or BMP with its masks.

    Raises:
        OSError: it cannot be read or written.
    """
    from PIL import Image

    with Image.open(source, formats=("PNG", "BMP")) as image:
        image.load()
        for row, spans in enumerate(covered(masks, view, image.size, (BLOCK, BLOCK))):
            for first, end in spans:
                image.paste(0, (first * BLOCK, row * BLOCK, end * BLOCK, (row + 1) * BLOCK))
        image.save(target, image.format, compress_level=1)  # as fast as rpicam-still (image/png.cpp)


def _writes(masks: Sequence[str], view: View, layout: JpegLayout) -> Writes:
    writes: dict[tuple[int, int], list[tuple[int, bytes]]] = {}
    known: dict[tuple[int, int], bytes] = {}  # rows of black blocks, which many rows of a mask share
    for row, spans in enumerate(covered(masks, view, (layout.width, layout.height), layout.mcu)):
        for number, component in enumerate(layout.components):
            dc = BLACK // component.dc_step if number == 0 else 0
            black = struct.pack("=h126x", dc)
            blocks = []
            for first, end in spans:
                length = (end - first) * component.across
                data = known.setdefault((number, length), black * length)
                blocks.append((first * component.across * BLOCK_BYTES, data))
            if blocks:
                for down in range(component.down):
                    writes[number, row * component.down + down] = blocks
    return writes


def _without_thumbnail(jpeg: bytes) -> bytes:
    """The thumbnail in the EXIF shows what the masks cover."""
    ranges = thumbnail_ranges(jpeg)
    if not ranges:
        return jpeg
    changed = bytearray(jpeg)
    for start, end in ranges:
        changed[start:end] = bytes(end - start)
    return bytes(changed)
