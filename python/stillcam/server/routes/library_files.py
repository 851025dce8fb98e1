"""Files that a route has found, as answers: by type, in part, once, and to be saved."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from stillcam.http.bodies import FilePart
from stillcam.http.messages import Answer, Request
from stillcam.library.names import split
from stillcam.server.routes.library_items import shown

REVALIDATE = "private, no-cache"  # it may be kept, and has to be asked for whether it is still the same
FOR_EVER = "private, max-age=31536000, immutable"
TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "bmp": "image/bmp",
    "webp": "image/webp",
    "gif": "image/gif",
    "avif": "image/avif",
    "heic": "image/heic",
    "heif": "image/heif",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "dng": "image/x-adobe-dng",
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "mov": "video/quicktime",
    "mkv": "video/x-matroska",
    "webm": "video/webm",
    "h264": "video/h264",
    "mjpeg": "video/x-motion-jpeg",
    "json": "application/json",
}


def file_answer(request: Request, path: Path, name: str, caching: str = REVALIDATE) -> Answer:
    """The file at `path`, which is no link; 304 to who has it.

    Args:
        name: under which it is saved where the query says `download`.
        caching: the Cache-Control header.

    Raises:
        OSError: it cannot be read.
    """
    body = FilePart.whole(path)
    about = os.fstat(body.fileno())
    shown_as = TYPES.get(split(path.name)[1])  # a page that somebody has copied in must never run as ours
    headers = {
        "Content-Type": shown_as or "application/octet-stream",
        "ETag": f'"{about.st_ino:x}-{about.st_mtime_ns:x}-{about.st_size:x}"',
        "Cache-Control": caching,
        "Accept-Ranges": "bytes",
    }
    if shown_as is None or request.value("download") is not None:
        headers["Content-Disposition"] = attachment(name)
    if request.has(headers["ETag"]):
        return Answer(304, headers=headers)
    return Answer(200, body, headers)


def attachment(name: str) -> str:
    """To be saved, and under which name (RFC 6266)."""
    return f"attachment; filename*=UTF-8''{quote(shown(name), safe='')}"
