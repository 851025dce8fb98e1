"""Byte ranges: `Range: bytes=first-last` (RFC 9110, section 14), one range at a time."""

from __future__ import annotations

import re
from dataclasses import replace

from stillcam.http.bodies import Blob, FilePart, Piece
from stillcam.http.messages import Answer, Request, error

_RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})")
_TAG = re.compile(rb'ETag: ("[^"]*")\r\n')


def span(header: str, size: int) -> tuple[int, int] | None:
    """The requested bytes: the first, and the one after the last; None: the header is not supported, send all.

    Args:
        header: of the request.
        size: of the whole, in bytes.

    Raises:
        ValueError: the body has none of these bytes.
    """
    match = _RANGE.fullmatch(header.replace(" ", ""))
    if not match or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < int(first):
            return None
    if start >= size or end <= start:
        raise ValueError(header)
    return start, end


def part(request: Request, answer: Answer) -> Answer:
    """`answer`, or the part of it that `request` wants."""
    header = request.headers.get("range")
    if (
        header is None
        or answer.stream is not None
        or answer.status != 200
        or not answer.body
        or request.method != "GET"
    ):
        return answer
    condition = request.headers.get("if-range")
    if condition is not None and condition != _tag(answer):
        return answer
    try:
        found = span(header, len(answer.body))
    except ValueError:
        return error(416, "the requested range is outside the file", {"Content-Range": f"bytes */{len(answer.body)}"})
    if found is None:
        return answer
    start, end = found
    headers = {**answer.headers, "Content-Range": f"bytes {start}-{end - 1}/{len(answer.body)}"}
    return replace(answer, status=206, body=_cut(answer.body, start, end), headers=headers)


def _cut(body: Piece | FilePart, start: int, end: int) -> memoryview | FilePart:
    if isinstance(body, FilePart):
        return body.part(start, end)
    return memoryview(body.data if isinstance(body, Blob) else body)[start:end]


def _tag(answer: Answer) -> str | None:
    if "ETag" in answer.headers:
        return answer.headers["ETag"]
    match = _TAG.search(answer.head)
    return match[1].decode("latin-1") if match else None
