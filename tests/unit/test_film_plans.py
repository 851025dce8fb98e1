"""Films: what may be ordered, of which pictures one is made, and how; without a process."""

import dataclasses
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pictures import picture
from PIL import Image
from series_folders import MINUTE_MS, START_MS, file_of, make_series, moment_ms, thin

from stillcam.common.errors import SettingsError, StillcamError
from stillcam.common.paths import Paths
from stillcam.films.daily import BACK_DAYS, GRACE_MS, DailyFilms, days_due, span_of
from stillcam.films.ffmpeg import (
    ENCODERS,
    Overlay,
    ProgressParser,
    crop_box,
    film_command,
    film_size,
    filter_graph,
    most_common_size,
    trial_command,
)
from stillcam.films.order import Order, from_document, to_document
from stillcam.films.queue import estimate_left_s
from stillcam.films.record import Film, is_id, new_id, read_film
from stillcam.films.render.timestamp import Timestamps
from stillcam.films.sources import evenly_spaced, sources_of, zone_of
from stillcam.films.store import FilmStore
from stillcam.library.names import stem_of
from stillcam.series.schedule import DAY_MS, Schedule

HARDWARE, SOFTWARE = ENCODERS


@pytest.fixture
def paths(tmp_path):
    return Paths(tmp_path / "images", tmp_path / "data")


# --- orders


def test_what_is_left_out_has_its_default():
    assert from_document({}, "UTC") == Order("film")
    assert from_document({"kind": "sheet", "width": None, "from": None}, "UTC") == Order("sheet")


def test_an_order_comes_back_from_its_document():
    document = {"kind": "film", "series": "Garden", "fps": 30, "width": 640,
                "crop": [0, 0.25, 1, 0.5], "deflicker": True, "stamp": True,
                "from": "2026-11-20T08:00:00.000Z", "to": "2026-11-20T09:00:00.000Z"}  # fmt: skip
    order = from_document(document, "UTC")
    assert to_document(order) == {**document, "day": None}
    assert order.from_ms == START_MS


def test_times_are_the_local_clocks():
    order = from_document({"from": "2026-11-20T09:00", "to": "2026-11-20T09:00+01:00"}, "Europe/Berlin")
    assert order.from_ms == order.to_ms == START_MS


@pytest.mark.parametrize(
    ("document", "field"),
    [
        pytest.param([], "", id="no object"),
        pytest.param({"speed": 2}, "speed", id="an unknown field"),
        pytest.param({"kind": "gif"}, "kind", id="an unknown kind"),
        pytest.param({"series": ".."}, "series", id="a name that leads elsewhere"),
        pytest.param({"series": 5}, "series", id="a name that is a number"),
        pytest.param({"fps": 0}, "fps", id="no picture a second"),
        pytest.param({"fps": 61}, "fps", id="too many"),
        pytest.param({"fps": 24.5}, "fps", id="half a picture"),
        pytest.param({"fps": True}, "fps", id="a flag for a number"),
        pytest.param({"width": 63}, "width", id="too narrow"),
        pytest.param({"width": 7681}, "width", id="too wide"),
        pytest.param({"crop": [0, 0, 1]}, "crop", id="three of four"),
        pytest.param({"crop": [0.5, 0, 0.6, 1]}, "crop", id="beyond the edge"),
        pytest.param({"crop": [0, 0, 0, 1]}, "crop", id="nothing of it"),
        pytest.param({"crop": ["0", 0, 1, 1]}, "crop", id="texts"),
        pytest.param({"stamp": "yes"}, "stamp", id="a text for a flag"),
        pytest.param({"kind": "sheet", "fps": 25}, "fps", id="a sheet with a speed"),
        pytest.param({"kind": "keogram", "stamp": True}, "stamp", id="a keogram with dates"),
        pytest.param({"from": "yesterday"}, "from", id="no time"),
        pytest.param({"from": "2026-11-20", "to": "2026-11-19"}, "to", id="backwards"),
        pytest.param({"day": "2026-11-20"}, "day", id="what only the daemon orders"),
    ],
)
def test_what_is_wrong_is_named_by_its_field(document, field):
    with pytest.raises(SettingsError) as caught:
        from_document(document, "UTC")
    assert caught.value.field == field


# --- which pictures


def numbers(paths: Paths, **order: Any) -> list[int]:
    return [int(shot.path.name.partition("_")[0]) for shot in sources_of(Order("film", "Garden", **order), paths)]


