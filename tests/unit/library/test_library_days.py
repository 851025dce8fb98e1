"""Names of files in the library, and the items in the folder of a day."""

import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from library_items import NOON_S, all_items, made

from stillcam.library import days
from stillcam.library.catalogue import Library
from stillcam.library.days import Days
from stillcam.library.items import DayListing, list_day
from stillcam.library.names import day_of, decode, encode, parse_stem, stem_of
from stillcam.library.trash import Trash

# --- names


@given(st.text(st.characters(exclude_characters="/\0"), min_size=1).filter(lambda name: not name.startswith(".")))
def test_every_valid_file_name_has_an_address(name):
    """Surrogates stand for bytes that are not UTF-8, as Python reads them from a folder."""
    try:
        os.fsencode(name)
    except UnicodeEncodeError:
        return  # such a name cannot come from a folder
    assert decode(encode(name)) == os.fsdecode(os.fsencode(name))
    assert encode(name).isprintable()


@pytest.mark.parametrize(
    "text", ["", ".", "..", ".hidden", "a/b", "~", "~Li4", "~L2V0Yw", "~YQ", "~a=b", "a\0b", "a\\b", "a\nb", "~%%%"]
)
def test_an_address_never_leaves_the_folder_of_the_day(text):
    with pytest.raises(ValueError, match="not a name"):
        decode(text)


@given(st.sampled_from(["photo", "raw", "video"]), st.integers(0, 4_000_000_000_000), st.text("abc019-", max_size=9))
def test_time_kind_and_camera_are_parsed_from_a_name(kind, millis, camera):
    parts = parse_stem(stem_of(kind, millis / 1000, camera))
    assert parts is not None
    assert (round(parts[0] * 1000), parts[1:]) == (millis, (kind, camera))


@pytest.mark.parametrize(
    "stem", ["", "IMG_1", "20261340T000000.000Z_photo_a", "20261120T234501.123Z", "x20261120T234501.123Z_photo_a"]
)
def test_other_names_are_not_parsed(stem):
    assert parse_stem(stem) is None


# --- the folder of a day


def test_files_copied_in_by_hand_are_items(tmp_path):
    folder = tmp_path / "2026-11-20"
    folder.mkdir()
    kinds = {
        "IMG_1.JPG": "photo", "IMG_1.MOV": "video", "IMG_2.dng": "raw", "IMG_2.jpg": "photo", "film.mp4": "video",
        "film.json": "file", "notes.txt": "file", "README": "file", "a\nb.png": "photo", "x.heic": "photo",
        "x.webp": "photo", "x.TIF": "photo", "x.avi": "video", "x.ts": "video", "x.nef": "raw", "x.tar.gz": "file",
    }  # fmt: skip
    for name in (*kinds, ".hidden.jpg"):
        (folder / name).touch()
    (folder / "folder.jpg").mkdir()
    items = list_day(folder)
    assert {item.name: item.kind for item in items} == kinds
    assert all(item.files == [item.name] for item in items)


def test_a_photo_beside_a_video_of_its_name_is_not_deleted_with_it(tmp_path):
    """As phones make them: IMG_1.JPG and IMG_1.MOV."""
    folder = tmp_path / "2026-11-20"
    folder.mkdir()
    for name in ("IMG_1.JPG", "IMG_1.MOV", "IMG_1.AAE"):
        (folder / name).touch()
    library = Library(tmp_path)
    renamed = library.rename(library.item("2026-11-20/IMG_1.MOV"), "Fox")
    assert renamed.name == "Fox.MOV"
    Trash(tmp_path).put(renamed, NOON_S)
    assert {path.name for path in folder.iterdir()} == {"IMG_1.JPG", "IMG_1.AAE"}
    assert {item.name for item in all_items(library, 9)} == {"IMG_1.JPG", "IMG_1.AAE"}


def test_a_file_that_is_not_ours_has_no_companion_files(tmp_path):
    id_ = made(tmp_path, "video")
    stem = (tmp_path / id_).stem
    for name in (f"{stem}.txt", f"{stem}.jpg.xmp"):
        (tmp_path / id_).with_name(name).touch()
    items = {item.name: item for item in all_items(Library(tmp_path), 9)}
    assert items[f"{stem}.mp4"].files == [f"{stem}.mp4", f"{stem}.jpg", f"{stem}.json"]
    assert items[f"{stem}.txt"].files == [f"{stem}.txt"]
    assert items[f"{stem}.jpg.xmp"].files == [f"{stem}.jpg.xmp"]


