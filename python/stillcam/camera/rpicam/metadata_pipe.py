"""The pipe through which rpicam-vid reports the metadata of its frames while it runs."""

from __future__ import annotations

import os

from stillcam.camera.metadata import Metadata, TextParser
from stillcam.common.child_process import widen_pipe

_READ_BYTES = 1 << 16
_MAX_READS = 16  # at once, so that live frames do not wait


class MetadataPipe:
    """A pipe whose write end is for the camera program.

    Attributes:
        fd: the read end; -1 once it is closed.
        write_end: to be passed to the camera program; -1 once it is closed here.
    """

    def __init__(self) -> None:
        self.fd, self.write_end = os.pipe()
        os.set_blocking(self.fd, False)
        widen_pipe(self.fd)
        self._reader = TextParser()

    @property
    def arguments(self) -> list[str]:
        """The options that make the camera program write to it."""
        return ["--metadata", f"/proc/self/fd/{self.write_end}", "--metadata-format", "txt"]

    def close_write_end(self) -> None:
        """Close this process's copy of the write end."""
        if self.write_end >= 0:
            os.close(self.write_end)
            self.write_end = -1

    def read(self) -> Metadata | None:
        """The metadata of the newest complete frame; None: there is none yet."""
        newest = None
        for _ in range(_MAX_READS):
            try:
                chunk = os.read(self.fd, _READ_BYTES)
            except BlockingIOError:
                break
            if not chunk:  # a closed pipe would stay readable
                self.close()
                break
            newest = self._reader.feed(chunk) or newest
        return newest

    def close(self) -> None:
        """Close both ends."""
        self.close_write_end()
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1
