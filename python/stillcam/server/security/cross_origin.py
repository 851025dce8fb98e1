"""CORS (Fetch standard), frames, and the security headers of every answer: what pages of other origins may do.

A page of any origin can read pictures that anyone may watch. A page of an
origin in the setting `access.embed` may show our page in a frame, and read answers to requests that show a
cookie or a token. No other origin is ever named in an answer.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from stillcam.http.messages import Answer
from stillcam.server.route import Request

_DEFAULT_PORTS = (("http://", ":80"), ("https://", ":443"))
READING = "GET, HEAD"
EVERY_METHOD = "GET, HEAD, POST, PUT, PATCH, DELETE"
_HEADERS = (
    "Authorization, Cache-Control, Content-Type, If-Match, If-Modified-Since, If-None-Match, Pragma, Range,"
    " X-Requested-With"
)
_SHOWN = b"Access-Control-Expose-Headers: ETag, Retry-After, X-Frame-Age, X-Frame-Sequence, X-Frame-Time\r\n"
_ANYONE = b"Access-Control-Allow-Origin: *\r\n"
_ACROSS_SITES = b"Cross-Origin-Resource-Policy: cross-origin\r\n"
_SAME_SITE = b"Cross-Origin-Resource-Policy: same-site\r\n"
_PREFLIGHT = f"Access-Control-Allow-Headers: {_HEADERS}\r\nAccess-Control-Max-Age: 600\r\n".encode()


def embedding_origin(request: Request, listed: tuple[str, ...]) -> str:
    """The origin whose page asks, if it is one of those listed in `access.embed`; else empty."""
    origin = request.headers.get("origin", "")
    return origin if origin and origin in _origins(listed) else ""


def with_cors(request: Request, answer: Answer, listed: tuple[str, ...], *, picture: bool = False) -> Answer:
    """Add the CORS headers to an answer.

    Args:
        request: that is answered.
        answer: stays as it is; another one is returned where something is added.
        listed: the setting `access.embed`.
        picture: its route is one of the pictures.
    """
    lines = _for_listed(request, listed)
    if picture:
        by_token = request.person is not None and request.person.by == "token"
        lines += _ACROSS_SITES if request.public or by_token else _SAME_SITE
        if request.public and b"Allow-Origin" not in lines:
            lines += _ANYONE + _SHOWN
    if not lines:
        return answer
    return replace(answer, head=answer.head + lines, security=security_headers(_origins(listed)))


def preflight_method(request: Request) -> str:
    """The method that a CORS preflight asks about; empty: the request is not a preflight."""
    method = request.headers.get("access-control-request-method", "") if request.method == "OPTIONS" else ""
    return "GET" if method == "HEAD" else method


def preflight_answer(methods: str) -> Answer:
    """The answer to a CORS preflight that allows these methods."""
    return Answer(204, head=f"Access-Control-Allow-Methods: {methods}\r\n".encode() + _PREFLIGHT)


def _for_listed(request: Request, listed: tuple[str, ...]) -> bytes:
    if not listed:
        return b""
    vary = b"Vary: Origin\r\n"
    if not (origin := embedding_origin(request, listed)):
        return vary
    named = f"Access-Control-Allow-Origin: {origin}\r\nAccess-Control-Allow-Credentials: true\r\n".encode("latin-1")
    return vary + named + _SHOWN


@lru_cache(8)
def _origins(listed: tuple[str, ...]) -> tuple[str, ...]:
    """The listed origins as browsers write them in an Origin header."""
    found = []
    for entry in listed:
        origin = entry.lower()
        for scheme, port in _DEFAULT_PORTS:
            if origin.startswith(scheme):
                origin = origin.removesuffix(port)
        found.append(origin)
    return tuple(found)


@lru_cache(8)
def security_headers(embedding: tuple[str, ...] = ()) -> bytes:
    """The lines, each ending in CR LF.

    Args:
        embedding: origins whose pages may show ours in a frame, besides our own.
    """
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