def test_the_pictures_of_a_series_are_those_that_are_there(paths):
    folder = make_series(paths.series, 8)
    thin(folder, 3, 4)
    assert numbers(paths) == [1, 2, 5, 6, 7, 8]
    (folder / "frames" / file_of(6)).unlink()  # by hand
    assert numbers(paths) == [1, 2, 5, 7, 8]


def test_a_range_holds_both_its_ends(paths):
    make_series(paths.series, 8)
    assert numbers(paths, from_ms=moment_ms(3), to_ms=moment_ms(5)) == [3, 4, 5]
    assert numbers(paths, from_ms=moment_ms(3) + 1, to_ms=moment_ms(5) - 1) == [4]
    assert numbers(paths, from_ms=moment_ms(8) + 1) == []
    assert numbers(paths, to_ms=START_MS - 1) == []


def test_of_a_bracket_the_first_shot_is_taken(paths):
    folder = make_series(paths.series, 4)
    lines = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    lines[1]["due"], lines[3]["due"] = lines[0]["due"], lines[2]["due"]
    (folder / "manifest.jsonl").write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))
    assert numbers(paths) == [1, 3]


def test_raw_shots_give_their_jpegs(paths):
    make_series(paths.series, 2, kind="raw")
    assert [shot.path.suffix for shot in sources_of(Order("film", "Garden"), paths)] == [".jpg", ".jpg"]


def test_no_series_is_made_up(paths):
    with pytest.raises(StillcamError, match="there is no series Gone"):
        sources_of(Order("film", "Gone"), paths)


def test_the_clock_is_the_series_own(paths):
    folder = make_series(paths.series, 1)
    about = json.loads((folder / "series.json").read_text())
    (folder / "series.json").write_text(json.dumps({**about, "zone": "Asia/Tokyo"}))
    assert zone_of(Order("film", "Garden"), paths, "UTC") == ZoneInfo("Asia/Tokyo")
    assert zone_of(Order("film"), paths, "Europe/Berlin") == ZoneInfo("Europe/Berlin")


def test_of_the_library_photos_are_taken_and_the_pictures_of_raw_ones(paths):
    def item(kind: str, minute: int, *extensions: str) -> None:
        folder = paths.library / "2026-11-20"
        folder.mkdir(parents=True, exist_ok=True)
        for extension in extensions:
            (folder / f"{stem_of(kind, (START_MS + minute * MINUTE_MS) / 1000, 'imx708')}.{extension}").touch()

    item("photo", 3, "jpg", "json")
    item("raw", 1, "dng", "jpg")
    item("video", 2, "mp4", "jpg")
    item("photo", 4, "png")
    item("photo", 0, "jpg")
    shots = list(sources_of(Order("film", from_ms=START_MS + 1), paths))
    assert [(shot.time_ms - START_MS) // MINUTE_MS for shot in shots] == [1, 3]
    assert all(shot.path.suffix == ".jpg" for shot in shots)
    assert list(sources_of(Order("film", to_ms=START_MS - 2 * DAY_MS), paths)) == []


def test_a_library_that_is_not_there_has_no_picture(paths):
    assert list(sources_of(Order("film"), paths)) == []


@pytest.mark.parametrize(
    ("many", "wanted", "chosen"),
    [
        pytest.param(3, 5, [0, 1, 2], id="fewer than wanted"),
        pytest.param(10, 4, [0, 3, 6, 9], id="the first, the last, and between"),
        pytest.param(10, 1, [0], id="one"),
        pytest.param(0, 4, [], id="none"),
    ],
)
def test_some_of_many_are_chosen_evenly(many, wanted, chosen):
    assert evenly_spaced(many, wanted) == chosen


# --- sizes and command lines


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


def test_the_size_is_that_of_most_pictures():
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


def test_filters_are_those_that_are_asked_for():
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
def test_the_hardware_is_asked_for_what_it_can_do(size, fits):
    assert HARDWARE.supports(size) is fits
    assert HARDWARE.device
    assert "h264_v4l2m2m" in trial_command("ffmpeg", HARDWARE, size, 25, 1)


def test_a_large_film_holds_no_picture_back():
    small, large = (" ".join(SOFTWARE.options(size, 25, 1)) for size in ((1920, 1080), (4608, 2592)))
    assert "rc-lookahead=10" in small
    assert "rc-lookahead=0:" in large


# --- progress


def test_progress_is_read_however_it_is_cut():
    said = b"frame=1\nfps=0.0\nprogress=continue\nframe=27\nout_time=N/A\nprogress=end\n"
    for size in (1, 3, 1000):
        progress = ProgressParser()
        for at in range(0, len(said), size):
            progress.feed(said[at : at + size])
        assert (progress.frames, progress.ended) == (27, True)


def test_progress_of_what_makes_no_sense_is_none():
    progress = ProgressParser()
    progress.feed(b"frame=x\n\xff\xfe\nframe\n" + b"y" * 10000 + b"frame=5")
    assert (progress.frames, progress.ended) == (0, False)


def test_what_is_left_is_told_once_it_is_known():
    assert estimate_left_s(0, 100, 50.0) is None
    assert estimate_left_s(1, 100, 0.5) is None
    assert estimate_left_s(25, 100, 10.0) == 30.0
    assert estimate_left_s(100, 100, 10.0) == 0


# --- date and time


def brightest(image: Image.Image) -> int:
    return int(image.getchannel("R").getextrema()[1])  # type: ignore[arg-type]


def plates(times_ms: list[int], zone: str, film_size: tuple[int, int]) -> list[Image.Image]:
    stamps = Timestamps(times_ms, ZoneInfo(zone), film_size)
    return [Image.frombytes("RGBA", stamps.size, data) for data in stamps]


def test_each_picture_has_its_own_local_time():
    """Over the end of summer time, when an hour comes twice."""
    begin_ms = round(datetime(2026, 10, 25, 0, 30, tzinfo=UTC).timestamp() * 1000)
    times_ms = [begin_ms + hour * 3_600_000 for hour in range(3)]
    summer, winter, later = plates(times_ms, "Europe/Berlin", (320, 180))
    assert summer == winter != later
    assert plates(times_ms, "UTC", (320, 180))[2] == summer  # half past two
    assert brightest(summer) > 180


@pytest.mark.parametrize("film_size", [(64, 48), (320, 180), (1920, 1080), (180, 1920)])
def test_a_plate_fits_into_the_film(film_size):
    (plate,) = plates([START_MS], "UTC", film_size)
    letters = plate.getchannel("R").getbbox()
    assert letters is not None
    assert letters[0] > 0
    assert letters[2] < plate.width
    assert letters[3] <= plate.height
    assert plate.width < film_size[0]
    assert plate.height < film_size[1]


# --- days

BERLIN = Schedule(interval_ms=60_000, starts_ms=0, zone=ZoneInfo("Europe/Berlin"))


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=BERLIN.zone).timestamp() * 1000)


