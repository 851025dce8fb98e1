"""What is kept of a series: all, some days of it, or less and less of what is old."""

import pytest
from standing import JPEG, START_MS, created, minutes, shoot

from stillcam.capture.disk import Disk
from stillcam.capture.series_keeping import Keeping
from stillcam.series import read
from stillcam.series.keep import prune, thin
from stillcam.series.recover import recover
from stillcam.series.store import Series
from stillcam.settings import FileSettings

DAY = 24 * 60


def never() -> bool:
    return False


def numbers(series: Series) -> list[int]:
    return [row["n"] for row in read.shots(series.folder.parent, series.name, 0, 10_000)]


def test_days_that_are_over_go(tmp_path):
    series = created(tmp_path, keep={"rule": "days", "days": 2})
    for day in range(6):
        shoot(series, minutes(day * DAY), raw=True)
    assert prune(series, minutes(5 * DAY - 1), never) == 3
    assert numbers(series) == [4, 5, 6]
    told = read.summary(tmp_path, "Garden", minutes(6 * DAY))
    assert (told["taken"], told["shots"], told["bytes"]) == (6, 3, 6 * len(JPEG))
    assert told["first"]["n"] == 4
    assert shoot(series, minutes(6 * DAY)) == 7
    assert prune(series, minutes(30 * DAY), never) == 4
    assert numbers(series) == []
    assert shoot(series, minutes(31 * DAY)) == 8
    assert read.summary(tmp_path, "Garden", minutes(40 * DAY))["first"]["n"] == 8
    again = Series.open(series.folder)
    again.boot = "another"
    recover(again)  # what was pruned is not taken for lost in a power cut
    assert again.state.tally.shots == 1


def test_every_second_of_the_older_half_goes_when_the_disk_is_nearly_full(tmp_path, monkeypatch):
    series = created(tmp_path, keep={"rule": "thin"})
    for minute in range(2400):
        shoot(series, minutes(minute))
    assert thin(series, never) == 600
    kept = numbers(series)
    assert kept[:600] == list(range(1, 1200, 2))
    assert kept[600:] == list(range(1201, 2401))
    assert thin(series, never) == 450
    assert series.state.tally.shots == len(numbers(series)) == 1350
    assert series.state.tally.bytes == 1350 * len(JPEG)


@pytest.mark.parametrize("keep", [None, {"rule": "all"}, {"rule": "days", "days": 9}])
def test_what_is_to_be_kept_is_kept(tmp_path, keep):
    series = created(tmp_path, keep=keep)
    for minute in range(9):
        shoot(series, minutes(minute))
    assert (thin(series, never), prune(series, minutes(DAY), never)) == (0, 0)
    assert len(numbers(series)) == 9


@pytest.mark.parametrize(("free", "left"), [(450_000_000, 8), (350_000_000, 6)])
def test_a_series_is_thinned_near_the_floor_only(tmp_path, monkeypatch, free, left):
    series = created(tmp_path, keep={"rule": "thin"})
    for minute in range(8):
        shoot(series, minutes(minute))
    disk = Disk(tmp_path, FileSettings)
    monkeypatch.setattr(Disk, "free_bytes", lambda _: free)
    monkeypatch.setattr(Disk, "floor_bytes", lambda _: 200_000_000)
    keeping = Keeping(lambda: [series], disk, never)
    for _ in range(3):
        keeping.regular()
    assert len(numbers(series)) == left


def test_one_series_that_cannot_be_read_does_not_keep_the_others(tmp_path, caplog):
    gone, series = (created(tmp_path, name, keep={"rule": "days", "days": 1}) for name in ("Gone", "Stays"))
    shoot(gone, START_MS)
    shoot(series, START_MS)
    (gone.folder / "frames").rename(tmp_path / "elsewhere")
    Keeping(lambda: [gone, series], Disk(tmp_path, FileSettings), never).regular()
    assert numbers(series) == []
    assert "Gone" in caplog.text
