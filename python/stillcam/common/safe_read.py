"""Reading of what others wrote: regular files only, so that no symlink leads elsewhere, and JSON of limited depth."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

MAX_DEPTH = 100  # our documents need fewer than ten

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)


def open_regular(path: Path) -> int:
    """Open a regular file for reading; returns its descriptor.

    Raises:
        OSError: it cannot be opened, or is a symlink, a folder or a pipe.
    """
    # Without O_NONBLOCK, opening a pipe waits for its writer.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return descriptor


def read_regular(path: Path, max_bytes: int) -> bytes:
    """Read a regular file.

    Raises:
        OSError: as for `open_regular`, or it is larger.
    """
    with os.fdopen(open_regular(path), "rb") as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return data


def parse_json(text: str | bytes, pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """Parse JSON. Python 3.13 parses ten thousand nested brackets, which would overflow the small stack of a thread.

    Args:
        text: as for `json.loads`.
        pairs: makes an object from its names and values; None: a dict.

    Raises:
        ValueError: it is not JSON, or nested deeper than `MAX_DEPTH`.
    """
    if isinstance(text, bytes):
        text = text.decode(json.detect_encoding(text), "surrogatepass")
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise ValueError(f"it is nested more than {MAX_DEPTH} levels deep")
    return json.loads(text, object_pairs_hook=pairs)


def _depth(text: str) -> int:
    """The depth of nesting, as far as the text is JSON."""
    deepest = depth = 0
    for token in _TOKEN.finditer(text):
        match token[0]:
            case "[" | "{":
                depth += 1
                deepest = max(deepest, depth)
            case "]" | "}":
                depth -= 1
    return deepest
