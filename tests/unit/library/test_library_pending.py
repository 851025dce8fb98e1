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


@pytest.mark.parametrize(
    ("kind", "moved"),
    [("video", ()), ("video", ("jpg",)), ("video", ("jpg", "mp4")), ("motion", ("mp4",)), ("motion", ("mp4", "jpg"))],
)
def test_an_item_is_finished_after_a_crash_while_it_appeared(tmp_path, kind, moved):
    pending = PendingItem.create(tmp_path, kind, NOON_S, "")
    for extension in ("mp4", "jpg", "json"):
        pending.path(extension).write_bytes(b"{}")
    day = tmp_path / day_of(NOON_S)
    day.mkdir()
    for extension in moved:
        pending.path(extension).rename(day / pending.path(extension).name)
    assert recover(tmp_path) == []
    (item,) = Library(tmp_path).page(9).items
    assert [Path(name).suffix for name in item.files] == [".mp4", ".jpg", ".json"]


@pytest.mark.parametrize(
    ("extensions", "main"), [(("mp4", "jpg"), "mp4"), (("mjpeg", "jpg"), "mjpeg"), (("jpg",), "jpg")]
)
def test_an_event_of_motion_is_a_video_with_a_preview_or_a_picture(tmp_path, extensions, main):
    """The video appears first: without it, its preview would be taken for the picture of an event."""
    pending = PendingItem.create(tmp_path, "motion", NOON_S, "imx219")
    for extension in extensions:
        pending.path(extension).write_bytes(b"x")
    names: list[str] = []
    rename = Path.rename

    def noted(path: Path, target: Path) -> Path:
        if ".drafts" in path.parts and path.suffix[-4:] != ".new":
            names.append(path.suffix[1:])
        return rename(path, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "rename", noted)
        id_ = pending.finish({})
    assert names == [*extensions, "json"]
    item = Library(tmp_path).item(id_)
    assert item.files == [item.name, *([item.name.replace(main, "jpg")] if main != "jpg" else []), item.sidecar]
    assert (item.kind, item.camera, item.name.rpartition(".")[2]) == ("motion", "imx219", main)


def test_what_only_helped_to_make_an_item_is_no_file_of_the_library(tmp_path):
    """Also where a crash came between the sidecar and its deletion."""
    for number, finish in enumerate((True, False)):
        pending = PendingItem.create(tmp_path, "video", NOON_S + number, "")
        for extension in ("mp4", "jpg", "about", "part"):
            pending.path(extension).write_bytes(b"x")
        if finish:
            pending.finish({})
        else:
            pending.path("json").write_bytes(b"{}")
            assert recover(tmp_path) == []
    assert [len(item.files) for item in Library(tmp_path).page(9).items] == [3, 3]
    assert len(list(tmp_path.glob("2*/*"))) == 6
    assert list(tmp_path.glob(".drafts/*")) == []


def test_incomplete_files_are_returned_to_the_caller(tmp_path):
    pending = PendingItem.create(tmp_path, "video", NOON_S, "")
    pending.path("mp4").write_bytes(b"begun")
    assert recover(tmp_path) == [pending.path("mp4")]
    assert Library(tmp_path).page(9).items == []
    assert recover(tmp_path / "none") == []
