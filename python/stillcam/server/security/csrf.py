"""CSRF check: whether a write comes from a page of this server, by `Sec-Fetch-Site` or `Origin`."""

from __future__ import annotations

import re

from stillcam.http.messages import Refused
from stillcam.server.route import Request
from stillcam.server.security.forwarded import through_proxy

_AUTHORITY = r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?"
_ORIGIN = re.compile(rf"(https?)://{_AUTHORITY}", re.ASCII)
_HOST = re.compile(_AUTHORITY, re.ASCII)
_DEFAULT_PORT = {"http": "80", "https": "443"}
_SHOWN = 100  # characters of a header in a message


def check_origin(request: Request, *, listed: bool = False) -> None:
    """Refuse a write that a page of another server has made the browser send.

    Args:
        request: the write.
        listed: its origin is in `access.embed`: the answer to its CORS preflight allows the request.

    Raises:
        Refused: 403; the text names both servers, and the headers that a proxy has to pass on.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    # Pages cannot forge Sec-Fetch-Site, but browsers send it only over TLS and to localhost.
    if site == "same-origin" if site else origin is None or is_own(origin, request, listed=listed):
        return
    own = f"{request.scheme or 'http'}://{request.host}"
    page = origin[:_SHOWN] if origin else "an unknown address"
    raise Refused(
        403,
        f"the request came from a page at {page}, but reached this server as {own}. If a proxy is in between, have it"
        " pass on the Host header with its port (nginx: proxy_set_header Host $http_host;), or have it set"
        " X-Forwarded-Host and X-Forwarded-Proto, and list its address in access.proxies",
    )


def is_own(origin: str, request: Request, *, listed: bool = False) -> bool:
    """Whether a page of `origin` is one of this server's: by scheme, host and port, as far as they are known.

    Without a proxy, the Host header contains the port. Some proxies omit it; then any port of this host counts as
    ours for requests that need a CORS preflight, which the server refuses to pages of another origin.
    """
    of_page, of_server = _ORIGIN.fullmatch(origin.lower()), _HOST.fullmatch(request.host.lower())
    if not of_page or not of_server:
        return False
    scheme, name, port = of_page.groups()
    if name != of_server[1] or (request.scheme and scheme != request.scheme):
        return False
    default = _DEFAULT_PORT[scheme]
    if (port or default) == (of_server[2] or default):
        return True
    return of_server[2] is None and not listed and through_proxy(request) and _needs_preflight(request)


def _needs_preflight(request: Request) -> bool:
    """Whether the request needs a CORS preflight from another origin (Fetch, «CORS-safelisted»)."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return request.method not in ("GET", "POST") or kind == "application/json"
