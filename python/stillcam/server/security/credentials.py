"""How a request shows who sends it: cookies of sessions and devices, and tokens.

A browser sends cookies to all ports of a host, and those with `Path=/` to all of its paths. Several Stillcams
can share a host because the name contains the installation's ID, and the path is that of the page. Behind a
proxy only the browser knows this path: the page sends it with each request. Over TLS the names have the
prefix `__Host-` (path `/`) or `__Secure-`, which cannot be set without TLS.

A token is in the Authorization header, or in the address (`?token=`), for wall tablets and other devices that only
take an address. Browsers, proxies and people store addresses and pass them on. Therefore such a token can only have
the scope `view`, the log omits it, and the answer has `Referrer-Policy: no-referrer`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from urllib.parse import unquote_plus

from stillcam.accounts.tokens import PREFIX
from stillcam.server.route import Request

BASE = "x-stillcam-base"  # header of the page's own requests: the path of the page
OLD_SESSION = "stillcam"  # the session cookie of earlier versions, with Path=/
AGE_S = 400 * 86400  # the maximum of RFC 6265bis

QUERY_NAME = "token"
HIDDEN = "..."  # in place of a token, in the log

_TOKEN = re.compile(rf"{PREFIX}[A-Za-z0-9_-]+")
_PATH = re.compile(r"/(?:[!-:<-~]*/)?")  # visible ASCII without a semicolon, from slash to slash
_MAX_OF_ONE_NAME = 4  # another program on this host may set cookies of this name, too


def session_name(installation: str) -> str:
    """The name of a session's cookie, without a prefix, by the installation's ID."""
    return f"stillcam_{installation}"


def device_name(installation: str) -> str:
    """The same of a device's cookie (accounts/sign_in.py)."""
    return f"stillcam_{installation}_device"


def cookies(request: Request, name: str) -> Iterator[str]:
    """The values of the cookies of this name, without a prefix, that a request shows."""
    if not (header := request.headers.get("cookie")):
        return
    names = (f"__Host-{name}", f"__Secure-{name}") if request.secure else (name,)
    yield from [value for key, value in _header_pairs(header) if key in names][:_MAX_OF_ONE_NAME]


def old_sessions(request: Request) -> list[str]:
    """The keys of sessions that a request shows by their name of earlier versions."""
    header = request.headers.get("cookie", "")
    return [value for key, value in _header_pairs(header) if key == OLD_SESSION][:_MAX_OF_ONE_NAME]


def set_cookie(request: Request, name: str, value: str, age_s: int = AGE_S) -> bytes:
    """A header line that sets a cookie, for the path of the page if the request tells that, else for the host.

    Args:
        request: that is answered.
        name: without a prefix.
        value: of the cookie.
        age_s: for how long the browser keeps it; 0: it forgets it.
    """
    path = _cookie_path(request)
    prefix = "" if not request.secure else "__Host-" if path == "/" else "__Secure-"
    return _set_cookie(request, prefix + name, value, path, age_s)


def delete_old_session(request: Request) -> bytes:
    """A header line that makes a browser forget the cookie of earlier versions."""
    return _set_cookie(request, OLD_SESSION, "", "/", 0)


def _cookie_path(request: Request) -> str:
    path = request.headers.get(BASE, "/")
    if request.camera:  # the page of one of several cameras, whose accounts are the same
        path = path.removesuffix(f"camera/{request.camera}/")
    return path if _PATH.fullmatch(path) else "/"


def _set_cookie(request: Request, name: str, value: str, path: str, age_s: int) -> bytes:
    secure = "; Secure" if request.secure else ""
    return f"Set-Cookie: {name}={value}; Path={path}; Max-Age={age_s}; HttpOnly; SameSite=Lax{secure}\r\n".encode()


def _header_pairs(header: str) -> Iterator[tuple[str, str]]:
    """Names and values, the most specific path first (RFC 6265, 5.4)."""
    for pair in header.split(";"):
        key, _, value = pair.strip().partition("=")
        yield key, value


def authorization_token(authorization: str) -> tuple[str, str]:
    """The scheme, in lower case, and the token; which is empty if there is none."""
    scheme, _, value = authorization.partition(" ")
    scheme = scheme.lower()
    if scheme == "bearer":
        return scheme, value.strip()
    try:
        pair = base64.b64decode(value.strip(), validate=True) if scheme == "basic" else b""
    except binascii.Error:
        pair = b""
    # Programs encode the name, which is ignored, differently.
    return scheme, pair.partition(b":")[2].decode("ascii", "replace")


def query_token(request: Request) -> str | None:
    """The token in the address of a request; None: there is none."""
    return request.value(QUERY_NAME) if QUERY_NAME in request.query else None


def has_token(query: str) -> bool:
    """Whether a query has a token, valid or not, however its name is written."""
    return any(_is_name(pair.partition("=")[0]) for pair in query.split("&"))


def without_token(address: str) -> str:
    """An address (path and query), for the log."""
    path, mark, query = address.partition("?")
    pairs = (pair.partition("=") for pair in query.split("&"))
    pairs_shown = [key + sign + (HIDDEN if _is_name(key) and sign else value) for key, sign, value in pairs]
    return _TOKEN.sub(PREFIX + HIDDEN, path + mark + "&".join(pairs_shown))


def _is_name(key: str) -> bool:
    return unquote_plus(key).strip().lower() == QUERY_NAME
