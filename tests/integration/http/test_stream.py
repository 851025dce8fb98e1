"""Live streams: every viewer gets the newest frames, whatever the others do."""

import io
import os
import select
import signal
import socket
import threading
import time
from itertools import pairwise
from typing import Any

import pytest
from pictures import picture
from PIL import Image
from serving import DEADLINE_S, Site
from standin import StandIn
from watching import Daemon, Viewer

from stillcam.common.formats import utc_text
from stillcam.frames.files import frame_time

SMALL = {
    "snapshot": {"interval_s": 0.2, "width": 320},
    "live": {"width": 320, "framerate": 1.0},
}  # it is 20 times as fast


@pytest.mark.parametrize(
    "path",
    [
        "/stream",
        "/stream.mjpg",
        "/?action=stream",
        "/webcam/?action=stream",
        "/webcam?action=stream",
        "/?action=stream?dummy=param.mjpg",
        "/?action=stream_0",
        "/webcam/?action=stream_0&dummy=param.mjpg",
        "//?action=stream",
        "/stream/",
        "//stream",
        "/stream.mjpg/",
        "/stream?fps=120",
    ],
)
def test_each_part_is_a_frame_with_its_true_length_and_time(shared_site, path):
    name = shared_site.publish(picture(colour="red"))
    with Viewer(shared_site, path) as viewer:
        assert viewer.status == "HTTP/1.1 200 OK"
        assert viewer.headers["connection"] == "close"
        assert viewer.headers["cache-control"] == "no-store"
        assert viewer.headers["x-accel-buffering"] == "no"
        assert not {"transfer-encoding", "content-length"} & set(viewer.headers)
        before = 0
        for colour in ("red", "green", "blue"):
            fields, data = viewer.frame(name)
            assert data == picture(colour=colour)
            assert float(fields["x-timestamp"]) == pytest.approx(frame_time(name), abs=0.0005)
            assert int(fields["x-frame-sequence"]) > before
            before = int(fields["x-frame-sequence"])
            name = shared_site.publish(picture(colour={"red": "green"}.get(colour, "blue")))


@pytest.mark.parametrize("size", [1, 32 * 1024 - 1, 32 * 1024, 300_000])
def test_a_picture_of_any_size_comes_as_it_is(shared_site, size):
    """Small ones are copied into one packet, large ones are sent by the kernel from a file in memory."""
    data = os.urandom(size)
    shared_site.publish(data)
    with Viewer(shared_site) as viewer:
        assert viewer.part()[1] == data
    assert shared_site.ask("/snapshot")[1] == data


def test_a_slow_viewer_continues_with_the_newest_frame(site):
    """Frames that it did not take meanwhile are not kept for it."""
    size, frames = 1_000_000, 25
    site.publish(picture())
    with Viewer(site, receive_buffer=4096) as viewer:
        viewer.part()
        for _ in range(frames):  # more than socket buffers may hold
            site.publish(os.urandom(size))
        numbers: list[int] = []
        while not numbers or numbers[-1] < frames + 1:
            numbers.append(int(viewer.part()[0]["x-frame-sequence"]))
        assert numbers == sorted(set(numbers))
        assert len(numbers) < frames / 2
        assert max(after - before for before, after in pairwise(numbers)) > frames / 2


