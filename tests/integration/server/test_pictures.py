"""The newest frame at the addresses of pictures: how fresh, for whom, and what is shown without one."""

import io
import json
import os
import shutil
import signal
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from people import program, register, viewer
from pictures import picture
from PIL import Image, ImageStat
from serving import DEADLINE_S, Site
from standin import StandIn
from watching import Daemon

from stillcam.common.paths import Paths
from stillcam.server.camera_context import CameraContext
from stillcam.server.live.picture import OPENING
from stillcam.server.route import Request
from stillcam.server.routes import pictures as pictures_module
from stillcam.server.routes.pictures import PictureRoutes
from stillcam.settings.schema import Settings

OLD_S = 3600.0


def leave_frame(site: Site, data: bytes, age_s: float = OLD_S) -> str:
    """A frame from before the server's start; its name."""
    still = site.images / ".still_1.jpg"
    still.write_bytes(data)
    return site.publisher.publish(still, time.time() - age_s)


@pytest.fixture
def resting(tmp_path):
    """A Site that has not been started."""
    site = Site(tmp_path)
    yield site
    if site.port:
        site.end()


@pytest.mark.parametrize("path", ["/snapshot", "/images/current.jpg"])
def test_a_picture_for_those_who_signed_in_is_kept_from_shared_caches(site, path):
    """The setting counts as soon as it is in force, for 304 as for 200."""
    name = site.publish(picture())
    for watch in ("signed-in", "anyone", "signed-in"):
        site.write_settings({"access": {"watch": watch}})
        private = watch == "signed-in"
        site.until(lambda private=private: ("private" in site.ask(path)[0].headers["Cache-Control"]) == private)
        for status, asked in ((200, {}), (304, {"If_None_Match": f'"{name}"'})):
            response, _ = site.ask(path, **asked)
            assert response.status == status
            assert response.headers["Cache-Control"] == ("private, no-cache" if private else "no-cache")
            assert response.headers["Vary"] == ("Cookie, Authorization" if private else None)


@pytest.fixture
def handlers(tmp_path):
    """The handlers of a PictureRoutes in this process, by path."""
    paths = Paths(tmp_path / "images", tmp_path / "data")
    context = CameraContext(paths)
    pictures = PictureRoutes(context, Settings, lambda _: False, lambda: None)
    yield {route.path: route.handler for route in pictures.routes()}
    context.close()


def test_a_wait_that_is_over_is_204(handlers, monkeypatch):
    monkeypatch.setattr(pictures_module, "ANSWER_S", 0.2)
    answer = handlers["images/current.jpg"](Request("GET", "images/current.jpg", "after="))
    assert (answer.status, answer.body) == (204, b"")


def test_who_may_no_longer_watch_waits_in_vain(handlers, monkeypatch):
    """Signed out, deleted, or the owner's wish has changed: a stream that is open ends, and so does a wait."""
    monkeypatch.setattr(pictures_module, "VIEWER_CHECK_S", 0.0)
    watching, waiting = Request("GET", "stream"), Request("GET", "images/current.jpg", "after=")
    parts = handlers["stream"](watching).stream
    assert next(parts) == [OPENING]
    assert b"X-Stillcam-Notice" in next(parts)[0].data
    watching.access_remains = waiting.access_remains = lambda: False
    assert list(parts) == []
    assert handlers["images/current.jpg"](waiting).status == 204


