"""Films, contact sheets and keograms by the real daemon and the real ffmpeg."""

import io
import os
import shutil
import struct
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from filming import SIZE, FilmDaemon, frames_of, probe
from pictures import QUADRANTS, held, picture, quadrants
from PIL import Image, ImageStat
from series_folders import START_MS, file_of, moment_ms

from stillcam.common.errors import StillcamError
from stillcam.films.daily import DELETED_DAYS
from stillcam.films.ffmpeg import ENCODERS, Encoder
from stillcam.films.order import Order
from stillcam.films.record import Film
from stillcam.films.render.movie import choose_encoder
from stillcam.ipc.protocol import Refusal
from stillcam.library.names import stem_of
from stillcam.series.manifest import ms_to_text

pytestmark = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
RED, GREEN, GREY = (200, 30, 30), (30, 160, 30), (90, 90, 90)
SHOTS = 12


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FilmDaemon]:
    """A series whose first half is red, and whose second half is green."""
    daemon = FilmDaemon(tmp_path_factory.mktemp("daemon"))
    daemon.shots(SHOTS, lambda n: RED if n <= SHOTS // 2 else GREEN)
    daemon.open()
    yield daemon
    daemon.end()


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FilmDaemon]:
    daemon = FilmDaemon(tmp_path_factory.mktemp("running"))
    daemon.open()
    yield daemon
    daemon.end()


@pytest.fixture
def fresh(running: FilmDaemon) -> FilmDaemon:
    """A daemon that runs, without pictures and films."""
    for folder in (running.garden, running.library, running.data / "films"):
        shutil.rmtree(folder, ignore_errors=True)
    return running


@pytest.fixture
def own(tmp_path: Path) -> Iterator[FilmDaemon]:
    """A daemon that a test starts by itself, and may kill."""
    with FilmDaemon(tmp_path) as daemon:
        yield daemon


def mean(image: Image.Image) -> tuple[float, ...]:
    return tuple(ImageStat.Stat(image).mean)


def brightest(image: Image.Image) -> int:
    return int(image.convert("L").getextrema()[1])  # type: ignore[arg-type]


def like(found: tuple[float, ...], colour: tuple[int, int, int]) -> bool:
    return all(abs(one - other) < 12 for one, other in zip(found, colour, strict=True))


def boxes(path: Path) -> list[bytes]:
    """The types of an MP4's outermost boxes."""
    found, data = [], path.read_bytes()
    at = 0
    while at < len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        found.append(kind)
        at += size
    return found