def test_a_hundred_viewers_each_get_the_frames(tmp_path):
    with Site(tmp_path, {"server": {"max_connections_per_address": 200}}) as site:
        site.publish(picture())
        resting = site.threads()
        seen: list[list[int]] = [[] for _ in range(100)]
        watching = []
        for numbers in seen:

            def watch(viewer: Viewer, numbers: list[int]) -> None:
                with viewer:
                    while not numbers or numbers[-1] < 11:
                        fields, data = viewer.part()
                        assert len(data) == len(picture()) + 50_000 * (int(fields["x-frame-sequence"]) > 1)
                        numbers.append(int(fields["x-frame-sequence"]))

            watching.append(threading.Thread(target=watch, args=(Viewer(site), numbers)))
            watching[-1].start()
        site.until(lambda: b'"viewers": 100' in site.ask("/api/status")[1])
        site.until(lambda: all(seen))
        for _ in range(10):
            site.publish(picture() + bytes(50_000))
        for thread in watching:
            thread.join(DEADLINE_S)
        for numbers in seen:
            assert (numbers[0], numbers[-1]) == (1, 11)
            assert numbers == sorted(numbers)
        site.until(lambda: site.threads() <= resting)
        site.until(lambda: b'"viewers": 0' in site.ask("/api/status")[1])


def test_viewers_that_disappear_leave_no_thread(site):
    """Whether frames come or not, whether they have left properly or not, and however rarely they are sent one."""
    site.publish(picture())
    resting = site.threads()

    def leave(viewers: list[Viewer]) -> None:
        viewers[0].close()
        viewers[1].link.shutdown(socket.SHUT_WR)
        viewers[1].close()
        viewers[2].link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # reset, as by a crash
        viewers[2].close()

    for path in ("/stream", "/stream?fps=0.01"):
        for frames in (0, 20):
            viewers = [Viewer(site, path) for _ in range(3)]
            site.until(lambda: site.threads() >= resting + 3)
            leave(viewers)
            for _ in range(frames):
                site.publish(picture())
            site.until(lambda: site.threads() <= resting)
            for viewer in viewers:
                viewer.close()
    assert "Traceback" not in site.said()


def test_a_paced_stream_leaves_frames_out(site):
    """At a frame in 100 s the second one does not come while another viewer sees twenty."""
    site.publish(picture())
    with Viewer(site, "/stream?fps=0.01") as paced, Viewer(site) as viewer:
        assert paced.part()[0]["x-frame-sequence"] == "1"
        for _ in range(20):
            newest = site.publish(picture())
        viewer.frame(newest)
        assert not select.select([paced.link], [], [], 0)[0]


@pytest.mark.parametrize("fps", ["0", "0.001", "121", "-1", "1e1", "nan", "fast", ""])
def test_an_invalid_rate_is_refused(shared_site, fps):
    response, body = shared_site.ask(f"/stream?fps={fps}")
    assert response.status == 400
    assert b'"field": "fps"' in body


def test_a_head_request_returns_the_content_type_and_takes_no_lease(site):
    with StandIn(site.data / "run/capture.sock") as daemon:
        response, body = site.ask("/stream", "HEAD")
        assert (response.status, body) == (200, b"")
        assert response.headers["Content-Type"].startswith("multipart/x-mixed-replace; boundary=")
        assert daemon.asked["lease"] == 0


def test_without_a_frame_a_stream_sends_a_placeholder(site):
    with StandIn(site.data / "run/capture.sock", reason="check the ribbon cable"), Viewer(site) as viewer:
        fields, data = viewer.part()
        assert fields["x-stillcam-notice"] == "no camera: check the ribbon cable"
        assert data.startswith(b"\xff\xd8")
        site.publish(picture())
        assert viewer.frame()[1] == picture()


@pytest.fixture
def wide(tmp_path):
    """A server and a daemon whose stills are of another size than its live frames, and long rare."""
    still, live = {"interval_s": 3600, "width": 640}, {"width": 320, "framerate": 1.0}
    with Site(tmp_path, {"snapshot": still, "live": live}) as site, Daemon(site) as daemon:
        daemon.until(lambda status: status["mode"] == "snapshot" and status["captures"]["ok"])
        yield site, daemon


