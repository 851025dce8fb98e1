"""The pipe through which rpicam-vid tells about its frames while it runs."""

from __future__ import annotations

import os

from stillcam.camera.metadata import Metadata, TxtReader
from stillcam.camera.rpicam.programs import widen

_READ_BYTES = 1 << 16
_MAX_READS = 16  # at once: the live view goes on meanwhile


class MetadataPipe:
    """A pipe with a writing end for the camera program.

    Attributes:
        fd: the end to read from; -1 once nothing can come any more.
        theirs: the camera program's end, to be handed over and then closed here by `handed_over`.
    """

    def __init__(self) -> None:
        self.fd, self.theirs = os.pipe()
        os.set_blocking(self.fd, False)
        widen(self.fd)
        self._reader = TxtReader()

    @property
    def arguments(self) -> list[str]:
        """The options with which the camera program writes into it."""
        return ["--metadata", f"/proc/self/fd/{self.theirs}", "--metadata-format", "txt"]

    def handed_over(self) -> None:
        """The camera program has its end, or will never have it."""
        os.close(self.theirs)

    def read(self) -> Metadata | None:
        """What has come of the newest frame; None: nothing whole yet."""
        newest = None
        for _ in range(_MAX_READS):
            try:
                chunk = os.read(self.fd, _READ_BYTES)
            except BlockingIOError:
                break
            if not chunk:  # an end that stays readable would keep the loop busy
                self.close()
                break
            newest = self._reader.feed(chunk) or newest
        return newest

    def close(self) -> None:
        """Stop reading."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
