"""What becomes of the MJPEG file of an event of motion: an item in the end, whatever came in between.

The files lie in `.drafts` as a daemon that was killed has left them; a real daemon finishes them.
"""

import json
import os
import shutil
import stat
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from capture_daemon import DEADLINE_S, IdleDaemon, read_sidecar
from pictures import picture
from PIL import Image, ImageChops, ImageStat

from stillcam.capture.library_writer.finish_video import Conversion, RecordedVideo
from stillcam.library.pending import PendingItem

NOON_S = 1_795_176_000.0  # 2026-11-20, 12:00 UTC
SIZE = (320, 180)
COLOURS = ["red"] * 8 + ["blue"] * 7  # of the frames
RATE = 7.5

needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")


def leave_event(daemon: IdleDaemon, *, rotation: int = 0, complete: bool = True, more: bytes = b"") -> PendingItem:
    """An event whose file was recorded and not finished; `more` follows its last frame."""
    pending = PendingItem.create(daemon.library, "motion", NOON_S, "imx219")
    path = pending.path("mjpeg")
    path.write_bytes(b"".join(picture(SIZE, colour) for colour in COLOURS) + more)
    sidecar = {"version": 1, "kind": "motion", "motion": {"trigger": "request"}}
    video = RecordedVideo(pending, path, Conversion.ENCODE, RATE, rotation, sidecar, preview_s=1.4)
    video.save_notes(complete)
    return pending


def finished(daemon: IdleDaemon, extension: str, camera: str = "imx219") -> Path:
    """The item, once it is there with its preview and its sidecar."""
    daemon.until(lambda _: len(daemon.visible()) == 3 and not daemon.drafts())
    (item,) = daemon.library.glob(f"2*/*_motion_{camera}.{extension}")
    return item


def probe(path: Path) -> dict[str, Any]:
    argv = ["ffprobe", "-v", "error", "-count_frames", "-of", "json", "-show_streams", str(path)]
    streams: list[dict[str, Any]] = json.loads(subprocess.run(argv, capture_output=True, check=True).stdout)["streams"]
    return streams[0]


