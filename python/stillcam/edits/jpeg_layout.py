"""The blocks of a JPEG, from its headers.

Source: ITU-T T.81, A.2 (sampling factors, MCU), B.2.2 (frame header), B.2.4.1 (quantisation tables).
"""

from __future__ import annotations

from dataclasses import dataclass

from stillcam.frames.jpeg import FRAME_HEADERS, Buffer, InvalidJpeg, segments

BLOCK = 8  # pixels a side
_DQT = 0xDB


@dataclass(frozen=True, slots=True)
class Component:
    """Brightness, or one of the two colours.

    Args:
        across, down: blocks of it in an MCU.
        dc_step: what a DC coefficient of 1 stands for.
    """

    across: int
    down: int
    dc_step: int


@dataclass(frozen=True, slots=True)
class JpegLayout:
    """The size of a JPEG in pixels, and how its components are sampled."""

    width: int
    height: int
    components: tuple[Component, ...]

    @property
    def mcu(self) -> tuple[int, int]:
        """Width and height in pixels of an MCU, the smallest unit with blocks of all components."""
        most_across = max(component.across for component in self.components)
        most_down = max(component.down for component in self.components)
        return BLOCK * most_across, BLOCK * most_down


def read_layout(jpeg: Buffer) -> JpegLayout:
    """The layout of a whole JPEG.

    Raises:
        InvalidJpeg: it has no frame header, or lacks a quantisation table.
    """
    dc_steps: dict[int, int] = {}
    frame = b""
    for marker, offset, end in segments(jpeg):
        content = bytes(jpeg[offset + 4 : end])
        if marker == _DQT:
            dc_steps |= _dc_steps(content)
        elif marker in FRAME_HEADERS:
            frame = content
    try:
        rows = [frame[6 + 3 * number : 9 + 3 * number] for number in range(frame[5])]
        components = [Component(row[1] >> 4, row[1] & 15, dc_steps[row[2]]) for row in rows]
    except (IndexError, KeyError) as error:
        raise InvalidJpeg("its headers are incomplete") from error
    if len(components) == 1:  # such a scan is not interleaved: its MCU is one block (A.2.2)
        components = [Component(1, 1, components[0].dc_step)]
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    if not (width and height and components and all(each.across and each.down for each in components)):
        raise InvalidJpeg("no frame header with a size")
    if not all(each.dc_step for each in components):
        raise InvalidJpeg("a quantisation table with a zero")
    return JpegLayout(width, height, tuple(components))


def _dc_steps(content: bytes) -> dict[int, int]:
    """The first value of each table in a DQT segment, by the table's number."""
    steps, at = {}, 0
    while at + 2 < len(content):
        precision, number = content[at] >> 4, content[at] & 15
        size = 2 if precision else 1
        steps[number] = int.from_bytes(content[at + 1 : at + 1 + size], "big")
        at += 1 + 64 * size
    return steps
