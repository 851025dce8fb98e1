"""A token in an address, `?token=`: for wall tablets and other devices that only take an address.

Browsers, proxies and people store addresses and pass them on. Therefore such a token can only have the scope
`view`, the log omits it, and the answer has `Referrer-Policy: no-referrer`.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from stillcam.accounts.tokens import PREFIX
from stillcam.server.route import Request

NAME = "token"
HIDDEN = "..."

_TOKEN = re.compile(rf"{PREFIX}[A-Za-z0-9_-]+")


def query_token(request: Request) -> str | None:
    """The token in the address of a request; None: there is none."""
    return request.value(NAME) if NAME in request.query else None


def names_token(query: str) -> bool:
    """Whether a query has a token, valid or not, however its name is written."""
    return any(_is_name(pair.partition("=")[0]) for pair in query.split("&"))


def without_token(address: str) -> str:
    """An address, for the log.

    Args:
        address: path and query.
    """
    path, mark, query = address.partition("?")
    pairs = (pair.partition("=") for pair in query.split("&"))
    kept = [key + sign + (HIDDEN if _is_name(key) and sign else value) for key, sign, value in pairs]
    return _TOKEN.sub(PREFIX + HIDDEN, path + mark + "&".join(kept))


def _is_name(key: str) -> bool:
    return unquote_plus(key).strip().lower() == NAME
