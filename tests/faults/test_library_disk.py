"""A full disk under the library, and only there: nothing is half there, and with room again all is well."""

import errno
import random
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from capture_daemon import BackgroundRequest, IdleDaemon, read_sidecar
from people import Client, register
from photos import add_photo
from pictures import picture
from PIL import Image
from serving import Site
from small_disk import SmallDisk, remount, small_disk

from stillcam.capture.library_writer.finish_video import Conversion, RecordedVideo
from stillcam.ipc.protocol import Refusal
from stillcam.library.pending import PendingItem, recover

NOON_S = 1_795_176_000.0  # 2026-11-20, 12:00 UTC
MB = 1 << 20


@pytest.fixture
def disk(idle_daemon: IdleDaemon) -> Iterator[SmallDisk]:
    with small_disk(idle_daemon.library, 8 * MB) as disk:
        yield disk


@pytest.mark.parametrize(
    ("kind", "files"),
    [pytest.param("photo", {"photo": "bmp"}, id="photo"), pytest.param("raw", {}, id="raw photo")],
)
def test_a_photo_without_disk_space_is_an_error_and_leaves_nothing(idle_daemon, disk, kind, files):
    """There is more than the disk reserve (5 %), and less than the 2.6 MB that it needs."""
    mode = {"width": 1280, "sensor_mode": "1280:720:10"}
    idle_daemon.settings(files=files, photo=mode, raw=mode)
    idle_daemon.open()
    disk.fill(left_bytes=MB)
    with pytest.raises(Refusal) as caught:
        idle_daemon.take(kind=kind, count=2)
    assert caught.value.cause in ("disk", "torn")
    assert caught.value.answer["items"] == []
    assert (idle_daemon.visible(), idle_daemon.drafts()) == ([], [])
    assert idle_daemon.next_snapshot()["frame"]
    disk.fill(left_bytes=100_000)
    with pytest.raises(Refusal, match="nearly full"):  # and now before anything is begun
        idle_daemon.take(kind=kind)
    disk.clear()
    assert len(idle_daemon.take(kind=kind)) == 1
    idle_daemon.next_snapshot()
    assert idle_daemon.drafts() == []


@pytest.mark.parametrize("command", ["photo", "video"])
def test_a_library_that_cannot_be_written_to_is_named_in_the_answer_and_the_log(idle_daemon, disk, command):
    """The camera program would say only that it cannot open a file. Its folder may belong to another user."""
    idle_daemon.open()
    idle_daemon.take()
    remount(disk.path, "ro")
    with pytest.raises(Refusal) as caught:
        idle_daemon.ask(command, **{"seconds": 1, "wait": True} if command == "video" else {})
    remount(disk.path, "rw")
    assert caught.value.cause == "disk"
    assert str(caught.value).startswith(f"cannot write to {idle_daemon.library} (Read-only file system): ")
    assert str(caught.value) in idle_daemon.log.read_text()
    assert len(idle_daemon.take()) == 1


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
def test_a_video_is_kept_up_to_where_the_disk_was_full(idle_daemon, disk):
    """Where there is no room to make an MP4 of it, that is done once there is."""
    idle_daemon.open()
    idle_daemon.ask("video")
    idle_daemon.until(lambda status: (status["recording"] or {"bytes": 0})["bytes"] > 40_000)
    disk.fill()
    idle_daemon.until(lambda status: not status["recording"] and not status["library"]["finishing"])
    assert len(idle_daemon.visible()) in (0, 3)
    assert idle_daemon.next_snapshot()["mode"] == "snapshot"
    if not idle_daemon.visible():  # also where it is still full at the next start
        idle_daemon.kill()
        idle_daemon.open()
    disk.clear()
    idle_daemon.until(lambda _: idle_daemon.visible())
    idle_daemon.until(lambda _: not [name for name in idle_daemon.drafts() if "_video_" in name])
    (film,) = idle_daemon.library.glob("2*/*.mp4")
    probe = [
        "ffprobe",
        "-v",
        "error",
        "-count_frames",
        "-show_entries",
        "stream=nb_read_frames",
        "-of",
        "csv=p=0",
        film,
    ]
    assert int(subprocess.run(probe, capture_output=True, text=True, check=True).stdout) >= 2
    assert len(idle_daemon.visible()) == 3
    assert "Traceback" not in idle_daemon.log.read_text()


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
def test_an_event_of_motion_waits_for_space_for_its_mp4(idle_daemon, disk):
    """Its recording is kept meanwhile. No crash has interrupted it, and it does not say so."""
    pending = PendingItem.create(idle_daemon.library, "motion", NOON_S, "imx219")
    frames = [noise(number) for number in range(12)]
    pending.path("mjpeg").write_bytes(b"".join(frames))
    video = RecordedVideo(pending, pending.path("mjpeg"), Conversion.ENCODE, 5.0, 0, {"version": 1, "kind": "motion"})
    video.save_notes(complete=True)
    disk.fill(left_bytes=200_000)
    idle_daemon.open()
    idle_daemon.until(lambda _: "is created when there is free space" in idle_daemon.log.read_text())
    assert idle_daemon.visible() == []
    assert pending.path("mjpeg").read_bytes() == b"".join(frames)
    assert not pending.path("part").exists()
    disk.clear()
    idle_daemon.until(lambda _: len(idle_daemon.visible()) == 3 and not idle_daemon.drafts())
    (item,) = idle_daemon.library.glob("2*/*_motion_imx219.mp4")
    sidecar = read_sidecar(item)
    assert (sidecar["duration_s"], "interrupted" in sidecar, "notices" in sidecar) == (2.4, False, False)


