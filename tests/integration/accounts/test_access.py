"""Accounts over HTTP: to register, sign in and out, and to keep users and tokens."""

import json
import re
import subprocess
import sys
import threading
from typing import Any
from urllib.parse import quote
from urllib.request import HTTPBasicAuthHandler, HTTPPasswordMgrWithDefaultRealm, build_opener

import pytest
from people import PASSWORD, SESSION, Client, cookies, on_a_page, program, register, session_of, sign_in, viewer
from pictures import picture
from serving import DEADLINE_S, ROOT, Site

from stillcam.accounts import Accounts
from stillcam.accounts.sign_in import LIMITS, new_device_cookie

NOBODY: dict[str, Any] = {
    "user": None,
    "may": {"watch": True, "library": False, "control": False},
    "first_steps": [],
    "live": {"auto": False, "webrtc": ""},
}


@pytest.fixture
def ann(site):
    """The owner, on her page."""
    return register(site)


@pytest.fixture(scope="module")
def lasting_ann(tmp_path_factory):
    """An owner of a server with a frame, for tests that leave all people as they were."""
    with Site(tmp_path_factory.mktemp("site"), {"server": {"access_log": True}}) as site:
        ann = register(site)
        site.publish(picture(), cookie=ann.headers["Cookie"])
        yield ann


@pytest.fixture(scope="module")
def lasting_site(lasting_ann):
    """Her server."""
    return lasting_ann.site


@pytest.fixture(scope="module")
def lasting_token(lasting_ann):
    """A token of that server with which a program may watch."""
    return program(lasting_ann, "view").headers["Authorization"].partition(" ")[2]


@pytest.fixture(scope="module")
def proxied_site(tmp_path_factory):
    """A server behind a trusted proxy, with an owner, Ann."""
    with Site(tmp_path_factory.mktemp("proxied"), {"access": {"proxies": ["127.0.0.1"]}}) as site:
        register(site)
        yield site


def test_registration_needs_the_code_and_happens_once(site):
    assert Client(site).call("/api/session") == (200, {"registered": False, "watch": "signed-in", **NOBODY})
    code = (site.data / "setup-code").read_text().strip()
    wish = {"code": code, "name": " Ann ", "password": PASSWORD}
    status, refused = Client(site).call("/api/register", "POST", wish | {"code": "0000-0000-0000"})
    assert (status, refused["field"]) == (403, "code")
    response, body = Client(site).ask("/api/register", "POST", wish | {"code": code.lower()})
    assert response.status == 201
    signed_in = {"registered": True, "watch": "signed-in", "user": {"name": "Ann", "role": "owner"},
                 "may": {"watch": True, "library": True, "control": True},
                 "first_steps": ["watch", "boot", "storage"], "live": {"auto": False, "webrtc": ""}}  # fmt: skip
    assert json.loads(body) == signed_in
    assert on_a_page(site, response).call("/api/session") == (200, signed_in)
    assert Client(site).call("/api/session")[1]["may"] == {"watch": False, "library": False, "control": False}
    assert Client(site).call("/api/register", "POST", wish | {"name": "Eve"})[0] == 409
    assert not (site.data / "setup-code").exists()


def test_live_view_starts_by_itself_for_people_who_are_signed_in(site, ann):
    site.write_settings({"access": {"watch": "anyone"}, "live": {"auto": True}})
    site.until(lambda: ann.call("/api/session")[1]["live"] == {"auto": True, "webrtc": ""})
    assert Client(site).call("/api/session")[1]["live"] == {"auto": False, "webrtc": ""}


def test_cookies_are_out_of_reach_of_scripts_and_other_sites(lasting_site):
    response, _ = Client(lasting_site).ask("/api/session", "POST", {"name": "Ann", "password": PASSWORD})
    lines = response.headers.get_all("Set-Cookie", [])
    session, device = (line.partition("=")[0] for line in lines)
    assert SESSION.fullmatch(session)
    assert device == f"{session}_device"
    for line in lines:
        assert line.endswith("; Path=/; Max-Age=34560000; HttpOnly; SameSite=Lax")
    assert re.fullmatch("[A-Za-z0-9_-]{43}", session_of(response))


