"""The table of routes, walked through with everybody there can be; no handler runs, and no body is read."""

import base64
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from stillcam.accounts import Accounts
from stillcam.common.paths import Paths
from stillcam.http.messages import Answer, Refused
from stillcam.server.app import App
from stillcam.server.camera_context import CameraContext
from stillcam.server.route import Access, Request, Route
from stillcam.server.routes.metrics import Counters
from stillcam.server.security.access import Guard
from stillcam.server.security.credentials import session_name
from stillcam.server.wiring import build
from stillcam.settings.schema import AccessSettings, Settings

# Who may, with the status of who may not. "anyone" is the setting access.watch.
NOBODY, VIEWER, WATCHER, OWNER = "nobody", "a viewer", "a viewer without the library", "an owner"
VIEW, LIBRARY, CONTROL = "a token to view", "a token for the library", "a token to control"
REFUSED = {
    Access.OPEN: {},
    Access.WATCH: {NOBODY: 401},
    Access.SIGNED_IN: {NOBODY: 401, VIEW: 403, LIBRARY: 403, CONTROL: 403},
    Access.LIBRARY: {NOBODY: 401, WATCHER: 403, VIEW: 403},
    Access.CONTROL: {NOBODY: 401, VIEWER: 403, WATCHER: 403, VIEW: 403, LIBRARY: 403},
    Access.OWNER: {NOBODY: 401, VIEWER: 403, WATCHER: 403, VIEW: 403, LIBRARY: 403, CONTROL: 403},
}
BELOW = pytest.mark.parametrize("below", ["", "camera/0/", "camera/1/"])
# Beside the page and its files. What is added here must be fit for strangers.
OPEN = {"GET healthz", "GET api/session", "POST api/session", "POST api/register"}


class Installation:
    """Its routes with empty handlers, and a guard with one of each who may ask.

    Attributes:
        tables: the routes of two cameras, by what their addresses begin with; the first one's begin with nothing, too.
    """

    def __init__(self, folder) -> None:
        self.paths = Paths(folder / "images", folder / "data")
        self.paths.images.mkdir()
        self.settings = Settings()
        self.accounts = Accounts(self.paths.data)
        with closing(CameraContext(self.paths)) as first, closing(CameraContext(self.paths.of(1))) as second:
            app = build([first, second])
        self.routes = app.routes
        self.tables = {"": app.routes, **{f"camera/{number}/": routes for number, routes in app.cameras.items()}}
        self.guard = Guard(self.accounts, lambda: self.settings)
        below = {number: emptied(routes) for number, routes in app.cameras.items()}
        self.app = App(emptied(app.routes), lambda: self.settings, self.guard.admit, Counters().of, below)
        self.headers: dict[str, dict[str, str]] = {NOBODY: {}}

    def populate(self) -> None:
        self.accounts.users.add("Ann", "hash", "owner")
        self.accounts.users.add("Bob", "hash", "viewer")
        self.accounts.users.add("Eve", "hash", "viewer", False)
        for who, name in ((OWNER, "Ann"), (VIEWER, "Bob"), (WATCHER, "Eve")):
            key = self.accounts.sessions.start(name, "hash")
            cookie = f"{session_name(self.accounts.cache.get().installation)}={key}"
            self.headers[who] = {"cookie": f"other=1; {cookie}", "origin": "http://camera.local"}
        for who, scope in ((VIEW, "view"), (LIBRARY, "library"), (CONTROL, "control")):
            self.headers[who] = {"authorization": f"Bearer {self.accounts.tokens.add(who, scope)[1]}"}

    def ask(self, route: Route, headers: dict[str, str], below: str = "") -> Answer:
        path = below + (route.path + "x" if route.path.endswith("/") else route.path)
        headers = {"host": "camera.local", "content-type": "application/json"} | headers
        return self.app.answer(Request(route.method, path, "", headers, read_body=never))

    def status(self, method: str, path: str, **headers: str) -> int:
        route = next(route for route in self.routes if (route.method, route.path) == (method, path))
        return self.ask(route, {name.replace("_", "-"): value for name, value in headers.items()}).status


def emptied(routes: list[Route]) -> list[Route]:
    return [replace(route, handler=lambda _: Answer(204), quick=None) for route in routes]


def never(_max_bytes: int, _address: str) -> Any:
    raise AssertionError("the body was read")


@pytest.fixture
def empty(tmp_path):
    return Installation(tmp_path)


@pytest.fixture(scope="module")
def populated(tmp_path_factory):
    installation = Installation(tmp_path_factory.mktemp("installation"))
    installation.populate()
    return installation


@pytest.fixture
def installation(populated):
    """One for all tests, which leave the people in it; each begins with the default settings."""
    populated.settings = Settings()
    return populated


