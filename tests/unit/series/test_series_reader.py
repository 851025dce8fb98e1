"""Looking at series: quickly however long they are, and from the folders alone."""

import itertools
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from series_on_disk import JPEG, START_MS, created, minutes, shoot

from stillcam.common.paths import Paths
from stillcam.films.order import Order
from stillcam.films.sources import sources_of
from stillcam.series import manifest, manifest_search, reader
from stillcam.series.definition import from_document
from stillcam.series.folder import Series
from stillcam.series.manifest import MANIFEST, Gap, encode, gap_line, ms_to_text, shot_name
from stillcam.series.state import FRAMES, SERIES, STATE


def test_there_may_be_no_series_at_all(tmp_path):
    assert reader.summaries(tmp_path / "series", START_MS) == []


def test_a_summary_of_a_series(tmp_path):
    series = created(tmp_path, interval_s=60, shots=10)
    shoot(series, START_MS)
    series.add_gap(Gap(minutes(1), minutes(2), 2, "busy"))
    shoot(series, minutes(3))
    (summary,) = reader.summaries(tmp_path, minutes(3) + 500)
    assert (summary["name"], summary["state"], summary["kind"]) == ("Garden", "running", "photo")
    assert summary["planned"] == 10
    assert (summary["taken"], summary["missed"], summary["bytes"]) == (2, 2, 2 * len(JPEG))
    assert summary["first"] == {"n": 1, "time": ms_to_text(START_MS + 7)}
    assert summary["last"] == {"n": 2, "time": ms_to_text(minutes(3) + 7)}
    assert (summary["next"], summary["ends"]) == (ms_to_text(minutes(4)), ms_to_text(minutes(11)))
    assert summary["forecast"] == {"bytes_per_day": 1440 * len(JPEG), "full": None}
    assert summary["definition"]["interval_s"] == 60
    assert from_document(summary["definition"], 0, "UTC") == series.definition
    assert reader.summary(tmp_path, "Garden", minutes(3) + 500) == summary


def test_a_series_that_does_not_run_has_no_next_shot(tmp_path):
    series = created(tmp_path)
    series.set_state("paused", minutes(1))
    assert reader.summary(tmp_path, "Garden", minutes(2))["next"] is None
    series.set_state("finished", minutes(3))
    summary = reader.summary(tmp_path, "Garden", minutes(4))
    assert (summary["next"], summary["ends"], summary["forecast"]["bytes_per_day"]) == (None, None, 0)


def test_a_summary_says_when_the_disk_will_be_full(tmp_path, monkeypatch):
    for name in ("Garden", "Street"):
        shoot(created(tmp_path, name), START_MS)
    monkeypatch.setattr(reader, "writable_bytes", lambda _folder, _reserve: 10 * len(JPEG))
    summaries = reader.summaries(tmp_path, START_MS + 100)
    assert [one["forecast"]["full"] for one in summaries] == [ms_to_text(minutes(6))] * 2  # 5 min, 2 shots each


def test_a_damaged_series_does_not_hide_the_others(tmp_path):
    created(tmp_path, "One")
    created(tmp_path, "Two")
    (tmp_path / "One" / SERIES).write_bytes(b"\0")
    (tmp_path / ".deleted").mkdir()
    (tmp_path / "Three").mkdir()
    assert [summary["name"] for summary in reader.summaries(tmp_path, START_MS)] == ["Two"]
    with pytest.raises(LookupError, match="damaged"):
        reader.summary(tmp_path, "One", START_MS)


@pytest.mark.parametrize("offset", [10**30, -5])
def test_a_state_that_points_beyond_the_manifest_hides_no_series(tmp_path, offset):
    shoot(created(tmp_path, "One"), START_MS)
    created(tmp_path, "Two")
    state = json.loads((tmp_path / "One" / STATE).read_text())
    (tmp_path / "One" / STATE).write_text(json.dumps({**state, "manifest_bytes": offset}))
    taken = {one["name"]: one["taken"] for one in reader.summaries(tmp_path, START_MS)}
    assert taken == {"One": 1, "Two": 0}


