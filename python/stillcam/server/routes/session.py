"""`api/session`, `api/register` and `api/password`: to sign in and out.

The page learns from `api/session` who it speaks for. A session's key is in a cookie that
scripts cannot read; the server decides when it ends, the cookie itself lasts as long as browsers allow.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from stillcam.accounts import Accounts
from stillcam.accounts.attempts import address_key
from stillcam.accounts.devices import new_device
from stillcam.accounts.errors import ConflictError, StoreError, WrongError
from stillcam.accounts.keys import digest
from stillcam.accounts.rules import check_name, check_password, scope_of
from stillcam.accounts.sign_in import SignIn
from stillcam.http.messages import Access, Answer, Person, Refused, Request, Route, as_json
from stillcam.server.request_bodies import explained, fields_of
from stillcam.server.security.access import Guard
from stillcam.server.security.cookies import (
    device_name,
    forgetting_old_session,
    old_sessions,
    session_name,
    setting,
    shown,
)
from stillcam.settings.schema import Settings


class SessionRoutes:
    """The routes of who signs in.

    Args:
        accounts: where sessions are kept.
        guard: knows who asks.
        sign_in: verifies passwords.
        settings: gives those in force.
    """

    def __init__(self, accounts: Accounts, guard: Guard, sign_in: SignIn, settings: Callable[[], Settings]) -> None:
        self._accounts = accounts
        self._guard = guard
        self._sign_in = sign_in
        self._settings = settings

    def routes(self) -> list[Route]:
        """Open to anyone until somebody is signed in."""
        table = (
            ("GET", "api/session", Access.OPEN, self._who),
            ("POST", "api/session", Access.OPEN, self._enter),
            ("DELETE", "api/session", Access.SIGNED_IN, self._leave),
            ("POST", "api/register", Access.OPEN, self._register),
            ("POST", "api/password", Access.SIGNED_IN, self._change_password),
        )
        return [Route(method, path, access, explained(handler)) for method, path, access, handler in table]

    def _who(self, request: Request) -> Answer:
        answer = self._document(200, request, self._guard.person(request))
        if key := self._guard.session_key(request):
            answer.head = self._session(request, key)  # its age starts again: who keeps coming stays signed in
            if key in old_sessions(request):
                answer.head += forgetting_old_session(request)
        return answer

    def _register(self, request: Request) -> Answer:
        fields = fields_of(request, ("code", "name", "password"))
        if self._accounts.known().registered:
            raise ConflictError("an owner has registered already: sign in, or ask them for an account")
        name = check_name(fields["name"])
        password = check_password(fields["password"], name)
        try:
            with self._sign_in.attempt(address_key(request.address)):
                if not self._accounts.setup_code.is_right(_text(fields, "code")):
                    raise WrongError("this is not the set-up code: `python -m stillcam code` prints it")
        except WrongError as error:
            logging.warning("a wrong set-up code came from %s", request.address)
            raise Refused(403, str(error), "code") from error
        kept = self._sign_in.hashed(password)
        user = self._accounts.users.add(name, kept, "owner", first=True)
        try:
            self._accounts.setup_code.delete()
        except StoreError as error:
            logging.warning("%s: it opens nothing any more", error)
        logging.info("%s has registered, from %s", user.name, request.address)
        return self._entered(201, request, user.name, kept)

    def _enter(self, request: Request) -> Answer:
        fields = fields_of(request, ("name", "password"))
        installation = self._accounts.known().installation
        name, device = _text(fields, "name").strip(), next(shown(request, device_name(installation)), "")
        try:
            kept = self._sign_in.verify(name, _text(fields, "password"), request.address, device)
        except WrongError:
            logging.warning("a sign-in from %s failed", request.address)  # not the name: some type a password there
            raise
        answer = self._entered(200, request, name, kept)
        logging.info("%s signed in from %s", self._accounts.users.get(name).name, request.address)
        return answer

    def _entered(self, status: int, request: Request, name: str, kept: str) -> Answer:
        key = self._accounts.sessions.start(name, kept, instead_of=self._guard.session_key(request))
        user = self._accounts.users.get(name)
        scope = scope_of(user.role, user.library)
        answer = self._document(status, request, Person(user.name, user.role, scope, "session"))
        answer.head = self._session(request, key) + self._device(request, new_device(name, kept))
        return answer

    def _session(self, request: Request, key: str, **age_s: int) -> bytes:
        return setting(request, session_name(self._accounts.known().installation), key, **age_s)

    def _device(self, request: Request, device: str) -> bytes:
        return setting(request, device_name(self._accounts.known().installation), device)

    def _leave(self, request: Request) -> Answer:
        person = _on_the_page(request)
        if request.value("everywhere") in (None, "", "0"):
            self._accounts.sessions.end(digest(self._guard.session_key(request)))
        else:
            self._accounts.sessions.end_all(person.name)
        return Answer(204, head=self._session(request, "", age_s=0))

    def _change_password(self, request: Request) -> Answer:
        person = _on_the_page(request)
        fields = fields_of(request, ("old", "new"))
        new = check_password(fields["new"], person.name, "new")
        session = digest(self._guard.session_key(request))
        try:
            self._sign_in.verify_again(person.name, _text(fields, "old"), session)
        except WrongError as error:
            raise Refused(422, "is not your password", "old") from error
        kept = self._sign_in.hashed(new)
        self._accounts.users.change(person.name, password=kept, keep_session=session)
        logging.info("%s has a new password", person.name)
        return Answer(204, head=self._device(request, new_device(person.name, kept)))

    def _document(self, status: int, request: Request, person: Person | None) -> Answer:
        request.person = person
        user = {"name": person.name, "role": person.role} if person and person.by == "session" else None
        document: dict[str, Any] = {
            "registered": self._accounts.known().registered,
            "watch": self._settings().access.watch,
            "user": user,
            "may": {
                "watch": person is not None or self._guard.anyone_may_watch(),
                "library": person is not None and person.scope != "view",
                "control": person is not None and person.scope == "control",
            },
        }
        return as_json(status, document)


def _on_the_page(request: Request) -> Person:
    person = request.person
    assert person is not None  # the route's Access
    if person.by != "session":
        raise Refused(403, "a token cannot do this: sign in on the page")
    return person


def _text(fields: dict[str, Any], name: str) -> str:
    value = fields[name]
    if not isinstance(value, str):
        raise Refused(422, "must be a text", name)
    return value
