"""How a client that is refused learns to show who it is (`WWW-Authenticate`).

Basic is for programs and for addresses like `http://any:TOKEN@camera.local/stream`: they show a token as
the password, many of them only when they are asked to. A browser that is asked for Basic opens a dialog of
its own, in which nobody can sign in with their password. So the page is never asked, and neither is a
person who opens an address that the page can show once they have signed in.
"""

from __future__ import annotations

from stillcam.server.messages import Challenge, Request, Route
from stillcam.server.session_cookies import BASE

BEARER = 'Bearer realm="Stillcam"'
BASIC = 'Basic realm="Stillcam", charset="UTF-8"'


def challenge(request: Request, route: Route) -> dict[str, str]:
    """The header of a refusal: 401.

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
