"""The web server as its clients meet it: real sockets, frames published as the daemon does."""

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pictures import picture

from stillcam.frames import Publisher
from stillcam.paths import Paths
from stillcam.server.app import App
from stillcam.server.cache import FrameCache
from stillcam.server.camera import CameraLink
from stillcam.server.engine import Server


class Site:
    """A server on a free port, without a daemon."""

    def __init__(self, folder: Path) -> None:
        self.paths = Paths(folder / "images", folder / "data")
        self.paths.images.mkdir()
        self.cache = FrameCache(self.paths.images)
        app = App(self.paths.web, self.cache, CameraLink(self.paths.socket))
        self.server = Server(("127.0.0.1", 0), app)
        self.publisher = Publisher(self.paths.images)
        threading.Thread(target=self.server.serve_forever, args=(0.02,)).start()

    def publish(self, data: bytes, now_s: float) -> str:
        """Publish, and wait until the server has it."""
        still = self.paths.images / ".still_1.jpg"
        still.write_bytes(data)
        name = self.publisher.publish(still, now_s)
        before = self.cache.newest
        while before is None or before.frame.name != name:
            before = self.cache.wait_for_other(before.frame.name if before else "", 20)
        return name

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[http.client.HTTPResponse, bytes]:
        link = http.client.HTTPConnection("127.0.0.1", self.server.server_address[1], timeout=20)
        link.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = link.getresponse()
        body = response.read()
        link.close()
        return response, body


@pytest.fixture
def site(tmp_path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.server.shutdown()
    site.server.server_close()
    site.cache.close()


FRAME_URLS = ["/images/current.jpg?t=1", "/snapshot", "/snapshot.jpg", "/?action=snapshot"]


@pytest.mark.parametrize("url", FRAME_URLS)
def test_the_newest_frame_at_each_of_its_addresses(site, url):
    response, body = site.ask(url)
    assert (response.status, "no picture yet" in json.loads(body)["error"]) == (503, True)
    name = site.publish(picture(colour="blue"), 1_700_000_000.123)
    response, body = site.ask(url)
    assert (response.status, body) == (200, picture(colour="blue"))
    assert response.headers["Content-Type"] == "image/jpeg"
    assert response.headers["ETag"] == f'"{name}"'
    assert response.headers["X-Frame-Time"] == "2023-11-14T22:13:20.123Z"
    assert site.ask(url, If_None_Match=f'"{name}"')[0].status == 304


def test_two_frames_in_a_second_and_a_clock_set_back_give_no_false_304(site):
    for now_s in (1000.0, 1000.001, 1000.001, 900.0):
        before = site.publish(picture(), now_s)
        site.publish(picture(colour="green"), now_s)
        assert site.ask("/snapshot", If_None_Match=f'"{before}"')[0].status == 200


def test_after_waits_for_another_frame(site):
    name = site.publish(picture(), 1000.0)
    assert site.ask("/images/current.jpg?after=camera_none.jpg")[0].headers["ETag"] == f'"{name}"'
    answers = []
    asked = threading.Thread(target=lambda: answers.append(site.ask(f"/images/current.jpg?after={name}")))
    asked.start()
    newer = site.publish(picture(colour="green"), 1001.0)
    asked.join()
    assert answers[0][0].headers["ETag"] == f'"{newer}"'


@pytest.mark.parametrize("tab", ["", "live", "config", "info", "photos", "series", "settings"])
def test_the_page_at_each_tab(site, tab):
    response, body = site.ask(f"/{tab}")
    assert response.status == 200
    assert b"camera.js" in body
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    assert site.ask(f"/{tab}", If_None_Match=response.headers["ETag"])[0].status == 304


@pytest.mark.parametrize(
    "path",
    [
        "/nope",
        "/images/",
        "/images",
        "/web/index.html",
        "/data/settings.json",
        "/../README.md",
        "/%2e%2e/x",
        "/snapshot/",
    ],
)
def test_no_other_address_has_an_answer(site, path):
    response, body = site.ask(path)
    assert response.status == 404
    assert json.loads(body)["error"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_no_other_method_is_allowed(site, method):
    response, _ = site.ask("/api/status", method)
    assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD")


def test_head_is_get_without_the_body(site):
    site.publish(picture(), 1000.0)
    response, body = site.ask("/snapshot", "HEAD")
    assert (response.status, body) == (200, b"")
    assert int(response.headers["Content-Length"]) == len(picture())


def test_several_requests_on_one_connection(site):
    site.publish(picture(), 1000.0)
    with socket.create_connection(site.server.server_address[:2], timeout=20) as link:
        link.sendall(
            b"GET /snapshot HTTP/1.1\r\nHost: x\r\n\r\n" * 2 + b"GET /nope HTTP/1.1\r\nConnection: close\r\n\r\n"
        )
        answer = b"".join(iter(lambda: link.recv(65536), b""))
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert answer.count(picture()) == 2
    assert answer.count(b"HTTP/1.1 404 Not Found") == 1
    assert b"Server:" not in answer


def test_health_and_status_without_a_daemon(site):
    response, body = site.ask("/healthz")
    assert response.status == 503
    assert "no picture yet" in json.loads(body)["reason"]
    site.publish(picture(), 1000.0)
    assert site.ask("/healthz")[0].status == 200
    status = json.loads(site.ask("/api/status")[1])
    assert status["frame"]["bytes"] == len(picture())
    assert status["capture"]["running"] is False
    assert "start_camera_server.sh" in status["capture"]["reason"]
