"""A ZIP of many files as a stream: no temporary file, little memory, and its size known beforehand.

Photos and videos do not compress, so they are stored. The standard library makes the archive; only its size is
computed here.
"""

from __future__ import annotations

import io
import itertools
import os
import stat
import zipfile
from collections.abc import Container, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stillcam.common.safe_read import open_regular

CHUNK_BYTES = 256 * 1024
_DOS_FIRST = (1980, 1, 1, 0, 0, 0)  # ZIP knows no earlier time, and none after 2107


Changed = tuple[int, int, int, int, int, int]  # year, month, day, hour, minute, second


@dataclass(frozen=True, slots=True)
class Member:
    """A file to put in; see `member`."""

    path: Path
    name: str
    size_bytes: int
    changed: Changed


def member(path: Path, name: str, changed: Changed) -> Member:
    """The file at `path` as a member of this name, which has `/` between folders.

    Raises:
        OSError: it is gone, not a regular file, or unreadable.
    """
    found = os.stat(path, follow_symlinks=False)
    if not stat.S_ISREG(found.st_mode) or not os.access(path, os.R_OK):
        raise OSError(f"{path} is not a regular file, or cannot be read")
    return Member(path, name, found.st_size, changed if 1980 <= changed[0] <= 2107 else _DOS_FIRST)


def free_name(name: str, taken: Container[str]) -> str:
    """`name`, with a number if it is taken: names that are not UTF-8 may look the same.

    Characters with a meaning to some system (a line end, a backslash) become `_`.
    """
    name = "".join(one if one.isprintable() and one != "\\" else "_" for one in name)
    stem, dot, extension = name.rpartition(".")
    numbered = (f"{stem} {number}{dot}{extension}" for number in itertools.count(2))
    return next(one for one in itertools.chain([name], numbered) if one not in taken)


def size_of(members: list[Member]) -> int:
    """The size in bytes of the archive that `stream` makes (APPNOTE.TXT 4.3; where zipfile uses ZIP64)."""
    at = central = 0
    for one in members:
        name = len(one.name.encode())
        large = one.size_bytes * 1.05 > zipfile.ZIP64_LIMIT
        extra = 16 * (one.size_bytes > zipfile.ZIP64_LIMIT) + 8 * (at > zipfile.ZIP64_LIMIT)
        central += 46 + name + (4 + extra if extra else 0)
        at += 30 + name + (20 + 24 if large else 16) + one.size_bytes
    many = len(members) > zipfile.ZIP_FILECOUNT_LIMIT or max(at, central) > zipfile.ZIP64_LIMIT
    return at + central + (56 + 20 if many else 0) + 22


def stream(members: list[Member]) -> Generator[list[bytes], None, None]:
    """The archive in pieces.

    Raises:
        ConnectionAbortedError: a file is gone or has another size now, so that the announced size would be wrong.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for one in members:
            left = one.size_bytes
            try:
                source = os.fdopen(open_regular(one.path), "rb", buffering=0)
                with source as file, archive.open(_info(one), "w") as target:
                    while left and (data := file.read(min(left, CHUNK_BYTES))):
                        left -= len(data)
                        target.write(data)
                        yield sink.take()
            except OSError as error:
                raise ConnectionAbortedError(f"{one.path}: {error.strerror}") from error
            if left:
                raise ConnectionAbortedError(f"{one.path} was truncated while it was sent")
    yield sink.take()


def _info(one: Member) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(one.name, one.changed)
    info.file_size = one.size_bytes
    info.external_attr = (stat.S_IFREG | 0o644) << 16
    return info


class _Sink(io.RawIOBase):
    """Collects what the archive writes."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> list[bytes]:
        """What has been written since the last call, in one piece: the central directory would be thousands."""
        pieces, self._pieces = self._pieces, []
        return [b"".join(pieces)]
