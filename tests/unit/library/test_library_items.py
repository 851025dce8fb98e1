"""The listing of a day: the items that it makes of names, and how few it makes."""

import os
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from library_items import NOON_S, all_items

from stillcam.library import items as items_module
from stillcam.library.catalogue import Filter, Library
from stillcam.library.items import DayListing, Item, list_day
from stillcam.library.names import day_of, kind_of, ours_among, parse_stem, split, stem_of

DAY = day_of(NOON_S)
MANY = 3000  # items of a large day

_STAMPS = st.sampled_from(
    ["20261120T120000.000Z", "20261120T120000.001Z", "20260230T120000.000Z", "20261120T246000.000Z", "IMG"]
)
_REST = st.sampled_from(["_photo_a", "_raw_a", "_video_a", "_video_b", "_motion_a", "_motion_b_x", "_photo_a_x.y",
                         "_photo_motion", "_raw_camera_", "_film_a", ""])  # fmt: skip
_EXTENSION = st.sampled_from(["", ".jpg", ".JPG", ".jpeg", ".png", ".json", ".JSON", ".dng", ".mp4", ".mjpeg", ".txt"])
_NAME = st.tuples(_STAMPS, _REST, _EXTENSION).map("".join)


def plainly(names: list[str]) -> list[Item]:
    """The items among files, by the rules alone: how files of one stem belong together."""
    groups, items = defaultdict(list), []
    for name in sorted(names):
        groups[split(name)[0]].append(name)
    for stem, group in groups.items():
        parsed = parse_stem(stem)
        if parsed is None:
            items += [Item(DAY, name, kind_of(name), NOON_S) for name in group]
            continue
        sidecar = next((name for name in group if name.lower().endswith(".json")), None)
        pictures = [name for name in group if split(name)[1] in ("jpg", "jpeg")]
        main = parsed.kind
        if main == "motion":
            main = "video" if any(kind_of(name) == "video" for name in group) else "photo"
        preview = pictures[0] if pictures and main != "photo" else None
        for name in group:
            if name in (sidecar, preview):
                continue
            kind = "motion" if parsed.kind == "motion" and kind_of(name) in ("photo", "video") else kind_of(name)
            if kind_of(name) == main:
                items.append(Item(DAY, name, parsed.kind, parsed.time_s, parsed.camera, preview, sidecar))
            else:
                items.append(Item(DAY, name, kind, parsed.time_s))
    return sorted(items, key=lambda item: item.key)


@given(st.lists(_NAME, unique=True), st.sampled_from(["photo", "raw", "video", "motion", "file", None]), st.data())
def test_a_listing_gives_the_items_of_any_names(names, kind, data):
    """In every order, from every item on, by kind and camera, and by name."""
    ours, endings = ours_among(names)
    assert ours == sorted(name for name in names if parse_stem(split(name)[0]))
    listing = DayListing(DAY, ours, endings, sorted((NOON_S, name) for name in names if name not in ours))
    items = plainly(names)
    assert list(listing) == items
    assert list(listing.newest_first()) == items[::-1]
    assert listing.counts() == Counter((item.kind, item.camera) for item in items)
    wanted = Filter(kind, data.draw(st.sampled_from(["a", "b", "", None])))
    some = [item for item in items if wanted.takes(item.kind, item.camera)]
    assert list(listing.newest_first(takes=wanted.takes)) == some[::-1]
    if items:
        place = data.draw(st.integers(0, len(items) - 1))
        assert list(listing.newest_first(items[place].key)) == items[:place][::-1]
        assert listing.named({item.name for item in items[place:]} | {"gone.jpg"}) == items[place:]


@given(st.lists(_NAME.filter(bool), unique=True, max_size=20))
def test_files_named_by_us_are_told_from_others(tmp_path_factory, names):
    folder = tmp_path_factory.mktemp("library") / DAY
    folder.mkdir()
    for name in names:
        (folder / name).touch()
        os.utime(folder / name, (NOON_S, NOON_S))
    assert list(list_day(folder)) == plainly(names)


