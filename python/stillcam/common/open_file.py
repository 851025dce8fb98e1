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

    def read(self) -> bytes:
        """What is in it, from the descriptor's position on, which moves to the end.

        Raises:
            OSError: it cannot be read.
        """
        with open(self.number, "rb", buffering=0, closefd=False) as file:
            return file.readall()
