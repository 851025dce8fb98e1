"""Picture addresses compatible with mjpg-streamer and ustreamer.

mjpg-streamer compares the beginning of an action only, so `?action=stream?dummy=param.mjpg` is a stream to it, and
takes the digit behind an underscore as the number of the input: `?action=snapshot_1` (httpd.c, client_thread).
A base address with a slash at its end makes `//snapshot`, and some programs add a slash: `/stream/`.
"""

from __future__ import annotations

import re

from stillcam.http.messages import Refused, Request

PATHS = frozenset({"snapshot", "snapshot.jpg", "stream", "stream.mjpg"})
_ACTION_PATHS = ("", "webcam")
_ACTION = re.compile(r"(snapshot|stream)(?:_([0-9]))?")


def plain(path: str) -> str:
    """The path of a picture without slashes that mean nothing; any other path as it is."""
    squeezed = "/".join(filter(None, path.split("/")))
    return squeezed if squeezed in PATHS else path


def action(request: Request) -> tuple[str, int] | None:
    """What the query `action` asks for: `snapshot` or `stream`, and of which camera, counted from 0.

    Further values may follow it with a question mark for an ampersand, which is corrected in `request.query`.
    None: the request has no action, or is for another path than that of the page or `webcam/`.

    Raises:
        Refused: it is another action.
    """
    if request.path.strip("/") not in _ACTION_PATHS or "action=" not in request.query:
        return None
    request.query = request.query.replace("?", "&")
    if (value := request.value("action")) is None:
        return None
    if not (match := _ACTION.fullmatch(value)):
        raise Refused(400, "action must be snapshot or stream, or name a camera's place as in stream_0", "action")
    return match[1], int(match[2] or 0)
