"""The files that a film is made of: some are a person's, and any of them may be damaged, huge, or no picture at all."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from stillcam.common.errors import StillcamError
from stillcam.common.safe_open import read_regular
from stillcam.films.sources import Shot
from stillcam.films.spread import spread
from stillcam.frames.jpeg import NotWhole, leading
from stillcam.library.upright import JpegFormat, Unreadable, read_format

MAX_BYTES = 128 << 20  # of a file: a JPEG of 200 megapixels has less
LOOKED_AT = 25  # pictures, for the form that most of them have
NAMED = 5  # of those that are left out, so many are named


class LeftOut:
    """Which pictures a film goes without, and why."""

    def __init__(self) -> None:
        self._reasons: dict[Path, str] = {}

    def __len__(self) -> int:
        return len(self._reasons)

    def add(self, shot: Shot, reason: Exception) -> None:
        """That one cannot be read."""
        words = (reason.strerror if isinstance(reason, OSError) else None) or str(reason)
        self._reasons.setdefault(shot.path, words)

    def named(self) -> list[str]:
        """The first of them by folder and name, each with the reason."""
        first = list(self._reasons.items())[:NAMED]
        return [f"{_readable('/'.join(path.parts[-2:]))}: {reason}" for path, reason in first]


def _readable(name: str) -> str:
    return "".join(one if one.isprintable() else "?" for one in name)


def forms_of(shots: Sequence[Shot]) -> list[JpegFormat]:
    """Those of some of them: one picture of another shape says nothing about the others.

    Raises:
        StillcamError: none can be read.
    """
    forms = []
    for number in spread(len(shots), LOOKED_AT):
        with suppress(OSError, NotWhole, Unreadable):
            data = read_whole(shots[number])
            leading(data)
            forms.append(read_format(data))
    if not forms:
        raise StillcamError("none of the pictures can be read")
    return forms


def read_whole(shot: Shot) -> bytes:
    """All of its file.

    Raises:
        OSError: it is gone, no regular file, or larger than any picture.
    """
    return read_regular(shot.path, MAX_BYTES)
