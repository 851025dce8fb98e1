"""The form of a live stream: `multipart/x-mixed-replace`, one JPEG a part, as mjpg-streamer and ustreamer send it.

The delimiter follows a part at once instead of opening the next: a browser shows a
picture only when it has seen the end of its part.
"""

from __future__ import annotations

from stillcam.http.bodies import Blob

_BOUNDARY = "stillcam-frame"
CONTENT_TYPE = f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
NOTHING = b"X-Nothing: \r\n"  # an empty header of the next part, which may be sent ahead of it
OPENING = f"--{_BOUNDARY}\r\n".encode()
_DELIMITER = b"\r\n" + OPENING


def part(data: bytes, time_s: float, more: bytes = b"") -> tuple[bytes, Blob]:
    """One part: its head, then the picture with the delimiter after it.

    Args:
        data: the JPEG; the first `len(data)` bytes of the blob.
        time_s: when it was taken, in seconds since the epoch; written as mjpg-streamer does, with six decimals.
        more: further header lines, each ending in CR LF.
    """
    head = b"Content-Type: image/jpeg\r\nContent-Length: %d\r\nX-Timestamp: %.6f\r\n%b\r\n"
    return head % (len(data), time_s, more), Blob(data + _DELIMITER)
