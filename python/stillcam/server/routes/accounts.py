"""`api/users` and `api/tokens`: what owners decide about people and programs."""

from __future__ import annotations

from typing import Any

from stillcam.accounts import Accounts
from stillcam.accounts.keys import digest
from stillcam.accounts.rules import check_name, check_password
from stillcam.accounts.sign_in import SignIn
from stillcam.accounts.tokens import Token
from stillcam.accounts.users import User
from stillcam.common.utc import utc_text
from stillcam.http.messages import Access, Answer, Request, Route, as_json
from stillcam.server.request_bodies import explained, fields_of
from stillcam.server.security.access import Guard


class AccountRoutes:
    """The routes of users and tokens.

    Args:
        accounts: where they are kept.
        guard: knows who asks.
        sign_in: hashes passwords.
    """

    def __init__(self, accounts: Accounts, guard: Guard, sign_in: SignIn) -> None:
        self._users = accounts.users
        self._tokens = accounts.tokens
        self._guard = guard
        self._sign_in = sign_in

    def routes(self) -> list[Route]:
        """All for owners on the page: a token that leaks cannot make others."""
        table = (
            ("GET", "api/users", self._list_users),
            ("POST", "api/users", self._add_user),
            ("PATCH", "api/users/", self._change_user),
            ("DELETE", "api/users/", self._remove_user),
            ("GET", "api/tokens", self._list_tokens),
            ("POST", "api/tokens", self._add_token),
            ("DELETE", "api/tokens/", self._remove_token),
        )
        return [Route(method, path, Access.OWNER, explained(handler)) for method, path, handler in table]

    def _list_users(self, _request: Request) -> Answer:
        return as_json(200, {"users": [_user(user) for user in self._users.all()]})

    def _add_user(self, request: Request) -> Answer:
        fields = fields_of(request, ("name", "password", "role"), ("library",))
        name = check_name(fields["name"])
        password = self._sign_in.hashed(check_password(fields["password"], name))
        return as_json(201, _user(self._users.add(name, password, fields["role"], fields.get("library", True))))

    def _change_user(self, request: Request) -> Answer:
        fields = fields_of(request, (), ("role", "password", "library"))
        user = self._users.get(request.rest)
        password = None
        if "password" in fields:
            password = self._sign_in.hashed(check_password(fields["password"], user.name))
        changed = self._users.change(
            user.name,
            role=fields.get("role"),
            password=password,
            library=fields.get("library"),
            keep_session=digest(self._guard.session_key(request)),
        )
        return as_json(200, _user(changed))

    def _remove_user(self, request: Request) -> Answer:
        self._users.remove(request.rest)
        return Answer(204)

    def _list_tokens(self, _request: Request) -> Answer:
        return as_json(200, {"tokens": [_token(token) for token in self._tokens.all()]})

    def _add_token(self, request: Request) -> Answer:
        fields = fields_of(request, ("name", "scope"))
        token, key = self._tokens.add(fields["name"], fields["scope"])
        return as_json(201, {**_token(token), "token": key})

    def _remove_token(self, request: Request) -> Answer:
        self._tokens.remove(request.rest)
        return Answer(204)


def _user(user: User) -> dict[str, Any]:
    return {
        "name": user.name,
        "role": user.role,
        "library": user.library,
        "created": utc_text(user.created_s),
        "last_seen": _time(user.seen_s),
    }


def _token(token: Token) -> dict[str, Any]:
    return {
        "id": token.id,
        "name": token.name,
        "scope": token.scope,
        "created": utc_text(token.created_s),
        "last_used": _time(token.used_s),
    }


def _time(time_s: float | None) -> str | None:
    return None if time_s is None else utc_text(time_s)
