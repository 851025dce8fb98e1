"""From the camera's files to items: what is kept of a video, whatever came in between."""

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from pictures import picture
from PIL import Image

from stillcam.capture.image_files import image_size
from stillcam.capture.library_writer.finish_video import (
    RecordedVideo,
    finish_video,
    mp4_duration_s,
    recover_videos,
    rotate_mp4,
)
from stillcam.common.errors import CameraError
from stillcam.library.pending import PendingItem, recover

MOMENT_S = 1_795_218_301.0


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def film(seconds: float, *, long: bool = False, sound: bool = False) -> bytes:
    """The smallest file with what is looked at."""
    if long:
        header = box(b"mvhd", struct.pack(">I16xIQ", 1 << 24, 1000, int(seconds * 1000)))
    else:
        header = box(b"mvhd", struct.pack(">I8xII", 0, 1000, int(seconds * 1000)))
    sizes = [(0, 0)] * sound + [(320, 176)]
    at = b"\1" + bytes(51) if long else bytes(40)
    tracks = [
        box(b"trak", box(b"tkhd", at + bytes(36) + struct.pack(">II", width << 16, height << 16)))
        for width, height in sizes
    ]
    return box(b"ftyp", b"isom") + box(b"free") + box(b"moov", header, *tracks) + box(b"mdat", bytes(99))


@pytest.fixture
def pending(tmp_path: Path) -> PendingItem:
    return PendingItem.create(tmp_path, "video", MOMENT_S, "imx708")


def recorded(pending: PendingItem, extension: str, content: bytes, remux: bool = True, **more: Any) -> RecordedVideo:
    pending.path(extension).write_bytes(content)
    return RecordedVideo(pending, pending.path(extension), remux, 30.0, more.get("rotation", 0), {"kind": "video"})


def makes(content: bytes):
    """An ffmpeg whose last argument becomes a file."""

    def ffmpeg(arguments: list[str]) -> None:
        Path(arguments[-1].removeprefix("file:")).write_bytes(picture() if "mjpeg" in arguments else content)

    return ffmpeg


def says(text: str):
    """An ffmpeg that fails."""
    return lambda _arguments: text


def test_an_mp4_is_made_and_what_it_was_made_of_is_gone(tmp_path, pending):
    id_ = finish_video(recorded(pending, "ts", b"stream"), makes(film(2.5)))
    assert id_.endswith("_video_imx708.mp4")
    assert sorted(path.suffix for path in tmp_path.glob("2*/*")) == [".jpg", ".json", ".mp4"]
    (sidecar,) = tmp_path.glob("2*/*.json")
    assert json.loads(sidecar.read_text())["duration_s"] == 2.5
    assert list(tmp_path.glob(".drafts/*")) == []


@pytest.mark.parametrize("said", ["No space left on device", "it is not installed: sudo apt install ffmpeg"])
def test_a_video_that_cannot_be_finished_now_waits_for_the_next_start(tmp_path, pending, said):
    part = recorded(pending, "ts", b"stream")
    part.save_notes()
    with pytest.raises(CameraError, match="next start"):
        finish_video(part, says(said))
    assert list(tmp_path.glob("2*/*")) == []
    assert len(recover_videos(tmp_path, recover(tmp_path), makes(film(1)))) == 1
    assert list(tmp_path.glob(".drafts/*")) == []


def test_what_cannot_be_played_is_deleted(tmp_path, pending):
    with pytest.raises(CameraError, match="contains nothing that can be played"):
        finish_video(recorded(pending, "ts", b"x"), says("Invalid data found when processing input"))
    with pytest.raises(CameraError, match="nothing was recorded"):
        finish_video(recorded(pending, "ts", b""), makes(film(1)))
    with pytest.raises(CameraError, match="incomplete and cannot be played"):
        finish_video(recorded(pending, "mp4", film(1)[:-120], remux=False), makes(b""))
    assert list(tmp_path.glob("*/*")) == []


def test_bare_h264_stays_as_it_is_where_no_mp4_can_be_made(tmp_path, pending):
    placeholder = tmp_path / "frame.jpg"
    placeholder.write_bytes(picture())
    assert finish_video(recorded(pending, "h264", b"nal"), says("oops"), placeholder).endswith(".h264")
    assert [path.suffix for path in sorted(tmp_path.glob("2*/*"))] == [".h264", ".jpg", ".json"]


def test_a_crash_while_the_mp4_was_made_is_put_right(tmp_path, pending):
    part = recorded(pending, "ts", b"stream", rotation=90)
    part.save_notes()
    pending.path("part").write_bytes(b"half")
    pending.path("jpg").write_bytes(b"half")
    other = PendingItem.create(tmp_path, "photo", MOMENT_S, "imx708")
    other.path("jpg").write_bytes(b"half")
    (tmp_path / ".drafts/.still_00000001.jpg").write_bytes(b"half")
    (saved,) = recover_videos(tmp_path, recover(tmp_path), makes(film(3)))
    assert saved.endswith("_video_imx708.mp4")
    told = json.loads((tmp_path / saved).with_suffix(".json").read_text())
    assert (told["interrupted"], told["kind"], told["duration_s"]) == (True, "video", 3.0)
    assert list(tmp_path.glob(".drafts/*")) == []


def test_without_its_notes_a_video_is_saved_too(tmp_path, pending):
    pending.path("mjpeg").write_bytes(picture() * 3)
    (saved,) = recover_videos(tmp_path, recover(tmp_path), says("no"))
    assert saved.endswith(".mjpeg")
    assert (tmp_path / saved).with_suffix(".jpg").read_bytes() == picture()


@pytest.mark.parametrize("long", [False, True])
@pytest.mark.parametrize("sound", [False, True])
def test_an_mp4_tells_its_length_and_can_be_turned(tmp_path, long, sound):
    path = tmp_path / "x.mp4"
    path.write_bytes(film(7, long=long, sound=sound))
    assert mp4_duration_s(path) == 7
    before = path.read_bytes()
    rotate_mp4(path, 90)
    after = path.read_bytes()
    matrix = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 176 << 16, 0, 1 << 30)
    assert after.count(matrix) == 1
    assert len(after) == len(before)
    for broken in (b"", before[:7], before[:60], before[:-110], b"\0\0\0\1mdat" * 2):
        path.write_bytes(broken)
        assert mp4_duration_s(path) is None


def test_a_picture_that_is_not_whole_is_torn(tmp_path):
    image = Image.new("RGB", (40, 30), "red")
    for form, extension in (("JPEG", "jpg"), ("PNG", "png"), ("BMP", "bmp")):
        path = tmp_path / f"x.{extension}"
        image.save(path, form)
        assert image_size(path) == (40, 30)
        path.write_bytes(path.read_bytes()[:-20])
        with pytest.raises(CameraError, match="incomplete") as caught:
            image_size(path)
        assert caught.value.cause == "torn"
        path.write_bytes(b"")
        with pytest.raises(CameraError, match="incomplete"):
            image_size(path)
    with pytest.raises(CameraError, match="incomplete"):
        image_size(tmp_path / "none.dng")
    (tmp_path / "full.dng").write_bytes(b"II*\0\0\0\0\0" + bytes(100_000))  # as rpicam-still leaves it on a full disk
    with pytest.raises(CameraError, match="incomplete"):
        image_size(tmp_path / "full.dng")