@pytest.mark.parametrize("name", ["Nobody", "", "..", ".deleted", "../series", "a/b"])
def test_a_series_that_does_not_exist_is_a_lookup_error(tmp_path, name):
    created(tmp_path / "series")
    for look in (
        lambda: reader.summary(tmp_path / "series", name, 0),
        lambda: reader.shots(tmp_path / "series", name, 1, 1),
        lambda: reader.picture(tmp_path / "series", name, 1),
        lambda: reader.timeline(tmp_path / "series", name, 10, 0),
    ):
        with pytest.raises(LookupError, match="no series"):
            look()


def test_shots_are_paged_by_their_number(tmp_path):
    series = created(tmp_path)
    for number in range(7):
        shoot(series, minutes(number), Lux=float(number))
    series.add_gap(Gap(minutes(7), minutes(7), 1, "busy"))
    shoot(series, minutes(8))
    rows = reader.shots(tmp_path, "Garden", 3, 2)
    assert [(row["n"], row["due"], row["metadata"]["Lux"]) for row in rows] == [
        (3, ms_to_text(minutes(2)), 2.0), (4, ms_to_text(minutes(3)), 3.0),
    ]  # fmt: skip
    assert [row["n"] for row in reader.shots(tmp_path, "Garden", 7, 100)] == [7, 8]
    assert reader.shots(tmp_path, "Garden", 9, 100) == []
    assert reader.shots(tmp_path, "Garden", 1, 0) == []


def test_shots_that_are_gone_are_left_out(tmp_path):
    series = created(tmp_path)
    for number in range(5):
        shoot(series, minutes(number))
    for number in (1, 2, 4):
        reader.picture(tmp_path, "Garden", number).unlink()
    for odd in ("000002_20260231T000000.000Z.jpg", "holiday.jpg", "9_20261120T120000.000Z.jpg"):
        (series.folder / FRAMES / "000" / odd).touch()
    (series.folder / FRAMES / "001").touch()
    assert [row["n"] for row in reader.shots(tmp_path, "Garden", 0, 2)] == [3, 5]
    with pytest.raises(LookupError, match="gone"):
        reader.picture(tmp_path, "Garden", 2)


def test_a_picture_is_found_and_the_raw_beside_it(tmp_path):
    series = created(tmp_path)
    shoot(series, START_MS)
    shoot(series, minutes(1), raw=True)
    assert reader.picture(tmp_path, "Garden", 2).name == "000002_20261120T120100.007Z.jpg"
    assert reader.picture(tmp_path, "Garden", 2, raw=True).suffix == ".dng"
    for number, raw in ((1, True), (3, False), (0, False)):
        with pytest.raises(LookupError):
            reader.picture(tmp_path, "Garden", number, raw)


@pytest.fixture
def decoded(monkeypatch):
    """The lines of manifests that are read."""
    lines = []
    decode = manifest.decode

    def counted(raw):
        lines.append(raw)
        return decode(raw)

    monkeypatch.setattr(manifest_search, "decode", counted)
    return lines


def long_series(root, shots, left):
    """A series with so many shots, of which these numbers are left."""
    series = created(root)
    lines = []
    for number in range(1, shots + 1):
        due_ms, file = minutes(number), f"{shot_name(number, minutes(number))}.jpg"
        time = ms_to_text(due_ms)
        lines.append(encode({"n": number, "due": time, "time": time, "files": [file], "bytes": 1, "metadata": {}}))
        if number in left:
            (series.folder / FRAMES / file).parent.mkdir(exist_ok=True)
            (series.folder / FRAMES / file).touch()
    (series.folder / MANIFEST).write_bytes(b"".join(lines))
    return Series.open(series.folder)


@given(st.sets(st.integers(1, 90)), st.integers(0, 95), st.sets(st.integers(1, 90)))
def test_shots_are_found_among_any_deleted_ones(tmp_path_factory, left, start, torn):
    """Also if lines of some are damaged."""
    series = long_series(tmp_path_factory.mktemp("series"), 90, left)
    lines = (series.folder / MANIFEST).read_bytes().splitlines(keepends=True)
    lines = [b"{\n" if number in torn else line for number, line in enumerate(lines, 1)]
    (series.folder / MANIFEST).write_bytes(b"".join(lines))
    wanted = [number for number in sorted(left - torn) if number >= start]
    assert [line["n"] for line in reader.existing_shots(series.folder, start)] == wanted


