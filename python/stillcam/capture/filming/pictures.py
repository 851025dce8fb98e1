"""The files that a film is made of: some are a person's, and any of them may be damaged, huge, or no picture at all."""

from __future__ import annotations

from stillcam.films.shots import Shot
from stillcam.regular import read_regular

MAX_BYTES = 128 << 20  # of a file: a JPEG of 200 megapixels has less
NAMED = 5  # of those that are left out, so many are named


class LeftOut:
    """Which pictures a film goes without, and why."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._reasons)

    def add(self, shot: Shot, reason: Exception) -> None:
        """That one cannot be read."""
        words = (reason.strerror if isinstance(reason, OSError) else None) or str(reason)
        self._reasons.setdefault("/".join(shot.path.parts[-2:]), words)

    def named(self) -> list[str]:
        """The first of them, each with the reason."""
        return [f"{name}: {reason}" for name, reason in list(self._reasons.items())[:NAMED]]


def read_whole(shot: Shot) -> bytes:
    """All of its file.

    Raises:
        OSError: it is gone, no regular file, or larger than any picture.
    """
    return read_regular(shot.path, MAX_BYTES)