@pytest.mark.parametrize(
    ("page", "at", "prefix", "path"),
    [
        pytest.param("/", "/", "__Host-", "/", id="at the root"),
        pytest.param("/garden/", "/", "__Secure-", "/garden/", id="below a path"),
        pytest.param("/garden/camera/0/", "/camera/0/", "__Secure-", "/garden/", id="one of several cameras"),
        pytest.param("/garden; Domain=example.org/", "/", "__Host-", "/", id="a path that is none"),
        pytest.param(None, "/", "__Host-", "/", id="a program"),
    ],
)
def test_by_tls_a_cookie_says_so_and_is_for_the_page_s_path(proxied_site, page, at, prefix, path):
    """A trusted proxy speaks it."""
    wish = {"name": "Ann", "password": PASSWORD}
    headers = {"X_Forwarded_Proto": "https"} | ({"X_Stillcam_Base": page} if page else {})
    response, _ = Client(proxied_site, **headers).ask(f"{at}api/session", "POST", wish)
    lines = response.headers.get_all("Set-Cookie", [])
    assert len(lines) == 2
    for line in lines:
        assert line.startswith(f"{prefix}stillcam_")
        assert line.endswith(f"; Path={path}; Max-Age=34560000; HttpOnly; SameSite=Lax; Secure")
    phone = Client(
        proxied_site, **headers, Cookie="; ".join(f"{name}={key}" for name, key in cookies(response).items())
    )
    assert phone.call(f"{at}api/session")[1]["user"] == {"name": "Ann", "role": "owner"}
    left, _ = phone.ask(f"{at}api/session", "DELETE", Origin="https://127.0.0.1")
    assert left.status == 403  # another port
    left, _ = phone.ask(f"{at}api/session", "DELETE", Origin=f"https://127.0.0.1:{proxied_site.port}")
    assert left.status == 204
    [line] = left.headers.get_all("Set-Cookie", [])
    assert line.startswith(f"{prefix}stillcam_")
    assert line.endswith(f"=; Path={path}; Max-Age=0; HttpOnly; SameSite=Lax; Secure")


def test_who_has_the_cookie_of_earlier_versions_stays_signed_in_and_gets_another(lasting_site, lasting_ann):
    key = session_of(lasting_ann)
    phone = Client(lasting_site, Cookie=f"stillcam={key}", X_Stillcam_Base="/garden/")
    assert phone.ask("/api/info")[0].status == 200
    response, body = phone.ask("/api/session")
    assert json.loads(body)["user"] == {"name": "Ann", "role": "owner"}
    new, old = response.headers.get_all("Set-Cookie", [])
    assert SESSION.fullmatch(new.partition("=")[0])
    assert new.partition("=")[2].startswith(f"{key}; Path=/garden/; ")
    assert old.startswith("stillcam=; Path=/; Max-Age=0;")
    again, _ = Client(lasting_site, Cookie=new.partition(";")[0]).ask("/api/session")
    assert len(again.headers.get_all("Set-Cookie", [])) == 1


def test_the_cookies_of_two_installations_have_different_names(tmp_path):
    names = []
    for folder in (tmp_path / "garden", tmp_path / "shed"):
        folder.mkdir()
        with Site(folder) as site:
            names += register(site).headers["Cookie"].split("; ")
            site.end()
            site.start()
            response, _ = Client(site).ask("/api/session", "POST", {"name": "Ann", "password": PASSWORD})
            assert [*cookies(response)] == [cookie.partition("=")[0] for cookie in names[-2:]]  # made once
    assert len({name.partition("=")[0] for name in names}) == 4


def test_a_session_stays_over_a_restart_and_its_cookie_is_renewed(site, ann):
    site.end()
    site.start()
    response, body = ann.ask("/api/session")
    assert json.loads(body)["user"] == {"name": "Ann", "role": "owner"}
    assert session_of(response) in ann.headers["Cookie"]


def test_a_failed_sign_in_tells_nothing(site, ann):
    wrong = Client(site).call("/api/session", "POST", {"name": "Ann", "password": "wrong password"})
    unknown = Client(site).call("/api/session", "POST", {"name": "Eve", "password": PASSWORD})
    assert wrong == unknown == (401, {"error": "the name or the password is wrong", "field": None})


