"""The `WWW-Authenticate` challenge of a refused request.

Basic is for programs and for addresses like `http://any:TOKEN@camera.local/stream`: they send a token as the
password, many of them only after a challenge. A challenged browser opens its own dialog, which does not accept
the password of an account. Therefore the page's requests are never challenged, nor is a person who opens an
address that the page can show after signing in.
"""

from __future__ import annotations

from stillcam.server.route import Challenge, Request, Route
from stillcam.server.security.cookies import BASE

BEARER = 'Bearer realm="Stillcam"'
BASIC = 'Basic realm="Stillcam", charset="UTF-8"'


def challenge(request: Request, route: Route) -> dict[str, str]:
    """The headers of a 401.

    Args:
        request: that is refused.
        route: that it leads to.
    """
    asks = {
        Challenge.BEARER: False,
        Challenge.PROGRAMS: not by_hand(request),
        Challenge.ALL: True,
    }[route.challenge]
    return {"WWW-Authenticate": BASIC if asks and not by_page(request) else BEARER}


def by_page(request: Request) -> bool:
    """Whether a script of the page asks."""
    return BASE in request.headers


def by_hand(request: Request) -> bool:
    """Whether a person has opened the address in a browser: by a link, a bookmark, or by typing it."""
    wants_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    return wants_page and request.headers.get("sec-fetch-mode", "navigate") == "navigate"
