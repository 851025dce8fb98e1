"""What the routes of accounts have in common: to read a wish, and to tell what was wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from stillcam.http.messages import Answer, Refused
from stillcam.server.route import Request

Handler = Callable[[Request], Answer]


def fields_of(request: Request, needed: Sequence[str], others: Sequence[str] = ()) -> dict[str, Any]:
    """The JSON object of a request.

    Args:
        request: whose body is read.
        needed: fields that must be there.
        others: fields that may be there; at least one if none is needed.

    Raises:
        Refused: a field is missing, null or not known; or as for `Request.json`.
    """
    document = request.json()
    for name, value in document.items():
        if name not in needed and name not in others:
            raise Refused(422, f"there is no such field: there are {', '.join((*needed, *others))}", name)
        if value is None:
            raise Refused(422, "must not be null", name)
    for name in needed:
        if name not in document:
            raise Refused(422, "is missing", name)
    if not document:
        raise Refused(422, f"nothing to change: send {' or '.join(others)}")
    return document
