"""A series on disk: whatever ends the daemon, nothing is counted twice, and no number is used again."""

import json

import pytest
from series_on_disk import JPEG, START_MS, created, minutes, shoot

from stillcam.common.errors import SettingsError, StillcamError
from stillcam.series.definition import from_document
from stillcam.series.folder import Series
from stillcam.series.manifest import MANIFEST, Gap, Line, decode, encode, gap_line, ms_to_text, text_to_ms
from stillcam.series.manifest_search import lines_from
from stillcam.series.state import SERIES, STATE


def lines(series: Series) -> list[Line]:
    return [line for line, _ in lines_from(series.folder, 0)]


def test_a_new_series_appears_complete(tmp_path):
    series = created(tmp_path, interval_s=10)
    assert (series.name, series.state.state, series.state.tally.taken) == ("Garden", "running", 0)
    assert series.state.tally.until_ms == START_MS - 1
    assert [path.name for path in tmp_path.iterdir()] == ["Garden"]
    told = json.loads((tmp_path / "Garden" / SERIES).read_text())
    assert (told["version"], told["zone"], told["definition"]["interval_s"]) == (1, "UTC", 10)
    assert Series.open(tmp_path / "Garden").definition == series.definition


def test_a_series_that_starts_later_is_planned(tmp_path):
    assert created(tmp_path, start=ms_to_text(minutes(5))).state.state == "planned"


@pytest.mark.parametrize("name", ["Garden", "garden", "GARDEN"])
def test_a_name_is_taken_ignoring_case(tmp_path, name):
    created(tmp_path)
    with pytest.raises(SettingsError, match="already"):
        created(tmp_path, name)


def test_a_shot_is_a_file_and_a_line(tmp_path):
    series = created(tmp_path)
    assert shoot(series, START_MS, ExposureTime=5000, FocusFoM=3) == 1
    (line,) = lines(series)
    assert line == {
        "n": 1, "due": "2026-11-20T12:00:00.000Z", "time": "2026-11-20T12:00:00.007Z",
        "files": ["000/000001_20261120T120000.007Z.jpg"], "bytes": len(JPEG), "boot": line["boot"],
        "metadata": {"ExposureTime": 5000}, "missed": 0,
    }  # fmt: skip
    assert (series.folder / "frames" / line["files"][0]).read_bytes() == JPEG


def test_a_raw_shot_is_two_files_and_one_shot(tmp_path):
    series = created(tmp_path, kind="raw")
    shoot(series, START_MS, raw=True)
    (line,) = lines(series)
    assert [name[-4:] for name in line["files"]] == [".jpg", ".dng"]
    assert (series.state.tally.shots, series.state.tally.bytes) == (1, 2 * len(JPEG))


def test_a_due_time_of_a_bracket_counts_once(tmp_path):
    series = created(tmp_path)
    assert [shoot(series, START_MS), shoot(series, START_MS), shoot(series, minutes(1))] == [1, 2, 3]
    assert (series.state.tally.taken, series.state.tally.shots) == (2, 3)


def test_a_gap_counts_as_missed_unless_the_series_was_paused(tmp_path):
    series = created(tmp_path)
    series.add_gap(Gap(START_MS, minutes(3), 4, "camera"))
    series.add_gap(Gap(minutes(4), minutes(9), 6, "paused"))
    assert series.state.tally.missed == 4
    assert series.state.tally.until_ms == minutes(9)


@pytest.mark.parametrize("saved", [True, False], ids=["with a late state", "with an early state"])
def test_after_a_crash_the_state_follows_the_manifest(tmp_path, saved):
    """The state file is old, as it is written once a minute at most."""
    series = created(tmp_path)
    shoot(series, START_MS)
    if saved:
        series.save()
    shoot(series, minutes(1))
    series.add_gap(Gap(minutes(2), minutes(3), 2, "busy"))
    shoot(series, minutes(4))
    again = Series.open(series.folder)
    assert again.state == series.state
    assert shoot(again, minutes(5)) == 4


def test_a_truncated_line_is_removed(tmp_path):
    series = created(tmp_path)
    shoot(series, START_MS)
    with (series.folder / MANIFEST).open("ab") as file:
        file.write(b'{"n":2,"due":"2026-11-20T12:0')
    again = Series.open(series.folder)
    shoot(again, minutes(1))
    assert [line["n"] for line in lines(again)] == [1, 2]


def test_zeros_instead_of_lines_are_skipped(tmp_path):
    """What a power cut leaves of a file that had grown, on ext4."""
    series = created(tmp_path)
    shoot(series, START_MS)
    with (series.folder / MANIFEST).open("ab") as file:
        file.write(b"\0" * 300)
    again = Series.open(series.folder)
    assert again.state.tally == series.state.tally
    shoot(again, minutes(1))
    assert Series.open(series.folder).state.tally.taken == 2


