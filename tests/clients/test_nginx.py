"""nginx in front, with the file that we ship: TLS, a sub-path, one picture for thousands, unbuffered streams."""

import json
import re
import socket
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from io import BytesIO

import pytest
from front import NAME, SETTINGS, in_front_of
from pictures import picture
from PIL import Image
from programs import COLOURS, FRAME_SIZE, certificate, filming, output
from serving import DEADLINE_S, Site

from stillcam.accounts import Accounts

REQUESTS = 10_000
AT_A_TIME = 100
PAGE = ("--header", "X-Stillcam-Base: /webcam/")
WAITING = 40  # more than may come from one address that is no proxy's
MAY_FOLLOW, MAY_WATCH_LIVE = 100, 200  # of those without credentials, by the file
PICTURE_LINE = re.compile(r" GET /(?:images/current\.jpg|snapshot(?:\.jpg)?) ")


@pytest.fixture
def site(tmp_path):
    """A server with a picture, which knows of the proxy."""
    with Site(tmp_path, SETTINGS) as site:
        site.publish(picture())
        yield site


@pytest.fixture(scope="module")
def pem_and_authority(tmp_path_factory):
    """One certificate for all tests."""
    return certificate(tmp_path_factory.mktemp("certificate"), NAME)


@pytest.fixture(scope="module")
def shared_site(tmp_path_factory):
    """As `site`, for tests that change no setting and publish no other kind of picture."""
    with Site(tmp_path_factory.mktemp("site"), SETTINGS) as site:
        site.publish(picture())
        yield site


@pytest.fixture(scope="module")
def shared_front(shared_site, tmp_path_factory, pem_and_authority):
    """nginx before it."""
    with in_front_of(shared_site, tmp_path_factory.mktemp("shared") / "nginx", *pem_and_authority) as front:
        yield front


@pytest.fixture
def bare_site(tmp_path):
    """A server that has no picture yet."""
    with Site(tmp_path, SETTINGS) as site:
        yield site


@pytest.fixture
def bare_front(bare_site, tmp_path, pem_and_authority):
    """nginx before it."""
    with in_front_of(bare_site, tmp_path / "nginx", *pem_and_authority) as front:
        yield front


@pytest.fixture
def front(site, tmp_path, pem_and_authority):
    """nginx before it."""
    with in_front_of(site, tmp_path / "nginx", *pem_and_authority) as front:
        yield front


def asked(site, line=PICTURE_LINE):
    """How often the camera's server has been asked for a picture, or for what `line` matches in its log."""
    return len(re.findall(line, site.said()))


@contextmanager
def at_once(front, path, number):
    """curl, which asks for `path` so many times at once; it writes a status as each answer ends."""
    argv = front.argv(
        "--parallel", "--parallel-immediate", "--parallel-max", str(number), "--http1.1",
        "--output", "/dev/null", "--write-out", "%{http_code}\\n", f"{front.url}{path}t=[1-{number}]",
    )  # fmt: skip
    with subprocess.Popen(list(map(str, argv)), stdout=subprocess.PIPE) as curl:
        try:
            yield curl
        finally:
            curl.kill()


def test_the_page_under_the_sub_path(shared_front):
    status, headers = shared_front.get("")
    assert status == 200
    assert headers["Content-Security-Policy"].startswith("default-src 'self'")
    for path in ("picture/viewer.js", "base/base.css", "live", "api/status"):
        assert shared_front.get(path)[0] == 200


def test_addresses_that_lead_on(shared_front):
    status, headers = shared_front.get("../webcam?t=1", "--path-as-is")
    assert (status, headers["Location"]) == (301, "/webcam/?t=1")
    said = shared_front.curl(
        "--output", "/dev/null", "--write-out", "%{http_code} %{redirect_url}", shared_front.plain_url
    )
    assert said == f"301 {shared_front.url}"


@pytest.mark.parametrize("path", ["images/current.jpg", "snapshot"])
def test_each_size_of_the_picture_is_cached_apart(front, site, path):
    site.publish(picture((640, 480)))
    site.until(lambda: Image.open(BytesIO(front.picture(path))).width == 640)
    began_s, before = time.monotonic(), asked(site)
    small = [front.picture(f"{path}?width=320&t={number}") for number in range(20)]
    assert {Image.open(BytesIO(data)).width for data in small} == {320}
    assert asked(site) - before <= time.monotonic() - began_s + 2
    assert front.get(f"{path}?width=100")[0] == 400