def test_a_day_is_due_once_it_is_over():
    shots = {at("2026-11-19T12:00"), at("2026-11-20T12:00")}

    def has(from_ms: int, to_ms: int) -> bool:
        return any(from_ms <= shot <= to_ms for shot in shots)

    def due(now: str, *made: str) -> list[str]:
        return [day for day, _ in days_due(BERLIN, at(now), made, has)]

    assert due("2026-11-20T23:59") == ["2026-11-19"]
    assert due("2026-11-21T00:01") == ["2026-11-19"]  # the last shot may be late
    assert due("2026-11-21T00:03") == ["2026-11-19", "2026-11-20"]
    assert due("2026-11-21T00:03", "2026-11-19") == ["2026-11-20"]
    assert due("2026-11-21T00:03", "2026-11-19", "2026-11-20") == []
    assert due("2026-11-23T12:00") == ["2026-11-20"]  # what is longer ago is left out
    assert due("2026-12-24T12:00") == []
    assert due("1970-01-05T12:00") == []  # a Pi whose clock is not set yet
    assert due("2099-01-05T12:00") == []


@pytest.mark.parametrize(
    ("day", "hours"),
    [((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2026, 11, 20), 24)],
    ids=["spring", "autumn", "plain"],
)
def test_a_day_is_as_long_as_the_clocks_make_it(day, hours):
    from_ms, to_ms = span_of(BERLIN, date(*day))
    assert to_ms + 1 - from_ms == hours * 3_600_000
    assert span_of(BERLIN, date(*day) + timedelta(1))[0] == to_ms + 1


