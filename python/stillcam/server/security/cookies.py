"""Names and paths of the session cookie and the device cookie.

A browser sends cookies to all ports of a host, and those with `Path=/` to all of its paths. Several Stillcams
can share a host because the name contains the installation's ID, and the path is that of the page. Behind a
proxy only the browser knows this path: the page sends it with each request. Over TLS the names have the
prefix `__Host-` (path `/`) or `__Secure-`, which cannot be set without TLS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stillcam.server.route import Request

BASE = "x-stillcam-base"  # header of the page's own requests: the path of the page
OLD_SESSION = "stillcam"  # the session cookie of earlier versions, with Path=/
AGE_S = 400 * 86400  # the maximum of RFC 6265bis

_PATH = re.compile(r"/(?:[!-:<-~]*/)?")  # visible ASCII without a semicolon, from slash to slash
_MAX_OF_ONE_NAME = 4  # another program on this host may set cookies of this name, too


def session_name(installation: str) -> str:
    """The name of a session's cookie, without a prefix.

    Args:
        installation: its id.
    """
    return f"stillcam_{installation}"


def device_name(installation: str) -> str:
    """The name of a device's cookie (accounts/sign_in.py), without a prefix.

    Args:
        installation: its id.
    """
    return f"stillcam_{installation}_device"


def shown(request: Request, name: str) -> Iterator[str]:
    """The values of the cookies of this name that a request shows.

    Args:
        request: with the cookies.
        name: without a prefix.
    """
    if not (header := request.headers.get("cookie")):
        return
    names = (f"__Host-{name}", f"__Secure-{name}") if request.secure else (name,)
    yield from [value for key, value in _pairs(header) if key in names][:_MAX_OF_ONE_NAME]


def old_sessions(request: Request) -> list[str]:
    """The keys of sessions that a request shows by their name of earlier versions."""
    header = request.headers.get("cookie", "")
    return [value for key, value in _pairs(header) if key == OLD_SESSION][:_MAX_OF_ONE_NAME]


def setting(request: Request, name: str, value: str, age_s: int = AGE_S) -> bytes:
    """A header line that sets a cookie, for the path of the page if the request tells that, else for the host.

    Args:
        request: that is answered.
        name: without a prefix.
        value: of the cookie.
        age_s: for how long the browser keeps it; 0: it forgets it.
    """
    path = _path(request)
    prefix = "" if not request.secure else "__Host-" if path == "/" else "__Secure-"
    return _line(request, prefix + name, value, path, age_s)


def forgetting_old_session(request: Request) -> bytes:
    """A header line that makes a browser forget the cookie of earlier versions."""
    return _line(request, OLD_SESSION, "", "/", 0)


def _path(request: Request) -> str:
    path = request.headers.get(BASE, "/")
    if request.camera:  # the page of one of several cameras, whose accounts are the same
        path = path.removesuffix(f"camera/{request.camera}/")
    return path if _PATH.fullmatch(path) else "/"


def _line(request: Request, name: str, value: str, path: str, age_s: int) -> bytes:
    secure = "; Secure" if request.secure else ""
    return f"Set-Cookie: {name}={value}; Path={path}; Max-Age={age_s}; HttpOnly; SameSite=Lax{secure}\r\n".encode()


def _pairs(header: str) -> Iterator[tuple[str, str]]:
    """Names and values, the most specific path first (RFC 6265, 5.4)."""
    for pair in header.split(";"):
        key, _, value = pair.strip().partition("=")
        yield key, value
