"""The pictures that a film is made from."""

import json
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from series_folders import MINUTE_MS, START_MS, file_of, make_series, moment_ms, thin

from stillcam.common.errors import StillcamError
from stillcam.common.paths import Paths
from stillcam.films.order import Order
from stillcam.films.sources import evenly_spaced, sources_of, zone_of
from stillcam.library.names import stem_of
from stillcam.series.schedule import DAY_MS


@pytest.fixture
def paths(tmp_path):
    return Paths(tmp_path / "images", tmp_path / "data")


def numbers(paths: Paths, **order: Any) -> list[int]:
    return [int(shot.path.name.partition("_")[0]) for shot in sources_of(Order("film", "Garden", **order), paths)]


def test_the_sources_of_a_series_are_the_shots_that_exist(paths):
    folder = make_series(paths.series, 8)
    thin(folder, 3, 4)
    assert numbers(paths) == [1, 2, 5, 6, 7, 8]
    (folder / "frames" / file_of(6)).unlink()  # by hand
    assert numbers(paths) == [1, 2, 5, 7, 8]


def test_a_range_includes_both_ends(paths):
    make_series(paths.series, 8)
    assert numbers(paths, from_ms=moment_ms(3), to_ms=moment_ms(5)) == [3, 4, 5]
    assert numbers(paths, from_ms=moment_ms(3) + 1, to_ms=moment_ms(5) - 1) == [4]
    assert numbers(paths, from_ms=moment_ms(8) + 1) == []
    assert numbers(paths, to_ms=START_MS - 1) == []


def test_of_a_bracket_only_the_first_shot_is_a_source(paths):
    folder = make_series(paths.series, 4)
    lines = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    lines[1]["due"], lines[3]["due"] = lines[0]["due"], lines[2]["due"]
    (folder / "manifest.jsonl").write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))
    assert numbers(paths) == [1, 3]


def test_of_an_exposure_bracket_the_shot_in_the_middle_is_a_source(paths):
    values = [4000, 1000, 2000]
    vary = {"control": "ExposureTime", "values": values, "bracket": True}
    folder = make_series(paths.series, 6, vary=vary)
    lines = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    for number, line in enumerate(lines):
        line["due"], line["vary"] = lines[number // 3 * 3]["due"], {"ExposureTime": values[number % 3]}
    (folder / "manifest.jsonl").write_text("".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines))
    assert numbers(paths) == [3, 6]
    (folder / "frames" / file_of(3)).unlink()
    assert numbers(paths) == [1, 6]


def test_raw_shots_give_their_jpegs(paths):
    make_series(paths.series, 2, kind="raw")
    assert [shot.path.suffix for shot in sources_of(Order("film", "Garden"), paths)] == [".jpg", ".jpg"]


def test_a_series_that_does_not_exist_is_refused(paths):
    with pytest.raises(StillcamError, match="there is no series Gone"):
        sources_of(Order("film", "Gone"), paths)


def test_the_time_zone_is_that_of_the_series(paths):
    folder = make_series(paths.series, 1)
    about = json.loads((folder / "series.json").read_text())
    (folder / "series.json").write_text(json.dumps({**about, "zone": "Asia/Tokyo"}))
    assert zone_of(Order("film", "Garden"), paths, "UTC") == ZoneInfo("Asia/Tokyo")
    assert zone_of(Order("film"), paths, "Europe/Berlin") == ZoneInfo("Europe/Berlin")


def test_the_sources_of_the_library_are_photos_and_previews_of_raw_ones(paths):
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


def test_a_missing_library_has_no_sources(paths):
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
def test_a_selection_is_evenly_spaced(many, wanted, chosen):
    assert evenly_spaced(many, wanted) == chosen