def size(data: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image.size


def test_a_stream_begins_with_a_live_frame_even_if_there_is_a_still(wide):
    """OpenCV and ffmpeg keep the first picture's size, and cutters look for a JPEG's first and last bytes."""
    site, _ = wide
    still = site.until(lambda: (answer := site.ask("/snapshot"))[0].status == 200 and answer[1])
    came = utc_text(time.time())
    with Viewer(site) as viewer:
        fields, data = viewer.part()
        assert (size(still), size(data)) == ((640, 480), (320, 240))
        assert fields["x-frame-time"] >= came
        assert data.count(b"\xff\xd8") == data.count(b"\xff\xd9") == 1
        with Viewer(site) as other:  # one more is shown a live frame, too
            assert size(other.part()[1]) == (320, 240)
        assert {size(viewer.part()[1]) for _ in range(5)} == {(320, 240)}


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        pytest.param({"mode": "snapshot"}, "waiting for the camera", id="not in time"),
        pytest.param({"mode": "live", "since": "2100-01-01T00:00:00.000Z"}, "waiting for the camera", id="starting"),
        pytest.param({"mode": "series"}, "a series is using the camera", id="a series"),
        pytest.param({"mode": "video", "recording": {"picture": False}}, "a video is being recorded", id="a video"),
        pytest.param({"mode": "snapshot", "reason": "it is busy"}, "it is busy", id="the camera is away"),
    ],
)
def test_without_a_live_frame_a_stream_begins_with_a_placeholder(tmp_path, status, reason):
    """It has the size of live frames; later frames are sent as they are."""
    with Site(tmp_path, {"live": {"width": 320}}) as site, StandIn(site.data / "run/capture.sock", **status) as daemon:
        daemon.status["frame"] = site.publish(picture((640, 360)))
        with Viewer(site) as viewer:
            fields, data = viewer.part()
            assert fields["x-stillcam-notice"] == f"no live picture yet: {reason}"
            assert size(data) == (320, 176)
            site.publish(picture((640, 360), "green"))
            assert viewer.frame()[1] == picture((640, 360), "green")


def test_a_stream_begins_with_a_frame_of_a_video_that_gives_some(tmp_path):
    status: dict[str, Any] = {
        "mode": "video", "since": "2020-01-01T00:00:00.000Z", "recording": {"picture": True},
    }  # fmt: skip
    with Site(tmp_path, {"live": {"width": 320}}) as site, StandIn(site.data / "run/capture.sock", **status) as daemon:
        daemon.status["frame"] = site.publish(picture((640, 360)))
        with Viewer(site) as viewer:
            assert viewer.frame()[1] == picture((640, 360))


def test_a_stream_shows_a_placeholder_while_the_camera_is_away(tmp_path):
    """The last frame is repeated until it is stale; then the placeholder follows."""
    with Site(tmp_path, SMALL) as site, Viewer(site) as viewer:
        with Daemon(site) as daemon:
            viewer.frame()
            daemon.kill()
        fields, _ = viewer.until(lambda fields: "x-stillcam-notice" in fields)
        assert fields["x-stillcam-notice"].startswith("no picture since ")
        with Daemon(site):
            viewer.frame()


def test_a_server_that_is_killed_during_a_live_view_ends_live_mode(tmp_path):
    """The lease expires, and snapshots continue; a viewer of the next server starts live mode again."""
    with Site(tmp_path, SMALL) as site, Daemon(site) as daemon:
        with Viewer(site) as viewer:
            daemon.until(lambda status: status["mode"] == "live")
            viewer.until(lambda fields: int(fields.get("x-frame-sequence", 0)) > 10)
            site.process.send_signal(signal.SIGKILL)
            site.process.wait()
        while daemon.status().get("mode") != "snapshot":
            assert daemon.process.poll() is None, daemon.log.read_text()
            time.sleep(0.05)
        taken = daemon.status()["captures"]["ok"]
        site.start()
        daemon.until(lambda status: status["mode"] == "snapshot" and status["captures"]["ok"] > taken)
        with Viewer(site) as viewer:
            viewer.frame()
            daemon.until(lambda status: status["mode"] == "live")
        daemon.until(lambda status: status["mode"] == "snapshot")