def test_a_film_has_each_picture_once_and_plays_everywhere(daemon):
    film, path = daemon.made(fps=10)
    about = probe(path)
    assert about == {"codec_name": "h264", "profile": "High", "width": 320, "height": 180, "pix_fmt": "yuv420p",
                     "color_range": "tv", "color_space": "bt709", "avg_frame_rate": "10/1",
                     "nb_read_frames": str(SHOTS)}  # fmt: skip
    assert boxes(path).index(b"moov") < boxes(path).index(b"mdat")  # it plays while it loads
    found = [mean(frame) for frame in frames_of(path, (320, 180))]
    assert all(like(one, RED) for one in found[: SHOTS // 2])
    assert all(like(one, GREEN) for one in found[SHOTS // 2 :])
    assert (film.pictures, film.skipped, film.duration_s, film.size) == (SHOTS, 0, 1.2, (320, 180))
    assert film.bytes == path.stat().st_size
    assert film.progress == 1


def test_a_part_of_the_time_a_part_of_the_picture_and_smaller(daemon):
    film, path = daemon.made(
        **{"from": ms_to_text(moment_ms(6)), "to": ms_to_text(moment_ms(8))}, crop=[0, 0, 0.5, 1], width=80
    )
    assert film.pictures == 3
    assert (probe(path)["width"], probe(path)["height"]) == (80, 90)


def test_each_picture_shows_its_own_date_and_time(daemon):
    plain = frames_of(daemon.made(fps=25)[1], (320, 180))
    stamped = frames_of(daemon.made(fps=25, stamp=True)[1], (320, 180))
    corner = (160, 150, 320, 180)
    bright, dark = ([brightest(frame.crop(corner)) for frame in frames] for frames in (stamped, plain))
    assert min(bright) > 180 > max(dark)
    assert all(like(mean(frame.crop((0, 0, 320, 140))), colour)
               for frame, colour in zip(stamped, [RED] * 6 + [GREEN] * 6, strict=True))  # fmt: skip
    letters = [frame.crop(corner).convert("L").point(lambda v: 255 if v > 160 else 0).tobytes() for frame in stamped]
    assert len(set(letters)) == SHOTS


def test_flicker_is_evened_out(fresh):
    fresh.shots(40, lambda n: (70, 70, 70) if n % 2 else (110, 110, 110))

    def steps(**order: Any) -> float:
        film, path = fresh.made(**order)
        assert film.pictures == 40
        levels = [mean(frame)[0] for frame in frames_of(path, (320, 180))]
        return max(abs(one - other) for one, other in pairwise(levels[10:31]))

    assert steps() > 30
    assert steps(deflicker=True) < 15


def test_pictures_of_other_sizes_and_damaged_ones_do_not_affect_others(fresh):
    fresh.shots(10, lambda n: RED if n <= 5 else GREEN)
    fresh.paint(4, RED, (160, 160))
    fresh.paint(9, GREEN, (640, 360))
    half = fresh.garden / "frames" / file_of(2)
    half.write_bytes(half.read_bytes()[:-100])
    (fresh.garden / "frames" / file_of(3)).write_bytes(b"")
    garbage = fresh.garden / "frames" / file_of(7)
    garbage.write_bytes(b"\xff\xd8" + bytes(500) + b"\xff\xd9")  # seen only when it is its turn
    film, path = fresh.made()
    assert (film.pictures, film.skipped) == (8, 3)
    assert fresh.made(deflicker=True)[0].pictures == 8
    frames = frames_of(path, (320, 180))
    assert [like(mean(frame), RED) for frame in frames] == [True, False, True, False, False, False, False, False]
    assert mean(frames[1].crop((0, 0, 60, 180)))[0] < 30  # a bar beside the square one
    assert like(mean(frames[1].crop((80, 0, 240, 180))), RED)
    assert all(like(mean(frame), GREEN) for frame in frames[3:])


def copy_in(daemon: FilmDaemon, *files: bytes) -> list[str]:
    """Files of a person in the library, a minute apart; their names."""
    day = daemon.library / "2026-11-20"
    day.mkdir(parents=True)
    names = [f"IMG_{number}.JPG" for number in range(len(files))]
    for number, (name, data) in enumerate(zip(names, files, strict=True)):
        (day / name).write_bytes(data)
        moment_s = START_MS / 1000 + 60 * number
        os.utime(day / name, (moment_s, moment_s))
    return names


def test_photos_of_phones_are_upright(fresh):
    copy_in(fresh, *(held(orientation, SIZE) for orientation in range(1, 9)))
    film, path = fresh.made(series=None, deflicker=True)
    assert (film.pictures, film.skipped, film.size) == (8, 0, SIZE)
    assert [quadrants(frame) for frame in frames_of(path, SIZE)] == [QUADRANTS] * 8
    with Image.open(fresh.made(kind="sheet", series=None, width=800)[1]) as page:
        cell, gap = (800 - 8 * 7) // 6, 8  # six in a row
        high = cell * 180 // 320
        assert [
            quadrants(page.crop((gap + n * (cell + gap), gap, gap + n * (cell + gap) + cell, gap + high)))
            for n in range(6)
        ] == [QUADRANTS] * 6
    with Image.open(fresh.made(kind="keogram", series=None, width=64, crop=[0, 0, 0.5, 1])[1]) as keogram:
        assert keogram.size == (64, 180)
        assert like(mean(keogram.crop((0, 10, 64, 80))), (255, 0, 0))
        assert like(mean(keogram.crop((0, 100, 64, 170))), (0, 0, 255))


@pytest.mark.parametrize("odd", [{"mode": "L"}, {"mode": "CMYK"}, {"subsampling": 0}, {"progressive": True}], ids=str)
def test_a_picture_with_another_encoding_does_not_affect_others(fresh, odd):
    """ffmpeg began anew with one in grey, and all before it were lost while it evened out."""

    def saved(colour: tuple[int, int, int], mode: str = "RGB", **options: Any) -> bytes:
        file = io.BytesIO()
        Image.new("RGB", SIZE, colour).convert(mode).save(file, "JPEG", quality=95, **options)
        return file.getvalue()

    copy_in(fresh, *[saved(RED)] * 4, saved(RED, **odd), *[saved(GREEN)] * 4)
    film, path = fresh.made(series=None, deflicker=True)
    assert (film.pictures, film.skipped) == (9, 0)
    means = [mean(frame) for frame in frames_of(path, SIZE)]
    assert len(means) == 9
    assert all(red > green for red, green, _ in means[:4])
    assert all(red < green for red, green, _ in means[5:])


def test_a_picture_of_an_extreme_shape_does_not_affect_others(fresh):
    """The first one says nothing about the others: all are as large as most are."""
    good = held(1, SIZE)
    copy_in(fresh, picture((1, 4000)), picture((4000, 1)), *[good] * 10)
    film, path = fresh.made(series=None)
    assert (film.pictures, film.skipped, film.size) == (12, 0, SIZE)
    assert [quadrants(frame) for frame in frames_of(path, SIZE)[2:]] == [QUADRANTS] * 10
    film, path = fresh.made(kind="sheet", series=None, width=800)
    assert (film.pictures, film.skipped) == (12, 0)
    with Image.open(path) as page:
        assert page.height < 300
        assert quadrants(page.crop((8 + 2 * 132, 8, 8 + 2 * 132 + 124, 8 + 70))) == QUADRANTS
    film, path = fresh.made(kind="keogram", series=None, width=120)
    assert (film.pictures, film.skipped, film.size) == (12, 0, (120, 180))


def test_data_that_a_phone_appends_to_a_picture_is_ignored(fresh):
    """A line end, Samsung's trailer, the second picture of HDR, the video of a motion photo."""
    red, green = picture(SIZE, "#c81e1e"), picture(SIZE, "#1ea01e")
    video = b"\0\0\0 ftypisom\0\0\2\0isomiso2avc1mp41" + bytes(500)
    names = copy_in(
        fresh, red + b"\n", red + b"\0\0\1\n\x0e\0\0\0Image_UTC_DataSEFT", red + green, red + video, red[:-9], red
    )
    film, path = fresh.made(series=None)
    assert (film.pictures, film.skipped) == (5, 1)
    assert film.left_out == [f"2026-11-20/{names[4]}: cut short: the end (FF D9) is missing"]
    assert all(like(mean(frame), RED) for frame in frames_of(path, SIZE))


def test_an_unreadable_picture_is_named_and_does_not_affect_others(own):
    """Huge ones, one that is none, and one from the end of time; nobody waits for a pipe."""
    file, progressive = io.BytesIO(), io.BytesIO()
    Image.new("L", (14_000, 14_000), 90).save(file, "JPEG", quality=30)
    Image.new("RGB", (64, 48)).save(progressive, "JPEG", progressive=True)
    giant = progressive.getvalue()
    at = giant.index(b"\xff\xc2") + 5
    giant = giant[:at] + struct.pack(">HH", 14_000, 14_000) + giant[at + 4 :]
    good = picture(SIZE, "#5a5a5a")
    names = copy_in(own, good, file.getvalue(), giant, b"no picture", good)
    day = own.library / "2026-11-20"
    (day / os.fsdecode(b"line\nend and no UTF-8 \xff.jpg")).write_bytes(b"no picture")
    os.mkfifo(day / "PIPE.JPG")
    (day / "99991231T235959.999Z_photo_imx708.jpg").write_bytes(good)
    own.open(TZ="Asia/Tokyo")  # where that one is of the year 10000
    for kind in ("film", "sheet", "keogram"):
        film, path = own.made(kind=kind, series=None, **{"stamp": True} if kind == "film" else {})
        assert film.skipped == 3, film.left_out
        assert film.left_out is not None
        assert {one.partition(":")[0].rpartition("/")[2] for one in film.left_out} == {
            names[2], names[3], "line?end and no UTF-8 ?.jpg",
        }  # fmt: skip
        assert "MB" in next(one for one in film.left_out if names[2] in one)
        if kind == "film":
            frames = frames_of(path, SIZE)
            assert len(frames) == film.pictures == 5  # the second stands in for the third
            assert all(like(mean(frame.crop((80, 0, 240, 140))), GREY) for frame in frames)
        else:
            assert film.pictures == 4
    assert names[3] in own.log.read_text()


def test_a_contact_sheet_shows_pictures_from_the_whole_time(daemon):
    film, path = daemon.made(kind="sheet", width=640)
    with Image.open(path) as sheet:
        assert sheet.format == "JPEG"
        assert sheet.width == 640
        cells = [mean(sheet.crop((10 + 106 * n, 20, 90 + 106 * n, 50))) for n in range(6)]
        assert all(like(cell, RED) for cell in cells)
        assert like(mean(sheet.crop((10, sheet.height - 60, 90, sheet.height - 40))), GREEN)
        caption = sheet.crop((6, 66, 106, 80))
        assert brightest(caption) > 150 > mean(caption)[0]
    assert (film.pictures, film.skipped, film.duration_s) == (SHOTS, 0, None)


def test_a_keogram_has_a_column_of_each_picture(fresh):
    fresh.shots(SHOTS, lambda n: (20 * n, 0, 0))
    film, path = fresh.made(kind="keogram", width=120)
    with Image.open(path) as keogram:
        assert keogram.size == (120, 180)
        reds = [mean(keogram.crop((10 * n + 3, 0, 10 * n + 7, 180)))[0] for n in range(SHOTS)]
    assert all(abs(red - 20 * (n + 1)) < 12 for n, red in enumerate(reds))
    assert film.pictures == SHOTS
    with Image.open(fresh.made(kind="keogram", width=64, crop=[0, 0, 1, 0.5])[1]) as part:
        assert part.size == (60, 90)


def test_star_trails_have_the_brightest_of_all_pictures(fresh):
    fresh.shots(6, lambda n: [(200, 0, 0), (0, 150, 0), (0, 0, 100)][n % 3])
    files = sorted((fresh.data / "series" / "Garden" / "frames" / "000").iterdir())
    files[1].write_bytes(picture((64, 48), (0, 0, 40)))  # another shape: black bars, which hide nothing
    files[2].write_bytes(b"\xff\xd8 torn \xff\xd9")
    film, path = fresh.made(kind="trails")
    with Image.open(path) as trails:
        assert trails.size == (320, 180)
        assert like(mean(trails), (200, 150, 100))
    assert (film.pictures, film.skipped) == (5, 1)
    with Image.open(fresh.made(kind="trails", width=160, crop=[0, 0, 0.5, 1], to=ms_to_text(moment_ms(1)))[1]) as one:
        assert one.size == (160, 180)
        assert max(mean(one)) > 90 > sorted(mean(one))[1]


def test_a_range_of_the_library(fresh):
    day = fresh.library / "2026-11-20"
    day.mkdir(parents=True)
    for minute in range(5):
        name = stem_of("photo", START_MS / 1000 + 60 * minute, "imx708")
        (day / f"{name}.jpg").write_bytes(picture((64, 48)))
    film, path = fresh.made(series=None, **{"from": ms_to_text(moment_ms(2)), "to": ms_to_text(moment_ms(4))})
    assert film.pictures == 3
    assert path.parent == fresh.data / "films"
    assert probe(path)["nb_read_frames"] == "3"


@pytest.mark.parametrize(
    ("order", "cause", "field", "words"),
    [
        pytest.param({"fps": 100}, "wrong", "fps", "from 1 to 60", id="a value that is wrong"),
        pytest.param({"series": "Gone"}, "unknown", "series", "no series Gone", id="no such series"),
        pytest.param({"from": "2027-01-01"}, "state", None, "no pictures in that time", id="no picture then"),
        pytest.param({"series": None}, "state", None, "library has no picture", id="an empty library"),
    ],
)
def test_an_impossible_order_is_refused_at_once(daemon, order, cause, field, words):
    before = daemon.store.all()
    with pytest.raises(Refusal, match=words) as caught:
        daemon.order(**order)
    assert (caught.value.cause, caught.value.answer["field"]) == (cause, field)
    assert daemon.store.all() == before


def test_without_ffmpeg_it_says_what_to_install_and_makes_the_rest(own, tmp_path):
    own.shots(3, lambda _: RED)
    (tmp_path / "bin").mkdir()
    own.open(PATH=str(tmp_path / "bin"))
    with pytest.raises(Refusal, match="sudo apt install -y ffmpeg"):
        own.order()
    assert own.made(kind="sheet")[0].pictures == 3


def test_an_ffmpeg_without_h264_says_what_to_install(own, tmp_path):
    own.shots(3, lambda _: RED)
    (tmp_path / "bin").mkdir()
    fake = tmp_path / "bin" / "ffmpeg"
    fake.write_text("#!/bin/sh\necho \"Unknown encoder 'libx264'\" >&2\nexit 1\n")
    fake.chmod(0o755)
    own.open(PATH=f"{fake.parent}:{os.environ['PATH']}")
    film = own.order()
    own.until(lambda _: own.film_called(film.id).state == "failed")
    assert "libx264" in str(own.film_called(film.id).error)
    assert own.left() == [f"{film.id}.json"]


@pytest.mark.parametrize(
    ("device", "chosen"),
    [
        pytest.param("/dev/null", "libx264", id="hardware that refuses"),
        pytest.param("/nowhere", "libx264", id="no hardware"),
        pytest.param("", "mpeg4", id="hardware that works"),
    ],
)
def test_the_hardware_encoder_is_tried_before_it_is_used(tmp_path, device, chosen):
    name = "no_such_encoder" if device == "/dev/null" else "mpeg4"  # each ffmpeg has that one
    hardware = Encoder(name, lambda _size, _fps, _threads, _bitrate: (), device=device)
    ffmpeg = str(shutil.which("ffmpeg"))
    assert choose_encoder(ffmpeg, (320, 180), 25, 1, tmp_path, (hardware, ENCODERS[-1])).name == chosen
    with pytest.raises(StillcamError, match="sudo apt install -y ffmpeg"):
        choose_encoder(ffmpeg, (320, 180), 25, 1, tmp_path, [Encoder("no_such_encoder", lambda *_: ())])


def test_films_are_rendered_one_after_the_other_and_deleted_ones_are_gone(daemon):
    ids = [daemon.order(kind=kind).id for kind in ("film", "sheet", "keogram")]
    daemon.ask_films("delete", id=ids[1])
    made = [daemon.until_made(id_)[0] for id_ in (ids[0], ids[2])]
    assert made[0].made < made[1].made
    for id_ in (ids[0], ids[2]):
        daemon.ask_films("delete", id=id_)
    assert not [name for name in daemon.left() if name.startswith(tuple(ids))]
    with pytest.raises(Refusal) as caught:
        daemon.ask_films("delete", id=ids[0])
    assert caught.value.cause == "unknown"


def test_each_day_gets_its_film_once(own):
    """The daemon did not run at midnight: it makes up for it. One that is deleted does not come back."""
    that_day = time.strftime("%Y-%m-%dT12:00:00Z", time.gmtime(time.time() - 2 * 86400))
    own.shots(3, lambda _: RED, daily_film=True, start=that_day)
    own.move_shots(that_day[:10])
    own.open(TZ="UTC")
    film = own.until(lambda _: own.store.films_of("Garden")) and own.store.films_of("Garden")[0]
    film, path = own.until_made(film.id)
    assert (film.order.day, film.pictures) == (that_day[:10], 3)
    own.kill()
    own.open(TZ="UTC")
    assert own.store.films_of("Garden") == [film]
    own.ask_films("delete", id=film.id)
    assert own.left() == [DELETED_DAYS]
    own.kill()
    own.open(TZ="UTC")
    assert own.made(kind="sheet")[0].pictures == 3  # by then it has looked
    assert [one.kind for one in own.store.films_of("Garden")] == ["sheet"]
    assert not path.exists()


def test_films_are_read_without_the_daemon(own):
    own.shots(1, lambda _: RED)
    own.store.add(Film("20261120T080000.000Z_film", Order("film", "Garden")))
    assert own.store.all()[0].to_api()["state"] == "waiting"
