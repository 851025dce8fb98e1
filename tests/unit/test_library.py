"""The library: files are the truth, a page at a time, and nothing is half there."""

import errno
import json
import os
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillcam.common.deletion import Undeletable
from stillcam.library import days
from stillcam.library.catalogue import Filter, Library, Page
from stillcam.library.days import Item, read_day
from stillcam.library.names import day_of, decode, encode, parse_stem, stem_of
from stillcam.library.pending import PendingItem, recover
from stillcam.library.retention import Candidate, Rule, items_to_delete
from stillcam.library.trash import Trash
from stillcam.library.zip_stream import free_name, member, size_of, stream

NOON_S = datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp()


def made(root: Path, kind: str = "photo", time_s: float = NOON_S, camera: str = "imx708") -> str:
    """Make an item as the daemon does; its address."""
    pending = PendingItem(root, kind, time_s, camera)
    pending.path({"photo": "jpg", "raw": "dng", "video": "mp4"}[kind]).write_bytes(b"main")
    if kind != "photo":
        pending.path("jpg").write_bytes(b"preview")
    return pending.finish({"kind": kind})


def walked(library: Library, limit: int, wanted: Filter | None = None) -> list[Item]:
    """All items, page by page."""
    page = Page([], None)
    found: list[Item] = []
    while (page := library.page(limit, page.next, wanted)).next:
        found += page.items
    return found + page.items


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
    said = parse_stem(stem_of(kind, millis / 1000, camera))
    assert said is not None
    assert (round(said[0] * 1000), said[1:]) == (millis, (kind, camera))


@pytest.mark.parametrize(
    "stem", ["", "IMG_1", "20261340T000000.000Z_photo_a", "20261120T234501.123Z", "x20261120T234501.123Z_photo_a"]
)
def test_other_names_are_not_parsed(stem):
    assert parse_stem(stem) is None


# --- a day's folder


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
    items = read_day(folder)
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
    assert {item.name for item in walked(library, 9)} == {"IMG_1.JPG", "IMG_1.AAE"}


def test_a_file_that_is_not_ours_has_no_companion_files(tmp_path):
    id_ = made(tmp_path, "video")
    stem = (tmp_path / id_).stem
    for name in (f"{stem}.txt", f"{stem}.jpg.xmp"):
        (tmp_path / id_).with_name(name).touch()
    items = {item.name: item for item in walked(Library(tmp_path), 9)}
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
    assert read_day(folder) == []


def test_a_dangling_link_is_not_an_item(tmp_path):
    (tmp_path / "x.jpg").symlink_to("gone")
    assert read_day(tmp_path) == []


# --- pages


@given(
    st.lists(st.tuples(st.sampled_from(["photo", "raw", "video"]), st.integers(0, 40 * 86400)), max_size=60),
    st.integers(1, 7),
)
def test_pages_show_each_item_once_newest_first(tmp_path_factory, taken, limit):
    root = tmp_path_factory.mktemp("library")
    ids = {made(root, kind, NOON_S + second) for kind, second in taken}
    library = Library(root)
    found = walked(library, limit)
    assert [item.key for item in found] == sorted((item.key for item in found), reverse=True)
    assert {item.id for item in found} == ids
    assert len(found) == len(taken)
    raws = walked(library, limit, Filter(kind="raw"))
    assert raws == [item for item in found if item.kind == "raw"]


def test_paging_continues_after_a_deleted_item(tmp_path):
    for second in range(6):
        made(tmp_path, time_s=NOON_S + second)
    library = Library(tmp_path)
    first = library.page(3)
    library.path(first.items[-1]).unlink()
    rest = library.page(3, first.next)
    assert [item.time_s for item in rest.items] == [NOON_S + 2, NOON_S + 1, NOON_S]


def test_a_filter_without_matches_returns_after_a_limited_number_of_days(tmp_path):
    """A page never reads the whole library."""
    for day in range(100):
        made(tmp_path, time_s=NOON_S + day * 86400)
    made(tmp_path, "video", time_s=NOON_S - 86400)
    library = Library(tmp_path)
    page, pages = library.page(5, None, Filter(kind="video")), 1
    while not page.items:
        assert page.next
        page, pages = library.page(5, page.next, Filter(kind="video")), pages + 1
    assert (pages, page.items[0].kind) == (5, "video")


def test_favourites_and_days_and_cameras_are_filters(tmp_path):
    ids = [made(tmp_path, time_s=NOON_S + day * 86400, camera=f"imx{day}") for day in range(3)]
    library = Library(tmp_path)
    library.favourites.add(library.item(ids[1]))
    assert [item.id for item in walked(library, 2, Filter(favourites=True))] == [ids[1]]
    assert [item.id for item in walked(library, 2, Filter(day=ids[2][:10]))] == [ids[2]]
    assert [item.id for item in walked(library, 2, Filter(camera="imx0"))] == [ids[0]]
    library.favourites.remove(library.item(ids[1]))
    assert walked(library, 2, Filter(favourites=True)) == []


