"""A route, who may use it, and the request that its handler gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
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
    """The sender of a request."""

    name: str  # of the user, or of the token
    role: str  # `owner` or `viewer`
    scope: str  # `view`, `library` or `control`: what it may do; each includes those before it
    by: str  # `session` or `token`: how it was authenticated


@dataclass(slots=True, eq=False, repr=False)
class Request(messages.Request):
    """A request to one of the routes."""

    camera: str = field(init=False, default="")  # the number of the camera below whose address it came; empty: none
    person: Person | None = field(init=False, default=None)  # the sender; None: unknown
    public: bool = field(init=False, default=False)  # it was admitted because anyone may watch
    # Whether the sender still has access: a stream, which may last for days, checks that regularly.
    access_remains: Callable[[], bool] = field(init=False, default=lambda: True)


@dataclass(frozen=True, slots=True)
class Route:
    """One address."""

    method: str  # GET (for HEAD too), POST, PUT, PATCH or DELETE
    # Without the leading slash. One that ends in a slash takes whatever follows, as `request.rest`; one part may be
    # like `{name}`: any text without a slash, as `request.variable`.
    path: str
    access: Access
    handler: Callable[[Request], Answer]  # may raise Refused. It runs on a worker thread, and may block
    # Answers from memory on the thread that serves all connections, and must not block; None: `handler` has to answer.
    quick: Callable[[Request], Answer | None] | None = None
    picture: bool = False  # pages of other origins may show it, and read it if anyone may watch
    challenge: Challenge = Challenge.BEARER  # sent with an answer 401


def may_use(admit: Callable[[Request, Route], None], request: Request, route: Route) -> bool:
    """Whether `admit` lets the request use the route."""
    try:
        admit(request, route)
    except Refused:
        return False
    return True
