"""Contact sheets and keograms: one JPEG of many. One picture at a time is in memory, decoded no larger than needed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from PIL import Image, ImageDraw, ImageFont

from stillcam.common.errors import StillcamError
from stillcam.common.fonts import font
from stillcam.common.safe_open import open_regular
from stillcam.films.geometry import Size, box_of, common
from stillcam.films.order import Crop, Order
from stillcam.films.render import Made, Tell
from stillcam.films.render.pictures import LeftOut, forms_of
from stillcam.films.sources import Shot
from stillcam.films.spread import spread
from stillcam.library.upright import Unreadable, upright

FILE = "made.jpg"
QUALITY = 90
SHEET, COLUMNS = 48, 6  # pictures of a sheet, and how many are side by side
WIDTH = 1920  # px, where none is said
MAX_COLUMNS = 3840  # of a keogram
MAX_HIGH = 1080  # px, of a keogram: what is higher is decoded at a half, which takes a quarter of the time
MAX_TALL = 4  # times as high as wide is a picture of a sheet
GAP = 96  # the part of a sheet's width that is between two pictures
PAPER, INK = (18, 20, 24), (226, 230, 236)


def sheet(order: Order, shots: Sequence[Shot], zone: ZoneInfo, work: Path, tell: Tell, left_out: LeftOut) -> Made:
    """Pictures from all of the time, small, with date and time, on one page.

    Raises:
        StillcamError: none of them can be read.
        OSError: it cannot be written.
    """
    chosen = [shots[number] for number in spread(len(shots), SHEET)]
    width, across = order.width or WIDTH, min(COLUMNS, len(chosen))
    gap = max(2, width // GAP)
    cell = max(8, (width - gap * (across + 1)) // across)
    letters = font(max(8, cell // 18))
    seen = _usual(chosen, order.crop)
    high, line = min(max(1, round(seen[1] * cell / seen[0])), MAX_TALL * cell), max(12, cell // 10)
    page = Image.new("RGB", (width, gap - (-len(chosen) // across) * (high + line + gap)), PAPER)
    count = 0
    for shot, picture in _opened(chosen, order.crop, (cell, cell), tell, left_out):
        picture.thumbnail((cell, high))
        left, top = (gap + count % across * (cell + gap), gap + count // across * (high + line + gap))
        page.paste(picture, (left + (cell - picture.width) // 2, top + (high - picture.height) // 2))
        _caption(page, (left + cell / 2, top + high + line / 2), shot.time_ms, zone, letters)
        count += 1
    rows = -(-count // across)
    return _saved(page.crop((0, 0, width, gap + rows * (high + line + gap))), work, count)


def keogram(order: Order, shots: Sequence[Shot], _zone: ZoneInfo, work: Path, tell: Tell, left_out: LeftOut) -> Made:
    """The column in the middle of each picture, side by side.

    Where there are fewer than the width has room for, each is drawn some times; where there are more, some are chosen.

    Raises:
        StillcamError: none of them can be read.
        OSError: it cannot be written.
    """
    chosen = [shots[number] for number in spread(len(shots), min(order.width or MAX_COLUMNS, MAX_COLUMNS))]
    strip, count = Image.new("RGB", (len(chosen), min(MAX_HIGH, _usual(chosen, order.crop)[1]))), 0
    for _, picture in _opened(chosen, order.crop, (1, MAX_HIGH), tell, left_out):
        middle = picture.width // 2
        column = picture.crop((middle, 0, middle + 1, picture.height))
        strip.paste(column.resize((1, strip.height), Image.Resampling.BOX), (count, 0))
        count += 1
    times = max(1, min(order.width or WIDTH, MAX_COLUMNS) // max(1, count))
    strip = strip.crop((0, 0, max(1, count), strip.height))
    return _saved(strip.resize((strip.width * times, strip.height), Image.Resampling.NEAREST), work, count)


def _usual(shots: Sequence[Shot], crop: Crop | None) -> Size:
    """Width and height of what is seen of most of them."""
    left, top, right, bottom = box_of(common([form.size for form in forms_of(shots)]), crop)
    return right - left, bottom - top


def _opened(
    shots: Sequence[Shot], crop: Crop | None, least: Size, tell: Tell, left_out: LeftOut
) -> Iterator[tuple[Shot, Image.Image]]:
    """What is seen of each picture, upright and no larger than needed; those that are damaged are left out.

    Args:
        least: the size that is needed.
    """
    part = crop[2:] if crop else (1.0, 1.0)
    wanted = round(least[0] / part[0]), round(least[1] / part[1])
    for number, shot in enumerate(shots):
        tell(number, len(shots))
        try:
            with os.fdopen(open_regular(shot.path), "rb") as file:
                picture = upright(file, wanted, ("JPEG",))
        except (OSError, Unreadable) as error:
            left_out.add(shot, error)
            continue
        yield shot, picture.crop(box_of(picture.size, crop))


def _caption(
    page: Image.Image,
    middle: tuple[float, float],
    time_ms: int,
    zone: ZoneInfo,
    letters: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    text = f"{datetime.fromtimestamp(time_ms / 1000, zone):%Y-%m-%d  %H:%M:%S}"
    draw = ImageDraw.Draw(page)
    left, top, right, bottom = draw.textbbox((0, 0), text, font=letters)
    draw.text((middle[0] - (left + right) / 2, middle[1] - (top + bottom) / 2), text, fill=INK, font=letters)


def _saved(image: Image.Image, work: Path, count: int) -> Made:
    if not count:
        raise StillcamError("none of the pictures can be read")
    image.save(work / FILE, "JPEG", quality=QUALITY)
    return Made(FILE, count, image.size)