def test_changes_by_hand_are_noticed(tmp_path):
    id_ = made(tmp_path)
    library = Library(tmp_path)
    assert len(library.page(9).items) == 1
    (tmp_path / id_[:10] / "copied.jpg").touch()
    assert len(library.page(9).items) == 2
    library.path(library.item(id_)).unlink()
    assert [item.name for item in library.page(9).items] == ["copied.jpg"]
    assert library.calendar(2026) == {id_[:10]: 1}


@pytest.mark.parametrize(
    "id_",
    ["", "/", "2026-11-20", "2026-11-20/", "../x.jpg", "2026-11-20/../../x.jpg", ".trash/x.jpg", "2026-11-20/.x.jpg"],
)
def test_only_items_have_addresses(tmp_path, id_):
    made(tmp_path)
    with pytest.raises(LookupError):
        Library(tmp_path).item(id_)


def test_a_renamed_item_keeps_its_time_its_files_and_stays_a_favourite(tmp_path):
    library = Library(tmp_path)
    item = library.item(made(tmp_path, "raw"))
    library.favourites.add(item)
    renamed = library.rename(item, "Sunset at the lake")
    assert (renamed.title, renamed.time_s, renamed.camera) == ("Sunset at the lake", item.time_s, "imx708")
    assert library.item(renamed.id) == renamed
    assert [one.id for one in library.page(9, None, Filter(favourites=True)).items] == [renamed.id]
    assert library.rename(renamed, "").id == item.id


@pytest.mark.parametrize("title", ["a/b", "..", "a\nb", "a.json", "x" * 200, "\\"])
def test_a_title_cannot_become_a_path(tmp_path, title):
    library = Library(tmp_path)
    with pytest.raises(ValueError, match="title"):
        library.rename(library.item(made(tmp_path)), title)


def test_a_title_never_overwrites(tmp_path):
    for name in ("a.jpg", "b.jpg"):
        (tmp_path / "2026-11-20").mkdir(exist_ok=True)
        (tmp_path / "2026-11-20" / name).write_text(name)
    library = Library(tmp_path)
    with pytest.raises(FileExistsError):
        library.rename(library.item("2026-11-20/a.jpg"), "b")
    assert library.rename(library.item("2026-11-20/a.jpg"), "c").id == "2026-11-20/c.jpg"


def test_two_concurrent_renames_to_one_title_do_not_overwrite(tmp_path):
    names = [f"{number}.jpg" for number in range(8)]
    (tmp_path / "2026-11-20").mkdir()
    for name in names:
        (tmp_path / "2026-11-20" / name).write_text(name)
    library = Library(tmp_path)
    items = [library.item(f"2026-11-20/{name}") for name in names]

    def rename(item: Item) -> bool:
        with suppress(FileExistsError):
            return bool(library.rename(item, "the same"))
        return False

    with ThreadPoolExecutor(len(items)) as people:
        assert sum(people.map(rename, items)) == 1
    assert {path.read_text() for path in (tmp_path / "2026-11-20").iterdir()} == set(names)


