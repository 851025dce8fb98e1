"""A route, who may use it, and the request that its handler gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from stillcam.http import messages
from stillcam.http.messages import Answer, Refused


class Access(Enum):
    """Who may use a route."""

    OPEN = "anyone"
    WATCH = "who may watch"
    LIBRARY = "owners, viewers who may open the library, and tokens with the scope library or control"
    SIGNED_IN = "people who are signed in"
    CONTROL = "the owner, and tokens that may control"
    OWNER = "the owner, signed in on a page"


class Challenge(Enum):
    """The WWW-Authenticate challenge of an answer 401."""

    BEARER = "a token: browsers open no dialog for it"
    PROGRAMS = "Basic authentication, but nothing if a person has opened the address in a browser"
    ALL = "Basic authentication"


@dataclass(frozen=True, slots=True)
class Person:
    """The sender of a request.

    Args:
        name: of the user, or of the token.
        role: `owner` or `viewer`.
        scope: `view`, `library` or `control`: what it may do; each includes those before it.
        by: `session` or `token`: how it was authenticated.
    """

    name: str
    role: str
    scope: str
    by: str


class Request(messages.Request):
    """A request to one of the routes.

    Attributes:
        camera: the number of the camera below whose address it came; empty: none.
        person: the sender; None: unknown.
        public: it was admitted because anyone may watch.
        access_remains: returns whether the sender still has access; a stream checks regularly.
    """

    camera = ""
    person: Person | None = None
    public = False
    access_remains: Callable[[], bool] = staticmethod(lambda: True)


@dataclass(frozen=True, slots=True)
class Route:
    """One address.

    Args:
        method: GET (for HEAD too), POST, PUT, PATCH or DELETE.
        path: without the leading slash; one that ends in a slash takes whatever follows, as `request.rest`; one part
            may be like `{name}`: any text without a slash, as `request.variable`.
        access: who may use it.
        handler: returns the answer, or raises Refused. It runs on a worker thread, and may block.
        quick: returns the answer from memory, or raises Refused; None: `handler` has to answer. It runs on the thread
            that serves all connections, and must not block.
        picture: pages of other origins may show it, and read it if anyone may watch.
        challenge: sent with an answer 401.
    """

    method: str
    path: str
    access: Access
    handler: Callable[[Request], Answer]
    quick: Callable[[Request], Answer | None] | None = None
    picture: bool = False
    challenge: Challenge = Challenge.BEARER


def may_use(admit: Callable[[Request, Route], None], request: Request, route: Route) -> bool:
    """Whether `admit` lets the request use the route."""
    try:
        admit(request, route)
    except Refused:
        return False
    return True