@pytest.mark.parametrize("left", [b"", b"\0" * 99, b'{"version":1}', b'{"state":"asleep"}'])
def test_without_a_state_file_the_series_runs_and_is_counted_from_the_manifest(tmp_path, left):
    series = created(tmp_path)
    shoot(series, START_MS)
    shoot(series, minutes(1))
    (series.folder / STATE).write_bytes(left)
    again = Series.open(series.folder)
    assert (again.state.state, again.state.tally.taken, again.state.tally.sequence) == ("running", 2, 2)


def test_a_manifest_that_has_lost_its_end_does_not_reuse_a_number(tmp_path):
    """The state was written for good, the lines before were not."""
    series = created(tmp_path)
    for number in range(3):
        shoot(series, minutes(number))
    series.save()
    path = series.folder / MANIFEST
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    again = Series.open(series.folder)
    assert shoot(again, minutes(3)) == 4
    assert Series.open(series.folder).state.tally.taken == 4


@pytest.mark.parametrize("damage", [b"", b"{}", b'{"created":"now","zone":"UTC","definition":{"name":"Garden"}}'])
def test_a_damaged_definition_is_named(tmp_path, damage):
    series = created(tmp_path)
    (series.folder / SERIES).write_bytes(damage)
    with pytest.raises(StillcamError, match="damaged"):
        Series.open(series.folder)


def test_a_state_survives_a_restart(tmp_path):
    series = created(tmp_path)
    series.set_state("failed", minutes(1), "no such control")
    series.set_fixed_controls({"AnalogueGain": 2.0})
    assert Series.open(series.folder).state == series.state


def test_a_changed_definition_keeps_the_shots(tmp_path):
    series = created(tmp_path, fixed=True)
    shoot(series, START_MS)
    series.set_fixed_controls({"AnalogueGain": 2.0})
    series.redefine(from_document({"name": "Garden", "interval_s": 5}, START_MS, "UTC"), "Europe/Berlin")
    again = Series.open(series.folder)
    assert (again.definition.schedule.interval_ms, again.definition.schedule.zone.key) == (5000, "Europe/Berlin")
    assert (again.state.tally.taken, again.state.fixed) == (1, None)


def test_deleted_shots_stay_counted_as_taken(tmp_path):
    series = created(tmp_path)
    for number in range(4):
        shoot(series, minutes(number))
    series.add_deletion([1, 3], 2 * len(JPEG), {"n": 2, "time": ms_to_text(minutes(1))})
    tally = Series.open(series.folder).state.tally
    assert (tally.taken, tally.shots, tally.bytes) == (4, 2, 2 * len(JPEG))
    assert tally.first == {"n": 2, "time": ms_to_text(minutes(1))}


def test_lines_and_times_survive_encoding():
    assert text_to_ms(ms_to_text(minutes(7) + 123)) == minutes(7) + 123
    due = ms_to_text(START_MS)
    shot = {"n": 1, "due": due, "time": due, "files": ["a.jpg"], "bytes": 1, "metadata": {}}
    gap = gap_line(START_MS, START_MS, 1, "off")
    thinned = {"thinned": [1], "bytes": 1, "first": {"n": 2, "time": due}}
    for line in (shot, shot | {"vary": {"LensPosition": 1.5}}, gap, thinned, thinned | {"first": None}):
        assert decode(encode(line)) == line


@pytest.mark.parametrize(
    "raw",
    [
        *(b'{"other": 1}', b"7", b"null", b"[]", b'{"n": 1}', b'{"gap": 1}', b'{"thinned": 1}', b"[" * 5000, b"\0\0"),
        b'{"n":1,"due":"x","time":"x","files":["a"],"bytes":1,"metadata":{}}',
        b'{"n":"1","due":"2026-11-20","time":"2026-11-20","files":["a"],"bytes":1,"metadata":{}}',
        b'{"n":1,"due":"2026-11-20","time":"2026-11-20","files":[],"bytes":1,"metadata":{}}',
        b'{"n":1,"due":"2026-11-20","time":"2026-11-20","files":5,"bytes":1,"metadata":{}}',
        b'{"n":1,"due":"2026-11-20","time":"2026-11-20","files":{"a":1},"bytes":1,"metadata":{}}',
        b'{"n":1,"due":"2026-11-20","time":"2026-11-20","files":["a"],"bytes":1,"metadata":[]}',
        b'{"gap":{"from":"2026-11-20","to":"2026-11-20","missed":null,"why":"off"}}',
    ],
)
def test_a_damaged_line_is_ignored(raw):
    assert decode(raw) is None


def test_folders_that_are_not_ours_are_no_folders_of_shots(tmp_path):
    """Also one whose name is a digit, but no decimal number, as `²` is."""
    series = created(tmp_path)
    for name in ("1000", "002", "²", "old"):
        (series.folder / "frames" / name).mkdir()
    assert [folder.name for folder in series.shot_folders()] == ["002", "1000"]