@given(st.lists(_NAME.filter(bool), unique=True, max_size=12), st.lists(_NAME.filter(bool), unique=True, max_size=12))
def test_an_earlier_listing_changes_nothing(tmp_path_factory, earlier, names):
    """Whatever has come and gone since."""
    folder = tmp_path_factory.mktemp("library") / DAY
    listings: list[DayListing] = []
    for present in (earlier, names):
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
        for name in present:
            (folder / name).touch()
            os.utime(folder / name, (NOON_S, NOON_S))
        listings.append(list_day(folder, listings[0] if listings else None))
    assert list(listings[1]) == list(list_day(folder)) == plainly(names)
    assert listings[1].counts() == list_day(folder).counts()
    assert list(listings[0]) == plainly(earlier)


def test_a_day_to_which_the_camera_adds_is_not_read_anew(tmp_path, monkeypatch):
    """Of the names in its folder those are looked at that are new."""
    library = large_day(tmp_path)
    library.page(1)
    looked_at: list[str] = []

    def counted(names: list[str]) -> tuple[list[str], Counter[str]]:
        looked_at.extend(names)
        return ours_among(names)

    monkeypatch.setattr(items_module, "ours_among", counted)
    new = [f"{stem_of('photo', NOON_S + MANY + number, 'imx708')}.jpg" for number in range(3)]
    for name in new:
        (tmp_path / DAY / name).touch()
        assert library.page(1).items[0].name == name
    assert looked_at == new


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of all items that are made."""
    names: list[str] = []
    init = Item.__init__

    def counted(self: Item, day: str, name: str, *rest: Any, **more: Any) -> None:
        names.append(name)
        init(self, day, name, *rest, **more)

    monkeypatch.setattr(Item, "__init__", counted)
    return names


def large_day(root: Path) -> Library:
    (root / DAY).mkdir()
    for number in range(MANY):
        stem = stem_of("video" if number % 1000 == 0 else "photo", NOON_S + number, "imx708")
        for extension in ("mp4" if number % 1000 == 0 else "jpg", "json"):
            (root / DAY / f"{stem}.{extension}").touch()
    return Library(root)


def test_a_page_of_a_large_day_makes_its_own_items_only(tmp_path, made):
    """Not all 60,000 of a day on which the camera took one a second."""
    library = large_day(tmp_path)
    first = library.page(60)
    assert len(first.items) == 60
    library.page(60, first.next)
    assert len(set(made)) < 130


def test_a_filter_on_a_large_day_makes_the_items_wanted_only(tmp_path, made):
    library = large_day(tmp_path)
    assert len(all_items(library, 60, Filter(kind="video"))) == 3
    assert len(set(made)) <= 5  # one of each kind more, to count, if the folder has not changed for a while


def test_events_of_motion_are_counted_without_the_other_items_of_a_large_day(tmp_path, made):
    """Some are videos with a preview, some are pictures: only the files of one event tell which it is."""
    library = large_day(tmp_path)
    for number, extensions in enumerate([("mp4", "jpg"), ("jpg",), ("jpg",), ("mjpeg", "jpg"), ("mp4",)]):
        for extension in (*extensions, "json"):
            (tmp_path / DAY / f"{stem_of('motion', NOON_S + number, 'imx708')}.{extension}").touch()
    assert library.calendar(2026) == {DAY: MANY + 5}
    assert len(set(made)) <= 7  # of each other kind one, to count
    found = all_items(library, 60, Filter(kind="motion"))
    assert [(split(item.name)[1], item.preview is not None) for item in found] == [
        ("mp4", False), ("mjpeg", True), ("jpg", False), ("jpg", False), ("mp4", True),
    ]  # fmt: skip
    assert {(item.kind, item.camera, item.sidecar is not None) for item in found} == {("motion", "imx708", True)}


def test_one_item_of_a_large_day_is_found_without_the_others(tmp_path, made):
    library = large_day(tmp_path)
    id_ = f"{DAY}/{stem_of('photo', NOON_S + 7, 'imx708')}.jpg"
    assert library.item(id_).files == [id_[11:], id_[11:-3] + "json"]
    assert library.calendar(2026) == {DAY: MANY}
    assert len(set(made)) <= 3  # of each kind and camera one, to count