def test_sign_out_here_and_everywhere(site, ann):
    phone, laptop = sign_in(site, "ANN"), sign_in(site, "ann")
    response, _ = phone.ask("/api/session", "DELETE")
    assert response.status == 204
    name, _, rest = response.headers["Set-Cookie"].partition("=")
    assert SESSION.fullmatch(name)
    assert rest.startswith("; Path=/; Max-Age=0;")
    assert [each.call("/api/status")[0] for each in (ann, phone, laptop)] == [200, 401, 200]
    assert laptop.ask("/api/session?everywhere=1", "DELETE")[0].status == 204
    assert [each.call("/api/status")[0] for each in (ann, phone, laptop)] == [401, 401, 401]
    assert laptop.call("/api/session", "DELETE")[0] == 401


def test_signing_in_again_ends_the_session_before(site, ann):
    response, _ = ann.ask("/api/session", "POST", {"name": "Ann", "password": PASSWORD})
    assert on_a_page(site, response).call("/api/status")[0] == 200
    assert ann.call("/api/status")[0] == 401


def test_a_new_password_ends_the_other_sessions(site, ann):
    phone = sign_in(site, "Ann")
    for old, new, status, field in (
        ("not this one", "another password", 422, "old"),
        (PASSWORD, "short", 422, "new"),
        (PASSWORD, 7, 422, "new"),
        (7, "another password", 422, "old"),
    ):
        told, document = ann.call("/api/password", "POST", {"old": old, "new": new})
        assert (told, document["field"]) == (status, field)
    assert phone.call("/api/status")[0] == 200
    assert ann.call("/api/password", "POST", {"old": PASSWORD, "new": "another password"}) == (204, None)
    assert ann.call("/api/status")[0] == 200
    assert phone.call("/api/status")[0] == 401
    assert Client(site).call("/api/session", "POST", {"name": "Ann", "password": PASSWORD})[0] == 401
    sign_in(site, "Ann", "another password")


def test_users(site, ann):
    bob = viewer(ann)
    users = ann.call("/api/users")[1]["users"]
    assert [(user["name"], user["role"]) for user in users] == [("Ann", "owner"), ("Bob", "viewer")]
    assert all(re.fullmatch(r"20\d\d-.*Z", user[key]) for user in users for key in ("created", "last_seen"))
    assert bob.call("/api/session")[1]["may"] == {"watch": True, "library": True, "control": False}
    assert bob.call("/api/settings")[0] == bob.call("/api/users")[0] == 403
    status, changed = ann.call("/api/users/bob", "PATCH", {"role": "owner"})
    assert (status, changed["role"]) == (200, "owner")
    assert bob.call("/api/users")[0] == 200
    assert ann.call("/api/users/Bob", "PATCH", {"password": "another password"})[0] == 200
    assert bob.call("/api/status")[0] == 401
    bob = sign_in(site, "Bob", "another password")
    assert bob.ask("/api/users/ANN", "DELETE")[0].status == 204
    assert ann.call("/api/status")[0] == 401
    status, refused = bob.call("/api/users/Bob", "DELETE")
    assert status == 409 and "only owner" in refused["error"]
    assert bob.call("/api/users/Bob", "PATCH", {"role": "viewer"})[0] == 409


def test_an_owner_who_sets_their_own_password_stays_signed_in(site, ann):
    phone = sign_in(site, "Ann")
    assert ann.call("/api/users/Ann", "PATCH", {"password": "another password"})[0] == 200
    assert [ann.call("/api/status")[0], phone.call("/api/status")[0]] == [200, 401]


def test_the_library_is_a_right_that_an_owner_gives(site, ann):
    """Viewers have it unless it is taken from them, and tokens only if their scope says so."""
    bob, eve, view, library = viewer(ann), viewer(ann, "Eve"), program(ann, "view"), program(ann, "library")
    status, changed = ann.call("/api/users/Eve", "PATCH", {"library": False})
    assert (status, changed["role"], changed["library"]) == (200, "viewer", False)
    for path in ("/api/library", "/api/series", "/api/films", "/api/info", "/api/library/calendar?year=2026"):
        assert [each.call(path)[0] for each in (bob, eve, view, library)] == [200, 403, 403, 200], path
    for path in ("/api/status", "/api/session", "/metrics"):
        assert {each.ask(path)[0].status for each in (bob, eve, view, library)} == {200}, path
    assert [each.call("/api/session")[1]["may"]["library"] for each in (bob, eve, view, library)] == [
        True, False, False, True,
    ]  # fmt: skip
    assert "ask an owner for that right" in eve.call("/api/info")[1]["error"]
    assert ann.call("/api/users/Eve", "PATCH", {"library": True})[1]["library"]
    assert eve.call("/api/library")[0] == 200
    made = {"name": "Zoe", "password": PASSWORD, "role": "viewer", "library": False}
    assert ann.call("/api/users", "POST", made)[1]["library"] is False
    assert ann.call("/api/users/Zoe", "PATCH", {"role": "owner"})[1]["library"] is True  # an owner may everything
    for wrong in (None, 0, "yes"):
        status, refused = ann.call("/api/users", "POST", made | {"name": "Max", "library": wrong})
        assert (status, refused["field"]) == (422, "library")