def test_a_page_reads_few_lines_of_deleted_shots(tmp_path, decoded):
    """As after years of retention, or after somebody has deleted folders by hand."""
    left = {3, *range(1200, 1400, 50), 2500}
    long_series(tmp_path, 2500, left)
    decoded.clear()
    assert {row["n"] for row in reader.shots(tmp_path, "Garden", 0, 100)} == left
    assert len(decoded) < 80 * len(left)  # a bisection, and what was passed over before it


def test_a_film_begins_at_the_first_shot_that_is_left(tmp_path, decoded):
    long_series(tmp_path / "series", 2500, {2490})
    decoded.clear()
    paths = Paths(tmp_path, tmp_path)
    assert next(sources_of(Order("film", "Garden"), paths)).time_ms == minutes(2490)
    assert list(sources_of(Order("film", "Garden", from_ms=minutes(5), to_ms=minutes(20)), paths)) == []
    assert len(decoded) < 200


def test_a_damaged_state_is_counted_once(tmp_path, decoded):
    """When the daemon opens the series: then its readers need not read the whole manifest."""
    series = long_series(tmp_path, 500, {500})
    (series.folder / STATE).write_text("{")
    Series.open(series.folder)
    decoded.clear()
    assert reader.summary(tmp_path, "Garden", minutes(501))["taken"] == 500
    assert decoded == []


def test_deleted_shots_are_looked_for_behind_their_lines(tmp_path):
    series = long_series(tmp_path, 100, set())
    for number in (1, 2):
        series.add_deletion([number], 1, None)
    for number in (101, 102):
        shoot(series, minutes(number))
    series.add_deletion([50, 102], 1, None)
    assert manifest_search.deleted_numbers(series.folder, 1) == {1, 2, 50, 102}
    assert manifest_search.deleted_numbers(series.folder, 102) == {50, 102}


@given(st.lists(st.sampled_from(["shot", "gap", "torn"]), max_size=60), st.integers(-1, 70))
def test_every_shot_is_found_in_any_manifest(tmp_path_factory, kinds, number):
    folder = tmp_path_factory.mktemp("series")
    numbers, lines = [], []
    for place, kind in enumerate(kinds):
        if kind == "shot":
            numbers.append(place)
            due = ms_to_text(minutes(place))
            files = ["x" * (place % 50)]
            lines.append(encode({"n": place, "due": due, "time": due, "files": files, "bytes": 1, "metadata": {}}))
        elif kind == "gap":
            lines.append(encode(gap_line(minutes(place), minutes(place), 1, "busy")))
        else:
            lines.append(b"\0" * 40 + b"\n")
    (folder / MANIFEST).write_bytes(b"".join(lines))
    assert [line["n"] for line in manifest_search.shots_from(folder, number)] == [n for n in numbers if n >= number]
    moments = [minutes(place) for place in range(0, 60, 7)]
    first = [next((n for n in numbers if minutes(n) >= moment), 999) for moment in moments]
    assert manifest_search.first_numbers(folder, moments, 999) == first
    assert [gap.from_ms for gap in manifest_search.gaps(folder)] == [
        minutes(n) for n, kind in enumerate(kinds) if kind == "gap"
    ]


def test_gaps_appended_later_are_found(tmp_path):
    series = created(tmp_path)
    assert manifest_search.gaps(series.folder) == []
    for number in range(4):
        series.add_gap(Gap(minutes(number), minutes(number), 1, "disk"))
        assert manifest_search.gaps(series.folder)[-1] == (minutes(number), minutes(number), 1, "disk")
    with (series.folder / MANIFEST).open("ab") as file:
        file.write(encode(gap_line(1, 2, 3, "off"))[:-9])
    assert len(manifest_search.gaps(series.folder)) == 4


def test_the_timeline_counts_each_due_time_once(tmp_path):
    series = created(tmp_path, interval_s=60, end=ms_to_text(minutes(100)))
    for number in itertools.chain(range(10), range(30, 40)):
        if number == 30:
            series.add_gap(Gap(minutes(10), minutes(29), 20, "off"))
        shoot(series, minutes(number))
    series.add_gap(Gap(minutes(40), minutes(44), 5, "paused"))
    timeline = reader.timeline(tmp_path, "Garden", 10, minutes(50) - 1)
    assert (timeline["from"], timeline["step_s"]) == (ms_to_text(START_MS), pytest.approx(600, 0.01))
    assert timeline["taken"] == [10, 0, 0, 10, 0, 0, 0, 0, 0, 0]
    assert timeline["missed"] == [0, 10, 10, 0, 0, 0, 0, 0, 0, 0]
    assert sum(timeline["planned"]) == 50
    assert timeline["planned"][:5] == [0] * 5