def test_it_speaks_http_2(shared_front):
    assert shared_front.curl("--output", "/dev/null", "--write-out", "%{http_version}", shared_front.url) == "2"


@pytest.mark.parametrize(
    "path", ["images/current.jpg?t=1", "snapshot", "snapshot.jpg", "?action=snapshot", "camera/0/snapshot"]
)
def test_the_picture_at_its_addresses(shared_front, shared_site, path):
    shared_site.publish(picture())  # an old one would be answered by a placeholder
    assert shared_front.picture(path) == picture()


def test_who_has_the_picture_gets_304_from_nginx(shared_front, shared_site):
    known = f'If-None-Match: "{shared_site.publish(picture())}"'
    shared_site.until(lambda: shared_front.get("images/current.jpg", "--header", known)[0] == 304)  # nginx has it, too
    began_s, before = time.monotonic(), asked(shared_site)
    assert {shared_front.get(f"images/current.jpg?t={number}", "--header", known)[0] for number in range(20)} == {304}
    assert asked(shared_site) - before <= time.monotonic() - began_s + 2


def test_ten_thousand_requests_are_few_for_the_camera(front, site):
    """nginx asks once a second at most, whoever and however many ask it."""
    sizes = {str(len(picture(FRAME_SIZE, colour))) for colour in COLOURS}
    with filming(site, fps=0.5):
        began_s, before = time.monotonic(), asked(site)
        said = front.curl(
            "--parallel", "--parallel-immediate", "--parallel-max", str(AT_A_TIME), "--http1.1",
            "--output", "/dev/null", "--write-out", "%{http_code} %{size_download}\\n",
            f"{front.url}images/current.jpg?t=[1-{REQUESTS}]",
        )  # fmt: skip
        assert 1 <= asked(site) - before <= time.monotonic() - began_s + 2
    answers = [line.split() for line in said.splitlines()]
    assert len(answers) == REQUESTS
    assert {status for status, _ in answers} == {"200"}
    assert {size for _, size in answers} <= sizes


def test_the_next_picture_comes_and_the_last_one_stays_in_an_outage(front, site):
    assert front.picture() == picture()
    site.publish(picture(colour="green"))
    site.until(lambda: front.picture() == picture(colour="green"))
    site.end()
    for number in range(5):
        status, headers = front.get(f"images/current.jpg?t={number}")
        assert (status, "X-Frame-Time" in headers, "X-Frame-Age" in headers) == (200, True, False)
    assert front.picture() == picture(colour="green")
    site.start()
    site.publish(picture(colour="blue"))
    site.until(lambda: front.picture() == picture(colour="blue"))


def test_few_of_the_viewers_requests_reach_a_camera_without_a_picture(bare_front, bare_site):
    began_s = time.monotonic()
    with at_once(bare_front, "images/current.jpg?", AT_A_TIME) as curl:
        assert set(curl.communicate(timeout=DEADLINE_S)[0].split()) <= {b"503", b"502"}
    assert 1 <= asked(bare_site) <= 3 * (time.monotonic() - began_s) + 3


@contextmanager
def hanging_up(port):
    """A server that ends each connection without an answer; it counts them."""
    with socket.create_server(("127.0.0.1", port)) as server:
        connected: list[float] = []

        def serve():
            with suppress(OSError):  # the test has ended
                while True:
                    server.accept()[0].close()
                    connected.append(time.monotonic())

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield connected
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_few_requests_reach_a_camera_server_that_fails(front, site, tmp_path):
    """Each viewer has the last picture meanwhile, and nothing fills nginx's logs."""
    assert front.picture() == picture()
    site.end()
    with hanging_up(site.port) as connected:
        deadline_s = time.monotonic() + DEADLINE_S
        while not connected:  # until then the picture in the cache is young enough
            assert front.picture() == picture()
            assert time.monotonic() < deadline_s
        logs = [tmp_path / "nginx" / name for name in ("access.log", "nginx.log")]
        began_s, before, lines = time.monotonic(), len(connected), [log.read_text() for log in logs]
        said = front.curl(
            "--write-out", "%{http_code}\\n", "--output", "/dev/null", f"{front.url}images/current.jpg?t=[1-300]"
        )
        assert said.split() == ["200"] * 300
        assert len(connected) - before <= 2 * (time.monotonic() - began_s) + 2
        assert [log.read_text() for log in logs] == lines
        assert front.get("api/status")[0] == 502
    site.start()


