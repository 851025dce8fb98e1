"""Attacks that struck other camera servers, tried on the real programs; docs/operate/security.md says which."""

import re

import pytest
from capture_daemon import ROOT, CaptureDaemon
from described import DOCUMENT
from people import PASSWORD, Client, cookies, program, register, session_of, viewer
from pictures import picture
from serving import Site

NAMES = ("$(touch pwned)", "`touch pwned`", "a; touch pwned", "a|touch pwned", "-o pwned", "%s%n", 'it\'s "quoted"')


@pytest.fixture(scope="module")
def lasting_owner(shared_site):
    """An owner of a server that is the same after each test."""
    return register(shared_site)


@pytest.mark.parametrize("name", NAMES)
def test_no_name_of_a_folder_reaches_a_shell(tmp_path, name):
    """Frames in a folder of any name; each program is started by a list of arguments."""
    folder = tmp_path / name
    folder.mkdir()
    with CaptureDaemon(folder) as daemon:
        daemon.fault()
        daemon.set(snapshot={"interval_s": 0.2, "width": 160}, camera={"rotation": 90})  # so that jpegtran runs, too
        daemon.start()
        daemon.frames(2)
        assert daemon.end() == 0
    assert not [*tmp_path.rglob("pwned"), *ROOT.glob("pwned")]


@pytest.mark.parametrize("name", NAMES)
def test_no_setting_reaches_a_shell(lasting_owner, name):
    for patch in ({"camera": {"tuning_file": name}}, {"live": {"sensor_mode": name}}, {"files": {"photo": name}},
                  {"controls": {"AwbMode": name}}, {"controls": {name: 1}}):  # fmt: skip
        status, answer = lasting_owner.call("/api/settings", "PATCH", patch)
        assert (status, bool(answer["error"])) == (422, True), (patch, answer)
    assert not [*lasting_owner.site.data.parent.rglob("pwned"), *ROOT.glob("pwned")]


def test_the_loopback_address_is_nobody(lasting_owner):
    """Neither it, nor a proxy that is not named in the settings, nor what a client says of itself, opens anything."""
    site = lasting_owner.site
    site.publish(picture(), cookie=lasting_owner.headers["Cookie"])
    lies = {"X_Forwarded_For": "127.0.0.1", "X_Real_IP": "127.0.0.1", "Forwarded": "for=127.0.0.1",
            "X_Forwarded_User": "Ann", "Remote_User": "Ann", "X_Forwarded_Host": "localhost"}  # fmt: skip
    for headers in ({}, *({name: value} for name, value in lies.items())):
        client = Client(site, **headers)
        assert [client.ask(path)[0].status for path in ("/snapshot", "/api/status", "/api/settings")] == [401] * 3


@pytest.mark.parametrize(
    "spelling",
    [
        "/api//settings", "//api/settings", "/./api/settings", "/live/../api/settings", "/api/%73ettings",
        "/api/settings/", "/API/settings", "/api/settings%00", "/api/settings;x=1", "/api/settings%2f",
        "/webcam/../api/settings", "/%2e%2e/api/settings", "/api\\settings", "/api/settings?action=snapshot",
    ],
)  # fmt: skip
def test_no_spelling_of_a_path_goes_round_the_check(lasting_owner, spelling):
    assert lasting_owner.site.ask(spelling)[0].status in (400, 401, 404)


def test_a_session_of_another_camera_is_nobody_s(tmp_path):
    """There is no key that all cameras share, so none can be known."""
    folders = tmp_path / "one", tmp_path / "two"
    for folder in folders:
        folder.mkdir()
    with Site(folders[0]) as one, Site(folders[1]) as two:
        ann, _ = register(one), register(two)
        token = program(ann, "control")
        for client in (ann, token):
            assert Client(one, **client.headers).call("/api/settings")[0] == 200
            assert Client(two, **client.headers).call("/api/settings")[0] == 401


def test_a_session_key_is_never_the_client_s(lasting_owner):
    """Session fixation: a cookie that was planted before signing in opens nothing afterwards."""
    site = lasting_owner.site
    first, _ = Client(site).ask("/api/session", "POST", {"name": "Ann", "password": PASSWORD})
    for name in (*cookies(first), "stillcam"):
        planted = {"Cookie": f"{name}=planted-by-somebody-else"}
        response, _ = Client(site, **planted).ask("/api/session", "POST", {"name": "Ann", "password": PASSWORD})
        assert response.status == 200
        assert len(session_of(response)) > 40
        assert Client(site, **planted).call("/api/settings")[0] == 401


def test_no_answer_holds_a_secret(site):
    """What one address keeps back, no other tells."""
    code = (site.data / "setup-code").read_text().strip()
    owner = register(site)
    bob, token = viewer(owner), program(owner, "control")
    secrets = [PASSWORD, code, token.headers["Authorization"].removeprefix("Bearer ")]
    secrets += re.findall(
        r"stillcam_[0-9a-f]{8}(?:_device)?=([^;]+)", f"{owner.headers['Cookie']};{bob.headers['Cookie']}"
    )
    assert len(secrets) >= 5
    paths = DOCUMENT["paths"]
    asked = [path for path, operations in paths.items() if "get" in operations and "{" not in path]
    assert len(asked) > 10
    for path in asked:
        if path.startswith("/stream") or path == "/api/events":
            continue  # they do not end; test_events.py reads what events tell
        for client in (owner, bob, token):
            body = client.ask(path)[1].decode("latin-1")
            assert not [secret for secret in secrets if secret in body], path
            assert "scrypt" not in body, path


def test_names_are_data_wherever_they_are_shown(lasting_owner):
    """A name of markup comes back as JSON that no browser takes for a page."""
    name = "<img src=x onerror=alert(1)>"
    user = {"name": name.replace("/", ""), "password": PASSWORD, "role": "viewer"}
    for path, document in (("/api/users", user), ("/api/tokens", {"name": name, "scope": "view"})):
        status, made = lasting_owner.call(path, "POST", document)
        assert (status, made["name"]) == (201, document["name"])
    for path in ("/api/users", "/api/tokens", "/" + name.replace(" ", "%20"), "/snapshot?max_age=" + "%3Cscript%3E"):
        response, _ = lasting_owner.ask(path)
        assert response.headers["Content-Type"].startswith("application/json")
        assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_makes_no_markup_of_data():
    """All that is shown becomes text: then names and metadata cannot run."""
    forbidden = re.compile(
        r"\b(innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\s*\(|new Function|srcdoc)\b"
    )
    for file in (ROOT / "web").rglob("*.js"):
        assert not forbidden.search(file.read_text()), file
    for file in (ROOT / "web").glob("*.html"):
        page = file.read_text()
        assert not re.search(r"<[^>]+\s(on\w+|style)\s*=", page), file
        assert not re.search(r"<script(?![^>]*\ssrc=)", page), file