def noise(number: int) -> bytes:
    """A JPEG of which an encoder makes little less."""
    file, pixels = BytesIO(), random.Random(number).randbytes(320 * 180 * 3)
    Image.frombytes("RGB", (320, 180), pixels).save(file, "JPEG", quality=90)
    return file.getvalue()


def test_a_burst_keeps_the_complete_photos_when_the_disk_fills_up(idle_daemon, disk):
    idle_daemon.open()
    idle_daemon.fault(slow_s=0.1)
    burst = BackgroundRequest(idle_daemon, "photo", count=100)
    idle_daemon.until(lambda status: status["taking"] and status["taking"]["done"] >= 2)
    disk.fill()
    answer = burst.wait()
    assert isinstance(answer, Refusal)
    assert answer.cause in ("disk", "torn")
    items = answer.answer["items"]
    assert len(items) >= 2
    assert idle_daemon.visible() == sorted(
        name for item in items for name in (Path(item).name, f"{Path(item).stem}.json")
    )  # fmt: skip
    assert idle_daemon.drafts() == []
    assert idle_daemon.next_snapshot()["frame"]


def take(root: Path, number: int) -> str:
    return add_photo(root, NOON_S + number, picture((1600, 1200), "green"), number=number)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "data" / "library", 2 * MB) as disk:
        yield disk


@pytest.fixture
def owner(tmp_path: Path, library: SmallDisk) -> Iterator[Client]:
    assert library.path == tmp_path / "data" / "library"
    with Site(tmp_path) as site:
        yield register(site)


def names(library: SmallDisk) -> list[str]:
    """All files and folders of the library, those of ours that no one sees among them."""
    found = (path.relative_to(library.path) for path in library.path.rglob("*"))
    return sorted(str(path) for path in found if path.parts[0] not in (".ballast", ".many"))


def test_a_library_on_a_full_disk_can_be_browsed_and_downloaded(library, owner):
    ids = [take(library.path, number) for number in range(3)]
    before = names(library)
    library.fill()
    for id_ in ids:
        response, body = owner.ask(f"/library/{id_}?thumbnail")
        assert (response.status, body[:2]) == (200, b"\xff\xd8")
    assert [path for path in names(library) if path.endswith((".jpg", ".new"))] == [
        path for path in before if path.endswith(".jpg")
    ]  # no thumbnail is kept, and none half
    chosen = owner.call("/api/library/zip", "POST", {"items": ids})[1]
    archive = owner.ask(f"/{chosen['zip']}")[1]
    assert len(archive) == chosen["bytes"]
    with zipfile.ZipFile(BytesIO(archive)) as read:
        assert read.testzip() is None
    library.clear()
    assert owner.ask(f"/library/{ids[0]}?thumbnail")[0].status == 200
    assert f".thumbnails/{ids[0]}.jpg" in names(library)


def test_a_change_on_a_full_disk_is_an_error_and_changes_nothing(library, owner):
    """Deleting needs room too: a folder in the trash."""
    ids = [take(library.path, number) for number in range(2)]
    before = names(library)
    library.fill()
    library.use_up_files()
    deleted = owner.call("/api/library/delete", "POST", {"items": ids})[1]
    assert [one["id"] for one in deleted["failed"]] == ids
    assert "No space left" in deleted["failed"][0]["error"]
    status, answer = owner.call(f"/api/library/items/{ids[0]}", "PATCH", {"favourite": True})
    assert (status, "df" in answer["error"]) == (503, True)
    assert owner.ask(f"/library/{ids[0]}?thumbnail")[0].status == 200
    assert names(library) == before
    with pytest.raises(OSError) as caught:  # noqa: PT011 - its number is looked at
        take(library.path, 5)
    assert caught.value.errno == errno.ENOSPC
    item = owner.call(f"/api/library/items/{ids[1]}", "PATCH", {"title": "Fox"})[1]  # another name needs no room
    assert item["title"] == "Fox"
    library.clear()
    for path in recover(library.path):  # as the daemon's start does
        path.unlink()
    deleted = owner.call("/api/library/delete", "POST", {"items": [ids[0], item["id"]]})[1]
    assert (deleted["failed"], owner.call("/api/library")[1]["items"]) == ([], [])
    library.fill()
    assert owner.call("/api/library/restore", "POST", {"deleted": deleted["deleted"]})[1]["failed"] == []
    assert len(owner.call("/api/library")[1]["items"]) == 2
    assert owner.ask("/api/library/trash", "DELETE")[0].status == 204


def test_a_pending_item_on_a_full_disk_does_not_appear(library):
    pending = PendingItem.create(library.path, "photo", NOON_S, "imx708")
    pending.path("jpg").write_bytes(picture())
    library.fill()
    with pytest.raises(OSError) as caught:  # noqa: PT011 - its number is looked at
        pending.finish({"metadata": "x" * 10_000})
    assert caught.value.errno == errno.ENOSPC
    assert not list(library.path.glob("2*"))
    pending.discard()
    assert not list(library.path.glob(".drafts/*"))
