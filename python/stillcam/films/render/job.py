"""What a renderer gets and returns. The pictures are untrusted: damaged, huge, or not pictures at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from zoneinfo import ZoneInfo

from stillcam.common.errors import StillcamError
from stillcam.common.safe_read import read_regular
from stillcam.films.order import Order
from stillcam.films.sources import Source, evenly_spaced
from stillcam.frames.jpeg import InvalidJpeg, check_leading_jpeg
from stillcam.library.upright import JpegFormat, Unreadable, read_format

MAX_BYTES = 128 << 20  # of a file: a JPEG of 200 megapixels has less
SAMPLED = 25  # pictures, to find the most common format
NAMED = 5  # of the unreadable ones

Result = TypeVar("Result")


class UnreadablePictures:
    """The pictures that are left out of a film, and why."""

    def __init__(self) -> None:
        self._reasons: dict[Path, str] = {}

    def __len__(self) -> int:
        return len(self._reasons)

    def read(self, source: Source, reader: Callable[[Source], Result]) -> Result | None:
        """What `reader` returns; None: it cannot read the picture, which is left out."""
        try:
            return reader(source)
        except (OSError, InvalidJpeg, Unreadable) as error:
            reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
            self._reasons.setdefault(source.path, reason)
            return None

    def first_few(self) -> list[str]:
        """The first of them, as folder and name with the reason."""
        first = list(self._reasons.items())[:NAMED]
        return [f"{_printable('/'.join(path.parts[-2:]))}: {reason}" for path, reason in first]


@dataclass(frozen=True, slots=True)
class Job:
    """What to render."""

    order: Order
    sources: Sequence[Source]  # in order
    zone: ZoneInfo  # in which times are shown
    target: Path  # the file to write, in a folder of its own
    on_progress: Callable[[int, int], None]  # called with the number of pictures that are done, and of all
    unreadable: UnreadablePictures


@dataclass(frozen=True, slots=True)
class Rendered:
    """The result."""

    pictures: int  # the number of those it was made from
    size: tuple[int, int]  # width and height in pixels
    duration_s: float | None = None  # of a film


def sample_formats(sources: Sequence[Source]) -> list[JpegFormat]:
    """The formats of a sample of the pictures; StillcamError: none of it can be read."""
    formats = []
    for number in evenly_spaced(len(sources), SAMPLED):
        with suppress(OSError, InvalidJpeg, Unreadable):
            data = read_picture(sources[number])
            check_leading_jpeg(data)
            formats.append(read_format(data))
    if not formats:
        raise StillcamError("none of the pictures can be read")
    return formats


def read_picture(source: Source) -> bytes:
    """Read a picture; OSError: it is gone, not a regular file, or larger than any picture."""
    return read_regular(source.path, MAX_BYTES)


def _printable(name: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in name)