@given(
    st.lists(st.sampled_from(["shot", "busy", "off", "paused", "deleted"]), max_size=40),
    st.integers(1, 12),
    st.integers(1, 9),
)
def test_a_timeline_is_the_same_with_the_lines_of_an_older_version(tmp_path_factory, kinds, buckets, length):
    """They do not say how many due times had been missed before a shot: then all gaps are read."""
    root = tmp_path_factory.mktemp("series")
    series, minute = created(root, interval_s=60), 0
    for kind in kinds:
        if kind == "shot":
            shoot(series, minutes(minute))
            minute += 1
        elif kind == "deleted":
            series.add_deletion([1], 1, None)
        else:
            series.add_gap(Gap(minutes(minute), minutes(minute + length - 1), length, kind))
            minute += length
    timeline = reader.timeline(root, "Garden", buckets, minutes(minute))
    assert sum(timeline["missed"]) == series.state.tally.missed
    path = series.folder / MANIFEST
    if kinds:
        path.write_bytes(re.sub(rb',"missed":\d+}\n', b"}\n", path.read_bytes()))
    assert reader.timeline(root, "Garden", buckets, minutes(minute)) == timeline


def test_a_timeline_reads_a_small_part_of_a_manifest(tmp_path, monkeypatch, decoded):
    """The first look at a series after a start of the server: its manifest may have 200 MB on a slow card."""
    series, minute = created(tmp_path), 0
    for number in range(1, 1800):
        if number % 10 == 0:
            series.add_gap(Gap(minutes(minute), minutes(minute), 1, "busy"))
            minute += 1
        time = ms_to_text(minutes(minute))
        series.append({"n": number, "due": time, "time": time, "files": ["x.jpg"], "bytes": 1, "metadata": {}})
        minute += 1
    series.save()
    monkeypatch.setattr(reader, "gaps", None)
    decoded.clear()
    timeline = reader.timeline(tmp_path, "Garden", 10, minutes(minute))
    assert (sum(timeline["missed"]), sum(timeline["taken"])) == (179, 1799)
    assert len(decoded) < 500


def test_the_timeline_of_an_open_ended_series_shows_a_tenth_ahead(tmp_path):
    series = created(tmp_path, interval_s=60)
    for number in range(100):
        shoot(series, minutes(number))
    timeline = reader.timeline(tmp_path, "Garden", 11, minutes(100) - 1)
    assert sum(timeline["taken"]) == 100
    assert sum(timeline["planned"]) in (9, 10)
    assert sum(timeline["missed"]) == 0


def test_the_timeline_of_a_finished_series_shows_its_last_gap(tmp_path):
    series = created(tmp_path, interval_s=60, shots=10)
    for number in range(8):
        shoot(series, minutes(number))
    series.add_gap(Gap(minutes(8), minutes(9), 2, "off"))
    series.set_state("finished", minutes(10))
    timeline = reader.timeline(tmp_path, "Garden", 5, minutes(1000))
    assert (sum(timeline["taken"]), sum(timeline["missed"]), sum(timeline["planned"])) == (8, 2, 0)
    assert timeline["step_s"] == pytest.approx(9 * 60 / 5, 0.01)


@pytest.mark.parametrize("state", ["planned", "running", "paused", "finished", "failed"])
def test_an_empty_series_has_a_timeline(tmp_path, state):
    created(tmp_path).set_state(state, START_MS)
    timeline = reader.timeline(tmp_path, "Garden", 5, START_MS)
    assert [len(timeline[name]) for name in ("taken", "missed", "planned")] == [5, 5, 5]


def test_states_are_counted_without_a_forecast(tmp_path):
    shoot(created(tmp_path), START_MS)
    assert reader.states(tmp_path) == [
        {"name": "Garden", "state": "running", "why": None, "taken": 1, "missed": 0, "bytes": len(JPEG)}
    ]
