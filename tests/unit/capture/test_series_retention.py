"""What is kept of a series: all, some days of it, or less and less of what is old."""

import time
from pathlib import Path

import pytest
from series_on_disk import JPEG, START_MS, created, minutes, shoot

from stillcam.capture.library_writer.clock_trust import ClockTrust
from stillcam.capture.library_writer.series_retention import SeriesRetention
from stillcam.common.deletion import Undeletable
from stillcam.common.disk_space import Disk
from stillcam.series import reader
from stillcam.series.folder import Series
from stillcam.series.recovery import recover
from stillcam.series.retention import prune, thin
from stillcam.settings.schema import FileSettings

DAY, DAY_MS = 24 * 60, 86_400_000
NOTE = Undeletable().note
CLOCK = ClockTrust(Path("/nowhere"), Path("/nowhere"), lambda: True)


def never() -> bool:
    return False


def disk_of(series: Series) -> Disk:
    return Disk(series.folder, lambda: FileSettings().floor_mb)


def numbers(series: Series) -> list[int]:
    return [row["n"] for row in reader.shots(series.folder.parent, series.name, 0, 10_000)]


def test_shots_older_than_the_retention_are_deleted(tmp_path):
    series = created(tmp_path, keep={"rule": "days", "days": 2})
    for day in range(6):
        shoot(series, minutes(day * DAY), raw=True)
    assert prune(series, minutes(5 * DAY - 1), never, NOTE) == 3
    assert numbers(series) == [4, 5, 6]
    told = reader.summary(tmp_path, "Garden", minutes(6 * DAY))
    assert (told["taken"], told["shots"], told["bytes"]) == (6, 3, 6 * len(JPEG))
    assert told["first"]["n"] == 4
    assert shoot(series, minutes(6 * DAY)) == 7
    assert prune(series, minutes(30 * DAY), never, NOTE) == 4
    assert numbers(series) == []
    assert shoot(series, minutes(31 * DAY)) == 8
    assert reader.summary(tmp_path, "Garden", minutes(40 * DAY))["first"]["n"] == 8
    again = Series.open(series.folder)
    again.boot = "another"
    recover(again)  # what was pruned is not taken for lost in a power cut
    assert again.state.tally.shots == 1


@pytest.mark.parametrize("free", [10**12, 300_000_000], ids=["with room", "nearly full"])
def test_pruned_shots_stay_in_the_trash_for_a_month_unless_the_disk_is_nearly_full(tmp_path, monkeypatch, free):
    now_ms = int(time.time() * 1000)
    series = created(tmp_path, now_ms=now_ms - 9 * DAY_MS, keep={"rule": "days", "days": 2})
    for age in (5, 4, 1):
        shoot(series, now_ms - age * DAY_MS)
    monkeypatch.setattr(Disk, "free_bytes", lambda _: free)
    monkeypatch.setattr(Disk, "reserve_bytes", lambda _: 200_000_000)
    trash = series.folder / ".trash"
    for stamp in ("20200101T000000Z", "20990101T000000Z"):
        (trash / stamp / "000").mkdir(parents=True)
    SeriesRetention(lambda: [series], disk_of, CLOCK, never, NOTE).regular()
    assert numbers(series) == [3]
    aside = [path.name[:6] for path in sorted(trash.glob("*/000/*"))]
    assert aside == (["000001", "000002"] if free == 10**12 else [])
    assert "20990101T000000Z" in {path.name for path in trash.iterdir()} or free < 10**12
    assert "20200101T000000Z" not in {path.name for path in trash.iterdir()}
    again = Series.open(series.folder)
    recover(again)
    assert again.state.tally.shots == 1


def test_shots_that_are_too_old_wait_while_no_time_server_has_set_the_clock(tmp_path):
    series = created(tmp_path, keep={"rule": "days", "days": 1})
    shoot(series, START_MS)
    clock = ClockTrust(tmp_path / "library", tmp_path, lambda: False)
    (series.folder / ".trash/20200101T000000Z").mkdir(parents=True)
    SeriesRetention(lambda: [series], disk_of, clock, never, NOTE).regular()
    assert numbers(series) == [1]
    assert (series.folder / ".trash/20200101T000000Z").exists()
    assert "time server" in str(clock.reason)