@BELOW
@pytest.mark.parametrize("who", [NOBODY, VIEWER, WATCHER, OWNER, VIEW, LIBRARY, CONTROL])
def test_everybody_may_what_the_table_says(installation, who, below):
    """At each camera the same: none has a door of its own."""
    for route in installation.tables[below]:
        expected = REFUSED[route.access].get(who, 204)
        answer = installation.ask(route, installation.headers[who], below)
        assert answer.status == expected, (who, route)
        assert ("WWW-Authenticate" in answer.headers) == (expected == 401)


@BELOW
def test_until_there_is_an_owner_anyone_watches_and_nobody_changes_anything(empty, below):
    for route in empty.tables[below]:
        expected = 204 if route.access in (Access.OPEN, Access.WATCH) else 401
        assert empty.ask(route, {}, below).status == expected, route


@BELOW
def test_anyone_may_watch_if_the_owner_wishes(installation, below):
    installation.settings = Settings(access=AccessSettings(watch="anyone"))
    for route in installation.tables[below]:
        expected = 204 if route.access in (Access.OPEN, Access.WATCH) else 401
        assert installation.ask(route, {}, below).status == expected, route


def test_all_cameras_have_the_same_addresses(empty):
    tables = [{(route.method, route.path, route.access) for route in routes} for routes in empty.app.cameras.values()]
    assert len(tables) == 2
    assert tables[0] == tables[1]
    more = {(route.method, route.path, route.access) for route in empty.routes} - tables[0]
    assert more == {("GET", f"camera/{n}", Access.OPEN) for n in (0, 1)} | {
        ("GET", f"images/{n}/current.jpg", Access.WATCH) for n in (0, 1)
    }


def test_little_is_open(installation):
    web = installation.paths.web
    page = {f"GET {path.relative_to(web)}" for path in web.rglob("*") if path.is_file()}
    tabs = {
        f"GET {tab}" for tab in ("", "live", "config", "info", "motion", "photos", "timelapse", "series", "settings")
    }
    more = {"GET cameras", "GET assets/"}
    there = {f"{route.method} {route.path}" for route in installation.routes if route.access is Access.OPEN}
    assert there - page - tabs - more == OPEN | {"GET camera/0", "GET camera/1"}  # the slash that is left out


def test_to_watch_is_the_picture_the_stream_and_the_state(installation):
    """Photos, raws, videos, series, films and facts about the machine are for those who may open the library."""
    may = {route.path for route in installation.tables["camera/0/"] if route.access is Access.WATCH}
    assert may == {
        "images/current.jpg", "snapshot", "snapshot.jpg", "stream", "stream.mjpg",
        "api/access", "api/status", "api/events", "api/overview", "api/openapi.json", "metrics",
    }  # fmt: skip
    signed_in = {(route.method, route.path) for route in installation.routes if route.access is Access.SIGNED_IN}
    assert signed_in == {("DELETE", "api/session"), ("POST", "api/password")}


def test_no_reading_route_changes_and_every_changing_one_needs_somebody(installation):
    changing = [route for route in installation.routes if route.method != "GET"]
    assert changing
    open_ones = {f"{route.method} {route.path}" for route in changing if route.access in (Access.OPEN, Access.WATCH)}
    assert open_ones <= OPEN


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"cookie": "NAME="}, id="an empty cookie"),
        pytest.param({"cookie": "NAME=ä; ; =; NAME"}, id="a cookie that is none"),
        pytest.param({"cookie": "NAME_device=1.2"}, id="the device's cookie"),
        pytest.param({"cookie": "stillcam=; stillcam=ä"}, id="a cookie of earlier versions that is none"),
        pytest.param({"authorization": "Bearer"}, id="no token"),
        pytest.param({"authorization": "Bearer x"}, id="a wrong token"),
        pytest.param({"authorization": "Basic !"}, id="not base 64"),
        pytest.param({"authorization": "Basic /w=="}, id="no colon"),
        pytest.param({"authorization": "Basic YTr/"}, id="a password that is not ASCII"),
        pytest.param({"authorization": "Basic QW5uOmhhc2g="}, id="the stored hash"),
        pytest.param({"authorization": "Digest x"}, id="another scheme"),
    ],
)
def test_what_shows_nobody(installation, headers):
    name = session_name(installation.accounts.cache.get().installation)
    headers = {key: value.replace("NAME", name) for key, value in headers.items()}
    assert installation.status("GET", "snapshot", **headers) == 401
    assert installation.status("GET", "healthz", **headers) == 204


def test_a_digest_is_no_key(installation):
    session = next(iter(installation.accounts.cache.get().sessions))
    for text in (session.hex(), base64.b64encode(session).decode(), session.decode("latin-1")):
        name = session_name(installation.accounts.cache.get().installation)
        assert installation.status("GET", "snapshot", cookie=f"{name}={text}") == 401