@pytest.mark.parametrize("name", ["Jörg", "a b", "100 %", "a?b", "安娜", "ann@example.org"])
def test_any_name_has_an_address(lasting_ann, name):
    assert lasting_ann.call("/api/users", "POST", {"name": name, "password": PASSWORD, "role": "viewer"})[0] == 201
    assert lasting_ann.ask(f"/api/users/{quote(name)}", "DELETE")[0].status == 204


@pytest.mark.parametrize(
    ("method", "path", "document", "status", "field"),
    [
        pytest.param("POST", "users", {"name": "Bob", "role": "viewer"}, 422, "password", id="no password"),
        pytest.param("POST", "users", {"name": "B", "role": "king", "password": PASSWORD}, 422, "role", id="no role"),
        pytest.param("POST", "users", {"name": "", "role": "viewer", "password": PASSWORD}, 422, "name", id="no name"),
        pytest.param("POST", "users", {"name": "ANN", "role": "viewer", "password": PASSWORD}, 409, None, id="taken"),
        pytest.param("POST", "users", {"name": "B", "colour": "blue"}, 422, "colour", id="no such field"),
        pytest.param("POST", "users", [], 400, None, id="no object"),
        pytest.param("PATCH", "users/Ann", {}, 422, None, id="nothing to change"),
        pytest.param("PATCH", "users/Ann", {"password": None}, 422, "password", id="null as password"),
        pytest.param("PATCH", "users/Ann", {"role": None}, 422, "role", id="null as role"),
        pytest.param("PATCH", "users/Ann", {"library": None}, 422, "library", id="null as a right"),
        pytest.param("PATCH", "users/Eve", {"role": "viewer"}, 404, None, id="nobody"),
        pytest.param("PATCH", "users/Ann/x", {"role": "viewer"}, 404, None, id="nobody either"),
        pytest.param("DELETE", "users/Eve", None, 404, None, id="nobody to remove"),
        pytest.param("POST", "tokens", {"name": "x", "scope": "all"}, 422, "scope", id="no scope"),
        pytest.param("POST", "tokens", {"name": "x\ny", "scope": "view"}, 422, "name", id="two lines"),
        pytest.param("DELETE", "tokens/none", None, 404, None, id="no token"),
    ],
)
def test_what_is_wrong_is_told_with_its_field(lasting_ann, method, path, document, status, field):
    told, answer = lasting_ann.call(f"/api/{path}", method, document)
    assert (told, answer["field"]) == (status, field)
    assert answer["error"]


def test_tokens(site, ann):
    view, control = program(ann, "view"), program(ann, "control")
    tokens = ann.call("/api/tokens")[1]["tokens"]
    assert [(token["name"], token["scope"]) for token in tokens] == [("may control", "control"), ("may view", "view")]
    assert all("token" not in token for token in tokens)
    assert view.call("/api/session")[1] == {"registered": True, "watch": "signed-in", **NOBODY}
    assert view.call("/api/status")[0] == control.call("/api/settings")[0] == 200
    assert view.call("/api/settings")[0] == control.call("/api/tokens")[0] == 403
    for path, method in (("/api/session", "DELETE"), ("/api/password", "POST")):
        assert control.call(path, method)[0] == 403
    site.until(lambda: all(token["last_used"] for token in ann.call("/api/tokens")[1]["tokens"]))
    assert ann.ask(f"/api/tokens/{tokens[1]['id']}", "DELETE")[0].status == 204
    assert [view.call("/api/status")[0], control.call("/api/status")[0]] == [401, 200]