@pytest.mark.parametrize(("name", "new"), [("README", "Fox"), ("a.tar.gz", "Fox.gz"), ("IMG_1.JPG", "Fox.JPG")])
def test_a_new_title_keeps_time_kind_and_camera(tmp_path, name, new):
    (tmp_path / "2026-11-20").mkdir()
    (tmp_path / "2026-11-20" / name).touch()
    library = Library(tmp_path)
    assert library.rename(library.item(f"2026-11-20/{name}"), "Fox").name == new


def test_a_preview_without_its_video_is_not_a_photo(tmp_path):
    made(tmp_path, "video")
    folder = tmp_path / day_of(NOON_S)
    next(folder.glob("*.mp4")).unlink()
    assert list(list_day(folder)) == []


def test_a_dangling_link_is_not_an_item(tmp_path):
    (tmp_path / "x.jpg").symlink_to("gone")
    assert list(list_day(tmp_path)) == []


def test_a_changed_folder_with_an_unchanged_time_is_read_again(tmp_path, monkeypatch):
    """As on exFAT by FUSE when a file is renamed: a new item comes, and one that is deleted goes."""
    monkeypatch.setattr(days, "changes_folder_times", lambda _root: False)
    library, day = Library(tmp_path), tmp_path / day_of(NOON_S)

    def count() -> int:
        os.utime(day, (1e9, 1e9))
        return len(library.page(10).items)

    made(tmp_path, time_s=NOON_S)
    assert count() == 1
    one = library.page(1).items[0]
    made(tmp_path, time_s=NOON_S + 1)
    assert count() == 2
    assert library.calendar(2026) == {day.name: 2}
    for name in one.files:
        (day / name).rename(tmp_path / name)
    assert count() == 1
    assert library.calendar(2026) == {day.name: 1}


def test_a_disk_is_probed_once(tmp_path, monkeypatch):
    tried: list[Path] = []

    def changes_folder_times(root: Path) -> bool:
        tried.append(root)
        return True

    monkeypatch.setattr(days, "changes_folder_times", changes_folder_times)
    library = Library(tmp_path)
    made(tmp_path, time_s=NOON_S)
    assert [len(library.page(10).items) for _ in range(3)] == [1, 1, 1]
    assert tried == [tmp_path]


def settled(root: Path) -> None:
    """Wait until a change of the day's folder shows in its times."""
    until_s = time.monotonic() + 60
    while not (version := Days(root).version(day_of(NOON_S))) or not version.settled:
        assert time.monotonic() < until_s
        time.sleep(0.01)


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that are listed."""
    folders: list[Path] = []

    def counted(folder: Path, before: DayListing | None) -> DayListing:
        folders.append(folder)
        return list_day(folder, before)

    monkeypatch.setattr(days, "list_day", counted)
    return folders


def test_a_file_is_noticed_although_the_time_of_its_folder_is_set_back(tmp_path):
    """As rsync -t, tar and cp -a do."""
    made(tmp_path, time_s=NOON_S)
    folder = tmp_path / day_of(NOON_S)
    os.utime(folder, (NOON_S, NOON_S))
    settled(tmp_path)
    library = Library(tmp_path)
    assert len(library.page(9).items) == 1
    (folder / "copied.jpg").touch()
    os.utime(folder, (NOON_S, NOON_S))
    assert len(library.page(9).items) == 2


def test_a_day_that_a_wrong_clock_has_dated_ahead_is_listed_once(tmp_path, listed):
    made(tmp_path, time_s=NOON_S)
    ahead_s = time.time() + 1e8
    os.utime(tmp_path / day_of(NOON_S), (ahead_s, ahead_s + 0.123))
    settled(tmp_path)
    library = Library(tmp_path)
    assert [len(library.page(9).items) for _ in range(3)] == [1, 1, 1]
    assert len(listed) == 1


def test_many_requests_for_a_day_list_it_once(tmp_path, monkeypatch):
    """As the thumbnails of a page do."""
    listed: list[Path] = []
    again = threading.Event()

    def slowly(folder: Path, before: DayListing | None) -> DayListing:
        if listed:
            again.set()
        listed.append(folder)
        again.wait(0.5)
        return list_day(folder, before)

    monkeypatch.setattr(days, "list_day", slowly)
    id_ = made(tmp_path, time_s=NOON_S)
    settled(tmp_path)
    library = Library(tmp_path)
    with ThreadPoolExecutor(8) as people:
        assert len(set(people.map(library.item, [id_] * 64))) == 1
    assert len(listed) == 1
