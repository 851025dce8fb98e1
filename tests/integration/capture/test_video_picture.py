"""A video during which the picture continues: the daemon records the frames of the camera, and shows them."""

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
from capture_daemon import AUTOFOCUS, STILL, BackgroundRequest, read_sidecar
from PIL import Image
from videos import playable, recording, streams_of

from stillcam.ipc.protocol import Refusal

needs_ffmpeg = pytest.mark.skipif(not (shutil.which("ffmpeg") and shutil.which("ffprobe")), reason="needs ffmpeg")
pytestmark = needs_ffmpeg
SMALL = {"width": 320, "framerate": 15}


def size_of(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        image.load()
        return image.size


def test_the_picture_continues_during_a_video_at_the_rate_of_the_live_view_for_viewers(idle_daemon):
    idle_daemon.settings(snapshot={"interval_s": 0.5, "width": 640})
    idle_daemon.open()
    begun = idle_daemon.ask("video")["recording"]
    assert begun["picture"] is True
    unwatched = idle_daemon.frames(2)
    assert (unwatched["mode"], unwatched["interval_s"]) == ("video", 0.5)
    assert size_of(idle_daemon.images / "current.jpg") == (320, 180)
    frame = idle_daemon.ask("snapshot")["frame"]  # a new one, at once
    assert frame > unwatched["frame"]
    idle_daemon.settings(snapshot=STILL)
    idle_daemon.ask("reload")
    idle_daemon.ask("lease", seconds=30)
    assert idle_daemon.frames(10)["mode"] == "video"
    status = recording(idle_daemon)
    assert status["bytes_per_s"] > 1000 and status["room_s"] > 60 and status["dropped"] == 0
    (item,) = idle_daemon.ask("stop")["items"]
    playable(idle_daemon.library / item, (320, 180))
    assert idle_daemon.drafts() == []
    sidecar = read_sidecar(idle_daemon.library / item)
    assert (sidecar["kind"], sidecar["size"], "interrupted" in sidecar) == ("video", [320, 180], False)
    assert sidecar["metadata"]["ExposureTime"] > 0
    idle_daemon.until(lambda status: status["mode"] == "live")  # for the viewer


def test_a_video_is_as_long_as_requested_and_as_fast_as_it_was_whatever_the_frame_rate(idle_daemon):
    """The simulated camera gives some times as many frames as it says: a real one may give fewer in a dim scene."""
    idle_daemon.fault(speed=5)
    idle_daemon.settings(video=SMALL | {"framerate": 4})
    idle_daemon.open()
    item = idle_daemon.film(2)
    (stream,) = streams_of(item)
    assert float(stream["duration"]) == pytest.approx(2, abs=0.3)
    assert int(stream["nb_read_frames"]) > 2 * 4
    assert read_sidecar(item)["duration_s"] == pytest.approx(float(stream["duration"]), abs=0.01)


def test_a_camera_that_gives_fewer_frames_than_wanted_makes_no_faster_video_and_the_item_says_so(idle_daemon):
    """A board may be too slow for so many JPEGs; played at the wanted rate, the video would be of one second."""
    idle_daemon.settings(video=SMALL)
    idle_daemon.open()
    idle_daemon.fault(slow_s=0.2)
    item = idle_daemon.film(3)
    (stream,) = streams_of(item)
    assert float(stream["duration"]) == pytest.approx(3, abs=0.5)
    (notice,) = read_sidecar(item)["notices"]
    assert "frames per second instead of 15" in notice


def test_photos_and_a_burst_are_frames_of_the_video_and_a_raw_photo_waits(idle_daemon):
    idle_daemon.settings(files={"photo": "png"})
    idle_daemon.open()
    idle_daemon.ask("video")
    recording(idle_daemon)
    (photo,) = idle_daemon.take()
    assert size_of(photo) == (320, 180)
    sidecar = read_sidecar(photo)
    assert (sidecar["kind"], sidecar["from"], sidecar["size"]) == ("photo", "video", [320, 180])
    raw = BackgroundRequest(idle_daemon, "photo", kind="raw")
    idle_daemon.until(lambda status: status["waiting"] == [{"kind": "raw", "of": 1}])
    assert idle_daemon.ask("photo", kind="raw", wait_s=20) == {"taking": None, "waits_for": "video"}
    assert len({path.read_bytes() for path in idle_daemon.take(count=3, delay_s=0.5)}) == 3
    status = idle_daemon.ask("status")
    assert status["recording"] and len(status["waiting"]) == 2
    idle_daemon.ask("stop")
    (dng,) = raw.wait()["items"]
    assert dng.endswith(".dng")
    idle_daemon.until(lambda status: not status["waiting"] and not status["taking"])
    idle_daemon.until(lambda _: len(list(idle_daemon.library.glob("2*/*.dng"))) == 2)  # it is stored in the background


def test_kill_9_in_the_middle_leaves_all_frames_and_the_next_start_makes_the_mp4(idle_daemon):
    idle_daemon.settings(camera={"rotation": 90})
    idle_daemon.open()
    idle_daemon.ask("video")
    recording(idle_daemon)
    (program,) = idle_daemon.camera_programs()
    idle_daemon.kill()
    idle_daemon.until_gone(program)
    (draft,) = idle_daemon.library.glob(".drafts/*.mjpeg")
    frames = draft.read_bytes().count(b"\xff\xd8\xff")
    idle_daemon.open()
    idle_daemon.until(lambda _: list(idle_daemon.library.glob("2*/*_video_*.json")))
    (item,) = idle_daemon.library.glob("2*/*_video_*.mp4")
    assert frames - 1 <= int(streams_of(item)[0]["nb_read_frames"]) <= frames
    sidecar = read_sidecar(item)
    assert (sidecar["interrupted"], sidecar["size"]) == (True, [180, 320])
    assert size_of(item.with_suffix(".jpg")) == (180, 320)
    idle_daemon.until(lambda _: not idle_daemon.drafts())


def test_a_daemon_that_ends_in_the_middle_finishes_the_video_at_the_next_start(idle_daemon):
    idle_daemon.open()
    idle_daemon.ask("video")
    recording(idle_daemon)
    assert idle_daemon.end() == 0
    idle_daemon.open()
    idle_daemon.until(lambda _: list(idle_daemon.library.glob("2*/*_video_*.json")))
    (item,) = idle_daemon.library.glob("2*/*_video_*.mp4")
    playable(item, (320, 180))
    assert "interrupted" not in read_sidecar(item)
    assert "Traceback" not in idle_daemon.log.read_text()


@pytest.mark.parametrize("fault", ["stall", "death"])
def test_what_a_camera_that_fails_has_given_is_kept_with_the_reason(idle_daemon, fault):
    idle_daemon.open()
    if fault == "stall":
        idle_daemon.fault(stall_after=60)
    asking = BackgroundRequest(idle_daemon, "video", seconds=3600, wait=True)
    recording(idle_daemon)
    if fault == "death":
        os.kill(idle_daemon.camera_programs()[0], signal.SIGKILL)
    (item,) = asking.wait()["items"]
    assert int(streams_of(idle_daemon.library / item)[0]["nb_read_frames"]) >= 2
    sidecar = read_sidecar(idle_daemon.library / item)
    assert sidecar["interrupted"] is True
    assert ("delivers no pictures" if fault == "stall" else "signal 9") in " ".join(sidecar["notices"])
    idle_daemon.fault()
    assert idle_daemon.next_snapshot()["failures"] == {"stalled" if fault == "stall" else "died": 1}


def test_it_ends_in_time_when_the_disk_fills_up_and_is_refused_where_there_is_no_room(idle_daemon):
    idle_daemon.open()
    idle_daemon.ask("video")
    recording(idle_daemon)
    floor_mb = shutil.disk_usage(idle_daemon.data).free // 1_000_000 - 200  # five seconds of 4096x2304, about
    idle_daemon.settings(files={"floor_mb": 10_000_000})
    idle_daemon.ask("reload")
    idle_daemon.until(lambda _: list(idle_daemon.library.glob("2*/*_video_*.json")))
    assert "the recording was stopped" in idle_daemon.until(lambda status: status["mode"] == "snapshot")["notice"]
    large = {"width": 4096, "framerate": 30}
    idle_daemon.settings(files={"floor_mb": floor_mb, "video": "mjpeg"}, video=large)
    idle_daemon.ask("reload")
    with pytest.raises(Refusal, match="of this video") as caught:
        idle_daemon.ask("video")
    assert caught.value.cause == "disk"
    assert idle_daemon.drafts() == []


def test_the_progress_of_the_mp4_is_shown(idle_daemon):
    """And another video, photos and snapshots do not wait for it."""
    idle_daemon.settings(video={"width": 1280, "framerate": 15})
    idle_daemon.open()
    idle_daemon.ask("video")
    recording(idle_daemon, 3_000_000)
    stopping = BackgroundRequest(idle_daemon, "stop")
    seen: list[Any] = []

    def ended(status: dict[str, Any]) -> bool:
        seen.append(status["library"]["encoding"])
        return bool(stopping.answer)

    idle_daemon.until(ended)
    (item,) = stopping.wait()["items"]
    shown = [encoding for encoding in seen if encoding]
    assert shown and all(set(encoding) == {"kind", "time", "progress"} for encoding in shown)
    assert [encoding["progress"] for encoding in shown] == sorted(encoding["progress"] for encoding in shown)
    assert shown[0]["time"] == read_sidecar(idle_daemon.library / item)["time"]
    assert idle_daemon.ask("status")["library"]["encoding"] is None


MICROPHONE = """#!/bin/bash
# ffmpeg with a microphone: a tone with the time of the clock, as its inputs for PulseAudio and ALSA give it.
if [[ " $* " == *" -f pulse -fragment_size 9600 -i default "* ]]; then
  [[ -e {none} ]] && {{ echo "default: No such process" >&2; exit 1; }}
  line="$*"
  tone="-f lavfi -i sine=frequency=440:sample_rate=48000,arealtime,asetpts=RTCSTART/1000000/TB+PTS"
  exec {ffmpeg} ${{line/-f pulse -fragment_size 9600 -i default/$tone}}
fi
exec {ffmpeg} "$@"
"""


@pytest.fixture
def with_microphone(idle_daemon, tmp_path):
    """Start the daemon with a microphone; it is unplugged once the file that is returned exists."""
    unplugged, program = tmp_path / "unplugged", tmp_path / "bin/ffmpeg"
    program.parent.mkdir()
    program.write_text(MICROPHONE.format(ffmpeg=shutil.which("ffmpeg"), none=unplugged))
    program.chmod(0o755)
    idle_daemon.settings(video=SMALL | {"audio": "pulse"})
    idle_daemon.open(PATH=f"{program.parent}:{os.environ['PATH']}")
    idle_daemon.fault(speed=2)
    return unplugged


def test_sound_is_recorded_beside_the_frames_and_in_time_with_them(idle_daemon, with_microphone):
    item = idle_daemon.film(3)
    picture, sound = streams_of(item)
    assert (sound["codec_name"], float(sound["start_time"])) == ("aac", 0)
    assert float(picture["duration"]) == pytest.approx(3, abs=0.3)
    assert float(sound["duration"]) == pytest.approx(float(picture["duration"]), abs=0.3)
    assert "notices" not in read_sidecar(item)
    assert idle_daemon.drafts() == []
    with_microphone.touch()
    silent = idle_daemon.film(1)
    assert [stream["codec_type"] for stream in streams_of(silent)] == ["video"]
    (notice,) = read_sidecar(silent)["notices"]
    assert "sound is missing" in notice and "arecord -l" in notice


def test_kill_9_leaves_the_sound_up_to_then(idle_daemon, with_microphone):
    idle_daemon.ask("video")
    idle_daemon.until(
        lambda _: any(path.stat().st_size > 200_000 for path in idle_daemon.library.glob(".drafts/*.mka"))
    )
    idle_daemon.kill()
    idle_daemon.open()
    idle_daemon.until(lambda _: list(idle_daemon.library.glob("2*/*_video_*.json")))
    (item,) = idle_daemon.library.glob("2*/*_video_*.mp4")
    assert [stream["codec_type"] for stream in streams_of(item)] == ["video", "audio"]
    assert idle_daemon.drafts() == []


def test_as_mjpeg_the_frames_are_the_video(idle_daemon):
    slow = {"width": 320, "height": 180, "sensor_mode": "4656:3496:10", "framerate": 60}
    idle_daemon.attach(AUTOFOCUS)
    idle_daemon.settings(files={"video": "mjpeg"}, video=slow, snapshot={"interval_s": 0.3, "width": 320})
    idle_daemon.open()
    idle_daemon.ask("video")
    idle_daemon.frames(3)
    (item,) = idle_daemon.ask("stop")["items"]
    assert item.endswith(".mjpeg")
    sidecar = read_sidecar(idle_daemon.library / item)
    assert "9 frames per second instead of 60: the sensor mode 4656:3496:10 is no faster" in sidecar["notices"][0]
    assert size_of((idle_daemon.library / item).with_suffix(".jpg")) == (320, 180)