@pytest.mark.parametrize(
    "name", [b"anything", b"", "Jörg".encode("latin-1"), "Jörg".encode(), "カメラ".encode("shift_jis"), b"\xff\xfe"]
)
def test_a_token_as_password_with_any_name(installation, name):
    """Whatever encoding a program takes for the name: aiohttp and requests take Latin-1."""
    key = installation.headers[VIEW]["authorization"].partition(" ")[2]
    basic = base64.b64encode(name + b":" + key.encode()).decode()
    assert installation.status("GET", "snapshot", authorization=f"basic {basic}") == 204
    assert installation.status("GET", "api/settings", authorization=f"Basic {basic}") == 403


def test_a_proxys_own_basic_authentication_does_not_hide_the_cookie(installation):
    headers = installation.headers[OWNER] | {"authorization": "Basic cHJveHk6cGFzc3dvcmQ="}
    assert installation.status("GET", "api/settings", **headers) == 204


def test_a_program_beside_us_may_have_a_cookie_of_the_same_name(installation):
    cookie = installation.headers[VIEWER]["cookie"]
    name = session_name(installation.accounts.cache.get().installation)
    assert installation.status("GET", "snapshot", cookie=f"{name}=theirs; {cookie}") == 204


def test_by_tls_only_a_cookie_that_was_set_by_tls_counts(installation):
    """Who can write into the network's plain HTTP can set any other."""
    route = next(route for route in installation.routes if route.path == "api/info")
    cookie = installation.headers[VIEWER]["cookie"].removeprefix("other=1; ")
    for prefix, by_tls, fits in (
        ("", True, False), ("__Host-", True, True), ("__Secure-", True, True), ("__Host-", False, False),
    ):  # fmt: skip
        headers = {"host": "camera.local", "cookie": prefix + cookie}
        answer = installation.app.answer(Request("GET", route.path, headers=headers, secure=by_tls))
        assert answer.status == (204 if fits else 401), (prefix, by_tls)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({"origin": "http://camera.local"}, 204, id="our page"),
        pytest.param({"origin": "https://camera.local"}, 204, id="our page through a proxy with TLS"),
        pytest.param({"origin": "http://CAMERA.local"}, 204, id="our page, in capitals"),
        pytest.param({"sec-fetch-site": "same-origin", "origin": "https://proxy.example.org"}, 204, id="by its word"),
        pytest.param({"sec-fetch-site": "same-origin"}, 204, id="by its word alone"),
        pytest.param({"sec-fetch-site": "same-site", "origin": "http://camera.local"}, 403, id="same site"),
        pytest.param({"sec-fetch-site": "cross-site"}, 403, id="another site"),
        pytest.param({"sec-fetch-site": "none"}, 403, id="no page"),
        pytest.param({"origin": "http://camera.local:8081"}, 403, id="another port of this host"),
        pytest.param({"origin": "http://evil.example.org"}, 403, id="another host"),
        pytest.param({"origin": "null"}, 403, id="a page without an origin"),
        pytest.param({"origin": ""}, 403, id="an empty one"),
        pytest.param({"origin": "http://camera.local@evil.example.org"}, 403, id="our name as a user"),
        pytest.param({"origin": "http://[::1"}, 403, id="no address"),
        pytest.param({}, 403, id="nothing said"),
        pytest.param({"origin": "http://camera.local", "content-type": "text/plain", "content-length": "2"}, 415,
                     id="a form's text"),
        pytest.param({"origin": "http://camera.local", "content-type": ""}, 204, id="no body"),
    ],
)  # fmt: skip
def test_a_write_by_cookie_comes_from_our_page(installation, headers, status):
    cookie = installation.headers[OWNER]["cookie"]
    assert installation.status("POST", "api/users", cookie=cookie, **headers) == status


@BELOW
@pytest.mark.parametrize(
    "page",
    [
        pytest.param({"origin": "http://evil.example.org"}, id="of another host"),
        pytest.param({"origin": "http://camera.local:8081"}, id="of another port"),
        pytest.param({"sec-fetch-site": "cross-site"}, id="of another site, by its word"),
        pytest.param({"sec-fetch-site": "same-site", "origin": "http://camera.local"}, id="of the same site"),
        pytest.param({"origin": "null"}, id="in a frame without an origin"),
    ],
)  # fmt: skip
def test_no_page_of_another_changes_anything_with_an_owner_s_cookie(installation, page, below):
    """Whatever the method: a cookie that is SameSite=Lax comes along when a person follows a link, by GET."""
    installation.settings = Settings(access=AccessSettings(embed=("http://dashboard.example.org",)))
    headers = {"cookie": installation.headers[OWNER]["cookie"], **page}
    changing = [route for route in installation.tables[below] if route.method not in ("GET", "HEAD")]
    assert {route.method for route in changing} == {"POST", "PUT", "PATCH", "DELETE"}
    assert {installation.ask(route, headers, below).status for route in changing} == {403}
    listed = headers | {"origin": "http://dashboard.example.org", "sec-fetch-site": "cross-site"}
    assert {installation.ask(route, listed, below).status for route in changing} == {403}


