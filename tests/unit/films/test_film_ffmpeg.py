"""Films: sizes, command lines and progress of ffmpeg, and the timestamps; without a process."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from PIL import Image
from series_folders import START_MS

from stillcam.films.ffmpeg import (
    ENCODERS,
    Overlay,
    crop_box,
    encoded_frames,
    film_command,
    film_size,
    filter_graph,
    most_common_size,
    trial_command,
)
from stillcam.films.order import Order
from stillcam.films.queue import estimate_left_s
from stillcam.films.render.movie import Timestamps

HARDWARE, SOFTWARE = ENCODERS


@pytest.mark.parametrize(
    ("size", "crop", "width", "box", "result"),
    [
        pytest.param((320, 180), None, None, (0, 0, 320, 180), (320, 180), id="as taken"),
        pytest.param((321, 181), None, None, (0, 0, 321, 181), (320, 180), id="odd"),
        pytest.param((4608, 2592), None, 1920, (0, 0, 4608, 2592), (1920, 1080), id="smaller"),
        pytest.param((320, 180), None, 1920, (0, 0, 320, 180), (320, 180), id="never larger than taken"),
        pytest.param((320, 180), (0.25, 0, 0.5, 1), None, (80, 0, 240, 180), (160, 180), id="a part"),
        pytest.param((320, 180), (0.9, 0.9, 0.1, 0.1), 64, (288, 162, 320, 180), (32, 18), id="a corner"),
        pytest.param((64, 48), (0, 0, 0.01, 0.01), None, (0, 0, 2, 2), (2, 2), id="hardly anything"),
        pytest.param((640, 3), None, 64, (0, 0, 640, 3), (64, 2), id="a line"),
    ],
)
def test_a_film_has_even_sides(size, crop, width, box, result):
    assert crop_box(size, crop) == box
    assert film_size(box, width) == result


def test_the_most_common_size_is_used():
    assert most_common_size([(320, 180), (640, 360), (320, 180)]) == (320, 180)
    assert most_common_size([(320, 180), (640, 360)]) == (640, 360)


def test_the_command_line_of_a_film():
    order = Order("film", fps=30, deflicker=True, stamp=True)
    argv = film_command("/usr/bin/ffmpeg", order, SOFTWARE, (0, 0, 320, 180), (160, 90), 3, "film.mp4")
    text = " ".join(argv)
    assert argv[0] == "/usr/bin/ffmpeg"
    assert "-f image2pipe -c:v mjpeg -threads 1 -framerate 30 -i pipe:0" in text
    assert "-c:v libx264 -pix_fmt yuv420p" in text
    assert "-profile:v high -threads 3" in text
    assert text.endswith("-movflags +faststart -f mp4 file:film.mp4")
    assert "-progress pipe:1" in text
    stamped = film_command("ffmpeg", order, SOFTWARE, (0, 0, 320, 180), (160, 90), 3, "film.mp4", Overlay(7, (20, 10)))
    assert "-pix_fmt rgba -video_size 20x10 -framerate 30 -i pipe:7" in " ".join(stamped)


def test_the_filter_graph_has_only_what_was_ordered():
    plain = filter_graph(Order("film"), (80, 0, 240, 180), (160, 180))
    assert plain.startswith("[0:v]crop=160:180:80:0,scale=160:180:")
    assert "deflicker" not in plain
    assert "overlay" not in plain
    stamped = filter_graph(Order("film", stamp=True), (0, 0, 64, 48), (64, 48), Overlay(7, (20, 10)))
    assert "[film][1:v]overlay=" in stamped
    assert "deflicker=" in filter_graph(Order("film", deflicker=True), (0, 0, 2, 2), (2, 2))


@pytest.mark.parametrize(
    ("size", "fits"),
    [
        ((1920, 1080), True),
        ((640, 480), True),
        ((1921, 1080), False),
        ((4608, 2592), False),
        ((650, 360), False),
        ((1664, 1248), True),
        ((1920, 1440), False),
        ((1056, 1878), True),
    ],
)
def test_the_hardware_encoder_is_used_only_for_supported_sizes(size, fits):
    assert HARDWARE.supports(size) is fits
    assert HARDWARE.device
    assert "h264_v4l2m2m" in trial_command("ffmpeg", HARDWARE, size, 25, 1)


def test_a_large_film_is_encoded_without_lookahead():
    small, large = (" ".join(SOFTWARE.options(size, 25, 1, 0)) for size in ((1920, 1080), (4608, 2592)))
    assert "rc-lookahead=10" in small
    assert "rc-lookahead=0:" in large


# --- progress


def test_progress_is_read_from_the_lines_that_have_it():
    output = b"frame=1\nfps=0.0\nprogress=continue\nframe=27\nout_time=N/A\nprogress=end\n"
    assert [encoded_frames(line) for line in output.splitlines(keepends=True)] == [1, None, None, 27, None, None]


@pytest.mark.parametrize("line", [b"frame=x\n", b"\xff\xfe\n", b"frame\n", b"y" * 10000 + b"frame=5", b""])
def test_invalid_progress_is_ignored(line):
    assert encoded_frames(line) is None


def test_the_rest_is_estimated_after_a_second_of_progress():
    assert estimate_left_s(0, 100, 50.0) is None
    assert estimate_left_s(1, 100, 0.5) is None
    assert estimate_left_s(25, 100, 10.0) == 30.0
    assert estimate_left_s(100, 100, 10.0) == 0


# --- timestamps


def brightest(image: Image.Image) -> int:
    return int(image.getchannel("R").getextrema()[1])  # type: ignore[arg-type]


def timestamps(times_ms: list[int], zone: str, film_size: tuple[int, int]) -> list[Image.Image]:
    stamps = Timestamps(times_ms, ZoneInfo(zone), film_size)
    return [Image.frombytes("RGBA", stamps.size, data) for data in stamps]


def test_each_picture_shows_its_local_time():
    """Over the end of summer time, when an hour comes twice."""
    begin_ms = round(datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp() * 1000)
    times_ms = [begin_ms + hour * 3_600_000 for hour in range(3)]
    summer, winter, later = timestamps(times_ms, "Europe/Berlin", (320, 180))
    assert summer == winter != later
    assert timestamps(times_ms, "UTC", (320, 180))[2] == summer  # half past two
    assert brightest(summer) > 180


@pytest.mark.parametrize("film_size", [(64, 48), (320, 180), (1920, 1080), (180, 1920)])
def test_a_timestamp_fits_into_the_film(film_size):
    (timestamp,) = timestamps([START_MS], "UTC", film_size)
    letters = timestamp.getchannel("R").getbbox()
    assert letters is not None
    assert letters[0] > 0
    assert letters[2] < timestamp.width
    assert letters[3] <= timestamp.height
    assert timestamp.width < film_size[0]
    assert timestamp.height < film_size[1]
