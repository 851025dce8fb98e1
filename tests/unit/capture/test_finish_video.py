"""From the camera's files to items: what is kept of a video, whatever came in between."""

import json
import shutil
import struct
import subprocess
from array import array
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from pictures import picture
from PIL import Image

from stillcam.capture.image_files import image_size
from stillcam.capture.library_writer import finish_video as finish_video_module
from stillcam.capture.library_writer.finish_video import Conversion, RecordedVideo, finish_video, recover_videos
from stillcam.capture.library_writer.mp4 import mp4_duration_s, rotate_mp4
from stillcam.common.errors import CameraError
from stillcam.films.ffmpeg import ENCODERS
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


def recorded(
    pending: PendingItem, extension: str, content: bytes, conversion: Conversion = Conversion.REMUX, rotation: int = 0
) -> RecordedVideo:
    pending.path(extension).write_bytes(content)
    return RecordedVideo(pending, pending.path(extension), conversion, 30.0, rotation, {"kind": "video"})


def makes(content: bytes):
    """An ffmpeg whose last argument becomes a file."""

    def ffmpeg(arguments: Sequence[str]) -> str | None:
        target = Path(arguments[-1].removeprefix("file:"))
        target.write_bytes(picture() if target.suffix == ".jpg" else content)
        return None

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
        finish_video(recorded(pending, "mp4", film(1)[:-120], Conversion.NONE), makes(b""))
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


@pytest.mark.parametrize(
    ("remux", "extension", "interrupted"), [(True, "ts", True), (False, "mp4", True), (None, "ts", False)]
)
def test_the_notes_of_the_version_before_and_of_this_one_are_read(tmp_path, pending, remux, extension, interrupted):
    """An update may come between a recording and its end; what was complete is not called interrupted."""
    video = recorded(pending, extension, film(2), rotation=270)
    video.save_notes(complete=True)
    if remux is not None:
        notes = {"remux": remux, "rate": 25.0, "rotation": 270, "about": {"kind": "video", "zoom": 2}}
        pending.path("about").write_text(json.dumps(notes))
    (saved,) = recover_videos(tmp_path, recover(tmp_path), makes(film(2)))
    sidecar = json.loads((tmp_path / saved).with_suffix(".json").read_text())
    assert ("zoom" in sidecar, sidecar.get("interrupted", False)) == (remux is not None, interrupted)
    assert struct.pack(">9i", 0, -1 << 16, 0, 1 << 16, 0, 0, 0, 320 << 16, 1 << 30) in (tmp_path / saved).read_bytes()


def test_an_event_without_its_notes_is_encoded(tmp_path):
    event = PendingItem.create(tmp_path, "motion", MOMENT_S, "imx708")
    event.path("mjpeg").write_bytes(picture() * 3)
    (saved,) = recover_videos(tmp_path, recover(tmp_path), makes(film(0.1)))
    assert saved.endswith("_motion_imx708.mp4")
    assert json.loads((tmp_path / saved).with_suffix(".json").read_text())["kind"] == "motion"


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
@pytest.mark.parametrize(("later_s", "silent_s"), [(0.5, 0.5), (-0.7, 0.0)])
def test_sound_is_muxed_by_the_times_of_the_first_frame_and_the_first_sample(tmp_path, pending, later_s, silent_s):
    """Here the sound is a tone of one second, whose first sample came so much later than the first frame."""
    tone = [
        "-f",
        "lavfi",
        "-i",
        f"sine=frequency=440:sample_rate=48000,asetpts=PTS+{MOMENT_S + later_s}/TB",
        "-frames:a",
        "47",
    ]
    assert ffmpeg([*tone, "-c:a", "pcm_s16le", "-copyts", "-f", "matroska", f"file:{pending.path('mka')}"]) is None
    about = {"kind": "video"}
    pending.path("mjpeg").write_bytes(picture((320, 180)) * 30)
    video = RecordedVideo(pending, pending.path("mjpeg"), Conversion.ENCODE, 15.0, 0, about, sound_from_s=MOMENT_S)
    video.save_notes()
    (item,) = recover_videos(tmp_path, recover(tmp_path), ffmpeg)
    samples = array("h")
    decode = ["ffmpeg", "-v", "error", "-i", tmp_path / item, "-map", "0:a", "-ac", "1", "-f", "s16le", "-"]
    samples.frombytes(subprocess.run(decode, capture_output=True, check=True).stdout)
    loud = [index for index, sample in enumerate(samples) if abs(sample) > 500]
    assert loud[0] / 48_000 == pytest.approx(silent_s, abs=0.05)
    assert loud[-1] / 48_000 == pytest.approx(1.0 + later_s, abs=0.05)


