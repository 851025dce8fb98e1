"""Bodies that the kernel sends without copying them for each client (sendfile(2))."""

from __future__ import annotations

import os
from pathlib import Path

from stillcam.common.open_file import OpenFile
from stillcam.common.safe_read import open_regular


def _in_memory(data: bytes) -> OpenFile:
    file = OpenFile(os.memfd_create("blob", os.MFD_CLOEXEC))
    view = memoryview(data)
    while view:
        view = view[os.write(file.number, view) :]
    return file


class Blob:
    """Bytes that are sent to many clients; a file has them too, for sendfile(2).

    Args:
        content: the bytes, of which a file in memory is made; or a file of them, which does not change.

    Attributes:
        size: their number.
        descriptor: of the file.
        start: where they begin in the file.
    """

    __slots__ = ("_data", "_file", "descriptor", "size", "start")

    def __init__(self, content: bytes | OpenFile) -> None:
        if isinstance(content, bytes):
            self._set(content, len(content), _in_memory(content), 0)
        else:
            self._set(None, content.size, content, 0)

    def _set(self, data: bytes | memoryview | None, size: int, file: OpenFile, start: int) -> None:
        self._data = data
        self.size = size
        self.descriptor = file.number
        self.start = start
        self._file = file

    @property
    def data(self) -> bytes | memoryview:
        """The bytes; those of a file are read once, when they are needed. An OSError if that fails."""
        if self._data is None:
            self._data = self._file.read()
        return self._data

    def part(self, start: int, end: int | None = None) -> Blob:
        """The bytes from `start` to before `end` as a blob; nothing is copied."""
        data, blob = memoryview(self.data)[start:end], Blob.__new__(Blob)
        blob._set(data, len(data), self._file, self.start + start)
        return blob

    def __len__(self) -> int:
        return self.size


class FilePart:
    """A part of a file on disk; the file is closed with its last part."""

    __slots__ = ("_file", "_size", "start")

    def __init__(self, file: OpenFile, start: int, end: int) -> None:
        self._file = file
        self.start = start
        self._size = end - start

    @classmethod
    def whole(cls, path: Path) -> FilePart:
        """All of the regular file at `path`, as it is now: replacing it later changes nothing.

        Raises:
            OSError: it cannot be opened, or is a link, a folder, a pipe.
        """
        file = OpenFile(open_regular(path))
        return cls(file, 0, os.fstat(file.number).st_size)

    def part(self, start: int, end: int) -> FilePart:
        """The bytes from `start` to before `end` of this part."""
        return FilePart(self._file, self.start + start, self.start + end)

    def read(self, at: int, size: int) -> bytes:
        """At most `size` bytes from `at` on."""
        return os.pread(self._file.number, min(size, self._size - at), self.start + at)

    def __len__(self) -> int:
        return self._size

    def fileno(self) -> int:
        """The file's descriptor."""
        return self._file.number


Piece = bytes | memoryview | Blob