def test_the_state_is_shared_but_for_those_who_say_who_they_are(shared_front, shared_site):
    began_s, before = time.monotonic(), asked(shared_site, "GET /api/status ")
    said = shared_front.curl("--fail", "--write-out", "\\n", f"{shared_front.url}api/status?revisions=1&t=[1-50]")
    assert {json.loads(line)["frame"]["bytes"] for line in said.split("\n") if line} == {len(picture())}
    assert asked(shared_site, "GET /api/status ") - before <= 2 * (time.monotonic() - began_s) + 2
    before = asked(shared_site, "GET /api/status ")
    for own in ("Cookie: stillcam_0123abcd=1", "Authorization: Bearer 1", "Origin: https://elsewhere.example.org") * 2:
        shared_front.get("api/status", "--header", own)
    shared_site.until(lambda: asked(shared_site, "GET /api/status ") - before == 6)


def test_the_files_of_the_page_are_nginx_s(shared_front, shared_site):
    files = re.findall(r"assets/[^\"]+", shared_front.curl(shared_front.url))
    wanted = {file: shared_site.ask(f"/{file}")[1] for file in files}
    before = asked(shared_site, "GET /assets/")
    for options in ((), ("--compressed",)) * 3:
        urls = [part for file in files for part in (shared_front.url + file, "--output", "-")]
        assert output(*shared_front.argv("--fail", *options, *urls)) == b"".join(wanted[file] for file in files)
    assert asked(shared_site, "GET /assets/") - before < 3 * len(wanted)  # of 6: once for each encoding


@pytest.mark.parametrize(
    ("path", "many"),
    [
        pytest.param("api/events?", MAY_FOLLOW, id="pages that are open"),
        pytest.param("stream?", MAY_WATCH_LIVE, id="streams"),
    ],
)
def test_strangers_leave_connections_to_the_others(front, site, tmp_path, path, many):
    """A page that is refused asks for the state every 5 s, and for pictures every 2 s: those are shared."""
    log = tmp_path / "nginx/access.log"
    with at_once(front, path, many + 10):
        site.until(lambda: log.read_text().count('" 503 ') == 10)
        assert front.get("images/current.jpg")[0] == front.get("api/status")[0] == 200
        argv = front.argv("--no-buffer", "--include", "--header", "Authorization: Bearer 1", front.url + path)
        with subprocess.Popen(list(map(str, argv)), stdout=subprocess.PIPE) as other:
            try:
                assert read_until(other, b"\r\n\r\n").split()[1] == b"200"
            finally:
                other.kill()


@pytest.mark.parametrize(
    "own",
    [
        pytest.param(["--cookie", "a=1; __Secure-stillcam_0123abcd=1"], id="a session"),
        pytest.param(["--cookie", "stillcam=1"], id="a session of an earlier version"),
        pytest.param(["--header", "Authorization: Bearer 1"], id="a token"),
        pytest.param(["--user", "me:1"], id="a password"),
    ],
)
def test_who_says_who_they_are_is_judged_by_the_camera_s_server(shared_front, shared_site, own):
    before = asked(shared_site)
    for _ in range(5):
        shared_front.get("images/current.jpg", *own)
    shared_site.until(lambda: asked(shared_site) - before == 5)


def test_the_page_is_refused_without_a_challenge_and_a_token_in_an_address_counts(front, site):
    """Whatever nginx has kept for others."""
    accounts = Accounts(site.data)
    token = accounts.tokens.add("tablet", "view")[1]
    accounts.users.add("Ann", "hash", "owner")  # last: once the server knows her, it knows the token too
    site.until(lambda: front.get("images/current.jpg")[0] == 401)
    for _ in range(3):
        asked = [front.get("images/current.jpg", *options)[1]["WWW-Authenticate"].split()[0] for options in ((), PAGE)]
        assert asked == ["Basic", "Bearer"]
        for path in ("images/current.jpg", "snapshot", "?action=snapshot"):
            status, headers = front.get(f"{path}{'&' if '?' in path else '?'}token={token}")
            assert (status, headers["Referrer-Policy"]) == (200, "no-referrer")


