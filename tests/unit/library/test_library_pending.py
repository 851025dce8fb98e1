"""Pending items: complete in the library, or not there at all."""

import json
from pathlib import Path

import pytest
from library_items import NOON_S, made

from stillcam.library.catalogue import Library
from stillcam.library.names import day_of
from stillcam.library.pending import PendingItem, recover


def test_an_item_appears_only_when_complete(tmp_path):
    pending = PendingItem.create(tmp_path, "raw", NOON_S, "imx 477/m")
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
    pending = PendingItem.create(tmp_path, "video", NOON_S, "")
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
    pending = PendingItem.create(tmp_path, "video", NOON_S, "")
    pending.path("mp4").write_bytes(b"begun")
    assert recover(tmp_path) == [pending.path("mp4")]
    assert Library(tmp_path).page(9).items == []
    assert recover(tmp_path / "none") == []
