"""Who asks, and whether they may: decided by a route's Access, before any body is read.

A person shows a cookie, a program a token: as `Authorization: Bearer`, or as the password of
Basic authentication with any name. All of it is checked in memory.

A browser sends its cookie along whoever has made it ask, so a write by cookie has to come
from a page of this very server: by `Sec-Fetch-Site`, or by an `Origin` that is our own. A form
of a stranger cannot send JSON either. SameSite=Strict alone would not do: to a browser, other
programs on the same host are the same site.
"""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable

from stillcam.accounts import Accounts
from stillcam.accounts.errors import StoreError
from stillcam.accounts.keys import digest
from stillcam.accounts.known import Everybody
from stillcam.accounts.sessions import LIFE_S
from stillcam.accounts.visits import Visits
from stillcam.server.messages import Access, Person, Refused, Request, Route
from stillcam.server.origins import check_origin
from stillcam.server.session_cookies import old_sessions, session_name, shown
from stillcam.server.sharing import embedding
from stillcam.settings import Settings


class Guard:
    """Decides who may use a route.

    Args:
        accounts: the users, sessions and tokens.
        settings: gives those in force.
    """

    def __init__(self, accounts: Accounts, settings: Callable[[], Settings]) -> None:
        self._known = accounts.known
        self._settings = settings
        self._visits = Visits(accounts.sessions)

    def admit(self, request: Request, route: Route) -> None:
        """Set `request.person` where that matters. A stream asks again from time to time, of the same request.

        Raises:
            Refused: they may not: 401 nobody is signed in, 403 another may, 415 a write that is not JSON,
                503 the accounts cannot be read.
        """
        try:
            if request.method != "GET" and not self._is_embedding_program(request):
                check_origin(request)
            if route.access is Access.OPEN:
                return
            if route.access is Access.WATCH:
                if not self.may_watch(request):
                    raise Refused(401, "sign in to watch", headers={"WWW-Authenticate": _challenge(request)})
            else:
                self._admit_person(request, route.access)
        except StoreError as error:
            raise Refused(503, "the accounts cannot be read now: data/logs/server.log says why") from error

    def may_watch(self, request: Request) -> bool:
        """Whether who asks may watch: anyone, if the owner wishes so and as long as there is no owner.

        Raises:
            StoreError: the accounts cannot be read.
        """
        if self._settings().access.watch == "anyone" or not self._known().registered:
            request.public = True
            return True
        request.person = self.person(request)
        return request.person is not None

    def person(self, request: Request) -> Person | None:
        """Who asks; None: nobody who is known.

        Raises:
            StoreError: the accounts cannot be read.
        """
        everybody = self._known()
        return self._by_token(request, everybody) or self._by_session(request, everybody)

    def may_control(self, request: Request) -> bool:
        """Whether who asks may control; nobody may while the accounts cannot be read."""
        try:
            person = self.person(request)
        except StoreError:
            return False
        return person is not None and person.scope == "control"

    def session_key(self, request: Request) -> str:
        """The key of the session that the request shows; empty without one that is valid."""
        everybody, now_s = self._known(), time.time()
        for key in (*shown(request, session_name(everybody.installation)), *old_sessions(request)):
            session = everybody.sessions.get(digest(key))
            if session and now_s - session.seen_s < LIFE_S:
                return key
        return ""

    def _is_embedding_program(self, request: Request) -> bool:
        """Whether a page in `access.embed` shows a token: it may write with that, and never with a cookie."""
        if not embedding(request, self._settings().access.embed):
            return False
        return self._by_token(request, self._known()) is not None

    def _admit_person(self, request: Request, access: Access) -> None:
        person = request.person = self.person(request)
        if person is None:
            raise Refused(401, "sign in first", headers={"WWW-Authenticate": 'Bearer realm="Stillcam"'})
        if access is Access.CONTROL and person.scope != "control":
            raise Refused(403, "only an owner may do this, or a program with a token that may control")
        if access is Access.OWNER and (person.by != "session" or person.role != "owner"):
            raise Refused(403, "only an owner who has signed in on the page may do this")
        if person.by == "session" and request.method != "GET":
            _check_page(request)

    def _by_token(self, request: Request, everybody: Everybody) -> Person | None:
        key = _token(request.headers.get("authorization", ""))
        if not key or not (token := everybody.tokens.get(digest(key))):
            return None  # a proxy's own Basic authentication comes here too: then the cookie counts
        self._visits.note(digest(key), token.used_s, time.time())
        return Person(token.name, "viewer", token.scope, "token")

    def _by_session(self, request: Request, everybody: Everybody) -> Person | None:
        if not (session := everybody.sessions.get(digest(self.session_key(request)))):
            return None
        self._visits.note(session.digest, session.seen_s, time.time())
        return Person(session.name, session.role, "control" if session.role == "owner" else "view", "session")


def _token(authorization: str) -> str:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() != "basic":
        return ""
    try:
        pair = base64.b64decode(value.strip(), validate=True)
    except binascii.Error:
        return ""
    return pair.partition(b":")[2].decode("ascii", "replace")  # programs encode the name, which is ignored, differently


def _check_page(request: Request) -> None:
    """A write by cookie: a browser says where it comes from, and a page of ours sends JSON."""
    if "sec-fetch-site" not in request.headers and "origin" not in request.headers:
        raise Refused(403, "a write with a cookie needs an Origin header; a program had better use a token")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and request.headers.get("content-length", "0") != "0":
        raise Refused(415, "send JSON, with Content-Type: application/json")


def _challenge(request: Request) -> str:
    """How to show a token. Basic is for programs: a browser would ask for a name and a password, in vain."""
    browser = request.headers.get("user-agent", "").startswith("Mozilla/")
    return 'Bearer realm="Stillcam"' if browser else 'Basic realm="Stillcam", charset="UTF-8"'
