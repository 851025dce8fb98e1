"""Contact sheets, keograms and star trails: one JPEG of many pictures, decoded one at a time, no larger than needed."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFont, ImageOps

from stillcam.common.errors import StillcamError
from stillcam.common.fonts import font
from stillcam.common.safe_read import open_regular
from stillcam.films.ffmpeg import Size, crop_box, most_common_size
from stillcam.films.order import Crop
from stillcam.films.render.job import Job, Rendered, sample_formats
from stillcam.films.sources import Source, evenly_spaced
from stillcam.library.upright import upright

QUALITY = 90
SHEET, COLUMNS = 48, 6  # pictures of a sheet, and in a row
WIDTH = 1920  # px, by default
MAX_COLUMNS = 3840  # of a keogram
MAX_HEIGHT = 1080  # px, of a keogram: a higher picture is decoded at a half, in a quarter of the time
MAX_RATIO = 4  # of height to width, of a picture on a sheet
GAP = 96  # between two pictures of a sheet: this fraction of its width
BACKGROUND, TEXT = (18, 20, 24), (226, 230, 236)


def sheet(job: Job) -> Rendered:
    """Render a contact sheet: small pictures from the whole time with date and time.

    Raises:
        StillcamError: none of the pictures can be read.
    """
    chosen = _selection(job, SHEET)
    width, across = job.order.width or WIDTH, min(COLUMNS, len(chosen))
    gap = max(2, width // GAP)
    cell = max(8, (width - gap * (across + 1)) // across)
    letters = font(max(8, cell // 18))
    visible = _visible_size(chosen, job.order.crop)
    height, line = min(max(1, round(visible[1] * cell / visible[0])), MAX_RATIO * cell), max(12, cell // 10)
    page = Image.new("RGB", (width, gap - (-len(chosen) // across) * (height + line + gap)), BACKGROUND)
    count = 0
    for source, picture in _decoded(job, chosen, (cell, cell)):
        picture.thumbnail((cell, height))
        left, top = (gap + count % across * (cell + gap), gap + count // across * (height + line + gap))
        page.paste(picture, (left + (cell - picture.width) // 2, top + (height - picture.height) // 2))
        text = f"{datetime.fromtimestamp(source.time_ms / 1000, job.zone):%Y-%m-%d  %H:%M:%S}"
        _write_centred(page, (left + cell / 2, top + height + line / 2), text, letters)
        count += 1
    rows = -(-count // across)
    return _save(page.crop((0, 0, width, gap + rows * (height + line + gap))), job.target, count)


def keogram(job: Job) -> Rendered:
    """Render a keogram: the middle column of each picture, side by side. Errors are those of `sheet`.

    Fewer pictures than columns are repeated; of more, an even selection is drawn.
    """
    chosen = _selection(job, min(job.order.width or MAX_COLUMNS, MAX_COLUMNS))
    height, count = min(MAX_HEIGHT, _visible_size(chosen, job.order.crop)[1]), 0
    strip = Image.new("RGB", (len(chosen), height))
    for _, picture in _decoded(job, chosen, (1, MAX_HEIGHT)):
        middle = picture.width // 2
        column = picture.crop((middle, 0, middle + 1, picture.height))
        strip.paste(column.resize((1, height), Image.Resampling.BOX), (count, 0))
        count += 1
    width = max(1, count) * max(1, min(job.order.width or WIDTH, MAX_COLUMNS) // max(1, count))
    strip = strip.crop((0, 0, max(1, count), height)).resize((width, height), Image.Resampling.NEAREST)
    return _save(strip, job.target, count)


def trails(job: Job) -> Rendered:
    """Render star trails: at each point the brightest value of all pictures. Errors are those of `sheet`.

    Two pictures are in memory at a time. The first one gives the size; one of another shape gets black bars.
    """
    visible = _visible_size(job.sources, job.order.crop)
    width = min(job.order.width or visible[0], visible[0])
    result, count = Image.new("RGB", (1, 1)), 0
    for _, picture in _decoded(job, job.sources, (width, round(visible[1] * width / visible[0]))):
        result = ImageChops.lighter(result, ImageOps.pad(picture, result.size)) if count else picture
        count += 1
    if result.width > width:
        result.thumbnail((width, result.height))
    return _save(result, job.target, count)


def _selection(job: Job, most: int) -> list[Source]:
    return [job.sources[number] for number in evenly_spaced(len(job.sources), most)]


def _visible_size(sources: Sequence[Source], crop: Crop | None) -> Size:
    """Width and height of the visible part of most pictures."""
    left, top, right, bottom = crop_box(most_common_size([found.size for found in sample_formats(sources)]), crop)
    return right - left, bottom - top


def _decoded(job: Job, sources: Sequence[Source], least: Size) -> Iterator[tuple[Source, Image.Image]]:
    """The visible part of each readable picture, upright and no larger than needed.

    Args:
        least: the size that is needed.
    """
    share = job.order.crop[2:] if job.order.crop else (1.0, 1.0)
    wanted = round(least[0] / share[0]), round(least[1] / share[1])

    def decode(source: Source) -> Image.Image:
        with os.fdopen(open_regular(source.path), "rb") as file:
            return upright(file, wanted, ("JPEG",))

    for number, source in enumerate(sources):
        job.on_progress(number, len(sources))
        if picture := job.unreadable.read(source, decode):
            yield source, picture.crop(crop_box(picture.size, job.order.crop))


def _write_centred(
    page: Image.Image,
    middle: tuple[float, float],
    text: str,
    letters: ImageFont.FreeTypeFont | ImageFont.ImageFont,
) -> None:
    draw = ImageDraw.Draw(page)
    left, top, right, bottom = draw.textbbox((0, 0), text, font=letters)
    draw.text((middle[0] - (left + right) / 2, middle[1] - (top + bottom) / 2), text, fill=TEXT, font=letters)


def _save(image: Image.Image, target: Path, count: int) -> Rendered:
    if not count:
        raise StillcamError("none of the pictures can be read")
    image.save(target, "JPEG", quality=QUALITY)
    return Rendered(count, image.size)
