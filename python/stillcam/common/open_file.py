"""A file that stays open for as long as anybody refers to it."""

from __future__ import annotations

import os


class OpenFile:
    """An open file; closed with the last reference to it.

    Attributes:
        number: its descriptor, which belongs to this object.
    """

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self) -> None:
        os.close(self.number)

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return os.fstat(self.number).st_size

    def read(self) -> bytes:
        """All that is in it; the descriptor's position stays.

        Raises:
            OSError: it cannot be read.
        """
        size, data = self.size, b""
        while more := os.pread(self.number, size - len(data), len(data)):
            data += more
        return data
