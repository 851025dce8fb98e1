"""Writing TIFF structures: the tags of EXIF and of DNG, little-endian as rpicam-apps writes them."""

import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

BYTE, ASCII, SHORT, LONG, RATIONAL, UNDEFINED, SRATIONAL = 1, 2, 3, 4, 5, 7, 10
_FORMATS = {BYTE: "B", SHORT: "H", LONG: "I", RATIONAL: "II", UNDEFINED: "B", SRATIONAL: "ii"}
HEADER_BYTES = 8


@dataclass(frozen=True, slots=True)
class Value:
    """The value of a tag: its TIFF type and its numbers (pairs for rationals), or its text."""

    kind: int
    items: Sequence[int] | Sequence[tuple[int, int]] | bytes

    @property
    def count(self) -> int:
        return len(self.items)

    def encode(self) -> bytes:
        if isinstance(self.items, bytes):
            return self.items
        flat = [number for item in self.items for number in (item if isinstance(item, tuple) else (item,))]
        return struct.pack(f"<{_FORMATS[self.kind] * len(self.items)}", *flat)


Directory = Mapping[int, Value]


def text(value: str) -> Value:
    """An ASCII value, with its zero."""
    return Value(ASCII, value.encode("utf-8", "replace") + b"\0")


def short(*numbers: int) -> Value:
    return Value(SHORT, numbers)


def long(*numbers: int) -> Value:
    return Value(LONG, numbers)


def rational(*numbers: float, kind: int = RATIONAL, denominator: int = 1_000_000) -> Value:
    """Fractions of a million, unless another denominator is given."""
    return Value(kind, [(round(number * denominator), denominator) for number in numbers])


def header(first: int) -> bytes:
    """The start of a file whose first directory is at `first`."""
    return struct.pack("<2sHI", b"II", 42, first)


def size(directory: Directory) -> int:
    """Bytes that a directory takes with all its values; always even."""
    return 2 + 12 * len(directory) + 4 + sum(_padded(value) for value in directory.values() if len(value.encode()) > 4)


def encode(directory: Directory, at: int, following: int = 0) -> bytes:
    """A directory for the file position `at`, its values behind it; `following` is the next one's position."""
    entries, values = [struct.pack("<H", len(directory))], []
    behind = at + 2 + 12 * len(directory) + 4
    for tag in sorted(directory):
        value = directory[tag]
        data = value.encode()
        if len(data) > 4:
            entries.append(struct.pack("<HHII", tag, value.kind, value.count, behind))
            data = data.ljust(_padded(value), b"\0")
            values.append(data)
            behind += len(data)
        else:
            entries.append(struct.pack("<HHI", tag, value.kind, value.count) + data.ljust(4, b"\0"))
    return b"".join(entries) + struct.pack("<I", following) + b"".join(values)


def _padded(value: Value) -> int:
    length = len(value.encode())
    return length + length % 2
