"""Who asks a server in the tests: somebody on a page, or a program with a token."""

import json
import re
from http.client import HTTPResponse
from typing import Any

from serving import Site

PASSWORD = "correct horse battery"
SESSION = re.compile(r"(__Host-|__Secure-)?stillcam_[0-9a-f]{8}")  # the name of a session's cookie


class Client:
    """Asks a server as one person or program.

    Args:
        site: the server.
        headers: sent along each time; `_` in a name stands for `-`.
    """

    def __init__(self, site: Site, **headers: str) -> None:
        self.site = site
        self.headers = headers

    def ask(self, path: str, method: str = "GET", document: Any = None, **headers: str) -> tuple[HTTPResponse, bytes]:
        """The answer; `document` is sent as JSON."""
        if document is not None:
            headers = {"Content_Type": "application/json"} | headers
        body = None if document is None else json.dumps(document).encode()
        return self.site.ask(path, method, body, **(self.headers | headers))

    def call(self, path: str, method: str = "GET", document: Any = None, **headers: str) -> tuple[int, Any]:
        """Status and JSON of the answer; None where it has no body."""
        response, body = self.ask(path, method, document, **headers)
        return response.status, json.loads(body) if body else None


def cookies(response: HTTPResponse) -> dict[str, str]:
    """The cookies that an answer sets."""
    lines = response.headers.get_all("Set-Cookie", [])
    pairs = (line.partition(";")[0].partition("=") for line in lines)
    return {name: value for name, _, value in pairs}


def session_of(given: HTTPResponse | Client) -> str:
    """The key of the session in an answer that sets it, or that somebody has."""
    if isinstance(given, Client):
        pairs = dict(pair.split("=", 1) for pair in given.headers["Cookie"].split("; "))
    else:
        pairs = cookies(given)
    [key] = [value for name, value in pairs.items() if SESSION.fullmatch(name)]
    return key


def on_a_page(site: Site, response: HTTPResponse) -> Client:
    """Who has just signed in, as the browser sends it from then on."""
    assert response.status in (200, 201), response.status
    cookie = "; ".join(f"{name}={value}" for name, value in cookies(response).items())
    return Client(site, Cookie=cookie, Origin=f"http://127.0.0.1:{site.port}")


def register(site: Site, name: str = "Ann", password: str = PASSWORD) -> Client:
    """The first user."""
    document = {"code": (site.data / "setup-code").read_text(), "name": name, "password": password}
    return on_a_page(site, Client(site).ask("/api/register", "POST", document)[0])


def sign_in(site: Site, name: str, password: str = PASSWORD) -> Client:
    """Somebody who has an account."""
    return on_a_page(site, Client(site).ask("/api/session", "POST", {"name": name, "password": password})[0])


def viewer(owner: Client, name: str = "Bob") -> Client:
    """A user who may watch, made by an owner, and signed in."""
    made = owner.call("/api/users", "POST", {"name": name, "password": PASSWORD, "role": "viewer"})
    assert made[0] == 201, made
    return sign_in(owner.site, name)


def program(owner: Client, scope: str) -> Client:
    """A program with a token of this scope, made by an owner."""
    status, token = owner.call("/api/tokens", "POST", {"name": f"may {scope}", "scope": scope})
    assert status == 201, token
    return Client(owner.site, Authorization=f"Bearer {token['token']}")
