"""What a crash or a power cut has left of a series is put right: the folder is the last word."""

from pathlib import Path

import pytest
from pictures import picture as jpeg
from series_on_disk import created, minutes

from stillcam.series import reader
from stillcam.series.folder import Series
from stillcam.series.manifest import MANIFEST
from stillcam.series.manifest_search import lines_from
from stillcam.series.recovery import recover


@pytest.fixture
def series(tmp_path):
    """Five whole shots."""
    series = created(tmp_path)
    for number in range(5):
        shot = series.folder / ".shot.jpg"
        shot.write_bytes(jpeg())
        series.add_shot(minutes(number), minutes(number), [shot], {})
    return series


def after(series: Series, boot: str = "another") -> Series:
    """The same after a start of the machine."""
    again = Series.open(series.folder)
    again.boot = boot
    recover(again)
    return again


def pictures(series: Series) -> list[Path]:
    return sorted((series.folder / "frames").glob("*/*"))


def test_a_complete_series_is_not_changed(series):
    before = (series.folder / MANIFEST).read_bytes()
    assert after(series).state.tally == series.state.tally
    assert (series.folder / MANIFEST).read_bytes() == before


def test_pictures_without_a_line_get_one(series):
    """Linux had written the pictures, but not yet the end of the manifest."""
    path = series.folder / MANIFEST
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    again = after(series)
    assert (again.state.tally.taken, again.state.tally.sequence, again.state.tally.shots) == (5, 5, 5)
    assert [row["n"] for row in reader.shots(series.folder.parent, "Garden", 1, 9)] == [1, 2, 3, 4, 5]
    assert again.state.tally.bytes == series.state.tally.bytes


def test_an_incomplete_picture_without_a_line_is_deleted(series):
    folder = series.folder / "frames/000"
    (folder / "000006_20261120T120600.000Z.jpg").write_bytes(jpeg()[:-9])
    (folder / "000007_20261120T120700.000Z.dng").write_bytes(b"II*\0")
    (folder / ".000008").touch()
    assert after(series).state.tally.sequence == 5
    assert len(pictures(series)) == 5


@pytest.mark.parametrize("left", [None, b"", b"\0" * 500], ids=["missing", "empty", "zeros"])
def test_a_picture_lost_in_a_power_cut_is_recorded_as_deleted(series, left):
    lost = pictures(series)[3]
    lost.unlink() if left is None else lost.write_bytes(left)
    again = after(series)
    assert (again.state.tally.taken, again.state.tally.shots) == (5, 4)
    assert [line["thinned"] for line, _ in lines_from(series.folder, 0) if "thinned" in line] == [[4]]
    assert [row["n"] for row in reader.shots(series.folder.parent, "Garden", 1, 9)] == [1, 2, 3, 5]
    assert after(again).state.tally == again.state.tally  # known: once is enough


def test_without_a_power_cut_pictures_are_not_checked(series):
    pictures(series)[3].unlink()
    assert after(series, series.boot).state.tally.shots == 5
