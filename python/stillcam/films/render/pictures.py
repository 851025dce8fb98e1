"""The pictures that a film is made from: untrusted files that may be damaged, huge, or not pictures at all."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from stillcam.common.errors import StillcamError
from stillcam.common.safe_read import read_regular
from stillcam.films.sources import Source, evenly_spaced
from stillcam.frames.jpeg import InvalidJpeg, check_leading_jpeg
from stillcam.library.upright import JpegFormat, Unreadable, read_format

MAX_BYTES = 128 << 20  # of a file: a JPEG of 200 megapixels has less
SAMPLED = 25  # pictures, to find the most common format
NAMED = 5  # of the unreadable ones


class UnreadablePictures:
    """The pictures that are left out of a film, and why."""

    def __init__(self) -> None:
        self._reasons: dict[Path, str] = {}

    def __len__(self) -> int:
        return len(self._reasons)

    def add(self, source: Source, error: Exception) -> None:
        """Add one that cannot be read."""
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        self._reasons.setdefault(source.path, reason)

    def first_few(self) -> list[str]:
        """The first of them, as folder and name with the reason."""
        first = list(self._reasons.items())[:NAMED]
        return [f"{_printable('/'.join(path.parts[-2:]))}: {reason}" for path, reason in first]


def _printable(name: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in name)


def sample_formats(sources: Sequence[Source]) -> list[JpegFormat]:
    """The formats of a sample of the pictures.

    Raises:
        StillcamError: none of the sample can be read.
    """
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
    """Read a picture.

    Raises:
        OSError: the file is gone, not a regular file, or larger than any picture.
    """
    return read_regular(source.path, MAX_BYTES)
