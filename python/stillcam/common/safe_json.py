"""Reads JSON that anybody may have written, without going deeper than a thread can.

Python 3.13 follows ten thousand brackets in brackets, whatever the stack of the thread. The web
server's threads have small ones: they would run over, and the process would be gone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

MAX_DEPTH = 100  # ours need less than ten

_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[\[\]{}]', re.DOTALL)


def parse(text: str | bytes, pairs: Callable[[list[tuple[str, Any]]], Any] | None = None) -> Any:
    """What `text` says.

    Args:
        text: as for `json.loads`.
        pairs: makes an object of its names and values; None: a dict.

    Raises:
        ValueError: it is not JSON, or nested deeper than `MAX_DEPTH`.
    """
    if isinstance(text, bytes):
        text = text.decode(json.detect_encoding(text), "surrogatepass")
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(text) > MAX_DEPTH:
        raise ValueError(f"it is nested more than {MAX_DEPTH} deep")
    return json.loads(text, object_pairs_hook=pairs)


def _depth(text: str) -> int:
    """How deep it is nested, as far as it is JSON at all."""
    deepest = depth = 0
    for token in _TOKEN.finditer(text):
        match token[0]:
            case "[" | "{":
                depth += 1
                deepest = max(deepest, depth)
            case "]" | "}":
                depth -= 1
    return deepest
