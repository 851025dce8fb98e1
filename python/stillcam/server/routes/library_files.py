"""Items of the library as JSON, and files as answers: by type, in part, and to be saved."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

from stillcam.common.clock import local_zone
from stillcam.common.formats import utc_text
from stillcam.common.safe_read import parse_json, read_regular
from stillcam.http.bodies import FilePart
from stillcam.http.messages import Answer
from stillcam.library.catalogue import Library, size_bytes
from stillcam.library.days import Item
from stillcam.library.names import split
from stillcam.server.errors import reading
from stillcam.server.route import Request

REVALIDATE = "private, no-cache"  # browsers may store it, and revalidate it each time
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


MAX_SIDECAR_BYTES = 1 << 20  # ours have some thousand


def find(library: Library, id_: str) -> Item:
    """The item at this address.

    Raises:
        Refused: there is none (404).
    """
    with reading("items"):
        return library.item(id_)


def rows(library: Library, items: list[Item]) -> list[dict[str, Any]]:
    """Items as a list shows them."""
    zone = local_zone(os.environ)
    favourites = {day: library.favourites.of_day(day) for day in {item.day for item in items}}
    return [{
        "id": item.id,
        "day": item.day,
        "title": item.title,
        "name": shown(item.name),
        "kind": item.kind,
        "time": utc_text(item.time_s),
        "zone": zone,
        "camera": item.camera or None,
        "bytes": size_bytes(library.root, item),
        "favourite": item.name in favourites[item.day],
    } for item in items]  # fmt: skip


def details(library: Library, item: Item) -> dict[str, Any]:
    """All that is known about one item."""
    [document] = rows(library, [item])
    files = [{"name": shown(name), "bytes": _size(library, item, name)} for name in item.files]
    metadata = None
    if item.sidecar:
        with suppress(OSError, ValueError):  # removed or damaged by hand: the picture is still there
            metadata = parse_json(read_regular(library.path(item, item.sidecar), MAX_SIDECAR_BYTES))
    known = metadata if isinstance(metadata, dict) else None
    return {**document, "files": files, "preview": bool(item.preview), "metadata": known}


def shown(name: str) -> str:
    """A file's name for a person: what is not UTF-8 becomes a question mark."""
    return os.fsencode(name).decode("utf-8", "replace")


def _size(library: Library, item: Item, name: str) -> int | None:
    try:
        return library.path(item, name).stat().st_size
    except OSError:
        return None