@pytest.mark.parametrize("path", ["api/session", "api/register"])
def test_nobody_is_signed_in_by_a_page_of_another(installation, path):
    assert installation.status("POST", path, origin="http://evil.example.org") == 403
    assert installation.status("POST", path) == 204


def test_over_tls_a_page_without_it_is_another(installation):
    route = Route("POST", "api/users", Access.OWNER, lambda _: Answer(204))
    for origin, fits in (("http://camera.local", False), ("https://camera.local", True)):
        cookie = installation.headers[OWNER]["cookie"].replace("stillcam_", "__Host-stillcam_")
        headers = {"host": "camera.local", "cookie": cookie, "origin": origin}
        request = Request("POST", "api/users", headers=headers, secure=True)
        if fits:
            installation.guard.admit(request, route)
        else:
            with pytest.raises(Refused):
                installation.guard.admit(request, route)


PICTURES = {"images/current.jpg", "images/0/current.jpg", "images/1/current.jpg", "snapshot", "snapshot.jpg"}
SHOWN_BY_BROWSERS = {"stream", "stream.mjpg", "metrics"}
BY_HAND = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@BELOW
@pytest.mark.parametrize(
    ("headers", "asked"),
    [
        pytest.param({"user-agent": "Lavf/59"}, PICTURES | SHOWN_BY_BROWSERS, id="a program"),
        pytest.param({"user-agent": "Mozilla/5.0", "accept": "*/*"}, PICTURES | SHOWN_BY_BROWSERS, id="wget -U"),
        pytest.param({"sec-fetch-mode": "no-cors", "accept": "image/*"}, PICTURES | SHOWN_BY_BROWSERS, id="an <img>"),
        pytest.param(BY_HAND, SHOWN_BY_BROWSERS, id="by hand"),
        pytest.param(BY_HAND | {"sec-fetch-mode": "navigate"}, SHOWN_BY_BROWSERS, id="by hand, by TLS"),
        pytest.param({"x-stillcam-base": "/"}, set(), id="the page"),
    ],
)
def test_who_is_asked_for_a_name_and_a_password(installation, headers, asked, below):
    """Programs, at pictures, streams and figures. A browser would open a dialog: the page is never asked."""
    found = set()
    for route in installation.tables[below]:
        answer = installation.ask(route, headers, below)
        if answer.headers.get("WWW-Authenticate", "").startswith("Basic "):
            found.add(route.path)
    assert found == {path for path in asked if not (below and path[7:8].isdigit())}


def test_a_session_counts_for_more_than_a_token_that_the_browser_was_given_once(installation):
    """Chromium sends it along with all that the page asks, after `http://any:TOKEN@camera.local/stream`."""
    key = installation.headers[VIEW]["authorization"].partition(" ")[2]
    basic = base64.b64encode(f"any:{key}".encode()).decode()
    headers = installation.headers[OWNER] | {"authorization": f"Basic {basic}"}
    assert installation.status("GET", "api/users", **headers) == 204
    assert installation.status("POST", "api/users", **(headers | {"origin": "http://evil.example.org"})) == 403


def test_what_was_admitted_is_looked_at_again(empty):
    empty.populate()
    route = next(route for route in empty.routes if route.path == "stream")
    headers = {"host": "camera.local", **empty.headers[VIEWER]}
    request = Request("GET", "stream", headers=headers)
    assert empty.app.answer(request).status == 204
    assert request.access_remains()
    assert route.access is Access.WATCH
    empty.accounts.users.remove("Bob")
    assert not request.access_remains()


def test_a_session_ends_when_nobody_has_come_for_long(installation, monkeypatch):
    monkeypatch.setattr("stillcam.server.security.access.LIFE_S", -1.0)
    assert installation.status("GET", "snapshot", **installation.headers[VIEWER]) == 401
    assert installation.status("GET", "snapshot", **installation.headers[VIEW]) == 204


def test_a_damaged_database_shuts_out_who_needs_it_and_nobody_else(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "accounts.db").write_bytes(b"no database at all " * 100)
    installation = Installation(tmp_path)
    assert installation.status("GET", "snapshot") == 503
    assert installation.status("GET", "api/settings") == 503
    assert installation.status("GET", "healthz") == 204
    installation.settings = Settings(access=AccessSettings(watch="anyone"))
    assert installation.status("GET", "snapshot") == 204
