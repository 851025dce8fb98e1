"""Timestamps of a film: a small picture with date and time for each frame, which ffmpeg overlays.

They are drawn here because ffmpeg's drawtext needs the path of a font, and its subtitles use memory for every text, of
which a film may have a hundred thousand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from PIL import Image, ImageDraw

from stillcam.common.fonts import font
from stillcam.films.ffmpeg import Size

_WIDEST = "2000-00-00  00:00:00"
_OF_HEIGHT, _OF_WIDTH = 32, 14  # the letters have this fraction of the film's height, or width if that is less
_LEAST_PX = 10
_TEXT, _BACKGROUND = (255, 255, 255, 255), (0, 0, 0, 130)


class Timestamps:
    """The timestamps of a film, in order, as raw RGBA pixels of `size`.

    Args:
        times_ms: when each picture was taken, in ms since the epoch.
        film: the size of the film.
    """

    def __init__(self, times_ms: Sequence[int], zone: ZoneInfo, film: Size) -> None:
        self._times_ms = times_ms
        self._zone = zone
        letters = min(max(_LEAST_PX, film[1] // _OF_HEIGHT), max(1, film[0] // _OF_WIDTH))
        self._font = font(letters)
        left, top, right, bottom = ImageDraw.Draw(Image.new("1", (1, 1))).textbbox((0, 0), _WIDEST, font=self._font)
        pad = max(2, letters // 2)
        self._corner = pad - left, pad - top
        self.size: Size = (round(right - left) + 2 * pad, round(bottom - top) + 2 * pad)

    def __iter__(self) -> Iterator[bytes]:
        for time_ms in self._times_ms:
            picture = Image.new("RGBA", self.size, _BACKGROUND)
            text = f"{datetime.fromtimestamp(time_ms / 1000, self._zone):%Y-%m-%d  %H:%M:%S}"
            ImageDraw.Draw(picture).text(self._corner, text, fill=_TEXT, font=self._font)
            yield picture.tobytes()
