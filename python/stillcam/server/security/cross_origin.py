"""What pages of other origins may do: writes (the CSRF check), reads (CORS), frames; the security headers of answers.

A page of any origin can read pictures that anyone may watch. A page of an origin in the setting `access.embed` may show
our page in a frame, and read answers to requests that show a cookie or a token. No other origin is ever named in an
answer.

A browser sends its cookie also with requests that another site has caused, so a write has to come from a page of this
server, by `Sec-Fetch-Site` or by an `Origin` that is our own; and one by cookie has to be JSON, which no form can send.
SameSite alone would not do: to a browser, other programs on the same host are the same site.
"""

from __future__ import annotations

import re
from functools import lru_cache

from stillcam.http.messages import Answer, Refused
from stillcam.server.route import Request
from stillcam.server.security.forwarded import through_proxy

_AUTHORITY = r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?"
_ORIGIN = re.compile(rf"(https?)://{_AUTHORITY}", re.ASCII)
_HOST = re.compile(_AUTHORITY, re.ASCII)
_DEFAULT_PORT = {"http": "80", "https": "443"}
_MAX_SHOWN = 100  # characters of a header in a message

READING = "GET, HEAD"
EVERY_METHOD = "GET, HEAD, POST, PUT, PATCH, DELETE"
_HEADERS = (
    "Authorization, Cache-Control, Content-Type, If-Match, If-Modified-Since, If-None-Match, Pragma, Range,"
    " X-Requested-With"
)
_SHOWN = b"Access-Control-Expose-Headers: ETag, Retry-After, X-Frame-Age, X-Frame-Sequence, X-Frame-Time\r\n"
_ANYONE_READS = b"Access-Control-Allow-Origin: *\r\n" + _SHOWN
_ACROSS_SITES = b"Cross-Origin-Resource-Policy: cross-origin\r\n"
_SAME_SITE = b"Cross-Origin-Resource-Policy: same-site\r\n"
_PREFLIGHT = f"Access-Control-Allow-Headers: {_HEADERS}\r\nAccess-Control-Max-Age: 600\r\n".encode()


def check_origin(request: Request, *, listed: bool = False) -> None:
    """Refuse a write that a page of another server has made the browser send.

    Args:
        listed: its origin is in `access.embed`: the answer to its CORS preflight allows the request.

    Raises:
        Refused: 403; the text names both servers, and the headers that a proxy has to pass on.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    # Pages cannot forge Sec-Fetch-Site, but browsers send it only over TLS and to localhost.
    if site == "same-origin" if site else origin is None or _is_own(origin, request, listed=listed):
        return
    own = f"{request.scheme or 'http'}://{request.host}"
    page = origin[:_MAX_SHOWN] if origin else "an unknown address"
    raise Refused(
        403,
        f"the request came from a page at {page}, but reached this server as {own}. If a proxy is in between, have it"
        " pass on the Host header with its port (nginx: proxy_set_header Host $http_host;), or have it set"
        " X-Forwarded-Host and X-Forwarded-Proto, and list its address in access.proxies",
    )


def check_cookie_write(request: Request) -> None:
    """Refuse a write by cookie without an Origin, or with a body that is not JSON: our page always sends both.

    Raises:
        Refused: 403 or 415.
    """
    if "sec-fetch-site" not in request.headers and "origin" not in request.headers:
        raise Refused(403, "a write with a cookie needs an Origin header; programs should use a token")
    if request.media_type != "application/json" and request.headers.get("content-length", "0") != "0":
        raise Refused(415, "send JSON, with Content-Type: application/json")


def embedding_origin(request: Request, listed: tuple[str, ...]) -> str:
    """The origin whose page asks, if it is one of those listed in `access.embed`; else empty."""
    origin = request.headers.get("origin", "")
    return origin if origin and origin in _origins(listed) else ""


def with_cors(request: Request, answer: Answer, listed: tuple[str, ...], *, picture: bool = False) -> Answer:
    """Add the CORS headers to an answer, and return it.

    Args:
        request: that is answered.
        answer: of this request alone.
        listed: the setting `access.embed`.
        picture: its route is one of the pictures.
    """
    origin = embedding_origin(request, listed)
    if listed:
        answer.head += b"Vary: Origin\r\n"
        answer.security = security_headers(_origins(listed))
    if origin:
        named = f"Access-Control-Allow-Origin: {origin}\r\nAccess-Control-Allow-Credentials: true\r\n"
        answer.head += named.encode("latin-1") + _SHOWN
    if picture:
        by_token = request.person is not None and request.person.by == "token"
        answer.head += _ACROSS_SITES if request.public or by_token else _SAME_SITE
        if request.public and not origin:
            answer.head += _ANYONE_READS
    return answer


def preflight_method(request: Request) -> str:
    """The method that a CORS preflight asks about; empty: the request is not a preflight."""
    method = request.headers.get("access-control-request-method", "") if request.method == "OPTIONS" else ""
    return "GET" if method == "HEAD" else method


def preflight_answer(methods: str) -> Answer:
    """The answer to a CORS preflight that allows these methods."""
    return Answer(204, head=f"Access-Control-Allow-Methods: {methods}\r\n".encode() + _PREFLIGHT)


def _is_own(origin: str, request: Request, *, listed: bool = False) -> bool:
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
    return request.method not in ("GET", "POST") or request.media_type == "application/json"


@lru_cache(8)
def _origins(listed: tuple[str, ...]) -> tuple[str, ...]:
    """The listed origins as browsers write them in an Origin header: without the default port."""
    lower = map(str.lower, listed)
    return tuple(origin.removesuffix(f":{_DEFAULT_PORT.get(origin.partition(':')[0])}") for origin in lower)


@lru_cache(8)
def security_headers(embedding: tuple[str, ...] = ()) -> bytes:
    """The lines, each ending in CR LF; pages of the origins `embedding` may show ours in a frame, as our own may."""
    ancestors = " ".join(["'self'", *embedding])
    policy = (
        "default-src 'self'; img-src 'self' blob: data:; base-uri 'self'; form-action 'self';"
        f" frame-ancestors {ancestors}; object-src 'none'"
    )
    lines = [
        f"Content-Security-Policy: {policy}",
        *([] if embedding else ["X-Frame-Options: SAMEORIGIN"]),  # it supports no list of origins
        "X-Content-Type-Options: nosniff",
        "Referrer-Policy: same-origin",
        "Permissions-Policy: camera=(), microphone=(), geolocation=()",
    ]
    return "".join(f"{line}\r\n" for line in lines).encode("ascii")


SECURITY = security_headers()
