"""One server for two cameras: each has addresses, settings and a state of its own; who may come in counts for both."""

import json
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from api_calls import Everybody
from described import judge
from pictures import picture
from standin import StandIn

from stillcam.common.paths import Paths
from stillcam.frames.files import Publisher
from stillcam.http.messages import Answer
from stillcam.server.app import App
from stillcam.server.camera_context import CameraContext
from stillcam.server.live.cache import FrameCache
from stillcam.server.route import Request
from stillcam.server.routes.metrics import Counters
from stillcam.server.wiring import build
from stillcam.settings.file import load, save
from stillcam.settings.schema import CameraSettings, Settings

DEADLINE_S = 60.0
BOTH = ("", "camera/1/")


class Installation:
    """Cameras 0 and 1, each with a stand-in for its daemon, and the routes without sockets; an owner asks."""

    def __init__(self, folder: Path, closing_time: ExitStack) -> None:
        first = Paths(folder / "images", folder / "data")
        self.paths = {"": first, "camera/1/": first.of(1)}
        save(first.of(1).settings, Settings(camera=CameraSettings(index=1)))
        self.daemons: dict[str, StandIn] = {}
        self.caches: dict[str, FrameCache] = {}
        every = []
        for index, (below, paths) in enumerate(self.paths.items()):
            paths.images.mkdir(parents=True)
            camera = {"index": index, "model": ("imx708", "imx219")[index], "size": [4608, 2592]}
            self.daemons[below] = closing_time.enter_context(StandIn(paths.socket, camera=camera))
            every.append(closing_time.enter_context(closing(CameraContext(paths))))
            self.caches[below] = every[-1].cache
        app = build(every)
        self.counters = Counters()
        self.app = App(app.routes, every[0].settings, Everybody().admit, self.counters.of, app.cameras)

    def answer(self, method: str, path: str, body: Any = None) -> Answer:
        """The answer to one request."""
        raw = json.dumps(body).encode()
        path, _, query = path.partition("?")
        headers = {"host": "camera.local", "content-type": "application/json"}
        request = Request(method, path, query, headers, read_body=lambda *_: raw)
        answer = self.app.answer(request)
        self.app.ended(request, answer, 0, 0.0)
        return answer

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Status and JSON of an answer, which is held to the description."""
        answer = self.answer(method, path, body)
        assert isinstance(answer.body, bytes)
        described = re.sub("^camera/[01]/", "", path)
        judge(method, described, answer.status, answer.headers["Content-Type"], answer.body)
        return answer.status, json.loads(answer.body)

    def publish(self, below: str) -> str:
        """A frame of one camera, which the server has seen; its name."""
        images, cache = self.paths[below].images, self.caches[below]
        still = images / ".still_1.jpg"
        still.write_bytes(picture())
        name = Publisher(images).publish(still, time.time())
        deadline = time.monotonic() + DEADLINE_S
        while not (cache.newest and cache.newest.name == name):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        return name


@pytest.fixture
def installation(tmp_path) -> Iterator[Installation]:
    with ExitStack() as closing_time:
        yield Installation(tmp_path, closing_time)


def tag(answer: Answer) -> str:
    """The name of the frame that is the answer."""
    found = re.search(rb'ETag: "(.*)"', answer.head)
    assert found, answer
    return found[1].decode()


def test_each_camera_s_frame_is_at_each_of_its_addresses(installation):
    for below in BOTH:
        name, number = installation.publish(below), "0" if below == "" else "1"
        for path in ("images/current.jpg", "snapshot", "?action=snapshot", "?action=snapshot_0", "/snapshot"):
            assert tag(installation.answer("GET", below + path)) == name, path
            assert tag(installation.answer("GET", f"camera/{number}/{path}")) == name, path
        assert tag(installation.answer("GET", f"images/{number}/current.jpg")) == name
        assert tag(installation.answer("GET", f"?action=snapshot_{number}")) == name  # the inputs of mjpg-streamer


@pytest.mark.parametrize(
    "path",
    ["camera/2/", "camera/2/snapshot", "camera/2", "camera/01/snapshot", "camera//snapshot", "camera/", "camera/1/nope",
     "camera/1/camera/1/snapshot", "camera/../snapshot", "images/2/current.jpg", "?action=snapshot_2",
     "camera/1/?action=snapshot_1"],
)  # fmt: skip
def test_what_is_no_camera_is_not_found(installation, path):
    assert installation.answer("GET", path).status == 404


def test_the_slash_may_be_left_out(installation):
    answer = installation.answer("GET", "camera/1")
    assert (answer.status, answer.headers["Location"]) == (308, "1/")


def test_the_page_and_its_files_are_at_each(installation):
    for below in BOTH:
        for path in ("", "config", "page/main.js", "cameras", "cameras.html"):
            assert installation.answer("GET", below + path).status == 200, below + path


def test_the_overview_leads_from_each_page_to_the_others(installation):
    installation.publish("camera/1/")
    seen = {}
    for below in ("", "camera/0/", "camera/1/"):
        status, told = installation.call("GET", f"{below}api/overview")
        assert status == 200
        seen[below] = [(one["number"], one["address"], one["here"]) for one in told["cameras"]], told["page"]
        assert [one["model"] for one in told["cameras"]] == ["imx708", "imx219"]
        assert [one["stale"] for one in told["cameras"]] == [True, False]
    assert seen == {
        "": ([(0, "./", True), (1, "camera/1/", False)], "cameras"),
        "camera/0/": ([(0, "./", True), (1, "../../camera/1/", False)], "../../cameras"),
        "camera/1/": ([(0, "../../", False), (1, "./", True)], "../../cameras"),
    }


def test_all_are_well_only_if_each_is(installation):
    installation.publish("")
    status, told = installation.call("GET", "healthz")
    assert (status, told["status"]) == (503, "stale")
    assert told["reason"] == "camera 1: no picture yet"
    assert told["cameras"]["0"] == {"status": "ok", "reason": None}
    assert installation.call("GET", "camera/0/healthz") == (200, {"status": "ok", "reason": None})
    assert installation.call("GET", "camera/1/healthz") == (503, {"status": "stale", "reason": "no picture yet"})
    installation.publish("camera/1/")
    assert installation.call("GET", "healthz")[0] == 200


def test_the_status_is_each_one_s_own(installation):
    installation.daemons["camera/1/"].status["mode"] = "live"
    assert installation.call("GET", "api/status")[1]["capture"]["camera"]["model"] == "imx708"
    told = installation.call("GET", "camera/1/api/status")[1]["capture"]
    assert (told["camera"]["model"], told["mode"]) == ("imx219", "live")


def test_settings_are_each_one_s_own(installation):
    assert installation.call("PATCH", "camera/1/api/settings", {"snapshot": {"interval_s": 7}})[0] == 200
    assert load(installation.paths["camera/1/"].settings).snapshot.interval_s == 7
    assert load(installation.paths[""].settings) == Settings()
    assert installation.daemons["camera/1/"].asked["reload"] == 1
    assert installation.daemons[""].asked["reload"] == 0


@pytest.mark.parametrize("section", ["access", "server"])
def test_what_counts_for_all_is_the_first_camera_s_alone(installation, section):
    """Whoever sets it where it has no effect is told so, and does not believe the door shut."""
    status, told = installation.call("GET", "camera/1/api/settings")
    assert status == 200
    assert not any(section in told[part] for part in ("settings", "defaults"))
    assert not any(name.startswith(f"{section}.") for name in told["fields"])
    status, told = installation.call("PATCH", "camera/1/api/settings", {section: None})
    assert (status, told["field"]) == (422, section)
    assert section in installation.call("GET", "api/settings")[1]["settings"]


def test_a_back_up_of_the_first_one_opens_no_door_on_another(installation):
    installation.call("PATCH", "api/settings", {"access": {"watch": "anyone"}, "snapshot": {"quality": 50}})
    backup = installation.call("GET", "api/backup")[1]
    backup["configuration"]["camera"]["index"] = 1
    assert installation.call("POST", "camera/1/api/backup", backup)[0] == 200
    settings = load(installation.paths["camera/1/"].settings)
    assert (settings.snapshot.quality, settings.access.watch) == (50, "signed-in")


def test_no_camera_is_given_to_two_daemons(installation):
    for below, index in (("", 1), ("camera/1/", 0)):
        status, told = installation.call("PATCH", f"{below}api/settings", {"camera": {"index": index}})
        assert (status, told["field"]) == (422, "camera.index")
    assert installation.call("PATCH", "camera/1/api/settings", {"camera": {"index": 2}})[0] == 200


@pytest.mark.parametrize("patch", [{"camera": None, "snapshot": None}, {"camera": {"index": None}, "snapshot": None}])
def test_a_camera_goes_back_to_its_own_number(installation, patch):
    """So that all can be reset on its page: index 0 is another one's."""
    installation.call("PATCH", "camera/1/api/settings", {"camera": {"index": 5}, "snapshot": {"interval_s": 7}})
    status, told = installation.call("PATCH", "camera/1/api/settings", patch)
    assert (status, told["settings"]["camera"]["index"]) == (200, 1)
    assert told["defaults"]["camera"]["index"] == told["fields"]["camera.index"]["default"] == 1
    assert told["settings"] == told["defaults"]
    assert installation.call("GET", "api/settings")[1]["defaults"]["camera"]["index"] == 0


