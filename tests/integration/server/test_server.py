"""The web server as its clients meet it: real sockets, frames published as the daemon does."""

import json
import os
import threading
import time

import pytest
from pictures import picture

from stillcam.common.formats import utc_text

FRAME_URLS = [
    *("/images/current.jpg?t=1", "/snapshot", "/snapshot.jpg", "/?action=snapshot", "/webcam/?action=snapshot"),
    *("/snapshot/", "//snapshot", "/snapshot.jpg/?t=1", "/?action=snapshot_0", "/?action=snapshot?t=1.jpg"),
]


@pytest.mark.parametrize("url", FRAME_URLS)
def test_the_newest_frame_at_each_of_its_addresses(shared_site, url):
    now_s = time.time()
    name = shared_site.publish(picture(colour="blue"), now_s)
    response, body = shared_site.ask(url)
    assert (response.status, body) == (200, picture(colour="blue"))
    assert response.headers["Content-Type"] == "image/jpeg"
    assert response.headers["ETag"] == f'"{name}"'
    assert response.headers["X-Frame-Time"] == utc_text(now_s)
    assert 0 <= float(response.headers["X-Frame-Age"]) < 120
    assert shared_site.ask(url, If_None_Match=f'"{name}"')[0].status == 304


@pytest.mark.parametrize(
    ("url", "status"),
    [("/?action=snapshot_1", 404), ("/?action=snapshots", 400), ("/?action=command", 400), ("/?action=stream_x", 400)],
)
def test_an_action_that_is_none_is_refused(shared_site, url, status):
    response, body = shared_site.ask(url)
    assert (response.status, json.loads(body)["field"]) == (status, "action")


def test_values_behind_a_second_question_mark_count(shared_site):
    """Programs add them to an address that has a query already."""
    shared_site.publish(picture())
    response, body = shared_site.ask("/?action=stream?fps=fast")
    assert (response.status, json.loads(body)["field"]) == (400, "fps")


def test_two_frames_in_a_second_and_a_clock_set_back_give_no_false_304(site):
    start_s = time.time()
    for now_s in (start_s, start_s + 0.001, start_s + 0.001, start_s - 100):
        before = site.publish(picture(), now_s)
        site.publish(picture(colour="green"), now_s)
        assert site.ask("/snapshot", If_None_Match=f'"{before}"')[0].status == 200


def test_after_waits_for_another_frame(shared_site):
    name = shared_site.publish(picture())
    assert shared_site.ask("/images/current.jpg?after=camera_none.jpg")[0].headers["ETag"] == f'"{name}"'
    answers = []
    asked = threading.Thread(target=lambda: answers.append(shared_site.ask(f"/images/current.jpg?after={name}")))
    asked.start()
    newer = shared_site.publish(picture(colour="green"))
    asked.join()
    assert answers[0][0].headers["ETag"] == f'"{newer}"'


@pytest.mark.parametrize("tab", ["", "live", "photos", "timelapse", "motion", "config", "info", "settings"])
def test_the_page_at_each_tab(shared_site, tab):
    response, body = shared_site.ask(f"/{tab}")
    assert response.status == 200
    assert b"page/main.js" in body
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    assert shared_site.ask(f"/{tab}", If_None_Match=response.headers["ETag"])[0].status == 304


@pytest.mark.parametrize("path", ["/series", "/camera/0/series"])
def test_the_former_address_of_the_timelapse_tab_leads_to_it(shared_site, path):
    """The address is relative, for proxies; browsers keep what is behind the #."""
    response, _ = shared_site.ask(path)
    assert (response.status, response.headers["Location"]) == (308, "timelapse")


@pytest.mark.parametrize(
    "path",
    [
        "/nope",
        "/images/",
        "/images",
        "/web/index.html",
        "/data/settings.json",
        "/snapshot/1",
    ],
)
def test_no_other_address_has_an_answer(shared_site, path):
    response, body = shared_site.ask(path)
    assert response.status == 404
    assert json.loads(body)["error"]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_no_other_method_is_allowed(shared_site, method):
    response, _ = shared_site.ask("/api/status", method)
    assert (response.status, response.headers["Allow"]) == (405, "GET, HEAD")


def test_head_is_get_without_the_body(shared_site):
    shared_site.publish(picture())
    response, body = shared_site.ask("/snapshot", "HEAD")
    assert (response.status, body) == (200, b"")
    assert int(response.headers["Content-Length"]) == len(picture())


def test_several_requests_on_one_connection(shared_site):
    shared_site.publish(picture())
    answer = shared_site.raw(
        b"GET /snapshot HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" * 2
        + b"GET /nope HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    )
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert answer.count(picture()) == 2
    assert answer.count(b"HTTP/1.1 404 Not Found") == 1
    assert b"Server:" not in answer


def test_health_and_status_without_a_daemon(site):
    response, body = site.ask("/healthz")
    assert response.status == 503
    assert "no picture yet" in json.loads(body)["reason"]
    site.publish(picture())
    assert site.ask("/healthz")[0].status == 200
    status = json.loads(site.ask("/api/status")[1])
    assert status["frame"]["bytes"] == len(picture())
    assert status["capture"]["running"] is False
    assert "start_camera_server.sh" in status["capture"]["reason"]


def test_settings_are_followed_after_a_pipe_or_a_folder_was_in_their_place(site):
    """Reading a pipe waits for who writes to it."""
    site.publish(picture())
    settings = site.data / "settings.json"
    settings.unlink()
    os.mkfifo(settings)
    site.until(lambda: f"cannot read {settings}: not a regular file" in site.said())
    assert site.ask("/snapshot")[0].status == 200
    settings.unlink()
    settings.mkdir()
    settings.rmdir()
    site.write_settings({"server": {"access_log": True}})
    site.until(lambda: site.ask("/snapshot")[0].status == 200 and "GET /snapshot 200" in site.said())