def test_a_video_without_the_sound_that_was_wanted_says_so(tmp_path, pending):
    pending.path("mjpeg").write_bytes(picture((320, 180)) * 3)
    video = RecordedVideo(
        pending, pending.path("mjpeg"), Conversion.ENCODE, 15.0, 0, {"kind": "video"}, sound_from_s=1.0
    )
    finish_video(video, makes(film(0.2)))
    assert video.sidecar["notices"] == ["no sound: none was recorded"]


@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")
def test_a_recording_that_ended_before_its_sound_began_becomes_a_video_without(tmp_path, pending):
    """As rpicam-vid leaves it when it is killed: the stream of sound has been announced, and is empty."""
    video = recorded(pending, "ts", b"")
    sources = ["-f", "lavfi", "-i", "color=size=64x48:rate=10:duration=1", "-f", "lavfi", "-i", "sine=duration=1"]
    assert ffmpeg([*sources, "-c:v", "libx264", "-preset", "ultrafast", "-c:a", "aac", f"file:{video.path}"]) is None
    data = video.path.read_bytes()
    packets = [data[start : start + 188] for start in range(0, len(data), 188)]
    sound = 0x101  # the number of the second stream
    video.path.write_bytes(b"".join(packet for packet in packets if packet[1] << 8 & 0x1F00 | packet[2] != sound))
    saved = tmp_path / finish_video(video, ffmpeg)
    assert saved.suffix == ".mp4" and mp4_duration_s(saved) == pytest.approx(1.0, abs=0.1)
    assert video.sidecar["notices"] == ["no sound: the recording ended before any came"]


def ffmpeg(arguments: Sequence[str]) -> str | None:
    """The real one."""
    done = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-y", *arguments], capture_output=True, text=True, check=False
    )
    return None if done.returncode == 0 else done.stderr


def test_an_encoder_is_tried_after_one_that_fails(tmp_path, monkeypatch):
    """A board may have the device of an encoder that takes no video."""
    tried: list[str] = []

    def ffmpeg(arguments: Sequence[str]) -> str | None:
        encoder = arguments[arguments.index("-c:v") + 1] if "-c:v" in arguments else "preview"
        tried.append(encoder)
        return "no" if encoder == "h264_v4l2m2m" else makes(film(0.1))([*arguments])

    hardware, software = ENCODERS
    monkeypatch.setattr(finish_video_module, "ENCODERS", (replace(hardware, device="/dev/null"), software))
    event = PendingItem.create(tmp_path, "motion", MOMENT_S, "imx708")
    event.path("mjpeg").write_bytes(picture((320, 180)) * 3)
    video = RecordedVideo(event, event.path("mjpeg"), Conversion.ENCODE, 30.0, 0, {"kind": "motion"})
    assert finish_video(video, ffmpeg).endswith(".mp4")
    assert tried == ["h264_v4l2m2m", "libx264", "preview"]
    assert "notices" not in video.sidecar


def test_a_broken_mp4_does_not_cost_the_recording_beside_it(tmp_path, pending):
    video = recorded(pending, "ts", b"stream")
    video.save_notes()
    pending.path("mp4").write_bytes(film(1)[:-120])
    (saved,) = recover_videos(tmp_path, recover(tmp_path), makes(film(2)))
    assert mp4_duration_s(tmp_path / saved) == 2


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