def test_pictures_are_for_those_who_may_watch(site, ann):
    site.publish(picture(colour="blue"), cookie=ann.headers["Cookie"])
    for path in ("/images/current.jpg", "/snapshot.jpg", "/?action=snapshot", "/stream", "/api/status", "/metrics"):
        response, body = Client(site).ask(path)
        assert response.status == 401, path
        asked = 'Bearer realm="Stillcam"' if "api" in path else 'Basic realm="Stillcam", charset="UTF-8"'
        assert response.headers["WWW-Authenticate"] == asked
        assert json.loads(body) == {"error": "sign in to watch", "field": None}
    assert Client(site).ask("/")[0].status == Client(site).ask("/picture/viewer.js")[0].status == 200
    site.write_settings({"access": {"watch": "anyone"}})
    site.until(lambda: Client(site).ask("/images/current.jpg")[0].status == 200)


@pytest.mark.parametrize("path", ["images/current.jpg", "snapshot", "?action=snapshot", "metrics"])
def test_a_program_that_waits_to_be_asked_gets_in_whatever_it_calls_itself(lasting_site, lasting_token, path):
    """urllib shows name and password only once it is asked for them, as wget and GStreamer do."""
    url = f"http://127.0.0.1:{lasting_site.port}/{path}"
    passwords = HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password(None, url, "any", lasting_token)
    opener = build_opener(HTTPBasicAuthHandler(passwords))
    opener.addheaders = [("User-Agent", "Mozilla/5.0 (X11; Linux x86_64)")]
    with opener.open(url, timeout=DEADLINE_S) as answer:
        assert answer.status == 200


