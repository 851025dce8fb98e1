"""`api/session`, `api/register`, `api/password`, `api/users` and `api/tokens`: sign-in, people and programs.

`api/session` tells the page who is signed in. A session's key is in a cookie that scripts cannot read; the server
decides when it ends, the cookie itself lasts as long as browsers allow.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial

from stillcam.accounts import Accounts
from stillcam.accounts.first_steps import STEPS
from stillcam.accounts.rules import ConflictError, CredentialsError, StoreError, check_name, check_password, scope_of
from stillcam.accounts.sign_in import SignIn, address_key, device_number, new_device_cookie
from stillcam.accounts.tokens import digest
from stillcam.http.messages import Answer, Refused, as_json
from stillcam.notifications.events import Event
from stillcam.server.notification_facts import sign_in_event
from stillcam.server.openapi.route import Body, Document, Parameter, api
from stillcam.server.openapi.shapes import Schema, Shape, define, list_of, maybe, one_of, record, shape
from stillcam.server.route import Access, Person, Request, Route
from stillcam.server.security import credentials
from stillcam.server.security.access import Guard
from stillcam.settings.schema import LiveViewSettings, Settings

_ROLE, _SCOPE = one_of("owner", "viewer"), one_of("view", "library", "control")
_LIBRARY = shape("flag", "whether the user may open the library; owners always may")
_NAME: Schema = {"type": "string", "minLength": 1, "maxLength": 64}
_PASSWORD: Schema = {"type": "string", "minLength": 8, "maxLength": 1024}
_TOKEN: dict[str, Shape] = {"id": "text", "name": "text", "scope": _SCOPE, "created": "time", "last_used": "time?"}

define(
    Session=record(
        registered=shape("flag", "whether there is an owner"), watch=one_of("anyone", "signed-in"),
        user=maybe(record(name="text", role=_ROLE)), may=record(watch="flag", library="flag", control="flag"),
        first_steps=shape(list_of(one_of(*STEPS)), "what the page still has to show the user after set-up"),
        live=record(auto=shape("flag", "whether the page starts live view by itself"),
                    webrtc=shape("text", "the address of a WHEP server, relative to the camera's; empty: none")),
    ),
    Registration=record(code=shape("text", "the setup code"), name=_NAME, password=_PASSWORD),
    SignIn=record(name=_NAME, password=shape("text")),
    NewPassword=record(old="text", new=_PASSWORD),
    User=record(name="text", role=_ROLE, library=_LIBRARY, created="time", last_seen="time?"),
    Users=record(users="User[]"),
    NewUser=record({"library": _LIBRARY}, name=_NAME, password=_PASSWORD, role=_ROLE),
    UserChange=record({"role": _ROLE, "password": _PASSWORD, "library": _LIBRARY}) | {"minProperties": 1},
    Token=record(**_TOKEN),
    Tokens=record(tokens="Token[]"),
    NewToken=record(name=_NAME, scope=_SCOPE),
    ShownToken=record(**_TOKEN, token=shape("text", "shown only once")),
)  # fmt: skip


class AccountRoutes:
    """The routes of sign-in, users and tokens.

    Args:
        settings: those for all cameras.
        report: gets an event for each sign-in on a new device.
        live: gives the settings of the live view of the camera that a request is for.
    """

    def __init__(
        self,
        accounts: Accounts,
        guard: Guard,
        sign_in: SignIn,
        settings: Callable[[], Settings],
        report: Callable[[Event], None],
        live: Callable[[Request], LiveViewSettings],
    ) -> None:
        self._live = live
        self._accounts = accounts
        self._guard = guard
        self._sign_in = sign_in
        self._settings = settings
        self._report = report

    def routes(self) -> list[Route]:
        """Users and tokens are for owners on the page: a token that leaks cannot make others."""
        anyone, signed_in, owner, account = Access.OPEN, Access.SIGNED_IN, Access.OWNER, partial(api, "Accounts")
        return [
            account("GET", "api/session", anyone, self._session, "The signed-in user and their rights.",
                    {200: "Session"}),
            account("POST", "api/session", anyone, self._sign_in_user, "Sign in; the session is a cookie.",
                    {200: "Session"}, body=Body("SignIn"), errors=(401, 429, 503)),
            account("DELETE", "api/session", signed_in, self._sign_out, "Sign out.", {204: ""},
                    query={"everywhere": Parameter("1: on all devices", {"enum": ["0", "1"]})}),
            account("POST", "api/register", anyone, self._register,
                    "Create the first user, the owner, with the setup code, and sign in.", {201: "Session"},
                    body=Body("Registration"), errors=(403, 409, 429, 503)),
            account("POST", "api/password", signed_in, self._change_password,
                    "Change the sender's own password; their other sessions end.", {204: ""}, body=Body("NewPassword"),
                    errors=(429,)),
            account("GET", "api/users", owner, self._list_users, "All users.", {200: "Users"}),
            account("POST", "api/users", owner, self._add_user, "Add a user.", {201: "User"}, body=Body("NewUser"),
                    errors=(409, 429)),
            account("PATCH", "api/users/", owner, self._change_user,
                    "Change a user's role, password, or right to open the library; a new password ends their sessions.",
                    {200: "User"}, body=Body("UserChange"), errors=(409, 429), rest="name"),
            account("DELETE", "api/users/", owner, self._remove_user, "Remove a user; the last owner stays (409).",
                    {204: ""}, errors=(409,), rest="name"),
            account("GET", "api/tokens", owner, self._list_tokens, "All tokens of programs.", {200: "Tokens"}),
            account("POST", "api/tokens", owner, self._add_token, "Create a token; it is shown only once.",
                    {201: "ShownToken"}, body=Body("NewToken"), errors=(409,)),
            account("DELETE", "api/tokens/", owner, self._remove_token, "Revoke a token.", {204: ""}, rest="id"),
        ]  # fmt: skip

    # --- sign-in

    def _session(self, request: Request) -> Answer:
        answer = self._session_document(200, request, self._guard.person(request))
        if key := self._guard.session_key(request):
            answer.head = self._session_cookie(request, key)  # renews its age: regular visitors stay signed in
            if key in credentials.old_sessions(request):
                answer.head += credentials.delete_old_session(request)
        return answer

    def _register(self, request: Request, fields: Document) -> Answer:
        if self._accounts.cache.get().registered:
            raise ConflictError("an owner has registered already: sign in, or ask them for an account")
        name = check_name(fields["name"])
        password = check_password(fields["password"], name)
        try:
            with self._sign_in.attempt(address_key(request.address)):
                if not self._accounts.setup_code.is_right(fields["code"]):
                    raise CredentialsError("the setup code is wrong: `stillcam code` prints the right one")
        except CredentialsError as error:
            logging.warning("a wrong setup code came from %s", request.address)
            raise Refused(403, str(error), "code") from error
        hashed = self._sign_in.hashed(password)
        user = self._accounts.users.add(name, hashed, "owner", first=True)
        try:
            self._accounts.setup_code.delete()
        except StoreError as error:
            logging.warning("%s; the setup code no longer works", error)
        self._accounts.first_steps.begin(user.name)
        logging.info("%s has registered, from %s", user.name, request.address)
        return self._start_session(201, request, user.name, hashed)

    def _sign_in_user(self, request: Request, fields: Document) -> Answer:
        name = fields["name"].strip()
        device = next(credentials.cookies(request, credentials.device_name(self._installation())), "")
        try:
            hashed = self._sign_in.verify(name, fields["password"], request.address, device)
        except CredentialsError:
            logging.warning("a sign-in from %s failed", request.address)  # not the name: some type a password there
            raise
        answer = self._start_session(200, request, name, hashed)
        user = self._accounts.users.get(name).name
        logging.info("%s signed in from %s", user, request.address)
        if not device_number(device, name, hashed):
            self._report(sign_in_event(user, request.address))
        return answer

    def _start_session(self, status: int, request: Request, name: str, hashed: str) -> Answer:
        key = self._accounts.sessions.start(name, hashed, instead_of=self._guard.session_key(request))
        user = self._accounts.users.get(name)
        scope = scope_of(user.role, user.library)
        answer = self._session_document(status, request, Person(user.name, user.role, scope, "session"))
        answer.head = self._session_cookie(request, key) + self._device_cookie(request, new_device_cookie(name, hashed))
        return answer

    def _session_cookie(self, request: Request, key: str, **age_s: int) -> bytes:
        return credentials.set_cookie(request, credentials.session_name(self._installation()), key, **age_s)

    def _device_cookie(self, request: Request, device: str) -> bytes:
        return credentials.set_cookie(request, credentials.device_name(self._installation()), device)

    def _installation(self) -> str:
        return self._accounts.cache.get().installation

    def _sign_out(self, request: Request) -> Answer:
        person = _person(request)
        if request.value("everywhere") != "1":
            self._accounts.sessions.end(digest(self._guard.session_key(request)))
        else:
            self._accounts.sessions.end_all(person.name)
        return Answer(204, head=self._session_cookie(request, "", age_s=0))

    def _change_password(self, request: Request, fields: Document) -> Answer:
        person = _person(request)
        new = check_password(fields["new"], person.name, "new")
        session = digest(self._guard.session_key(request))
        try:
            self._sign_in.verify_again(person.name, fields["old"], session)
        except CredentialsError as error:
            raise Refused(422, "is not your password", "old") from error
        hashed = self._sign_in.hashed(new)
        self._accounts.users.change(person.name, password=hashed, keep_session=session)
        logging.info("%s has a new password", person.name)
        return Answer(204, head=self._device_cookie(request, new_device_cookie(person.name, hashed)))

    def session_of(self, request: Request) -> Document | None:
        """The document of `api/session`; None while the accounts cannot be read."""
        try:
            return self._describe(request, self._guard.person(request))
        except StoreError:
            return None

    def _session_document(self, status: int, request: Request, person: Person | None) -> Answer:
        request.person = person
        return as_json(status, self._describe(request, person))

    def _describe(self, request: Request, person: Person | None) -> Document:
        user = person if person and person.by == "session" else None
        live, watches = self._live(request), person is not None or self._guard.anyone_may_watch()
        return {
            "registered": self._accounts.cache.get().registered,
            "watch": self._settings().access.watch,
            "user": user and {"name": user.name, "role": user.role},
            "first_steps": self._accounts.first_steps.left(user.name) if user and user.role == "owner" else [],
            "live": {"auto": user is not None and live.auto, "webrtc": live.webrtc if watches else ""},
            "may": {
                "watch": watches,
                "library": person is not None and person.scope != "view",
                "control": person is not None and person.scope == "control",
            },
        }

    # --- users and tokens

    def _list_users(self, _request: Request) -> Document:
        return {"users": [user.to_json() for user in self._accounts.users.all()]}

    def _add_user(self, _request: Request, fields: Document) -> Document:
        name = check_name(fields["name"])
        password = self._sign_in.hashed(check_password(fields["password"], name))
        user = self._accounts.users.add(name, password, fields["role"], fields.get("library", True))
        return user.to_json()

    def _change_user(self, request: Request, fields: Document) -> Document:
        user = self._accounts.users.get(request.rest)
        password = None
        if "password" in fields:
            password = self._sign_in.hashed(check_password(fields["password"], user.name))
        changed = self._accounts.users.change(
            user.name,
            role=fields.get("role"),
            password=password,
            library=fields.get("library"),
            keep_session=digest(self._guard.session_key(request)),
        )
        return changed.to_json()

    def _remove_user(self, request: Request) -> None:
        self._accounts.users.remove(request.rest)

    def _list_tokens(self, _request: Request) -> Document:
        return {"tokens": [token.to_json() for token in self._accounts.tokens.all()]}

    def _add_token(self, _request: Request, fields: Document) -> Document:
        token, key = self._accounts.tokens.add(fields["name"], fields["scope"])
        return {**token.to_json(), "token": key}

    def _remove_token(self, request: Request) -> None:
        self._accounts.tokens.remove(request.rest)


def _person(request: Request) -> Person:
    assert request.person is not None  # by the route's Access
    return request.person
