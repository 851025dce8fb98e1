"""Retention: what is pruned from the library and its trash, and what keeps its place."""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from photos import add_photo
from pictures import picture

from stillcam.capture.library_writer.clock_trust import ClockTrust
from stillcam.capture.library_writer.retention import LibraryRetention, rule_of
from stillcam.common.deletion import Undeletable
from stillcam.common.disk_space import RESERVE_BYTES, Disk, reserve_bytes
from stillcam.library.catalogue import Library
from stillcam.library.retention import Rule
from stillcam.library.thumbnails import Thumbnails
from stillcam.library.trash import KEPT_S, Trash
from stillcam.settings.schema import FileSettings, RetentionSettings

MOMENT_S = 1_795_218_301.0


@pytest.mark.parametrize(
    ("reserve_mb", "disk_bytes", "reserve"),
    [(0, 64 * 10**9, RESERVE_BYTES), (0, 10**9, 50_000_000), (500, 10**9, 500_000_000), (1, 64 * 10**9, 1_000_000)],
)
def test_the_disk_reserve_is_as_set_or_200_mb_or_5_percent(reserve_mb, disk_bytes, reserve):
    assert reserve_bytes(reserve_mb, disk_bytes) == reserve


def test_the_settings_of_retention_are_a_rule():
    assert rule_of(RetentionSettings()) == Rule()
    assert rule_of(RetentionSettings(2.0, 0.5, 300)) == Rule(172_800.0, 500_000_000, 300_000_000)


def photo(root: Path, time_s: float) -> str:
    return add_photo(root, time_s, picture((640, 480)))


class Room(Disk):
    """A disk on which so many bytes are free."""

    def __init__(self, root: Path, free: int) -> None:
        super().__init__(root, lambda: FileSettings().floor_mb)
        self._free = free

    def free_bytes(self) -> int:
        return self._free

    def reserve_bytes(self) -> int:
        return 1000


def ages(root: Path, right: bool = True) -> ClockTrust:
    return ClockTrust(root, root / "series", lambda: right)


def kept_by(
    root: Path,
    free: int,
    settings: RetentionSettings,
    known: ClockTrust | None = None,
    undeletable: Undeletable | None = None,
    over: bool = False,
) -> LibraryRetention:
    """Retention of a library on a disk with so much room."""
    return LibraryRetention(
        root, Room(root, free), lambda: settings, known or ages(root), lambda: over, undeletable or Undeletable()
    )


def test_the_trash_is_emptied_after_30_days_and_its_thumbnails_are_forgotten(tmp_path):
    library, trash, now = Library(tmp_path), Trash(tmp_path), time.time()
    old, new = (library.item(photo(tmp_path, now - age_s)) for age_s in (5.0, 4.0))
    Thumbnails(tmp_path).of(old)
    (kept,) = tmp_path.glob(".thumbnails/*/*.jpg")
    trash.put(old, now - KEPT_S - 60)
    trash.put(new, now - KEPT_S + 60)
    kept_by(tmp_path, 10**9, RetentionSettings()).regular()
    assert [trashed.item.name for trashed in trash.items()] == [new.name]
    assert not kept.exists()


def test_what_is_old_goes_the_trash_first_and_favourites_never(tmp_path):
    library, now = Library(tmp_path), time.time()
    items = [library.item(photo(tmp_path, now - 86400 * age)) for age in (9, 8, 7, 1)]
    library.favourites.add(items[1])
    Trash(tmp_path).put(items[2], now)
    ended = kept_by(tmp_path, 10, RetentionSettings(max_age_days=5, min_free_mb=1), over=True)
    ended.prune()  # the daemon ends: nothing is begun
    left = {path.name for path in tmp_path.glob("2*/*.jpg")}
    assert {items[0].name, items[1].name, items[3].name} == left
    kept_by(tmp_path, 10, RetentionSettings(max_age_days=5)).prune()
    left = {path.name for path in tmp_path.glob("2*/*.jpg")}
    assert left == {items[1].name, items[3].name}
    assert not (tmp_path / items[0].day).exists()


@pytest.mark.parametrize(
    ("right", "free", "there", "trashed"),
    [
        pytest.param(True, 10**9, [1], [9, 8], id="through the trash"),
        pytest.param(True, 10, [1], [], id="for good where the disk is short"),
        pytest.param(False, 10**9, [9, 8, 1], [40], id="not while the clock may be wrong"),
        pytest.param(False, 10, [9, 8, 1], [40], id="not even then"),
    ],
)
def test_what_is_too_old_goes(tmp_path, right, free, there, trashed):
    now = time.time()
    items = {age: Library(tmp_path).item(photo(tmp_path, now - 86400 * age)) for age in (40, 9, 8, 1)}
    Trash(tmp_path).put(items[40], now - 86400 * 35)
    known = ages(tmp_path, right)
    settings = RetentionSettings(max_age_days=5)
    kept_by(tmp_path, free, settings, known).regular()
    assert {path.name for path in tmp_path.glob("2*/*.jpg")} == {items[age].name for age in there}
    assert {one.item.name for one in Trash(tmp_path).items()} == {items[age].name for age in trashed}
    assert (known.reason is None) == right


