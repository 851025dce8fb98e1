"""What watchdogs and the page are told, with a daemon and without."""

import json
import signal
import time

import pytest
from pictures import picture
from serving import Site
from standin import StandIn
from watching import Daemon, Viewer

from stillcam.common.formats import utc_text
from stillcam.frames.files import frame_time

SMALL = {"snapshot": {"interval_s": 0.2, "width": 320}}


def test_health_says_why_there_is_no_picture(site):
    with StandIn(site.data / "run/capture.sock", mode="no camera", reason="check the ribbon cable"):
        site.until(lambda: "ribbon" in json.loads(site.ask("/healthz")[1])["reason"])
        response, body = site.ask("/healthz")
        assert response.status == 503
        assert int(response.headers["Retry-After"]) > 0
        assert response.headers["Cache-Control"] == "no-store"
        assert json.loads(body) == {"status": "stale", "reason": "no picture yet: check the ribbon cable"}
        site.publish(picture())
        response, body = site.ask("/healthz")
        assert (response.status, json.loads(body)) == (200, {"status": "ok", "reason": None})


def test_health_says_how_old_the_newest_picture_is(tmp_path):
    site = Site(tmp_path)
    (site.images / ".still_1.jpg").write_bytes(picture())
    site.publisher.publish(site.images / ".still_1.jpg", time.time() - 5000)
    with site:
        site.until(lambda: b"the newest picture is 50" in site.ask("/healthz")[1])
        reason = json.loads(site.ask("/healthz")[1])["reason"]
        assert "s old: the capture daemon does not answer: start it with ./start_camera_server.sh, or" in reason


def test_a_camera_that_takes_one_picture_an_hour_is_healthy(tmp_path):
    site = Site(tmp_path)
    (site.images / ".still_1.jpg").write_bytes(picture())
    site.publisher.publish(site.images / ".still_1.jpg", time.time() - 3000)
    with StandIn(site.data / "run/capture.sock", interval_s=3600.0), site:
        assert site.until(lambda: site.ask("/healthz")[0].status == 200)
        assert json.loads(site.ask("/api/status")[1])["stale"] is False


def test_the_status_is_the_server_s_and_the_daemon_s(site):
    name = site.publish(picture())
    with StandIn(site.data / "run/capture.sock", metadata={"ExposureTime": 8000}) as daemon, Viewer(site):
        site.until(lambda: json.loads(site.ask("/api/status")[1])["viewers"] == 1)
        site.until(lambda: json.loads(site.ask("/api/status")[1])["capture"]["running"])
        status = json.loads(site.ask("/api/status")[1])
        assert set(status) == {"version", "page", "now", "frame", "stale", "viewers", "capture", "threads"}
        assert status["now"] >= status["frame"]["time"] == utc_text(frame_time(name))
        assert (status["frame"]["name"], status["frame"]["bytes"]) == (name, len(picture()))
        assert status["frame"]["age_s"] >= 0
        assert status["capture"] == daemon.status


@pytest.mark.parametrize(
    ("end", "advice"),
    [
        pytest.param(signal.SIGSTOP, "has not answered within 2 s", id="hangs"),
        pytest.param(signal.SIGKILL, "start_camera_server.sh", id="is dead"),
    ],
)
def test_a_daemon_that_does_not_answer(tmp_path, end, advice):
    """The server goes on; what is known is said."""
    with Site(tmp_path, SMALL) as site, Daemon(site) as daemon:
        site.until(lambda: site.ask("/healthz")[0].status == 200)
        # Its status here may be from before it answered, whatever the age of the picture.
        site.until(lambda: json.loads(site.ask("/api/status")[1])["capture"]["running"])
        daemon.process.send_signal(end)
        status = site.until(lambda: not (told := json.loads(site.ask("/api/status")[1]))["capture"]["running"] and told)
        assert advice in status["capture"]["reason"]
        assert site.ask("/snapshot")[0].status == 200
        site.until(lambda: site.ask("/healthz")[0].status == 503)
        if end == signal.SIGSTOP:
            daemon.process.send_signal(signal.SIGCONT)
            site.until(lambda: site.ask("/healthz")[0].status == 200)