def test_no_token_of_an_address_is_in_a_log(front, site, tmp_path):
    accounts = Accounts(site.data)
    token = accounts.tokens.add("tablet", "view")[1]
    accounts.users.add("Ann", "hash", "owner")  # last: once the server knows her, it knows the token too
    site.until(lambda: front.get("snapshot")[0] == 401)
    for path in ("", "snapshot", "images/current.jpg", "api/status", "metrics", "?action=snapshot"):
        assert front.get(f"{path}{'&' if '?' in path else '?'}token={token}")[0] == 200
    front.curl("--output", "/dev/null", f"{front.plain_url}stream?token={token}")
    front.get("healthz?last=1")
    log = tmp_path / "nginx/access.log"
    site.until(lambda: "last=1" in log.read_text())
    assert [line for line in log.read_text().splitlines() if token in line] == []
    assert token not in site.said()


def test_a_browser_learns_that_a_listed_page_may_show_a_token(front, site):
    """Before it sends one, also where nginx keeps the picture."""
    page = "http://homeassistant.local:8123"
    site.write_settings({"access": {"hosts": [NAME], "proxies": ["127.0.0.1"], "embed": [page]}})
    asks = ["--request", "OPTIONS", "--header", f"Origin: {page}", "--header", "Access-Control-Request-Method: GET"]
    for path in ("stream", "snapshot", "images/current.jpg"):
        site.until(lambda path=path: front.get(path, *asks)[1]["Access-Control-Allow-Origin"] == page)


@pytest.mark.parametrize("path", ["stream", "stream.mjpg", "?action=stream", "camera/0/stream"])
def test_each_frame_of_a_stream_comes_at_once(front, site, path):
    """The next one is published only when the one before has come."""
    argv = front.argv("--no-buffer", "--max-time", str(DEADLINE_S), "--include", front.url + path)
    with subprocess.Popen(list(map(str, argv)), stdout=subprocess.PIPE) as viewer:
        try:
            head = read_until(viewer, picture()).partition(b"\r\n\r\n")[0].lower()
            assert b"content-type: multipart/x-mixed-replace;" in head
            assert b"transfer-encoding" not in head
            for colour in COLOURS:
                site.publish(picture(FRAME_SIZE, colour))
                read_until(viewer, picture(FRAME_SIZE, colour))
        finally:
            viewer.kill()


def read_until(viewer, wanted):
    """What comes until `wanted` has come."""
    seen = b""
    while wanted not in seen:
        more = viewer.stdout.read1()
        assert more, seen[:1000]
        seen += more
    return seen


def test_many_wait_for_the_next_frame_at_a_time(front, site):
    """All of them come from one address, nginx's, and none of them is answered out of its cache."""
    name = front.get("images/current.jpg")[1]["ETag"].strip('"')
    argv = front.argv(
        "--parallel", "--parallel-immediate", "--parallel-max", str(WAITING),
        "--output", "/dev/null", "--write-out", "%{http_code}\\n",
        f"{front.url}images/current.jpg?after={name}&t=[1-{WAITING}]",
    )  # fmt: skip
    with subprocess.Popen(list(map(str, argv)), stdout=subprocess.PIPE) as waiting:
        site.until(lambda: json.loads(site.ask("/api/status")[1])["viewers"] == WAITING)
        site.publish(picture(colour="blue"))
        assert waiting.communicate(timeout=DEADLINE_S)[0].split() == [b"200"] * WAITING


def test_the_camera_s_server_knows_the_client(shared_front, shared_site):
    """By what nginx says, and not by what the client itself says."""

    def asks():
        shared_front.get("api/status", "--interface", "127.0.0.2", "--header", "X-Forwarded-For: 192.0.2.1")
        return "127.0.0.2 GET /api/status 200" in shared_site.said()

    shared_site.until(asks)  # for a second after another request nginx answers itself
    assert "192.0.2.1" not in shared_site.said()
