"""The form of a live stream: `multipart/x-mixed-replace`, one JPEG a part, as mjpg-streamer and ustreamer send it.

The delimiter follows a part at once instead of opening the next: a browser shows a
picture only when it has seen the end of its part.
"""

from __future__ import annotations

_BOUNDARY = "stillcam-frame"
CONTENT_TYPE = f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
OPENING = f"--{_BOUNDARY}\r\n".encode()
_DELIMITER = b"\r\n" + OPENING


def part(data: bytes, time_s: float, more: bytes = b"") -> tuple[bytes, bytes, bytes]:
    """The buffers of one part: its head, the picture, the delimiter.

    Args:
        data: the JPEG; it is not copied.
        time_s: when it was taken, in seconds since the epoch; written as mjpg-streamer does, with six decimals.
        more: further header lines, each ending in CR LF.
    """
    head = b"Content-Type: image/jpeg\r\nContent-Length: %d\r\nX-Timestamp: %.6f\r\n%b\r\n"
    return head % (len(data), time_s, more), data, _DELIMITER
