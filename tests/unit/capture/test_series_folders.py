"""Series are taken in as they come, at the start or with their disk, and let go with it."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from series_on_disk import START_MS, created, shoot

from stillcam.capture.modes.series_folders import SeriesFolders
from stillcam.series.folder import Series


class BackgroundWorker:
    """A `SeriesFolders` whose tasks the test carries out, and who was taken in."""

    def __init__(self, root: Path) -> None:
        self.tasks: list[Callable[[], None]] = []
        self.removed: list[Path] = []
        self.nudges = 0
        self.series: dict[str, Series] = {}
        self.folders = SeriesFolders(root, lambda: self.series, self.tasks.append, self.removed.append, self.nudge)

    def nudge(self) -> None:
        self.nudges += 1

    def look(self) -> list[str]:
        """Look, carry out what comes of it, and take in; the names of all."""
        self.folders.scan()
        while self.tasks:
            self.tasks.pop(0)()
        for name in self.folders.take_gone():
            del self.series[name]
        for series in self.folders.take_opened():
            assert series.name not in self.series
            self.series[series.name] = series
        return sorted(self.series)


@pytest.fixture
def root(tmp_path):
    return tmp_path / "series"


def test_each_is_taken_in_once_and_followed(root):
    worker = BackgroundWorker(root)
    assert worker.look() == []
    created(root, "One")
    assert worker.folders.will_open("One") is False  # it looked before
    assert worker.look() == ["One"]
    one = worker.series["One"]
    created(root, "Two")
    assert worker.look() == worker.look() == ["One", "Two"]
    assert worker.series["One"] is one
    shutil.rmtree(root / "Two")
    assert worker.look() == ["One"]


def test_a_new_one_with_the_name_of_a_deleted_one_stays(root):
    """It was taken for a folder that replaces another: dropped, opened again, and moments were missed."""
    worker = BackgroundWorker(root)
    created(root, "One")
    worker.look()
    del worker.series["One"]
    worker.folders.forget("One")
    (root / "One").rename(root / ".deleted")  # no other folder gets its inode
    one = worker.series["One"] = created(root, "One")
    assert worker.look() == worker.look() == ["One"]
    assert worker.series["One"] is one


def test_before_the_first_look_it_is_said_that_it_is_being_opened(root):
    created(root, "One")
    worker = BackgroundWorker(root)
    assert worker.folders.will_open("One")
    assert not worker.folders.will_open("Two")
    worker.folders.scan()
    assert worker.folders.will_open("One")
    nudges = worker.nudges
    worker.look()
    assert worker.nudges > nudges
    assert not worker.folders.will_open("One")


def test_one_whose_folder_is_another_is_opened_anew(root, tmp_path):
    """A disk was mounted over it, on which there is one of that name."""
    worker = BackgroundWorker(root)
    shoot(created(root, "One"), START_MS)
    shoot(created(tmp_path / "usb", "One"), START_MS)
    shoot(Series.open(tmp_path / "usb" / "One"), START_MS + 60_000)
    worker.look()
    worker.look()
    root.rename(tmp_path / "below")
    (tmp_path / "usb").rename(root)
    worker.look()
    assert worker.look() == ["One"]
    assert worker.series["One"].state.tally.taken == 2


def test_a_disk_that_goes_and_comes_back(root, tmp_path, caplog):
    worker = BackgroundWorker(root)
    created(root, "One")
    worker.look()
    root.rename(tmp_path / "away")
    assert worker.look() == []
    assert worker.look() == []
    (tmp_path / "away").rename(root)
    assert worker.look() == ["One"]


def test_a_damaged_series_keeps_no_other_and_is_named_once(root, caplog):
    for name in ("One", "Two"):
        created(root, name)
    good = (root / "One" / "series.json").read_text()
    (root / "One" / "series.json").write_text("{")
    worker = BackgroundWorker(root)
    assert worker.look() == worker.look() == ["Two"]
    assert caplog.text.count("cannot continue series One") == 1
    (root / "One" / "series.json").write_text(good)
    assert worker.look() == ["One", "Two"]


def test_those_that_run_come_first(root):
    for name in ("Old", "Newest", "New"):
        created(root, name)
    for name, time_s in (("Old", 1e9), ("New", 2e9), ("Newest", 3e9)):
        os.utime(root / name / "state.json", (time_s, time_s))
    worker = BackgroundWorker(root)
    worker.look()
    assert list(worker.series) == ["Newest", "New", "Old"]


def test_what_a_crash_has_left_is_removed_when_its_disk_comes(root):
    worker = BackgroundWorker(root)
    worker.look()
    for name in (".deleted_One_5", ".new_Two", ".shots"):
        (root / name).mkdir(parents=True)
    worker.look()
    worker.look()
    assert sorted(path.name for path in worker.removed) == [".deleted_One_5", ".new_Two"]