def test_requests_and_metrics_tell_the_cameras_apart(installation):
    installation.publish("camera/1/")
    installation.answer("GET", "camera/1/snapshot")
    requests, _ = installation.counters.read()
    assert requests["camera/1/snapshot", 200] == 1
    for path in ("metrics", "camera/1/metrics"):
        text = bytes(installation.answer("GET", path).body).decode()
        assert 'stillcam_frames_total{camera="0"} 0.0' in text
        assert 'stillcam_frames_total{camera="1"} 1.0' in text
        assert 'stillcam_info{camera="1",driver="simulated",model="imx219"' in text


def test_daemons_that_hang_are_asked_all_at_once_and_health_does_not_wait_for_them(tmp_path, monkeypatch):
    """Three are stopped: they take a question and never answer it."""
    monkeypatch.setattr("stillcam.ipc.daemon_client.ASK_TIMEOUT_S", 10 * DEADLINE_S)
    first = Paths(tmp_path / "three/images", tmp_path / "three/data")
    with ExitStack() as closing_time:
        stopped, every = [], []
        for paths in map(first.of, range(3)):
            paths.images.mkdir(parents=True)
            paths.socket.parent.mkdir(parents=True)
            stopped.append(closing_time.enter_context(socket.socket(socket.AF_UNIX)))
            monkeypatch.chdir(paths.socket.parent)  # its whole name may be too long
            stopped[-1].bind(paths.socket.name)
            stopped[-1].listen()
            stopped[-1].settimeout(DEADLINE_S)
            every.append(closing_time.enter_context(closing(CameraContext(paths))))
        app = build(every)
        answers: list[Answer] = []
        asking = threading.Thread(target=lambda: answers.append(app.answer(Request("GET", "healthz"))), daemon=True)
        asking.start()
        for daemon in stopped:  # each is asked before any has answered
            closing_time.enter_context(daemon.accept()[0])
        asking.join(DEADLINE_S)
        assert [answer.status for answer in answers] == [503]
