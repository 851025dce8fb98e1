"""Items of the library as the API speaks of them."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import Any

from stillcam.common.safe_json import parse
from stillcam.common.safe_open import read_regular
from stillcam.common.time_zone import local_zone
from stillcam.common.utc import utc_text
from stillcam.http.messages import Refused, Request
from stillcam.library.catalogue import Library, size_bytes
from stillcam.library.day import Item

MAX_IDS_BYTES = 4 << 20  # of a request with many items
MAX_SIDECAR_BYTES = 1 << 20  # ours have some thousand


def find(library: Library, id_: str) -> Item:
    """The item at this address.

    Raises:
        Refused: there is none (404).
    """
    try:
        return library.item(id_)
    except LookupError as error:
        raise Refused(404, error.args[0]) from error


def listed(library: Library, items: list[Item]) -> list[dict[str, Any]]:
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


def described(library: Library, item: Item) -> dict[str, Any]:
    """All that is known about one item."""
    [document] = listed(library, [item])
    files = [{"name": shown(name), "bytes": _size(library, item, name)} for name in item.files]
    metadata = None
    if item.sidecar:
        with suppress(OSError, ValueError):  # removed or damaged by hand: the picture is still there
            metadata = parse(read_regular(library.path(item, item.sidecar), MAX_SIDECAR_BYTES))
    known = metadata if isinstance(metadata, dict) else None
    return {**document, "files": files, "preview": bool(item.preview), "metadata": known}


def ids(request: Request) -> list[str]:
    """The addresses in the body's `items`, each once.

    Raises:
        Refused: there are none (422), or as for Request.json.
    """
    return checked_ids(request.json(MAX_IDS_BYTES).get("items"))


def checked_ids(value: Any) -> list[str]:
    """`value` as addresses of items; raises as `ids`."""
    if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
        raise Refused(422, "items must be a list of addresses, as api/library gives them", "items")
    return list(dict.fromkeys(value))


def shown(name: str) -> str:
    """A file's name for a person: what is not UTF-8 becomes a question mark."""
    return os.fsencode(name).decode("utf-8", "replace")


def _size(library: Library, item: Item, name: str) -> int | None:
    try:
        return library.path(item, name).stat().st_size
    except OSError:
        return None
