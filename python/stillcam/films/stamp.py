"""Date and time in the pictures of a film: subtitles in the ASS format, one for each picture.

ffmpeg draws them with libass, which takes the font that fontconfig offers: no path of a font is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

_PART = 18  # of the picture's height are the letters
_MIN_PX = 12
_HEAD = """\
[Script Info]
ScriptType: v4.00+
PlayResX: {width}
PlayResY: {height}
WrapStyle: 2

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, OutlineColour, BackColour, BorderStyle, Outline, Shadow, Alignment, \
MarginL, MarginR, MarginV
Style: Default,sans-serif,{letters},&H00FFFFFF,&H00000000,&H00000000,1,{outline},0,3,{letters},{letters},{margin}

[Events]
Format: Start, End, Style, Text
"""


def subtitles(times_ms: Iterable[int], zone: ZoneInfo, fps: int, size: tuple[int, int]) -> Iterator[str]:
    """The subtitles of a film, in pieces.

    Args:
        times_ms: when each picture was taken, in ms since the epoch.
        zone: of the clock that is shown.
        fps: pictures a second.
        size: of the film.
    """
    letters = max(_MIN_PX, size[1] // _PART)
    yield _HEAD.format(
        width=size[0], height=size[1], letters=letters, outline=max(1, letters // 10), margin=letters // 2
    )
    for number, time_ms in enumerate(times_ms):
        # From the middle between two pictures to the middle between the next two: rounding does not matter.
        begin, end = (_clock(max(0.0, (number + half) / fps)) for half in (-0.5, 0.5))
        yield f"Dialogue: {begin},{end},Default,{datetime.fromtimestamp(time_ms / 1000, zone):%Y-%m-%d  %H:%M:%S}\n"


def _clock(seconds: float) -> str:
    """As ASS has it, in hundredths."""
    hundredths = round(seconds * 100)
    return f"{hundredths // 360000}:{hundredths // 6000 % 60:02}:{hundredths // 100 % 60:02}.{hundredths % 100:02}"
