"""Draws masks into pictures; the blocks of a JPEG that they do not cover stay as the camera has encoded them."""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path

from stillcam.edits.coefficients import BLOCK_BYTES, Writes, replace_blocks
from stillcam.edits.jpeg_layout import BLOCK, JpegLayout, read_layout
from stillcam.edits.masks import covered
from stillcam.frames.exif import exif_without_pictures
from stillcam.frames.jpeg import METADATA, segments
from stillcam.settings.geometry import View

BLACK = -1024  # DC coefficient of a black block of brightness, times its step (T.81, A.3.1)
_APP0, _APP1, _APP2, _APP14 = 0xE0, 0xE1, 0xE2, 0xEE
_NO_PICTURES = {_APP0: b"JFIF\0", _APP2: b"ICC_PROFILE\0", _APP14: b"Adobe"}  # segments that hold none
MOST_PLANS = 4  # snapshots, live view and photos differ in size


class MaskDrawer:
    """Blackens what masks cover, and remembers where that is in pictures of one kind."""

    def __init__(self) -> None:
        self._plans: OrderedDict[tuple[Sequence[str], View, JpegLayout], Writes] = OrderedDict()

    def draw(self, jpeg: bytes, masks: Sequence[str], view: View) -> bytes:
        """The JPEG with its masks, and without other pictures in its metadata; the same object if they cover nothing.

        Args:
            jpeg: as the camera has made it, or rotated as `view` says.
            masks: as in the settings.
            view: what it shows.

        Raises:
            InvalidJpeg, DamagedJpeg: it is no whole JPEG.
            MissingLibrary, MemoryError: see `replace_blocks`.
        """
        key = tuple(masks), view, read_layout(jpeg)
        writes = self._plans.get(key)
        if writes is None:
            writes = self._plans[key] = _writes(*key)
            if len(self._plans) > MOST_PLANS:
                self._plans.popitem(last=False)
        self._plans.move_to_end(key)
        return _without_other_pictures(replace_blocks(jpeg, writes)) if writes else jpeg


def draw_into_image(source: Path, target: Path, masks: Sequence[str], view: View) -> None:
    """Write a PNG or BMP with its masks.

    Raises:
        OSError: it cannot be read or written.
    """
    from PIL import Image

    with Image.open(source, formats=("PNG", "BMP")) as image:
        image.load()
        image.info.clear()  # metadata may hold a thumbnail
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


def _without_other_pictures(jpeg: bytes) -> bytes:
    """Thumbnails and previews show what the masks cover: of the metadata, only what surely holds none is kept."""
    parts, at, exif_before = [], 0, False
    for marker, offset, end in segments(jpeg):
        if marker not in METADATA:
            continue
        content = kept = jpeg[offset + 4 : end]
        if marker == _APP1:
            kept, exif_before = b"" if exif_before else exif_without_pictures(content), True
        elif marker not in _NO_PICTURES or not content.startswith(_NO_PICTURES[marker]):
            kept = b""
        if kept != content:
            head = jpeg[offset : offset + 2] + struct.pack(">H", len(kept) + 2) if kept else b""
            parts += [jpeg[at:offset], head, kept]
            at = end
    return b"".join((*parts, jpeg[at:])) if parts else jpeg
