"""The placeholder: its text is readable over any last frame."""

import io
import re
import time

import pytest
from pictures import picture
from PIL import Image, ImageStat

from stillcam.frames.files import Frame, frame_name
from stillcam.server.live.cache import CachedFrame
from stillcam.server.live.placeholder import Placeholders, draw
from stillcam.server.live.staleness import Staleness

HEADLINE = "no camera since 14:03"


def brightest(image: Image.Image) -> int:
    return ImageStat.Stat(image.convert("L")).extrema[0][1]


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    assert image.format == "JPEG"
    return image.convert("RGB")


def stale(reason: str = "check the ribbon cable", newest: CachedFrame | None = None) -> Staleness:
    return Staleness(newest, True, reason)


def cached(colour: str = "red") -> CachedFrame:
    return CachedFrame.of(Frame(frame_name(0.0), 0.0, picture((640, 480), colour)), 0.0, 1)


@pytest.mark.parametrize("colour", ["white", "yellow", "black"])
def test_white_text_in_the_middle_of_a_dark_grey_frame(colour):
    last = picture((640, 480), colour)
    image = opened(draw(last, HEADLINE, "check the ribbon cable"))
    assert image.size == (640, 480)
    corner = ImageStat.Stat(image.crop((0, 0, 640, 60))).mean
    assert max(corner) < 100
    assert max(corner) - min(corner) < 4  # no colour is left
    middle = image.crop((40, 150, 600, 330))
    assert brightest(middle) > 240
    white = middle.convert("L").point(lambda level: 255 * (level > 200))
    assert 0.01 < ImageStat.Stat(white).mean[0] / 255 < 0.4


def test_the_last_frame_can_be_recognised():
    """Left dark, right bright, as it was."""
    last = Image.new("RGB", (640, 480), "black")
    last.paste("white", (320, 0, 640, 480))
    file = io.BytesIO()
    last.save(file, "JPEG")
    image = opened(draw(file.getvalue(), HEADLINE, "")).convert("L")
    left, right = (ImageStat.Stat(image.crop((x, 0, x + 300, 100))).mean[0] for x in (0, 330))
    assert left < 10
    assert 50 < right < 100


@pytest.mark.parametrize(
    ("size", "drawn"),
    [
        pytest.param((4608, 2592), (1920, 1080), id="twelve megapixels are a television's"),
        pytest.param((2592, 4608), (1080, 1920), id="upright"),
        pytest.param((320, 176), (320, 176), id="small stays small"),
        pytest.param((16, 16), (16, 16), id="too small for any text"),
    ],
)
def test_the_size_is_the_frame_s_and_at_most_a_television_s(size, drawn):
    assert opened(draw(picture(size), HEADLINE, "check the ribbon cable")).size == drawn


@pytest.mark.parametrize("last", [None, b"", b"no picture", picture()[:300]], ids=["none", "empty", "else", "torn"])
def test_without_a_frame_that_can_be_decoded_the_background_is_plain(last):
    image = opened(draw(last, "no picture yet", "the camera is starting"))
    assert image.size == (1280, 720)
    assert max(ImageStat.Stat(image.crop((0, 0, 1280, 100))).mean) < 50
    assert brightest(image) > 240


@pytest.mark.parametrize(
    "reason",
    [
        pytest.param("switch the Pi off and check both ends of the ribbon cable " * 12, id="very long"),
        pytest.param("x" * 2000, id="one word without end"),
        pytest.param("» « – … カメラ 📷 \n\r\0\x7f", id="letters that the font may lack, and none at all"),
    ],
)
def test_any_reason_can_be_drawn(reason):
    assert opened(draw(picture((320, 176)), HEADLINE, reason)).size == (320, 176)


def test_a_long_text_keeps_to_the_margins():
    reason = "switch the Pi off and check both ends of the ribbon cable"
    image = opened(draw(picture((640, 480), "black"), HEADLINE, reason))
    for edge in ((0, 0, 32, 480), (608, 0, 640, 480)):
        assert brightest(image.crop(edge)) < 60


def test_a_placeholder_is_drawn_once_for_each_change():
    placeholders, newest = Placeholders(), cached()
    first = placeholders.of(stale(newest=newest))
    assert placeholders.of(stale(newest=newest)) is first
    other = placeholders.of(stale("the camera is used by another program", newest))
    assert other.tag != first.tag
    assert placeholders.of(stale(newest=newest)).tag == first.tag
    assert placeholders.of(stale()).tag != first.tag


def test_the_text_is_in_a_header_too_and_cannot_inject_another():
    placeholder = Placeholders().of(stale("first\r\nSet-Cookie: a=b\r\n\r\nカ"))
    assert placeholder.head.endswith(b"X-Stillcam-Notice: no camera: first  Set-Cookie: a=b    ?\r\n")
    assert placeholder.head.count(b"\r\n") == 4
    assert b"Cache-Control: no-store\r\n" in placeholder.head


def test_a_stream_sends_the_same_picture():
    before_s = time.time()
    placeholder = Placeholders().of(stale(newest=cached()))
    head, _, rest = bytes(placeholder.part.data).partition(b"\r\n\r\n")
    assert b"Content-Length: %d\r\n" % len(placeholder.picture) in head
    assert rest.startswith(bytes(placeholder.picture.data))
    match = re.search(rb"X-Timestamp: ([\d.]+)\r\n", head)
    assert match
    assert float(match[1]) >= before_s - 1
