"""A picture as answers and streams send it: the same bytes for all viewers.

A stream is `multipart/x-mixed-replace`, one JPEG a part, as mjpg-streamer and ustreamer send it. The delimiter follows
a part at once instead of opening the next: a browser shows a picture only when it has seen the end of its part.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Self

from stillcam.common.open_file import OpenFile
from stillcam.http.bodies import Blob

_BOUNDARY = "stillcam-frame"
CONTENT_TYPE = f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
NOTHING = b"X-Nothing: \r\n"  # an empty header of the next part, which may be sent ahead of it
OPENING = f"--{_BOUNDARY}\r\n".encode()
_DELIMITER = b"\r\n" + OPENING
_JPEG = b"Content-Type: image/jpeg\r\n"
# As mjpg-streamer does, with six decimals.
_PART_HEAD = _JPEG + b"Content-Length: %d\r\nX-Timestamp: %.6f\r\n%b\r\n"

_making_part = threading.Lock()


@dataclass(slots=True, kw_only=True, eq=False)
class Picture:
    """A picture, prepared for sending."""

    tag: str  # its ETag, in quotes
    head: bytes  # header lines of an answer with it
    picture: Blob  # the JPEG
    time_s: float  # when it was taken, in seconds since the epoch
    _part_head: bytes
    _part: Blob | None = None  # until a stream needs it

    @classmethod
    def prepare(cls, content: bytes | OpenFile, time_s: float, tag: str, lines: bytes, **more: Any) -> Self:
        """Prepare a JPEG.

        Args:
            content: the JPEG, or a file with it: the kernel sends one on disk with less work than one in memory.
            time_s: when it was taken, in seconds since the epoch.
            tag: its ETag, without quotes.
            lines: header lines of answers and parts, each ending in CR LF.
            more: the fields of a subclass.
        """
        head = b'%bETag: "%b"\r\n%b' % (_JPEG, tag.encode(), lines)
        picture = Blob(content)
        part_head = _PART_HEAD % (picture.size, time_s, lines)
        return cls(tag=f'"{tag}"', head=head, picture=picture, time_s=time_s, _part_head=part_head, **more)

    @property
    def part(self) -> Blob:
        """Its part in a stream: head, JPEG, delimiter. Made for the first stream: most pictures are in none."""
        part = self._part
        if part is None:
            with _making_part:  # viewers and the broadcast ask for it at the same moment
                part = self._part
                if part is None:
                    part = self._part = Blob(self._part_head + self.picture.data + _DELIMITER)
        return part