def test_who_waits_keeps_the_camera_live_and_leaves_no_thread(site):
    name = site.publish(picture())
    resting = site.threads()
    with StandIn(site.data / "run/capture.sock") as daemon:
        waiting = [site.connect() for _ in range(3)]
        for link in waiting:
            link.sendall(f"GET /images/current.jpg?after={name} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        site.until(lambda: b'"viewers": 3' in site.ask("/api/status")[1])
        site.until(lambda: daemon.asked["lease"] >= 2)
        waiting[0].close()
        waiting[1].shutdown(socket.SHUT_WR)
        waiting[2].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # reset, as by a crash
        waiting[2].close()
        site.until(lambda: b'"viewers": 0' in site.ask("/api/status")[1])
        site.until(lambda: site.threads() <= resting)
        waiting[1].close()


def test_one_wait_after_the_other_sees_every_frame(site):
    """On one connection, as the page does: a wait's answer names the next one's start."""
    name = site.publish(picture())
    seen = [name]

    def watch() -> None:
        with site.connect() as link:
            reader = link.makefile("rb")
            while len(seen) < 6:
                link.sendall(f"GET /images/current.jpg?after={seen[-1]} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
                head = b"".join(iter(reader.readline, b"\r\n")).decode()
                fields = dict(line.split(": ", 1) for line in head.splitlines()[1:])
                assert reader.read(int(fields["Content-Length"])) == picture()
                assert float(fields["X-Frame-Age"]) >= 0
                seen.append(fields["ETag"].strip('"'))

    watching = threading.Thread(target=watch)
    watching.start()
    published = [name]
    for _ in range(5):
        published.append(site.publish(picture()))
        site.until(lambda: seen[-1] == published[-1] or not watching.is_alive())
    watching.join(DEADLINE_S)
    assert seen == published


@pytest.mark.parametrize(
    ("times_s", "wanted"),
    [
        pytest.param([0.1, 0.2, 0.3], 0.2, id="the first that is a fifth of a second later"),
        pytest.param([0.05, 0.16], 0.16, id="or nearly"),
        pytest.param([-3600.0, 0.5], -3600.0, id="the clock was set back"),
    ],
)
def test_who_wants_few_frames_waits_longer(site, times_s, wanted):
    """By the times of the frames, so that neither the link nor the server adds to the period."""
    began_s = float(int(time.time()))
    name = site.publish(picture(), began_s)
    answers: list[str] = []
    waiting = threading.Thread(
        target=lambda: answers.append(site.ask(f"/images/current.jpg?after={name}&fps=5")[0].headers["ETag"])
    )
    waiting.start()
    site.until(lambda: b'"viewers": 1' in site.ask("/api/status")[1])
    names = {time_s: site.publish(picture(), began_s + time_s) for time_s in times_s}
    waiting.join(DEADLINE_S)
    assert answers == [f'"{names[wanted]}"']


def test_a_stale_frame_is_greyed_and_says_since_when(resting):
    """On the snapshot's addresses; `images/current.jpg` stays what it is."""
    frame = picture((640, 480), "yellow")
    name = leave_frame(resting, frame)
    with StandIn(resting.data / "run/capture.sock", mode="no camera", reason="check the ribbon cable"):
        resting.start()
        response, body = resting.until(
            lambda: (answer := resting.ask("/snapshot"))[0].headers["X-Stillcam-Notice"] and answer
        )
        assert response.status == 200
        since, said = response.headers["X-Stillcam-Notice"].split(": ")
        assert since.startswith("no camera since ")
        assert said == "check the ribbon cable"
        with Image.open(io.BytesIO(body)) as notice, Image.open(io.BytesIO(frame)) as last:
            assert notice.size == last.size
            corner = (0, 0, 640, 80)
            dark, bright = (ImageStat.Stat(image.convert("RGB").crop(corner)).mean for image in (notice, last))
            assert max(dark) < max(bright) / 2
            assert max(dark) - min(dark) < 4 < max(bright) - min(bright)
            assert ImageStat.Stat(notice.convert("L")).extrema[0][1] > 240
        tag = response.headers["ETag"]
        assert resting.ask("/snapshot.jpg", If_None_Match=tag)[0].status == 304
        strict, strict_body = resting.ask("/snapshot?strict=1", If_None_Match=tag)
        assert (strict.status, strict_body) == (503, body)
        assert strict.headers["Content-Type"] == "image/jpeg"
        assert int(strict.headers["Retry-After"]) > 0
        response, body = resting.ask("/images/current.jpg")
        assert (response.status, body, response.headers["ETag"]) == (200, frame, f'"{name}"')
        assert float(response.headers["X-Frame-Age"]) >= OLD_S
        resting.publish(picture(colour="green"))
        assert resting.ask("/snapshot?strict=1")[1] == picture(colour="green")


def test_before_the_first_frame_there_is_an_error_or_a_picture_of_it(site):
    with StandIn(site.data / "run/capture.sock", mode="no camera", reason="check the ribbon cable"):
        site.until(lambda: "ribbon" in json.loads(site.ask("/images/current.jpg")[1])["error"])
        response, body = site.ask("/images/current.jpg")
        assert response.status == 503
        assert int(response.headers["Retry-After"]) > 0
        assert json.loads(body) == {"error": "no picture yet: check the ribbon cable", "field": None}
        response, body = site.ask("/snapshot")
        assert response.status == 200
        with Image.open(io.BytesIO(body)) as notice:
            assert notice.size == (1280, 720)
        assert site.ask("/snapshot?strict=1")[0].status == 503


@pytest.mark.parametrize("query", ["strict=2", "strict=yes", "max_age=-1", "max_age=1e3", "max_age=", "max_age=86401"])
def test_a_wrong_number_is_named(shared_site, query):
    response, body = shared_site.ask(f"/snapshot?{query}")
    assert response.status == 400
    assert json.loads(body)["field"] == query.partition("=")[0]


def test_a_picture_that_is_too_old_is_taken_again(tmp_path):
    settings = {"snapshot": {"interval_s": 3600.0, "width": 320}}
    with Site(tmp_path, settings) as site, Daemon(site) as daemon:
        # The first picture is shown at once, and another one follows when the lens has come to rest.
        newest = daemon.until(lambda status: status["captures"]["ok"] == 2)["frame"]
        first = site.until(lambda: (tag := site.ask("/images/current.jpg")[0].headers["ETag"]) == f'"{newest}"' and tag)
        assert site.ask("/snapshot?max_age=3000")[0].headers["ETag"] == first
        assert daemon.status()["captures"]["ok"] == 2
        response, body = site.ask("/snapshot?max_age=0")
        assert response.status == 200
        assert response.headers["ETag"] > first
        assert body.startswith(b"\xff\xd8")
        assert site.ask("/images/current.jpg")[0].headers["ETag"] == response.headers["ETag"]


def test_twenty_who_want_a_young_picture_at_once_cause_one_capture(resting):
    leave_frame(resting, picture())
    taken: list[str] = []

    def snapshot() -> str:
        taken.append(resting.publish(picture(colour="green")))
        return taken[-1]

    answers: list[Any] = []
    with StandIn(resting.data / "run/capture.sock", snapshot) as daemon:
        resting.start()
        resting.until(lambda: resting.ask("/images/current.jpg")[0].status == 200)
        young = f"/snapshot?max_age={OLD_S / 2}"
        asking = [threading.Thread(target=lambda: answers.append(resting.ask(young))) for _ in range(20)]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join(DEADLINE_S)
        assert daemon.asked["snapshot"] == 1
        assert [response.headers["ETag"] for response, _ in answers] == [f'"{taken[0]}"'] * 20


def test_who_may_only_watch_has_one_picture_taken_in_an_interval(resting):
    """However many ask, and however often; who may control has one taken each time."""
    resting.write_settings({"snapshot": {"interval_s": 3600.0}})
    resting.start()
    ann = register(resting)
    clients = [viewer(ann), program(ann, "view"), program(ann, "library")]
    control = [ann, program(ann, "control")]

    def snapshot() -> str:
        name: str = resting.publish(picture(colour="green"), cookie=ann.headers["Cookie"])
        return name

    with StandIn(resting.data / "run/capture.sock", snapshot) as daemon:
        first = [client.ask("/snapshot?max_age=0")[0] for client in clients]
        assert sorted(answer.status for answer in first) == [200, 503, 503]
        again = [client.ask("/snapshot?max_age=0")[0] for client in clients]
        assert {answer.status for answer in again} == {503}
        assert all(3500 < int(answer.headers["Retry-After"]) <= 3600 for answer in again)
        assert daemon.asked["snapshot"] == 1
        assert {client.ask("/snapshot?max_age=3600")[0].status for client in clients} == {200}
        assert {client.ask("/snapshot?max_age=0")[0].status for client in control} == {200}
        assert daemon.asked["snapshot"] == 3
        resting.write_settings({"snapshot": {"interval_s": 0.1}})
        resting.until(lambda: clients[0].ask("/snapshot?max_age=0")[0].status == 200)


def test_a_capture_that_ended_just_before_is_not_young_enough(site):
    """Who joins one that others asked for may get a frame that was here before: another is taken."""
    names: list[str] = [site.publish(picture())]

    def snapshot() -> str:
        if daemon.asked["snapshot"] > 1:
            names.append(site.publish(picture(colour="green")))
        return names[-1]

    with StandIn(site.data / "run/capture.sock", snapshot) as daemon:
        response, body = site.ask("/snapshot?max_age=0")
    assert (response.status, body) == (200, picture(colour="green"))
    assert daemon.asked["snapshot"] == 2


@pytest.mark.parametrize("daemon", ["none", "one without a camera"])
def test_no_young_picture_can_be_had(site, daemon):
    """The last one stays at its own address."""
    site.publish(picture())
    with StandIn(site.data / "run/other.sock" if daemon == "none" else site.data / "run/capture.sock"):
        response, body = site.ask("/snapshot?max_age=0")
    assert response.status == 503
    assert int(response.headers["Retry-After"]) > 0
    assert json.loads(body)["error"].startswith("there is no picture of the last 0 s: ")
    assert site.ask("/snapshot")[0].status == 200


def test_frames_come_again_after_the_watch_was_flooded(site):
    """inotify drops what exceeds its queue: the newest frame's event may be among that."""
    site.publish(picture())
    limit = int(Path("/proc/sys/fs/inotify/max_queued_events").read_text())
    site.process.send_signal(signal.SIGSTOP)
    try:
        names = [site.images / ".one", site.images / ".two"]
        names[0].touch()
        for number in range(limit + 100):
            os.rename(names[number % 2], names[1 - number % 2])
        name = leave_frame(site, picture(colour="green"), 0)
    finally:
        site.process.send_signal(signal.SIGCONT)
    site.until(lambda: site.ask("/images/current.jpg")[0].headers["ETag"] == f'"{name}"')
    site.publish(picture(colour="blue"))


def test_a_server_whose_images_folder_comes_and_goes(resting):
    """It starts without one, and keeps the last frame while there is none."""
    shutil.rmtree(resting.images)
    resting.start()
    assert resting.ask("/images/current.jpg")[0].status == 503
    for colour in ("red", "green"):
        resting.images.mkdir()
        resting.publish(picture(colour=colour))
        shutil.rmtree(resting.images)
        assert resting.ask("/images/current.jpg")[1] == picture(colour=colour)