def test_every_second_shot_of_the_older_half_is_deleted_when_the_disk_is_nearly_full(tmp_path, monkeypatch):
    series = created(tmp_path, keep={"rule": "thin"})
    for minute in range(2400):
        shoot(series, minutes(minute))
    assert thin(series, never, NOTE) == 600
    kept = numbers(series)
    assert kept[:600] == list(range(1, 1200, 2))
    assert kept[600:] == list(range(1201, 2401))
    assert thin(series, never, NOTE) == 450
    assert series.state.tally.shots == len(numbers(series)) == 1350
    assert series.state.tally.bytes == 1350 * len(JPEG)


@pytest.mark.parametrize("keep", [None, {"rule": "all"}, {"rule": "days", "days": 9}])
def test_other_retentions_delete_nothing(tmp_path, keep):
    series = created(tmp_path, keep=keep)
    for minute in range(9):
        shoot(series, minutes(minute))
    assert (thin(series, never, NOTE), prune(series, minutes(DAY), never, NOTE)) == (0, 0)
    assert len(numbers(series)) == 9


@pytest.mark.parametrize(("free", "left"), [(450_000_000, 8), (350_000_000, 6)])
def test_a_series_is_thinned_near_the_disk_reserve_only(tmp_path, monkeypatch, free, left):
    series = created(tmp_path, keep={"rule": "thin"})
    for minute in range(8):
        shoot(series, minutes(minute))
    monkeypatch.setattr(Disk, "free_bytes", lambda _: free)
    monkeypatch.setattr(Disk, "reserve_bytes", lambda _: 200_000_000)
    retention = SeriesRetention(lambda: [series], disk_of, CLOCK, never, NOTE)
    for _ in range(3):
        retention.regular()
    assert len(numbers(series)) == left


def test_an_unreadable_series_does_not_stop_the_retention_of_others(tmp_path, caplog):
    gone, series = (created(tmp_path, name, keep={"rule": "days", "days": 1}) for name in ("Gone", "Stays"))
    shoot(gone, START_MS)
    shoot(series, START_MS)
    (gone.folder / "frames").rename(tmp_path / "elsewhere")
    SeriesRetention(lambda: [gone, series], disk_of, CLOCK, never, NOTE).regular()
    assert numbers(series) == []
    assert "Gone" in caplog.text


def test_a_series_is_thinned_for_its_own_disk(tmp_path, monkeypatch):
    """One that is nearly full, and another with room."""
    scant, roomy = (created(tmp_path, name, keep={"rule": "thin"}) for name in ("Scant", "Roomy"))
    for series in (scant, roomy):
        for minute in range(8):
            shoot(series, minutes(minute))
    monkeypatch.setattr(Disk, "free_bytes", lambda disk: 300_000_000 if disk.root == scant.folder else 10**9)
    monkeypatch.setattr(Disk, "reserve_bytes", lambda _: 200_000_000)
    SeriesRetention(lambda: [scant, roomy], disk_of, CLOCK, never, NOTE).regular()
    assert (len(numbers(scant)), len(numbers(roomy))) == (6, 8)


def test_a_shot_that_cannot_be_deleted_does_not_protect_others(tmp_path, caplog):
    series = created(tmp_path, keep={"rule": "days", "days": 1})
    for minute in range(4):
        shoot(series, minutes(minute))
    path = series.folder / "frames" / next(iter(reader.shots(tmp_path, "Garden", 2, 1)))["files"][0]
    path.unlink()
    path.mkdir()  # what unlink(2) refuses, also to root
    undeletable = Undeletable()
    for _ in range(2):
        prune(series, minutes(3 * DAY), never, undeletable.note)
    assert series.state.tally.shots == 1
    assert [one["path"] for one in undeletable.to_json()] == [str(path)]
    assert caplog.text.count("cannot delete") == 1
