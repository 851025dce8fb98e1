"""Authentication and authorisation, by a route's Access, before any body is read.

A person shows a cookie, a program a token: as `Authorization: Bearer`, as the password of Basic
authentication with any name, or in the address (credentials.py). All of it is checked in memory.

A refused request is challenged with Basic authentication only if it comes from a program, or is for an address like
`http://any:TOKEN@camera.local/stream`: programs send a token as the password, many of them only after a challenge. A
challenged browser opens its own dialog, which does not accept the password of an account. Therefore the page's requests
are never challenged, nor is a person who opens an address that the page can show after signing in.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from stillcam.accounts import Accounts
from stillcam.accounts.cache import CachedAccounts
from stillcam.accounts.rules import StoreError, scope_of
from stillcam.accounts.sessions import LIFE_S
from stillcam.accounts.tokens import digest
from stillcam.http.messages import Refused
from stillcam.server.route import Access, Challenge, Person, Request, Route
from stillcam.server.security.credentials import (
    BASE,
    authorization_token,
    cookies,
    old_sessions,
    query_token,
    session_name,
)
from stillcam.server.security.cross_origin import check_cookie_write, check_origin, embedding_origin
from stillcam.settings.schema import Settings

BEARER = 'Bearer realm="Stillcam"'
BASIC = 'Basic realm="Stillcam", charset="UTF-8"'


class Guard:
    """Decides who may use a route.

    Args:
        accounts: the users, sessions and tokens.
        settings: gives those in force.
    """

    def __init__(self, accounts: Accounts, settings: Callable[[], Settings]) -> None:
        self._accounts = accounts.cache
        self._settings = settings

    def admit(self, request: Request, route: Route) -> None:
        """Set `request.person` where the access needs it. A stream asks again from time to time, with the same request.

        Raises:
            Refused: 401 not signed in, 403 not permitted, 415 a write that is not JSON, 503 the accounts cannot be
                read.
        """
        try:
            if request.method != "GET":
                self._check_origin(request)
            if route.access is Access.OPEN:
                return
            if route.access is Access.WATCH:
                self._admit_viewer(request, route)
            else:
                self._admit_person(request, route)
        except StoreError as error:
            raise Refused(503, "the accounts cannot be read now: `stillcam log` shows the reason") from error

    def anyone_may_watch(self) -> bool:
        """Whether watching needs no account: the owner allows it, or there is no owner yet.

        Raises:
            StoreError: the accounts cannot be read.
        """
        return self._settings().access.watch == "anyone" or not self._accounts.get().registered

    def person(self, request: Request) -> Person | None:
        """The sender of a request; None: unknown.

        A session counts for more than a token by Basic authentication: a browser that has been given such a
        token once sends it along with all that the page asks.

        Raises:
            StoreError: the accounts cannot be read.
        """
        accounts = self._accounts.get()
        scheme, key = authorization_token(request.headers.get("authorization", ""))
        if scheme == "basic":
            return self._by_session(request, accounts) or self._by_token(key, accounts)
        return self._by_token(key, accounts) or self._by_session(request, accounts)

    def may_control(self, request: Request) -> bool:
        """Whether the sender may control the camera; False while the accounts cannot be read."""
        try:
            person = self.person(request)
        except StoreError:
            return False
        return person is not None and person.scope == "control"

    def is_known(self, request: Request) -> bool:
        """Whether the sender has signed in, or has a token; False while the accounts cannot be read."""
        try:
            return (self.person(request) or self._by_address(request)) is not None
        except (StoreError, Refused):
            return False

    def session_key(self, request: Request) -> str:
        """The key of the session that the request shows; empty without one that is valid."""
        accounts, now_s = self._accounts.get(), time.time()
        for key in (*cookies(request, session_name(accounts.installation)), *old_sessions(request)):
            session = accounts.sessions.get(digest(key))
            if session and now_s - session.seen_s < LIFE_S:
                return key
        return ""

    def _check_origin(self, request: Request) -> None:
        """A page in `access.embed` that shows a token may write with that, and never with a cookie."""
        listed = bool(embedding_origin(request, self._settings().access.embed))
        person = self.person(request) if listed else None
        if person is None or person.by != "token":
            check_origin(request, listed=listed)

    def _admit_viewer(self, request: Request, route: Route) -> None:
        if self.anyone_may_watch():
            request.public = True
            return
        request.person = self.person(request) or self._by_address(request)
        if request.person is None:
            raise Refused(401, "sign in to watch", headers=_challenge(request, route))

    def _admit_person(self, request: Request, route: Route) -> None:
        person, access = self.person(request), route.access
        request.person = person
        if person is None:
            raise Refused(401, "sign in first", headers=_challenge(request, route))
        if access is Access.LIBRARY and person.scope == "view":
            raise Refused(
                403, "you may not open the library: ask an owner for that right, or for a token of scope library"
            )
        if access is Access.SIGNED_IN and person.by != "session":
            raise Refused(403, "a token cannot do this: sign in on the page")
        if access is Access.CONTROL and person.scope != "control":
            raise Refused(403, "only an owner may do this, or a program with a token that may control")
        if access is Access.OWNER and (person.by != "session" or person.role != "owner"):
            raise Refused(403, "only an owner who has signed in on the page may do this")
        if person.by == "session" and request.method != "GET":
            check_cookie_write(request)

    def _by_address(self, request: Request) -> Person | None:
        key = query_token(request)
        person = self._by_token(key, self._accounts.get()) if key else None
        if person and person.scope != "view":
            raise Refused(403, "only a token of scope view may be in an address")
        return person

    def _by_token(self, key: str, accounts: CachedAccounts) -> Person | None:
        if not key or not (token := accounts.tokens.get(digest(key))):
            return None  # a proxy's own Basic authentication comes here too: then the cookie counts
        self._accounts.note_visit(digest(key), token.used_s, time.time())
        return Person(token.name, "viewer", token.scope, "token")

    def _by_session(self, request: Request, accounts: CachedAccounts) -> Person | None:
        if not (session := accounts.sessions.get(digest(self.session_key(request)))):
            return None
        self._accounts.note_visit(session.digest, session.seen_s, time.time())
        return Person(session.name, session.role, scope_of(session.role, session.library), "session")


def _challenge(request: Request, route: Route) -> dict[str, str]:
    """The headers of a 401."""
    of_page = BASE in request.headers  # a script of the page asks
    basic = route.challenge is Challenge.ALL or (route.challenge is Challenge.PROGRAMS and not is_navigation(request))
    return {"WWW-Authenticate": BASIC if basic and not of_page else BEARER}


def is_navigation(request: Request) -> bool:
    """Whether a person has opened the address in a browser: by a link, a bookmark, or by typing it."""
    wants_page = request.method == "GET" and "text/html" in request.headers.get("accept", "")
    return wants_page and request.headers.get("sec-fetch-mode", "navigate") == "navigate"
