"""The catalogue: pages, filters, and new titles."""

import errno
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from library_items import NOON_S, all_items, made

from stillcam.library.catalogue import Filter, Library
from stillcam.library.items import Item


@given(
    st.lists(st.tuples(st.sampled_from(["photo", "raw", "video"]), st.integers(0, 40 * 86400)), max_size=60),
    st.integers(1, 7),
)
def test_pages_show_each_item_once_newest_first(tmp_path_factory, taken, limit):
    root = tmp_path_factory.mktemp("library")
    ids = {made(root, kind, NOON_S + second) for kind, second in taken}
    library = Library(root)
    found = all_items(library, limit)
    assert [item.key for item in found] == sorted((item.key for item in found), reverse=True)
    assert {item.id for item in found} == ids
    assert len(found) == len(taken)
    raws = all_items(library, limit, Filter(kind="raw"))
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
    assert [item.id for item in all_items(library, 2, Filter(favourites=True))] == [ids[1]]
    assert [item.id for item in all_items(library, 2, Filter(day=ids[2][:10]))] == [ids[2]]
    assert [item.id for item in all_items(library, 2, Filter(camera="imx0"))] == [ids[0]]
    library.favourites.remove(library.item(ids[1]))
    assert all_items(library, 2, Filter(favourites=True)) == []


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
