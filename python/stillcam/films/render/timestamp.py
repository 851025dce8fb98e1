"""Date and time in the pictures of a film: a small plate for each, which ffmpeg lays over its corner.

Drawn here, and not by ffmpeg: its own letters want the path of a font, and its subtitles gather
memory with every text, of which a film may have a hundred thousand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from PIL import Image, ImageDraw

from stillcam.common.fonts import font
from stillcam.films.geometry import Size

_WIDEST = "2000-00-00  00:00:00"
_OF_HEIGHT, _OF_WIDTH = 32, 14  # the parts of a film's height and width that its letters have
_LEAST_PX = 10
_INK, _PLATE = (255, 255, 255, 255), (0, 0, 0, 130)


class Stamps:
    """The plates of a film, in order, as pixels of red, green, blue and opacity.

    Args:
        times_ms: when each picture was taken, in ms since the epoch.
        zone: of the clock that is shown.
        film: its size.

    Attributes:
        size: of all plates.
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
            plate = Image.new("RGBA", self.size, _PLATE)
            text = f"{datetime.fromtimestamp(time_ms / 1000, self._zone):%Y-%m-%d  %H:%M:%S}"
            ImageDraw.Draw(plate).text(self._corner, text, fill=_INK, font=self._font)
            yield plate.tobytes()