def test_a_token_in_an_address_watches_and_is_told_to_nobody(lasting_site, lasting_ann, lasting_token):
    view, control = lasting_token, program(lasting_ann, "control").headers["Authorization"].partition(" ")[2]
    for path in ("snapshot", "images/current.jpg", "?action=snapshot", "api/status", "camera/0/snapshot"):
        response, _ = lasting_site.ask(f"/{path}{'&' if '?' in path else '?'}token={view}")
        assert response.status == 200, path
        assert response.headers.get_all("Referrer-Policy") == ["no-referrer"]
    with lasting_site.connect() as link:
        link.sendall(f"GET /stream?token={view} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        head = link.recv(4096)
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        assert head.count(b"Referrer-Policy: ") == head.count(b"Referrer-Policy: no-referrer\r\n") == 1
    for path, status in (
        (f"/snapshot?token={control}", 403), ("/snapshot?token=wrong", 401), ("/snapshot?token=", 401),
        (f"/snapshot?%74oken={view}", 401), (f"/snapshot?t=1&TOKEN={view}", 401), (f"/nope/{view}", 404),
        (f"/api/info?token={view}", 401), (f"/api/settings?token={control}", 401), (f"/?token={view}", 200),
    ):  # fmt: skip
        response, _ = lasting_site.ask(path)
        assert response.status == status, path
        if "token=" in path:
            assert response.headers.get_all("Referrer-Policy") == ["no-referrer"], path
    response, _ = lasting_site.ask(f"/api/session?token={control}", "POST", b"{", Content_Type="application/json")
    assert response.status == 400
    lasting_site.ask("/the-last?token=one")
    lasting_site.until(lambda: "GET /the-last?token=... 404" in lasting_site.said())
    assert "GET /snapshot?token=... 200" in lasting_site.said()
    assert view not in lasting_site.said() and control not in lasting_site.said()


def test_the_stream_of_somebody_who_may_watch_no_more_ends(lasting_site, lasting_ann):
    bob = viewer(lasting_ann)
    with lasting_site.connect() as link:
        link.sendall(f"GET /stream HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: {bob.headers['Cookie']}\r\n\r\n".encode())
        assert link.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n")
        assert lasting_ann.ask("/api/users/Bob", "DELETE")[0].status == 204
        while link.recv(65536):
            pass


def test_who_is_refused_need_not_send_a_body(lasting_site):
    for path in (b"/api/users", b"/api/tokens", b"/api/password"):
        head = b"POST %b HTTP/1.1\r\nHost: x.local\r\nContent-Type: application/json\r\n" % path
        answer = lasting_site.raw(head + b"Content-Length: 60000\r\nExpect: 100-continue\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 401 "), path  # and no 100 before it


def test_a_guesser_is_slowed_and_the_owner_gets_in(site, ann):
    wish = {"name": "Ann", "password": "wrong password"}

    def guess():
        return Client(site).ask("/api/session", "POST", wish)[0]

    assert [guess().status for _ in range(LIMITS["address"].free)] == [401] * LIMITS["address"].free
    slowed = site.until(lambda: (answer := guess()).status == 429 and answer)  # a slow machine makes the first pauses
    assert int(slowed.headers["Retry-After"]) >= 1
    device = {"Cookie": ann.headers["Cookie"].partition("; ")[2]}
    assert "_device=" in device["Cookie"]
    right = {"name": "Ann", "password": PASSWORD}
    assert Client(site, **device).call("/api/session", "POST", right)[0] == 200


def test_a_device_of_a_name_that_nobody_has_lets_nobody_guess_on(site, ann):
    """Made up without end, they would push out the counts of those who guess, and tell which names there are."""

    def guess(name, device):
        wish = {"name": name, "password": "wrong password"}
        return Client(site, Cookie=f"{cookie}={device}").ask("/api/session", "POST", wish)[0].status

    cookie = ann.headers["Cookie"].partition("; ")[2].partition("=")[0]
    known = "$".join(("scrypt", "16384", "8", "1", f"{'A' * 22}==", f"{'A' * 43}="))  # as every process could know it
    for name in ("Ann", "Eve"):
        site.until(lambda name=name: guess(name, new_device_cookie(name, known)) == 429)


def test_a_flood_of_sign_ins_holds_up_no_picture(tmp_path):
    settings = {"access": {"proxies": ["127.0.0.1"], "watch": "signed-in"}, "server": {"access_log": False}}
    with Site(tmp_path, settings) as site:
        site.publish(picture())
        ann = register(site)
        over, told = threading.Event(), []

        def flood(number: int) -> None:
            count = 0
            while not over.is_set():
                count += 1
                stranger = Client(site, X_Forwarded_For=f"198.51.{number}.{count % 250}")
                wish = {"name": f"name {count}", "password": PASSWORD}
                told.append(stranger.call("/api/session", "POST", wish)[0])

        strangers = [threading.Thread(target=flood, args=[number]) for number in range(12)]
        for stranger in strangers:
            stranger.start()
        try:
            site.until(lambda: 429 in told)  # more are waiting than may wait
            answers = {ann.ask("/snapshot")[0].status for _ in range(100)}
        finally:
            over.set()
            for stranger in strangers:
                stranger.join(DEADLINE_S)
        assert answers == {200}
        assert set(told) == {401, 429}


def test_no_secret_is_ever_logged(tmp_path):
    with Site(tmp_path, {"server": {"access_log": True}}) as site:
        code = (site.data / "setup-code").read_text().strip()
        ann = register(site)
        token = program(ann, "view").headers["Authorization"].partition(" ")[2]
        Client(site).call("/api/session", "POST", {"name": PASSWORD, "password": PASSWORD})
        Client(site).call("/api/session", "POST", {"name": "Ann", "password": "wrong password"})
        site.ask(
            "/api/session", "POST", b'{"name": "Ann", "password": "wrong password', Content_Type="application/json"
        )
        ann.call("/api/password", "POST", {"old": "wrong password", "new": PASSWORD})
        ann.call("/api/users", "POST", {"name": "Ann", "password": PASSWORD, "role": "viewer"})
        said = site.said()
        assert "Ann has registered, from 127.0.0.1" in said
        assert "a sign-in from 127.0.0.1 failed" in said
        for secret in (PASSWORD, "wrong password", code, token, *re.findall("=([^;]+)", ann.headers["Cookie"])):
            assert secret not in said


WRITER = """
import itertools, sys
from pathlib import Path
from stillcam.accounts import Accounts
accounts = Accounts(Path(sys.argv[1]))
for number in itertools.count(len(accounts.users.all())):
    accounts.users.add(f"user {number}", "hash", "owner")
    print(number, flush=True)
"""


def test_a_process_killed_in_the_middle_of_a_write_leaves_a_good_database(tmp_path):
    last = -1
    for kill_after in (1, 2, 5, 13, 21):
        arguments = [sys.executable, "-c", WRITER, str(tmp_path)]
        environ = {"PYTHONPATH": str(ROOT / "python")}
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environ) as writer:
            assert writer.stdout
            for _ in range(kill_after):
                last = int(writer.stdout.readline())
            writer.kill()
            last = max([last, *map(int, writer.stdout.read().split())])
        accounts = Accounts(tmp_path)
        names = {user.name for user in accounts.users.all()}
        assert {f"user {number}" for number in range(last + 1)} <= names
        assert len(names) <= last + 2  # one was written, and not yet told
        with accounts.users._store.reading() as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
