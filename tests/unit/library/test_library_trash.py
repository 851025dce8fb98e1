"""Trash and retention of the library."""

import pytest
from library_items import NOON_S, made

from stillcam.common.deletion import Undeletable
from stillcam.library.catalogue import Library
from stillcam.library.items import Item
from stillcam.library.retention import Candidate, Rule, items_to_delete
from stillcam.library.trash import Trash


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
