"""What the H.264 encoder of the board takes.

A Pi up to 4 and a Zero 2 W encode in hardware, whichever program asks. A Pi 5 encodes in software, which has no limits
that a setting reaches. Source: Raspberry Pi's Linux, bcm2835-v4l2-codec.c (MAX_W_CODEC, the range of
V4L2_CID_MPEG_VIDEO_BITRATE; what exceeds that is cut silently), and H.264 level 4.2, which the firmware ends at.
"""

from __future__ import annotations

from dataclasses import dataclass

_BLOCK = 16  # pixels: the side of a macroblock
_BOARDS = ("bcm2708", "bcm2709", "bcm2710", "bcm2711", "bcm2835", "bcm2836", "bcm2837")  # Pi 1 to 4, Zero, Zero 2 W


@dataclass(frozen=True, slots=True)
class EncoderLimits:
    """The limits of an H.264 encoder."""

    side: int  # the largest width or height in pixels
    blocks: int  # the most macroblocks (16x16 pixels) of a frame
    least_bitrate: int  # bit/s
    most_bitrate: int  # bit/s

    def accepts(self, size: tuple[int, int]) -> bool:
        """Whether frames of this width and height (pixels) can be encoded."""
        width, height = size
        return max(size) <= self.side and -(-width // _BLOCK) * -(-height // _BLOCK) <= self.blocks

    def nearest(self, size: tuple[int, int]) -> tuple[int, int]:
        """The largest size that it accepts, in about the same proportions."""
        width, height = size
        for wide in range(min(width, self.side) // _BLOCK * _BLOCK, 0, -_BLOCK):
            high = max(2, round(wide * height / width / 2) * 2)
            if self.accepts((wide, high)):
                return wide, high
        return 2, self.side


HARDWARE = EncoderLimits(side=1920, blocks=8192, least_bitrate=25_000, most_bitrate=25_000_000)


def encoder_limits(compatible: str) -> EncoderLimits | None:
    """The limits of a board's hardware encoder, by what `board_compatible` returns; None: it has none, or is no Pi."""
    return HARDWARE if any(board in compatible for board in _BOARDS) else None