def test_a_rename_that_fails_midway_is_undone(tmp_path, monkeypatch):
    library = Library(tmp_path)
    item = library.item(made(tmp_path, "raw"))
    rename = Path.rename

    def full(path: Path, target: Path) -> Path:
        if path.suffix == ".json":
            raise OSError(errno.ENOSPC, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(OSError, match="No space"):
        library.rename(item, "Fox")
    assert library.item(item.id) == item


# --- pending items


def test_an_item_appears_only_when_complete(tmp_path):
    pending = PendingItem(tmp_path, "raw", NOON_S, "imx 477/m")
    pending.path("dng").write_bytes(b"raw")
    pending.path("jpg").write_bytes(b"preview")
    assert Library(tmp_path).page(9).items == []
    item = Library(tmp_path).item(pending.finish({"Lux": 400}))
    assert (item.kind, item.camera, item.time_s) == ("raw", "imx-477-m", NOON_S)
    assert item.sidecar is not None
    assert json.loads((tmp_path / item.day / item.sidecar).read_text()) == {"Lux": 400}


def test_two_items_of_the_same_time_have_different_names(tmp_path):
    """Also while the clock stands, or has been set back."""
    ids = {made(tmp_path) for _ in range(5)}
    assert len(ids) == 5
    assert len(Library(tmp_path).page(9).items) == 5


@pytest.mark.parametrize("moved", [(), ("jpg",), ("jpg", "mp4")])
def test_an_item_is_finished_after_a_crash_while_it_appeared(tmp_path, moved):
    pending = PendingItem(tmp_path, "video", NOON_S, "")
    for extension in ("mp4", "jpg", "json"):
        pending.path(extension).write_bytes(b"{}")
    day = tmp_path / day_of(NOON_S)
    day.mkdir()
    for extension in moved:
        pending.path(extension).rename(day / pending.path(extension).name)
    assert recover(tmp_path) == []
    (item,) = Library(tmp_path).page(9).items
    assert [Path(name).suffix for name in item.files] == [".mp4", ".jpg", ".json"]


def test_incomplete_files_are_returned_to_the_caller(tmp_path):
    pending = PendingItem(tmp_path, "video", NOON_S, "")
    pending.path("mp4").write_bytes(b"begun")
    assert recover(tmp_path) == [pending.path("mp4")]
    assert Library(tmp_path).page(9).items == []
    assert recover(tmp_path / "none") == []


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


# --- trash and retention


def test_a_restored_item_is_as_before(tmp_path):
    item = Library(tmp_path).item(made(tmp_path, "raw"))
    trash = Trash(tmp_path)
    before = sorted(path.name for path in (tmp_path / item.day).iterdir())
    trash.put(item, NOON_S)
    assert Library(tmp_path).page(9).items == []
    with pytest.raises(LookupError, match="already"):
        trash.put(item, NOON_S + 1)
    (trashed,) = trash.items()
    trash.restore(trashed)
    assert sorted(path.name for path in (tmp_path / item.day).iterdir()) == before
    with pytest.raises(FileExistsError):
        trash.restore(trashed)


def test_old_items_are_deleted_from_the_trash(tmp_path):
    for day in range(3):
        Trash(tmp_path).put(Library(tmp_path).item(made(tmp_path, time_s=NOON_S + day)), NOON_S + day * 86400)
    assert Trash(tmp_path).empty(NOON_S + 1.5 * 86400, lambda: False, Undeletable().note) == 2
    assert [trashed.item.time_s for trashed in Trash(tmp_path).items()] == [NOON_S + 2]


def test_the_oldest_items_are_deleted_first_and_favourites_never():
    kept = [
        Candidate(Item("2026-11-20", f"{number}.jpg", "photo", number * 100.0), 10, favourite=number == 1)
        for number in range(6)
    ]

    def gone(rule: Rule, used: int = 60, free: int = 100) -> list[str]:
        return [item.name for item in items_to_delete(kept, rule, 600.0, used, free)]

    assert gone(Rule()) == []
    assert gone(Rule(max_age_s=350)) == ["0.jpg", "2.jpg"]
    assert gone(Rule(max_bytes=35)) == ["0.jpg", "2.jpg", "3.jpg"]
    assert gone(Rule(min_free_bytes=115)) == ["0.jpg", "2.jpg"]
    assert gone(Rule(max_age_s=150, max_bytes=59)) == ["0.jpg", "2.jpg", "3.jpg", "4.jpg"]


# --- ZIP


@given(
    st.dictionaries(
        st.text(st.characters(codec="utf-8", exclude_characters="/\0\\"), min_size=1, max_size=9),
        st.binary(max_size=99),
    )
)
def test_an_archive_has_the_announced_size(tmp_path_factory, contents):
    folder = tmp_path_factory.mktemp("files")
    members = []
    for number, (name, data) in enumerate(contents.items()):
        (folder / str(number)).write_bytes(data)
        members.append(member(folder / str(number), f"{number}/{name}", (2026, 11, 20, 12, 0, 0)))
    archive = b"".join(piece for pieces in stream(members) for piece in pieces)
    assert len(archive) == size_of(members)
    with zipfile.ZipFile(BytesIO(archive)) as read:
        assert read.testzip() is None
        assert [read.read(one.name) for one in members] == list(contents.values())


def test_names_in_an_archive_are_unique_and_portable():
    assert free_name("d/a.jpg", {"d/b.jpg"}) == "d/a.jpg"
    assert free_name("d/a.jpg", {"d/a.jpg", "d/a 2.jpg"}) == "d/a 3.jpg"
    assert free_name("d/a\nb\\c.jpg", set()) == "d/a_b_c.jpg"


def test_an_archive_that_needs_zip64(tmp_path):
    """Sparse files, and only the sizes of what comes out are kept."""
    for name, size in (("large", (2 << 30) + 1), ("after", 10)):
        with (tmp_path / name).open("wb") as file:
            file.truncate(size)
    members = [member(tmp_path / name, name, (1970, 1, 1, 0, 0, 0)) for name in ("large", "after")]
    assert sum(len(piece) for pieces in stream(members) for piece in pieces) == size_of(members)


def test_a_file_that_changes_meanwhile_aborts_the_archive(tmp_path):
    (tmp_path / "a").write_bytes(b"123")
    one = member(tmp_path / "a", "a", (2026, 1, 1, 0, 0, 0))
    (tmp_path / "a").write_bytes(b"1")
    with pytest.raises(ConnectionAbortedError, match="shorter"):
        list(stream([one]))
    (tmp_path / "a").unlink()
    with pytest.raises(ConnectionAbortedError):
        list(stream([one]))
