"""`user`, `token` and `code`: accounts.

A user of the machine who can run this may read and write the files anyway, so that no account is needed. It works while
the server runs, which notices every change within a second. A password is typed at a terminal, or else read as the
first line of the input; it is never an argument, which other users of the machine could see.
"""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stillcam.accounts import Accounts, passwords
from stillcam.accounts.rules import (
    ROLES,
    SCOPES,
    ConflictError,
    InvalidError,
    StoreError,
    check_name,
    check_password,
    composed,
)
from stillcam.cli import Arguments, Result, add_command, add_group
from stillcam.cli.output import Table
from stillcam.common.formats import utc_text
from stillcam.common.paths import Paths

AccountsCommand = Callable[[Accounts, Arguments], Result]


def add_to(commands: Any) -> None:
    users = add_group(commands, "user", "manage users")
    _add(users, "list", "list all users", _list_users)
    text = "add a user; the password is read from the terminal or standard input"
    adder = _add(users, "add", text, _add_user, "user")
    adder.add_argument(
        "--role", choices=ROLES, default="viewer",
        help="a viewer watches, an owner may change everything (default: viewer)",
    )  # fmt: skip
    adder.add_argument("--no-library", action="store_true", help="do not let the viewer open photos and videos")
    _add(users, "reset", "give a user a new password and sign them out everywhere", _reset_user, "user")
    _add(users, "role", "make a user an owner or a viewer", _change_role, "user").add_argument("role", choices=ROLES)
    library = _add(users, "library", "allow or forbid a viewer to open photos and videos", _change_library, "user")
    library.add_argument("library", choices=("yes", "no"))
    _add(users, "remove", "remove a user and sign them out everywhere", _remove_user, "user")

    tokens = add_group(commands, "token", "manage tokens for other programs")
    _add(tokens, "list", "list all tokens", _list_tokens)
    adder = _add(tokens, "add", "create a token and print it; it is not shown again", _add_token, "name")
    adder.add_argument(
        "--scope", choices=SCOPES, default="view",
        help="view: watch; library: also open photos and videos; control: also control the camera (default: view)",
    )  # fmt: skip
    _add(tokens, "remove", "revoke a token", _remove_token).add_argument(
        "token", metavar="TOKEN", help="its id or name"
    )

    _add(commands, "code", "print the setup code, which the first owner needs to register", _code)


def set_up_lines(folder: Path) -> list[str]:
    """The line with the setup code as long as there is no owner, or the fault of the accounts in `folder`."""
    try:
        code = Accounts(folder).prepare()
    except StoreError as error:
        return [f"Nobody can sign in: {error}"]
    return [f"Choose Set up there, and enter the setup code {code}"] if code else []


def _add(commands: Any, name: str, text: str, command: AccountsCommand, *positional: str) -> argparse.ArgumentParser:
    def run(paths: Paths, arguments: Arguments) -> Result:
        try:
            return command(Accounts(paths.primary.data), arguments)
        except InvalidError as error:
            raise InvalidError(f"the {error.field} {error}", error.field) from error

    return add_command(commands, name, text, run, *positional)


def _list_users(accounts: Accounts, _arguments: Arguments) -> Result:
    users = accounts.users.all()
    rows = [
        (user.name, user.role, "yes" if user.library else "no", _day(user.created_s), _day(user.seen_s))
        for user in users
    ]
    table = Table(("NAME", "ROLE", "LIBRARY", "CREATED", "SEEN"), rows)
    return Result(table if rows else ["there are no users"], {"users": [user.to_json() for user in users]})


def _add_user(accounts: Accounts, arguments: Arguments) -> Result:
    name = check_name(arguments.user)
    password = passwords.hashed(_ask_password(name))
    user = accounts.users.add(name, password, arguments.role, not arguments.no_library)
    accounts.prepare()  # with the first owner the setup code has done its work
    return Result([f"{user.name} can sign in now, as {user.role}"], {"name": user.name, "role": user.role})


def _reset_user(accounts: Accounts, arguments: Arguments) -> Result:
    user = accounts.users.get(arguments.user)
    accounts.users.change(user.name, password=passwords.hashed(_ask_password(user.name)))
    return Result([f"{user.name} has a new password and is signed out everywhere"], {"name": user.name})


def _change_role(accounts: Accounts, arguments: Arguments) -> Result:
    user = accounts.users.change(arguments.user, role=arguments.role)
    return Result([f"{user.name} is {user.role} now"], {"name": user.name, "role": user.role})


def _change_library(accounts: Accounts, arguments: Arguments) -> Result:
    user = accounts.users.change(arguments.user, library=arguments.library == "yes")
    text = f"{user.name} {'may' if user.library else 'may not'} open the library"
    if user.role == "owner":
        text = f"{user.name} is an owner, and owners may always open the library"
    return Result([text], {"name": user.name, "library": user.library})


def _remove_user(accounts: Accounts, arguments: Arguments) -> Result:
    accounts.users.remove(arguments.user)
    return Result([f"{arguments.user}: removed"], {"name": arguments.user})


def _list_tokens(accounts: Accounts, _arguments: Arguments) -> Result:
    tokens = accounts.tokens.all()
    rows = [(token.id, token.name, token.scope, _day(token.created_s), _day(token.used_s)) for token in tokens]
    table = Table(("ID", "NAME", "SCOPE", "CREATED", "USED"), rows)
    return Result(table if rows else ["there are no tokens"], {"tokens": [token.to_json() for token in tokens]})


def _add_token(accounts: Accounts, arguments: Arguments) -> Result:
    token, key = accounts.tokens.add(arguments.name, arguments.scope)
    return Result([key], {"id": token.id, "name": token.name, "scope": token.scope, "token": key})


def _remove_token(accounts: Accounts, arguments: Arguments) -> Result:
    accounts.tokens.remove(arguments.token)
    return Result([f"{arguments.token}: revoked"], {"token": arguments.token})


def _code(accounts: Accounts, _arguments: Arguments) -> Result:
    code = accounts.prepare()
    if code is None:
        raise ConflictError(
            "an owner has registered, so there is no setup code; `stillcam user reset NAME` gives a user a new password"
        )
    return Result([code], {"code": code})


def _ask_password(name: str) -> str:
    """A new password, checked.

    Raises:
        InvalidError: it breaks a rule, was typed differently the second time, or there is none.
    """
    if not sys.stdin.isatty():
        line = sys.stdin.buffer.readline().decode("utf-8", "surrogateescape")
        return check_password(line.rstrip("\r\n"), name)
    try:
        password = check_password(getpass.getpass(f"New password for {name}: "), name)
        again = getpass.getpass("Repeat it: ")
    except (EOFError, KeyboardInterrupt) as error:
        raise InvalidError("was not typed: nothing was changed", "password") from error
    if composed(again) != password:
        raise InvalidError("was not the same the second time: nothing was changed", "password")
    return password


def _day(time_s: float | None) -> str:
    return "never" if time_s is None else utc_text(time_s)[:10]
