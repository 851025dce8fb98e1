"""JPEGs of an exact size, of which no two are the same."""

import io
import struct

from PIL import Image


def jpeg(size: int, number: int = 0) -> bytes:
    """A small picture filled up with comments to `size` bytes (at least 2 kB); `number` is in the first of them."""
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(buffer, "JPEG")
    picture = buffer.getvalue()
    comments = [_comment(struct.pack(">Q", number))]
    left = size - len(picture) - len(comments[0])
    while left:
        share = left if left <= 65_537 else 65_000  # so that the last one can hold its own 4 bytes
        comments.append(_comment(b"\xa5" * (share - 4)))
        left -= share
    return picture[:2] + b"".join(comments) + picture[2:]


def _comment(text: bytes) -> bytes:
    return struct.pack(">HH", 0xFFFE, len(text) + 2) + text
