"""The placeholder: a picture that shows what is wrong, written over the last frame.

It is for clients that can show nothing but a picture. Pillow is loaded when the first one is drawn: a server whose
camera works never needs it.
"""

from __future__ import annotations

import io
import threading
import time
import zlib
from typing import TYPE_CHECKING

from stillcam.server.live.picture import Picture
from stillcam.server.live.staleness import Staleness
from stillcam.settings.geometry import Size

if TYPE_CHECKING:
    from PIL import Image, ImageFont

    Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

MAX_SIDE = 1920  # px; a 12-megapixel picture would take long
PLAIN_SIZE = (1280, 720)
PLACEHOLDER_QUALITY = 80
BRIGHTNESS = 0.3  # of the last frame: white text is readable on what was white
BACKGROUND = (24, 28, 34)
WHITE, GREY = 255, 220
_MARGIN = 0.06  # of the width, on each side
_HEADLINE, _REASON, _SMALLEST = 0.085, 0.045, 12  # of the shorter side; px
_LEADING = 1.35


class Placeholders:
    """Draws each placeholder once; concurrent requests wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._key: tuple[object, ...] = ()
        self._newest: Picture | None = None

    def of(self, stale: Staleness, size: Size | None = None) -> Picture:
        """The placeholder for a stale frame.

        Args:
            size: width and height in pixels; None: as the last frame, see `draw`.
        """
        now_s = time.time()
        headline = stale.headline(now_s)
        key = headline, stale.reason, stale.newest and stale.newest.name, size
        with self._lock:
            if self._newest is None or self._key != key:
                data = draw(stale.newest.picture.data if stale.newest else None, headline, stale.reason, size)
                self._newest = _prepared(data, f"{headline}: {stale.reason}" if stale.reason else headline, now_s)
                self._key = key
            return self._newest


def _prepared(data: bytes, sentence: str, now_s: float) -> Picture:
    text = "".join(character if character.isprintable() else " " for character in sentence)
    lines = b"Cache-Control: no-store\r\nX-Stillcam-Notice: %b\r\n" % text.encode("latin-1", "replace")
    return Picture.prepare(data, now_s, f"placeholder-{zlib.crc32(data):08x}", lines)


def draw(last: bytes | memoryview | None, headline: str, reason: str, size: Size | None = None) -> bytes:
    """A JPEG with a headline and, in smaller letters, a reason.

    Args:
        last: the last frame, for the background and the size (at most 1920 px a side); None, or one
            that cannot be decoded, gives a plain background.
        headline: a few words.
        reason: a sentence; may be empty.
        size: width and height in pixels; None: as `last`.
    """
    from PIL import Image, ImageOps

    image = _dimmed(last) if last else None
    if image is None:
        image = Image.new("RGB", size or PLAIN_SIZE, BACKGROUND)
    elif size:
        image = ImageOps.pad(image, size, color=BACKGROUND)
    mask = _text_mask(image.size, headline, reason)
    image.paste(Image.new("RGB", image.size, "white"), (0, 0), mask)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=PLACEHOLDER_QUALITY)
    return file.getvalue()


def _dimmed(last: bytes | memoryview) -> Image.Image | None:
    """The last frame in dark grey; None if it cannot be decoded."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(last)) as image:
            image.draft("L", (MAX_SIDE, MAX_SIDE * image.height // image.width))  # decodes at a half, quarter or eighth
            grey = image.convert("L")
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    grey.thumbnail((MAX_SIDE, MAX_SIDE))
    return grey.point([round(value * BRIGHTNESS) for value in range(256)]).convert("RGB")


def _text_mask(size: tuple[int, int], headline: str, reason: str) -> Image.Image:
    """The text as a mask, in the middle of a picture of `size`."""
    from PIL import Image, ImageDraw, ImageFont

    from stillcam.common.fonts import font

    short = min(size)
    large, small = (font(round(max(_SMALLEST, short * part))) for part in (_HEADLINE, _REASON))
    times = 1
    if isinstance(small, ImageFont.ImageFont):  # it has one size, 11 px, and Latin-1 only
        times = max(1, round(short * _REASON / 11))
        headline, reason = (text.encode("latin-1", "replace").decode("latin-1") for text in (headline, reason))
    width, height = size[0] // times, size[1] // times
    mask = Image.new("L", (width, height))
    pen = ImageDraw.Draw(mask)
    room = width * (1 - 2 * _MARGIN)
    lines = [(line, large, WHITE) for line in _wrapped(headline, large, room)]
    lines += [(line, small, GREY) for line in _wrapped(reason, small, room)]
    steps = [_LEADING * face.getbbox("Ag")[3] for _, face, _ in lines]
    top = max(0.0, (height - sum(steps)) / 2)
    for (line, face, shade), step in zip(lines, steps, strict=True):
        pen.text(((width - face.getlength(line)) / 2, top), line, fill=shade, font=face)
        top += step
    return mask.resize(size)


def _wrapped(text: str, face: Font, room: float) -> list[str]:
    """`text` in lines of at most `room` pixels, broken between words."""
    lines: list[str] = []
    for word in text.split():
        if lines and face.getlength(f"{lines[-1]} {word}") <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines
