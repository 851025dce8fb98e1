"""A ZIP of many files as a stream: no temporary file, little memory, and its size known beforehand.

Photos and videos do not compress, so they are stored. `zipfile` holds some 700 bytes for each file until the end, 70 MB
for a series of 100,000 shots; here it is the four bytes of a checksum. References are to PKWARE's APPNOTE.TXT 6.3.10.
"""

from __future__ import annotations

import itertools
import os
import stat
from array import array
from collections.abc import Callable, Container, Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from struct import pack
from zlib import crc32

from stillcam.common.safe_read import open_regular

CHUNK_BYTES = 256 * 1024
_DOS_FIRST = (1980, 1, 1, 0, 0, 0)  # ZIP knows no earlier time, and none after 2107
# From here on sizes and numbers need ZIP64 (4.4.1.4); programs that read 32 bits as a signed number manage less.
_MAX32, _MAX16 = (1 << 31) - 1, (1 << 16) - 1
_FLAGS = 0x0808  # 4.4.4: checksum and sizes follow the file, and names are UTF-8
_LOCAL, _DESCRIPTOR, _CENTRAL, _END = b"PK\3\4", b"PK\7\x08", b"PK\1\2", b"PK\5\6"  # 4.3.7, 4.3.9, 4.3.12, 4.3.16
_END64, _LOCATOR64 = b"PK\6\6", b"PK\6\7"  # 4.3.14, 4.3.15
_UNIX = 3 << 8  # 4.4.2: the high byte of the attributes is a file mode
_MODE = (stat.S_IFREG | 0o644) << 16

Changed = tuple[int, int, int, int, int, int]  # year, month, day, hour, minute, second


@dataclass(frozen=True, slots=True)
class Member:
    """A file to put in; see `member`."""

    path: Path
    name: str
    size_bytes: int
    changed: Changed
    begin: int = 0  # the first byte of the file that is put in


def member(path: Path, name: str, changed: Changed) -> Member:
    """The file at `path` as a member of this name, which has `/` between folders.

    Raises:
        OSError: it is gone, not a regular file, or unreadable.
    """
    found = os.stat(path, follow_symlinks=False)
    if not stat.S_ISREG(found.st_mode) or not os.access(path, os.R_OK):
        raise OSError(f"{path} is not a regular file, or cannot be read")
    return Member(path, name, found.st_size, changed)


def free_name(name: str, taken: Container[str]) -> str:
    """`name`, with a number if it is taken: names that are not UTF-8 may look the same.

    Characters with a meaning to some system (a line end, a backslash) become `_`.
    """
    name = "".join(one if one.isprintable() and one != "\\" else "_" for one in name)
    stem, dot, extension = name.rpartition(".")
    numbered = (f"{stem} {number}{dot}{extension}" for number in itertools.count(2))
    return next(one for one in itertools.chain([name], numbered) if one not in taken)


def size_of(members: Iterable[Member]) -> int:
    """The size in bytes of the archive that `stream` makes."""
    return size_of_files((len(one.name.encode()), one.size_bytes) for one in members)


def size_of_files(files: Iterable[tuple[int, int]]) -> int:
    """The size in bytes of an archive, by the bytes of the name and the size of each file."""
    at = central = count = 0
    for name_bytes, size_bytes in files:
        wide = 2 * (size_bytes > _MAX32) + (at > _MAX32)
        central += 46 + name_bytes + (4 + 8 * wide if wide else 0)
        at += _size_before_next(name_bytes, size_bytes)
        count += 1
    return at + central + len(_end(count, at, central))


def stream(
    members: Iterable[Member], begin: int = 0, end: int | None = None, goes_on: Callable[[], bool] = lambda: True
) -> Generator[list[bytes], None, None]:
    """The archive in pieces.

    Args:
        members: iterated twice.
        begin, end: the first byte that is wanted, and the one after the last. The files before are read all the same,
            for their checksums.
        goes_on: asked between pieces that are not wanted; False: the archive ends there.

    Raises:
        ConnectionAbortedError: a file is gone or has another size now, so that the announced size would be wrong.
    """
    at = 0
    for piece in _archive(members):
        low, high = max(begin - at, 0), len(piece) if end is None else min(end - at, len(piece))
        at += len(piece)
        if low < high:
            yield [piece[low:high]]
        elif at > begin or not goes_on():
            return


def _archive(members: Iterable[Member]) -> Iterator[bytes]:
    checksums, at = array("I"), 0
    for one in members:
        yield _local_header(one)
        checksum = 0
        for piece in _content(one):
            checksum = crc32(piece, checksum)
            yield piece
        yield pack("<4sLQQ" if _is_large(one) else "<4sLLL", _DESCRIPTOR, checksum, one.size_bytes, one.size_bytes)
        checksums.append(checksum)
        at += _size_before_next(len(one.name.encode()), one.size_bytes)
    begin, block, entry_at = at, bytearray(), 0
    for one, checksum in zip(members, checksums, strict=True):
        block += _central_entry(one, checksum, entry_at)
        entry_at += _size_before_next(len(one.name.encode()), one.size_bytes)
        if len(block) >= CHUNK_BYTES:
            at += len(block)
            yield bytes(block)
            block.clear()
    at += len(block)
    yield bytes(block) + _end(len(checksums), begin, at - begin)


def _content(one: Member) -> Iterator[bytes]:
    left = one.size_bytes
    try:
        with os.fdopen(open_regular(one.path), "rb", buffering=0) as file:
            file.seek(one.begin)
            while left and (data := file.read(min(left, CHUNK_BYTES))):
                left -= len(data)
                yield data
    except OSError as error:
        raise ConnectionAbortedError(f"{one.path}: {error.strerror}") from error
    if left:
        raise ConnectionAbortedError(f"{one.path} was truncated while it was sent")


def _is_large(one: Member) -> bool:
    return one.size_bytes > _MAX32


def _version(zip64: bool) -> int:
    return 45 if zip64 else 20  # 4.4.3: of the specification that is needed to unpack it


def _time_and_date(one: Member) -> tuple[int, int]:
    year, month, day, hour, minute, second = one.changed if 1980 <= one.changed[0] <= 2107 else _DOS_FIRST
    return hour << 11 | minute << 5 | second // 2, (year - 1980) << 9 | month << 5 | day


def _local_header(one: Member) -> bytes:
    name, large = one.name.encode(), _is_large(one)
    # 4.5.3: with this field, the sizes in the descriptor have eight bytes.
    extra = pack("<HHQQ", 1, 16, 0, 0) if large else b""
    sizes = (0xFFFFFFFF,) * 2 if large else (0, 0)
    fields = (_LOCAL, _version(large), _FLAGS, 0, *_time_and_date(one), 0, *sizes, len(name), len(extra))
    return pack("<4s5H3L2H", *fields) + name + extra


def _size_before_next(name_bytes: int, size_bytes: int) -> int:
    """From the begin of one member to that of the next."""
    return 30 + name_bytes + size_bytes + (20 + 24 if size_bytes > _MAX32 else 16)


def _central_entry(one: Member, checksum: int, at: int) -> bytes:
    """The entry in the central directory of a member that begins at byte `at`."""
    name, large, far = one.name.encode(), _is_large(one), at > _MAX32
    wide = [*((one.size_bytes,) * 2 if large else ()), *((at,) if far else ())]  # in this order: 4.5.3
    extra = pack(f"<HH{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
    version, size = _version(bool(wide)), 0xFFFFFFFF if large else one.size_bytes
    fields = (_CENTRAL, _UNIX | version, version, _FLAGS, 0, *_time_and_date(one), checksum, size, size)
    end = (len(name), len(extra), 0, 0, 0, _MODE, 0xFFFFFFFF if far else at)
    return pack("<4s6H3L5H2L", *fields, *end) + name + extra


def _end(count: int, begin: int, size: int) -> bytes:
    """The end of an archive whose central directory begins at byte `begin` and has `size` bytes."""
    plain = pack("<4s4H2LH", _END, 0, 0, *(min(count, _MAX16),) * 2, min(size, 0xFFFFFFFF), min(begin, 0xFFFFFFFF), 0)
    if count < _MAX16 and max(begin, size) <= _MAX32:
        return plain
    version = _version(True)
    wide = pack("<4sQ2H2L4Q", _END64, 44, _UNIX | version, version, 0, 0, count, count, size, begin)
    return wide + pack("<4sLQL", _LOCATOR64, 0, begin + size, 1) + plain
