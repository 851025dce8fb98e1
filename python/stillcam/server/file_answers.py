"""Files as answers: by type, in part, and to be saved."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

from stillcam.http.bodies import FilePart
from stillcam.http.messages import Answer
from stillcam.library.names import split
from stillcam.server.route import Request

REVALIDATE = "private, no-cache"  # browsers may store it, and revalidate it each time
FOR_EVER = "private, max-age=31536000, immutable"
TYPES = {
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "bmp": "image/bmp", "webp": "image/webp",
    "gif": "image/gif", "avif": "image/avif", "heic": "image/heic", "heif": "image/heif", "tif": "image/tiff",
    "tiff": "image/tiff", "dng": "image/x-adobe-dng", "mp4": "video/mp4", "m4v": "video/mp4",
    "mov": "video/quicktime", "mkv": "video/x-matroska", "webm": "video/webm", "h264": "video/h264",
    "mjpeg": "video/x-motion-jpeg", "json": "application/json",
}  # fmt: skip


def file_answer(request: Request, path: Path, name: str, caching: str = REVALIDATE) -> Answer:
    """The file at `path`, which is no link; 304 to a client that has it.

    Args:
        name: under which it is saved where the query says `download`.
        caching: the Cache-Control header.

    Raises:
        OSError: it cannot be read.
    """
    body = FilePart.whole(path)
    status = os.fstat(body.fileno())
    known_type = TYPES.get(split(path.name)[1])  # an HTML file copied into the folder must never run as our page
    headers = {
        "Content-Type": known_type or "application/octet-stream",
        "ETag": f'"{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"',
        "Cache-Control": caching,
        "Accept-Ranges": "bytes",
    }
    if known_type is None or request.value("download") is not None:
        headers["Content-Disposition"] = attachment(name)
    if request.has_version(headers["ETag"]):
        return Answer(304, headers=headers)
    return Answer(200, body, headers)


def attachment(name: str) -> str:
    """To be saved, and under which name (RFC 6266)."""
    return f"attachment; filename*=UTF-8''{quote(shown(name), safe='')}"


def shown(name: str) -> str:
    """A file's name for a person: what is not UTF-8 becomes a question mark."""
    return os.fsencode(name).decode("utf-8", "replace")