def test_over_two_years_each_day_with_shots_gets_one_film():
    """The daemon looks every three hours, is off now and then, and no day comes twice or is left out."""
    begin, made, missing = at("2026-01-01T00:00"), list[str](), 0
    for step in range(8 * 730):
        now = begin + step * 3 * 3_600_000
        if step % 100 < 12:  # off for a day and a half
            continue
        found = days_due(BERLIN, now, made, lambda from_ms, _: from_ms >= begin and from_ms // DAY_MS % 7 != 3)
        assert len(found) <= BACK_DAYS
        made += [day for day, _ in found]
    assert len(made) == len(set(made))
    days = {(date(2026, 1, 1) + timedelta(number)).isoformat() for number in range(728)}
    for day in days - set(made):
        missing += span_of(BERLIN, date.fromisoformat(day))[0] // DAY_MS % 7 != 3
    assert missing == 0
    assert GRACE_MS < 3_600_000


# --- records


def test_a_film_comes_back_from_its_record(paths):
    make_series(paths.series, 1)
    store = FilmStore(paths)
    order = from_document({"series": "Garden", "crop": [0, 0, 0.5, 1], "from": "2026-11-20T08:00"}, "UTC")
    made = Film(
        new_id("film", 1.5), order, "done", 1.0, None, None, "2026-11-20T08:00:00.000Z", 5, 0.5, 12, 1,
        ["000/000001.jpg: empty"], (320, 180), 2,
    )  # fmt: skip
    failed = Film(new_id("keogram", 0.5), Order("keogram", "Garden"), "failed", error="no such file: \udcff.jpg")
    for film_ in (failed, made, Film(new_id("sheet", 2.5), Order("sheet", "Garden", day="2026-11-20"))):
        store.add(film_)
        assert store.find(film_.id) == read_film(store.record_path(film_)) == film_
    assert [one.kind for one in store.films_of("Garden")] == ["sheet", "film", "keogram"]
    assert store.films_of(None) == []
    older = json.loads(store.record_path(made).read_text())
    del older["left_out"]
    store.record_path(made).write_text(json.dumps(older))
    assert store.find(made.id) == dataclasses.replace(made, left_out=None)


def test_films_of_the_library_and_of_all_series_are_found(paths):
    make_series(paths.series, 1)
    paths.data.joinpath("series/.new_Roof/films").mkdir(parents=True)
    store = FilmStore(paths)
    store.add(Film(new_id("film", 2), Order("film")))
    store.add(Film(new_id("film", 1), Order("film", "Garden")))
    assert [one.order.series for one in store.all()] == [None, "Garden"]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"id": "x"}', "null", '{"order": {"day": null, "kind": "x"}}']
)
def test_a_damaged_record_is_none(paths, content):
    store = FilmStore(paths)
    paths.data.mkdir()
    film_ = Film(new_id("film", 1), Order("film"))
    store.add(film_)
    store.record_path(film_).write_text(content)
    assert store.all() == []
    with pytest.raises(LookupError):
        store.find(film_.id)


@pytest.mark.parametrize(
    "text",
    ["", ".", "..", "../settings", "20261120T080000.000Z", "20261120T080000.000Z_gif", "20261320T080000.000Z_film",
     "20261120T080000.000Z_film/..", "20261120T080000.000Z_film.json", "٢0261120T080000.000Z_film"],
)  # fmt: skip
def test_nothing_else_is_an_id(text):
    assert not is_id(text)
    assert is_id(new_id("film", 1_795_161_600.0))


def test_what_a_crash_has_left_is_swept(paths):
    make_series(paths.series, 1)
    store = FilmStore(paths)
    film_ = Film(new_id("film", 1), Order("film", "Garden"))
    store.add(film_)
    store.work_folder(film_).mkdir()
    (store.work_folder(film_) / "film.mp4").write_bytes(picture())
    store.record_path(film_).with_name(".x.json.new").touch()
    store.delete_leftovers()
    assert [path.name for path in store.folder("Garden").iterdir()] == [f"{film_.id}.json"]


def test_a_series_that_is_gone_is_not_made_again_for_its_film(paths):
    paths.series.mkdir(parents=True)
    with pytest.raises(FileNotFoundError):
        FilmStore(paths).add(Film(new_id("film", 1), Order("film", "Gone")))


def test_a_series_that_cannot_be_looked_at_costs_no_other_its_days(paths, caplog):
    """And is said once, not every minute."""
    make_series(paths.series, 3, daily_film=True)
    make_series(paths.series, 3, daily_film=True, name="Roof")
    (paths.series / "Garden/series.json").write_text("{")
    added: list[Order] = []

    def add(order: Order) -> Film:
        added.append(order)
        return Film(new_id("film", 1), order)

    days = DailyFilms(paths, FilmStore(paths), add)
    for _ in range(2):
        days.order_due(START_MS + DAY_MS)
    assert [(order.series, order.day) for order in added] == [("Roof", "2026-11-20")] * 2
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1
    assert [shot.path.name[:6] for shot in sources_of(added[0], paths)] == ["000001", "000002", "000003"]