def is_blue(path: Path) -> tuple[int, int]:
    """The size of a picture, which is that of the second colour."""
    with Image.open(path) as image:
        red, _, blue = image.convert("RGB").getpixel((image.width // 2, image.height // 2))  # type: ignore[misc]
        assert blue > 200 > red
        return image.size


def tools_without_ffmpeg(folder: Path) -> Path:
    """A folder for PATH."""
    folder.mkdir()
    return folder


def fake_ffmpeg(folder: Path, script: str) -> dict[str, str]:
    """An ffmpeg that runs first, and can run the real one as $REAL."""
    tools = tools_without_ffmpeg(folder)
    program = tools / "ffmpeg"
    program.write_text(f"#!/bin/sh\nREAL={shutil.which('ffmpeg')}\n{script}\n")
    program.chmod(stat.S_IRWXU)
    return {"PATH": f"{tools}:{os.environ['PATH']}"}


@needs_ffmpeg
@pytest.mark.parametrize(("rotation", "shown"), [(0, SIZE), (90, SIZE[::-1])])
def test_an_event_that_a_crash_interrupted_is_an_mp4_of_its_complete_frames(idle_daemon, rotation, shown):
    """As long as its frames say, rotated for the player; its preview is the frame of the peak, upright."""
    leave_event(idle_daemon, rotation=rotation, complete=False, more=picture(SIZE, "green")[:-900])
    idle_daemon.open()
    item = finished(idle_daemon, "mp4")
    video = probe(item)
    assert (video["codec_name"], video["pix_fmt"], video["color_range"]) == ("h264", "yuv420p", "tv")
    assert ((video["width"], video["height"]), video["nb_read_frames"]) == (SIZE, str(len(COLOURS)))
    assert float(video["duration"]) == pytest.approx(len(COLOURS) / RATE, abs=0.001)
    assert [abs(data["rotation"]) for data in video.get("side_data_list", [])] == ([90] if rotation else [])
    assert is_blue(item.with_suffix(".jpg")) == shown
    sidecar = read_sidecar(item)
    assert (sidecar["kind"], sidecar["motion"], sidecar["interrupted"]) == ("motion", {"trigger": "request"}, True)
    assert sidecar["duration_s"] == pytest.approx(2.0, abs=0.001)


@needs_ffmpeg
@pytest.mark.parametrize("end", [IdleDaemon.kill, IdleDaemon.end], ids=["kill -9", "stop"])
def test_the_end_of_the_daemon_while_an_event_is_encoded_costs_nothing(idle_daemon, tmp_path, end):
    """The recording stays until the MP4 is there, and the encoder does not outlive the daemon."""
    pending = leave_event(idle_daemon)
    content = pending.path("mjpeg").read_bytes()
    hangs = f'for last; do :; done; echo half >"${{last#file:}}"; echo $$ >{tmp_path}/pid; exec sleep 1000'
    idle_daemon.open(**fake_ffmpeg(tmp_path / "tools", hangs))
    idle_daemon.until(lambda _: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip())
    assert os.getpriority(os.PRIO_PROCESS, int((tmp_path / "pid").read_text())) >= 10
    end(idle_daemon)
    idle_daemon.until_gone(int((tmp_path / "pid").read_text()))
    assert pending.path("mjpeg").read_bytes() == content
    idle_daemon.open()
    item = finished(idle_daemon, "mp4")
    assert probe(item)["nb_read_frames"] == str(len(COLOURS))
    assert "interrupted" not in read_sidecar(item)


@needs_ffmpeg
def test_kill_9_between_the_mp4_and_the_end_of_the_recording(idle_daemon, tmp_path):
    """Both lie there: the MP4 becomes the item, and the recording is no item beside it."""
    pending = leave_event(idle_daemon)
    made = ["ffmpeg", "-v", "error", "-r", "15", "-i", str(pending.path("mjpeg")), str(pending.path("mp4"))]
    subprocess.run(made, check=True)
    pending.path("part").write_bytes(b"half")
    idle_daemon.open()
    assert probe(finished(idle_daemon, "mp4"))["avg_frame_rate"] == "15/1"


def test_without_ffmpeg_an_event_is_kept_as_mjpeg_and_says_why(idle_daemon, tmp_path):
    """Every frame is there, and a picture to look at."""
    pending = leave_event(idle_daemon, more=picture(SIZE, "green")[:-900])
    idle_daemon.open(PATH=str(tools_without_ffmpeg(tmp_path / "tools")))
    item = finished(idle_daemon, "mjpeg")
    assert item.read_bytes() == b"".join(picture(SIZE, colour) for colour in COLOURS)
    assert is_blue(item.with_suffix(".jpg")) == SIZE
    sidecar = read_sidecar(item)
    assert sidecar["duration_s"] == len(COLOURS) / RATE
    assert "most browsers do not play" in sidecar["notices"][0]
    assert "sudo apt install ffmpeg" in sidecar["notices"][0]
    assert not pending.path("mjpeg").exists()


@needs_ffmpeg
def test_an_encoder_that_fails_leaves_the_recording(idle_daemon, tmp_path):
    """Also one that says that it has succeeded, and has written no MP4."""
    leave_event(idle_daemon)
    idle_daemon.open(**fake_ffmpeg(tmp_path / "tools", 'for last; do :; done; echo half >"${last#file:}"'))
    item = finished(idle_daemon, "mjpeg")
    assert "no complete MP4" in read_sidecar(item)["notices"][0]


@needs_ffmpeg
def test_a_video_does_not_wait_for_an_event_that_is_encoded(idle_daemon, tmp_path):
    """Which takes minutes on a Pi Zero 2 W."""
    leave_event(idle_daemon)
    release = tmp_path / "release"
    waits = f'case "$*" in *_motion_*libx264*) until [ -e {release} ]; do sleep 0.1; done;; esac; exec $REAL "$@"'
    idle_daemon.settings(video={"while_recording": "encode"})  # the JPEGs of another one would be encoded after it
    idle_daemon.open(**fake_ffmpeg(tmp_path / "tools", waits))
    film = idle_daemon.film(1)
    assert film.suffix == ".mp4"
    assert [name for name in idle_daemon.drafts() if name.endswith(".mjpeg")]
    release.touch()
    deadline = time.monotonic() + DEADLINE_S
    while idle_daemon.drafts():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert len(idle_daemon.visible()) == 6


@needs_ffmpeg
@pytest.mark.parametrize("rotation", [90, 270])
def test_an_event_of_a_camera_on_its_side_is_upright(idle_daemon, rotation):
    """As the frames that viewers see: the recording is not rotated, the MP4 says so to the player."""
    idle_daemon.fault(speed=1, no_boat=True)
    size = {"width": 320, "height": 240}
    idle_daemon.settings(snapshot=size | {"interval_s": 3600}, live=size, camera={"rotation": rotation})
    idle_daemon.open()
    idle_daemon.ask("trigger", seconds=1)
    item = finished(idle_daemon, "mp4", "*")
    frame, preview = (small_picture(path) for path in (idle_daemon.images / "current.jpg", item.with_suffix(".jpg")))
    assert difference(frame, preview) < 10
    assert difference(frame, preview.rotate(180)) > 20
    assert read_sidecar(item)["size"] == [240, 320]


@needs_ffmpeg
def test_an_event_has_the_rotation_that_was_set_while_the_stream_runs(idle_daemon):
    """The camera need not be restarted for it: viewers' frames are rotated from then on, and so is the event."""
    idle_daemon.fault(speed=1, no_boat=True)
    armed: dict[str, Any] = {"live": {"width": 320, "height": 240}, "motion": {"armed": True}}
    idle_daemon.settings(**armed)
    idle_daemon.start()
    idle_daemon.until(lambda status: status["motion"] and status["motion"]["active"])
    starts = idle_daemon.starts()
    idle_daemon.settings(**armed, camera={"rotation": 90})
    idle_daemon.ask("reload")
    idle_daemon.ask("trigger", seconds=1)
    item = finished(idle_daemon, "mp4", "*")
    assert read_sidecar(item)["size"] == [240, 320]
    small_picture(item.with_suffix(".jpg"))
    assert idle_daemon.starts() == starts


def small_picture(path: Path) -> Image.Image:
    """A picture of 12x16 pixels; AssertionError: it is not of this shape."""
    with Image.open(path) as image:
        assert image.size == (240, 320)
        return image.convert("L").resize((12, 16))


def difference(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of two pictures, in levels."""
    return float(ImageStat.Stat(ImageChops.difference(one, other)).mean[0])


def test_an_event_without_a_complete_frame_is_no_item(idle_daemon):
    pending = PendingItem.create(idle_daemon.library, "motion", NOON_S, "imx219")
    pending.path("mjpeg").write_bytes(picture(SIZE)[:-900])
    idle_daemon.open()
    idle_daemon.until(lambda _: not idle_daemon.drafts())
    assert idle_daemon.visible() == []
    assert "contains no complete picture" in idle_daemon.log.read_text()
