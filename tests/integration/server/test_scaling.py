"""Frames at a smaller width, for viewers on a slow link."""

import io
import json
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest
from PIL import Image, ImageDraw

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


def test_what_cannot_be_scaled_is_sent_as_it_is(shared_site):
    data = os.urandom(3000)
    shared_site.publish(data)
    assert shared_site.ask(f"{CURRENT}?width=320")[1] == data
    assert "cannot be scaled" in shared_site.said()


def test_the_threads_in_which_frames_are_scaled_share_memory(site):
    """With one of its heaps for each thread the C library would keep the room of a whole picture in each."""

    def heaps() -> int:
        """How many the C library has for threads: of 64 MiB each, at multiples of that."""
        maps = Path(f"/proc/{site.process.pid}/maps").read_text().splitlines()
        return sum(int(line.partition("-")[0], 16) % (64 << 20) == 0 for line in maps if " rw-p " in line)

    name, waiting = site.publish(photo()), 12
    with ThreadPoolExecutor(waiting) as pool:
        asked = [pool.submit(site.ask, f"{CURRENT}?after={name}&width=640") for _ in range(waiting)]
        site.until(lambda: json.loads(site.ask("/api/status")[1])["viewers"] == waiting)
        site.publish(photo(colour="blue"))
        assert {answer.result()[0].status for answer in asked} == {200}
    assert heaps() <= 3
