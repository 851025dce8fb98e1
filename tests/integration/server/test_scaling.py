"""Frames at a smaller width, for viewers on a slow link."""

import io
import json
import os
import select
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image, ImageDraw
from scrape import Scrape
from serving import DEADLINE_S, ROOT, Site
from watching import Viewer

CURRENT = "/images/current.jpg"


def photo(width: int = 2304, height: int = 1296, colour: str = "red") -> bytes:
    """A JPEG whose left half is black."""
    image = Image.new("RGB", (width, height), colour)
    ImageDraw.Draw(image).rectangle((0, 0, width // 2, height), "black")
    file = io.BytesIO()
    image.save(file, "JPEG", quality=90)
    return file.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def colour(image: Image.Image, x: int) -> tuple[int, ...]:
    """Red, green and blue at that place of the row 50."""
    seen = image.getpixel((x, 50))
    assert isinstance(seen, tuple)
    return seen


@pytest.mark.parametrize("path", [CURRENT, "/snapshot", "/?action=snapshot"])
@pytest.mark.parametrize(("width", "height"), [(320, 180), (640, 360), (1280, 720)])
def test_a_frame_is_scaled_to_a_width(shared_site, path, width, height):
    name = shared_site.publish(photo())
    response, body = shared_site.ask(f"{path}{'&' if '?' in path else '?'}width={width}")
    image = opened(body)
    assert (response.status, image.size, image.format) == (200, (width, height), "JPEG")
    assert max(colour(image, width // 4)) < 20
    assert colour(image, width * 3 // 4)[0] > 235
    whole = shared_site.ask(path)[0].headers
    assert whole["ETag"] == f'"{name}"' != response.headers["ETag"]
    for field in ("X-Frame-Time", "X-Frame-Sequence", "Content-Type", "Cache-Control"):
        assert response.headers[field] == whole[field]


def test_a_frame_is_never_made_larger(shared_site):
    data = photo(640, 360)
    name = shared_site.publish(data)
    for width in (640, 1280):
        response, body = shared_site.ask(f"{CURRENT}?width={width}")
        assert (body == data, response.headers["ETag"]) == (True, f'"{name}"')


@pytest.mark.parametrize("width", ["0", "-320", "319", "4608", "640px", "", "٦٤٠"])
def test_another_width_is_refused(shared_site, width):
    shared_site.publish(photo())
    for path in (CURRENT, "/snapshot"):
        response, body = shared_site.ask(f"{path}?width={quote(width)}")
        assert response.status == 400
        assert json.loads(body) == {
            "error": "width must be 320, 640 or 1280; leave it out for the full size",
            "field": "width",
        }


def test_who_has_it_already_gets_304(shared_site):
    """The smaller one, or the whole one in its place; the smaller one does not stand for the whole one."""
    name = shared_site.publish(photo())
    tag = shared_site.ask(f"{CURRENT}?width=640")[0].headers["ETag"]
    for known in (tag, f'"{name}"', f'"other", {tag}'):
        response, body = shared_site.ask(f"{CURRENT}?width=640", If_None_Match=known)
        assert (response.status, body) == (304, b"")
    assert shared_site.ask(CURRENT, If_None_Match=tag)[0].status == 200
    assert shared_site.ask(f"{CURRENT}?width=320", If_None_Match=tag)[0].status == 200


@pytest.mark.parametrize("mark", ["", "-w640"], ids=["the whole one", "the smaller one"])
def test_after_waits_for_another_frame_whichever_size_is_known(site, mark):
    name = site.publish(photo())
    answers = []
    address = f"{CURRENT}?after={name}{mark}&width=640"
    asked = threading.Thread(target=lambda: answers.append(site.ask(address)))
    asked.start()
    site.until(lambda: b'"viewers": 1' in site.ask("/api/status")[1])
    assert not answers
    name = site.publish(photo(colour="white"))
    asked.join()
    ((response, body),) = answers
    assert (opened(body).size, response.headers["ETag"]) == ((640, 360), f'"{name}-w640"')


def test_many_get_the_same_bytes_and_none_of_a_frame_before(shared_site):
    """Each frame is scaled once, and only the newest one's are kept."""
    for painted in ("red", "white", "red"):
        name = shared_site.publish(photo(colour=painted))
        with ThreadPoolExecutor(16) as pool:
            answers = list(pool.map(lambda _: shared_site.ask(f"{CURRENT}?width=320"), range(16)))
        assert {response.headers["ETag"] for response, _ in answers} == {f'"{name}-w320"'}
        assert len({body for _, body in answers}) == 1
        assert (colour(opened(answers[0][1]), 300)[1] > 128) == (painted == "white")


def test_a_damaged_frame_is_refused_at_another_width(shared_site):
    """It never comes at its full size instead: that could take minutes on a slow link."""
    shared_site.publish(os.urandom(3000))
    reason = "the picture cannot be scaled, as it is damaged"
    response, body = shared_site.ask(f"{CURRENT}?width=320")
    assert (response.status, response.headers["Retry-After"]) == (503, "5")
    assert json.loads(body)["error"].startswith(reason)
    for query, status in (("", 200), ("&strict=1", 503)):
        response, body = shared_site.ask(f"/snapshot?width=320{query}")
        assert response.status == status
        assert reason in response.headers["X-Stillcam-Notice"]
        assert opened(body).width > 320
    shared_site.publish(photo())
    assert opened(shared_site.ask(f"{CURRENT}?width=320")[1]).width == 320


def scalers(site: Site) -> list[int]:
    """The processes of a server that scale."""
    threads = Path(f"/proc/{site.process.pid}/task")
    return [int(pid) for children in threads.glob("*/children") for pid in children.read_text().split()]


def test_another_process_scales(site):
    """The server never loads Pillow for that; the process ends with the server, however that ends."""
    site.publish(photo())
    for width in (320, 640):
        assert site.ask(f"{CURRENT}?width={width}")[0].status == 200
    assert "_imaging" not in Path(f"/proc/{site.process.pid}/maps").read_text()
    [scaler] = scalers(site)
    assert "_imaging" in Path(f"/proc/{scaler}/maps").read_text()
    ended = os.pidfd_open(scaler)
    site.process.kill()
    assert select.select([ended], [], [], DEADLINE_S)[0]
    os.close(ended)


def test_all_streams_of_a_width_get_the_same_frames(site):
    """Each is scaled once."""
    site.publish(photo())
    with Viewer(site, "/stream?width=640") as one, Viewer(site, "/?action=stream&width=640&fps=120") as other:
        for painted in ("blue", "white"):
            name = site.publish(photo(colour=painted))
            (fields, data), (_, same) = one.frame(name), other.frame(name)
            assert data == same == site.ask(f"{CURRENT}?width=640")[1]
            assert opened(data).size == (640, 360)
            assert fields["x-frame-sequence"] == site.ask(CURRENT)[0].headers["X-Frame-Sequence"]
        assert [Scrape(site).value("stillcam_scaled_streams", width=width) for width in ("320", "640")] == [0, 2]
        assert Scrape(site).value("stillcam_scaled_frames_total", width="640") == 3
    site.until(lambda: Scrape(site).value("stillcam_scaled_streams", width="640") == 0)


def test_a_stream_with_fewer_frames_has_fewer_scaled(site):
    site.publish(photo())
    with Viewer(site, "/stream?width=320&fps=0.01") as viewer:
        viewer.part()
        for _ in range(5):
            site.publish(photo())
        assert Scrape(site).value("stillcam_scaled_frames_total", width="320") == 1


def test_a_stream_of_frames_that_are_no_wider_has_them_as_they_are(shared_site):
    data = photo(640, 360)
    name = shared_site.publish(data)
    with Viewer(shared_site, "/stream?width=640") as viewer:
        assert viewer.frame(name)[1] == data


@pytest.mark.parametrize("query", ["width=641", "width=0", "width=640&fps=0", "width=640&fps=121", "width=-1"])
def test_a_stream_with_a_wrong_width_or_rate_is_refused(shared_site, query):
    response, body = shared_site.ask(f"/stream?{query}")
    field, values = ("fps", "0.01 to 120") if "fps" in query else ("width", "320, 640 or 1280")
    assert (response.status, json.loads(body)["field"]) == (400, field)
    assert values in json.loads(body)["error"]


def test_a_process_that_stands_still_stops_no_stream_of_the_full_size(site):
    site.publish(photo())
    with Viewer(site) as full, Viewer(site, "/stream?width=320") as small:
        small.part()
        [scaler] = scalers(site)
        os.kill(scaler, signal.SIGSTOP)
        for painted in ("blue", "white", "lime"):
            data = photo(colour=painted)
            name = site.publish(data)
            assert full.frame(name)[1] == data
        os.kill(scaler, signal.SIGCONT)
        assert opened(small.frame(name)[1]).size == (320, 180)


def test_a_process_that_is_killed_costs_a_stream_a_frame_at_most(site):
    site.publish(photo())
    with Viewer(site, "/stream?width=320") as viewer:
        viewer.part()
        for painted in ("blue", "white"):
            [scaler] = scalers(site)
            os.kill(scaler, signal.SIGKILL)
            name = site.publish(photo(colour=painted))
            assert opened(viewer.frame(name)[1]).size == (320, 180)
    assert Scrape(site).value("stillcam_scaling_failures_total") == 2


def test_a_stream_that_cannot_be_scaled_shows_the_reason_and_continues_later(tmp_path):
    """It never has the full size instead."""
    program = tmp_path / "path/sitecustomize.py"
    program.parent.mkdir()
    program.write_text("import os, sys\nif 'stillcam.server.live.scaled' in sys.orig_argv:\n    os._exit(3)\n")
    site = Site(tmp_path)
    site.start(PYTHONPATH=f"{program.parent}:{ROOT / 'python'}")
    try:
        site.publish(photo())
        with Viewer(site, "/stream?width=320") as viewer:
            fields, _ = viewer.part()
            assert "has failed: it ended with status 3" in fields["x-stillcam-notice"]
            response, body = site.ask(f"{CURRENT}?width=320")
            assert (response.status, "it ended with status 3" in json.loads(body)["error"]) == (503, True)
            program.unlink()
            assert opened(viewer.frame(site.publish(photo()))[1]).size == (320, 180)
    finally:
        site.end()
