"""A black JPEG of any size, made without a library: what shows it may be short of memory."""

from __future__ import annotations

import struct

from stillcam.frames.jpeg import EOI, SOI

_QUANTUM = 128  # of each coefficient
_AVERAGE = b"\0" + bytes((1, 1)) + bytes(14) + bytes((0, 4))  # table of DC codes: 0 for no change, 10 for 4 bits
_DETAIL = b"\x10" + bytes((1,)) + bytes(15) + bytes((0,))  # of AC codes: 0 for the end of a block
_FIRST, _FIRST_BITS = 0b10_0111_0, 7  # code and value of -8 x 128 = 8 x -128, which is black; the end of the block
_BLOCK_BITS = 2  # of each further one: no change, the end of the block


def black_jpeg(width: int, height: int) -> bytes:
    """A black picture of so many pixels, in shades of grey (ITU-T T.81, annexes B and F)."""
    blocks = -(-width // 8) * -(-height // 8)
    bits = _FIRST_BITS + _BLOCK_BITS * (blocks - 1)
    left = -bits % 8
    data = bytearray((bits + left) // 8)
    data[0] = _FIRST << 1
    data[-1] |= (1 << left) - 1  # ones fill the last byte
    return b"".join((
        SOI,
        _segment(0xDB, b"\0" + bytes((_QUANTUM,)) * 64),
        _segment(0xC0, struct.pack(">BHHB3B", 8, height, width, 1, 1, 0x11, 0)),
        _segment(0xC4, _AVERAGE + _DETAIL),
        _segment(0xDA, bytes((1, 1, 0, 0, 63, 0))),
        bytes(data),
        EOI,
    ))  # fmt: skip


def _segment(marker: int, content: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content