def test_a_clock_that_is_set_right_at_that_moment_has_not_jumped(tmp_path, monkeypatch):
    """What was read of it before, and that it is right, must not be taken for one."""
    real, shift_s = time.time, [-9 * 86400.0]
    photo(tmp_path, real() - 9 * 86400)

    def set_right() -> bool:
        shift_s[0] = 0.0
        return True

    monkeypatch.setattr(time, "time", lambda: real() + shift_s[0])
    known = ClockTrust(tmp_path, tmp_path / "series", set_right)
    kept_by(tmp_path, 10**9, RetentionSettings(), known).prune()
    kept_by(tmp_path, 10**9, RetentionSettings(max_age_days=5), known).prune()
    assert known.reason is None
    assert not list(tmp_path.glob("2*/*.jpg"))


def test_what_is_too_much_goes_for_good_whatever_the_clock_says(tmp_path):
    now = time.time()
    items = [Library(tmp_path).item(photo(tmp_path, now - 86400 * age)) for age in (9, 8, 1)]
    size = (tmp_path / items[0].day / items[0].name).stat().st_size
    settings = RetentionSettings(max_age_days=5, max_bytes_gb=size * 2.5 / 1e9)
    kept_by(tmp_path, 10**9, settings, ages(tmp_path, False)).prune()
    assert {path.name for path in tmp_path.glob("2*/*.jpg")} == {item.name for item in items[1:]}
    assert Trash(tmp_path).items() == []


def test_an_item_that_cannot_be_deleted_keeps_no_other(tmp_path, caplog):
    """Neither by age nor by size: another one goes in its place. It is named once."""
    now = time.time()
    items = [Library(tmp_path).item(photo(tmp_path, now - 86400 * age)) for age in (9, 8, 1, 0.9)]
    stuck, newest = (tmp_path / item.day / item.name for item in (items[0], items[3]))
    undeletable = Undeletable()
    size = 1.5 * newest.stat().st_size + stuck.stat().st_size
    settings = RetentionSettings(max_age_days=5, max_bytes_gb=size / 1e9)
    retention = kept_by(tmp_path, 10**9, settings, undeletable=undeletable)
    with bound(stuck):
        for _ in range(3):
            retention.regular()
            retention._not_before = 0.0  # at once
        assert undeletable.to_json() == [{"path": str(stuck), "error": "Device or resource busy"}]
    assert set(tmp_path.glob("2*/*.jpg")) == {stuck, newest}
    assert caplog.text.count("cannot delete") == 1
    stuck.unlink()
    assert undeletable.to_json() == []


def test_trash_that_cannot_be_deleted_keeps_no_other(tmp_path, caplog):
    trash, undeletable = Trash(tmp_path), Undeletable()
    for age_s in (5.0, 4.0):
        trash.put(Library(tmp_path).item(photo(tmp_path, time.time() - age_s)), 1e9 + age_s)
    (stuck, *_) = tmp_path.glob(".trash/*/*/*.jpg")
    for _ in range(2):
        with bound(stuck):
            trash.empty(2e9, lambda: False, undeletable.note)
            assert undeletable.to_json()[0] == {"path": str(stuck), "error": "Device or resource busy"}
    assert [path.name for path in tmp_path.glob(".trash/*/*/*")] == [stuck.name]
    assert caplog.text.count(f"cannot delete {stuck}") == 1
    trash.empty(2e9, lambda: False, undeletable.note)
    assert list(tmp_path.glob(".trash/*")) == []


@contextlib.contextmanager
def bound(path: Path) -> Iterator[None]:
    """A file that nobody can delete: another one is mounted over it."""
    if subprocess.run(["mount", "--bind", path, path], capture_output=True, check=False).returncode:
        pytest.skip("without the right to mount, every file can be deleted by its owner")
    try:
        yield
    finally:
        subprocess.run(["umount", path], check=True)


def test_a_draft_never_takes_a_name_that_there_is(tmp_path):
    """Also when the clock was set back by a day."""
    tomorrow = [photo(tmp_path, MOMENT_S + 0.001 * number) for number in range(3)]
    again = photo(tmp_path, MOMENT_S)
    assert again not in tomorrow
    assert len(os.listdir(tmp_path / again.partition("/")[0])) == 8
