"""Videos on the real daemon with the simulated camera: playable, whatever ended them."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from capturing import DEADLINE_S, ROOT
from PIL import Image
from taking import LIVE, STILL, Asking, Studio, about

from stillcam.ipc.protocol import Refusal

needs_ffmpeg = pytest.mark.skipif(not (shutil.which("ffmpeg") and shutil.which("ffprobe")), reason="needs ffmpeg")
SOME_BYTES = 40_000  # more than a first picture


def probe(path: Path) -> list[dict[str, Any]]:
    """What ffprobe says of each stream; all frames are decoded."""
    argv = ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", str(path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=DEADLINE_S)
    streams: list[dict[str, Any]] = json.loads(done.stdout)["streams"]
    return streams


def recording(studio: Studio, least_bytes: int = SOME_BYTES) -> dict[str, Any]:
    """Wait until a video has so many bytes."""
    status = studio.until(lambda status: (status["recording"] or {"bytes": 0})["bytes"] >= least_bytes)
    told: dict[str, Any] = status["recording"]
    return told


def shown(studio: Studio) -> Path:
    """The one video, once it is in the library."""
    studio.until(lambda _: list(studio.library.glob("2*/*_video_*.mp4")))
    (item,) = studio.library.glob("2*/*_video_*.mp4")
    return item


@needs_ffmpeg
def test_a_video_is_an_mp4_that_browsers_play(studio):
    studio.settings(video={"width": 320, "framerate": 15, "bitrate": 300_000, "controls": {"Saturation": 0}})
    studio.open()
    item = studio.film(2)
    (stream,) = probe(item)
    assert (stream["codec_name"], stream["pix_fmt"]) == ("h264", "yuv420p")
    assert (stream["width"], stream["height"]) == (320, 180)
    assert int(stream["nb_read_frames"]) >= 2
    data = item.read_bytes()
    assert data.find(b"moov") < data.find(b"mdat")  # it plays while it is loaded
    told = about(item)
    assert told["kind"] == "video"
    assert abs(told["duration_s"] - float(stream["duration"])) < 0.2
    assert told["controls"] == {"Saturation": 0}
    assert told["metadata"]["ExposureTime"] > 0
    with Image.open(item.with_suffix(".jpg")) as image:
        assert image.size == (320, 180)
    assert len(studio.visible()) == 3
    assert studio.drafts() == []
    assert "--bitrate=300000" in "".join(studio.starts())
    assert studio.goes_on()["recording"] is None


@needs_ffmpeg
def test_a_video_runs_until_it_is_stopped_and_refuses_what_would_disturb_it(studio):
    studio.open()
    begun = studio.ask("video")["recording"]
    assert (begun["seconds"], begun["left_s"]) == (None, None)
    assert recording(studio)["since"] == begun["since"]
    assert studio.ask("status")["mode"] == "video"
    for command in ("photo", "video", "focus", "snapshot"):
        with pytest.raises(Refusal, match="video") as caught:
            studio.ask(command)
        assert caught.value.cause == "busy"
    studio.settings(snapshot=STILL | {"width": 640}, live=LIVE)
    assert studio.ask("reload")["in_force"] is False  # at once, though no picture comes
    (item,) = studio.ask("stop")["items"]
    assert int(probe(studio.library / item)[0]["nb_read_frames"]) >= 2
    with pytest.raises(Refusal, match="no video") as caught:
        studio.ask("stop")
    assert caught.value.cause == "idle"
    studio.until(lambda status: status["mode"] == "snapshot")
    assert studio.ask("snapshot")["frame"]
    with Image.open(studio.images / "current.jpg") as image:
        assert image.size == (640, 480)


@needs_ffmpeg
def test_a_video_out_of_the_live_view_gives_it_back(studio):
    studio.open()
    studio.ask("lease", seconds=30)
    studio.until(lambda status: status["mode"] == "live")
    studio.film(1)
    studio.ask("lease", seconds=30)
    studio.until(lambda status: status["mode"] == "live")


@needs_ffmpeg
def test_the_end_of_the_daemon_finishes_the_video(studio):
    """At once, or what is left at the next start."""
    studio.open()
    studio.ask("video")
    recording(studio)
    (program,) = studio.camera_programs()
    assert studio.end() == 0
    assert not Path(f"/proc/{program}").exists()
    studio.open()
    item = shown(studio)
    assert int(probe(item)[0]["nb_read_frames"]) >= 2
    studio.until(lambda _: not studio.drafts())
    assert "Traceback" not in studio.log.read_text()


@needs_ffmpeg
def test_kill_9_in_the_middle_of_a_video_leaves_what_can_be_played(studio):
    studio.open()
    studio.ask("video")
    recording(studio)
    (program,) = studio.camera_programs()
    studio.kill()
    studio.until_gone(program)
    assert studio.visible() == []
    assert any(name.endswith(".ts") for name in studio.drafts())
    studio.open()
    item = shown(studio)
    assert int(probe(item)[0]["nb_read_frames"]) >= 2
    told = about(item)
    assert (told["interrupted"], told["size"], told["camera"]["model"]) == (True, [320, 180], "imx519")
    assert item.with_suffix(".jpg").exists()
    studio.until(lambda _: not studio.drafts())


@needs_ffmpeg
def test_a_camera_program_that_is_killed_in_the_middle_of_a_video(studio):
    studio.open()
    studio.ask("video")
    recording(studio)
    (program,) = studio.camera_programs()
    os.kill(program, signal.SIGKILL)
    item = shown(studio)
    assert int(probe(item)[0]["nb_read_frames"]) >= 2
    assert about(item)["interrupted"] is True
    assert studio.goes_on()["mode"] == "snapshot"
    assert studio.ask("status")["failures"] == {"died": 1}


@needs_ffmpeg
def test_a_video_ends_in_time_when_the_disk_fills_up(studio):
    studio.open()
    studio.ask("video")
    recording(studio)
    studio.settings(files={"floor_mb": 10_000_000})
    studio.ask("reload")
    assert int(probe(shown(studio))[0]["nb_read_frames"]) >= 2
    status = studio.until(lambda status: status["mode"] == "snapshot")
    assert "ended in time" in status["notice"]


@needs_ffmpeg
def test_a_video_on_its_side_is_turned_by_the_player(studio):
    studio.settings(camera={"rotation": 90})
    studio.open()
    item = studio.film(1)
    (stream,) = probe(item)
    assert (stream["width"], stream["height"]) == (320, 180)
    assert [side["rotation"] for side in stream["side_data_list"]] == [-90]  # ffmpeg counts the other way round
    assert about(item)["size"] == [180, 320]
    with Image.open(item.with_suffix(".jpg")) as image:
        assert image.size == (180, 320)


@needs_ffmpeg
def test_sound_is_there_when_it_is_wanted(studio):
    studio.settings(video={"width": 320, "framerate": 15, "audio": "pulse"})
    studio.open()
    assert [stream["codec_type"] for stream in probe(studio.film(1))] == ["video", "audio"]


@needs_ffmpeg
def test_bare_h264_is_kept_as_it_is_where_it_is_wanted(studio):
    studio.settings(files={"video": "h264"})
    studio.open()
    item = studio.film(1)
    assert item.suffix == ".h264"
    assert probe(item)[0]["codec_name"] == "h264"
    assert item.with_suffix(".jpg").exists()


def without_ffmpeg(folder: Path) -> dict[str, str]:
    """An environment in which there are no programs at all."""
    folder.mkdir()
    return {"PATH": str(folder)}


def test_without_ffmpeg_the_simulated_camera_says_what_to_install(studio, tmp_path):
    studio.open(**without_ffmpeg(tmp_path / "bin"))
    with pytest.raises(Refusal, match="apt install ffmpeg") as caught:
        studio.ask("video", seconds=2)
    assert caught.value.cause == "missing"
    assert (studio.visible(), studio.drafts()) == ([], [])
    studio.goes_on()


def test_mjpeg_needs_no_other_program(studio, tmp_path):
    studio.settings(files={"video": "mjpeg"})
    studio.open(**without_ffmpeg(tmp_path / "bin"))
    item = studio.film(1)
    assert item.suffix == ".mjpeg"
    with Image.open(item.with_suffix(".jpg")) as image:
        assert image.size == (320, 180)
    assert about(item)["duration_s"] > 0


def test_mjpeg_survives_kill_9(studio, tmp_path):
    studio.settings(files={"video": "mjpeg"})
    environ = without_ffmpeg(tmp_path / "bin")
    studio.open(**environ)
    studio.ask("video")
    recording(studio)
    studio.kill()
    studio.open(**environ)
    studio.until(lambda _: list(studio.library.glob("2*/*.mjpeg")))
    (item,) = studio.library.glob("2*/*.mjpeg")
    assert about(item)["interrupted"] is True


@needs_ffmpeg
def test_the_command_prints_the_path_and_ctrl_c_ends_it_before(studio):
    studio.open()
    env = os.environ | {"PYTHONPATH": str(ROOT / "python"), "STILLCAM_DATA": str(studio.data)}
    call = [sys.executable, "-m", "stillcam", "video", "3600"]
    process = subprocess.Popen(call, env=env, stdout=subprocess.PIPE, text=True)
    try:
        recording(studio)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=DEADLINE_S)
    finally:
        process.kill()
    assert process.returncode == 0
    assert int(probe(Path(said.strip()))[0]["nb_read_frames"]) >= 2


@needs_ffmpeg
def test_a_video_that_fails_to_begin_is_told(studio):
    studio.open()
    studio.fault(busy=True)
    asking = Asking(studio, "video", seconds=2)
    answer = asking.wait()
    assert isinstance(answer, Refusal)
    assert "another program" in str(answer)
    assert studio.drafts() == []
    studio.fault()
    studio.ask("reload")
    studio.goes_on()
    assert studio.film(1).exists()


@needs_ffmpeg
def test_a_video_is_tried_once_more_before_it_is_reported(studio):
    studio.open()
    no_memory = {"start_error": "failed to allocate capture buffers for stream"}
    studio.fault(**no_memory, start_error_times=1)
    assert studio.film(1).stat().st_size
    assert studio.goes_on()["failures"] == {"short": 1}
    studio.fault(**no_memory)
    with pytest.raises(Refusal, match="no memory"):
        studio.film(1)
    assert studio.drafts() == []


def test_a_stop_that_comes_before_the_first_picture_waits_for_it(studio):
    studio.open()
    studio.fault(start_s=1.0)
    begun = Asking(studio, "video")
    studio.until(lambda status: status["recording"])
    (item,) = studio.ask("stop")["items"]
    assert begun.wait()["recording"]["bytes"] > 0
    assert int(probe(studio.library / item)[0]["nb_read_frames"]) >= 1
    assert studio.until(lambda status: not status["recording"])["library"]["finishing"] == 0


@needs_ffmpeg
@pytest.mark.parametrize(("rate", "seconds"), [(15, 2), (1, 3)])
def test_a_video_is_as_long_as_it_was_asked_for_from_its_first_frame_on(studio, rate, seconds):
    """The time-out of rpicam-vid runs while the first frames are hidden: 3 s at 1 fps were nothing at all."""
    studio.fault(speed=2)  # slow enough for that to show
    studio.settings(video={"width": 320, "framerate": rate})
    studio.open()
    (stream,) = probe(studio.film(seconds))
    assert int(stream["nb_read_frames"]) == rate * seconds
    assert float(stream["duration"]) == pytest.approx(seconds, abs=0.1)


@needs_ffmpeg
def test_a_video_whose_frames_come_too_slowly_ends_all_the_same(studio):
    """It is one of so many frames; a board that cannot keep up would record for many times as long."""
    studio.open()
    studio.fault(slow_s=1.0)
    assert 1 <= int(probe(studio.film(1))[0]["nb_read_frames"]) < 15


@needs_ffmpeg
def test_libav_that_does_not_encode_costs_the_sound_of_that_video_alone_and_the_item_says_so(studio):
    """Once refused, libav was taken for absent until the daemon was started again, and sound was lost silently."""
    studio.settings(video={"width": 320, "framerate": 15, "audio": "pulse"})
    studio.open()
    studio.fault(no_encoder=True)
    silent = studio.film(1)
    assert [stream["codec_type"] for stream in probe(silent)] == ["video"]
    (notice,) = about(silent)["notices"]
    assert notice.startswith("no sound: ")
    assert notice in studio.log.read_text()
    studio.fault()
    item = studio.film(1)
    assert [stream["codec_type"] for stream in probe(item)] == ["video", "audio"]
    assert "notices" not in about(item)


@needs_ffmpeg
def test_sound_is_asked_for_where_the_form_has_none(studio):
    studio.settings(video={"width": 320, "framerate": 15, "audio": "pulse"}, files={"video": "h264"})
    studio.open()
    assert about(studio.film(1))["notices"] == ["no sound: only MP4 has it; set files.video to mp4"]


@needs_ffmpeg
def test_without_a_microphone_it_says_how_to_find_one(studio):
    studio.settings(video={"width": 320, "framerate": 15, "audio": "alsa"})
    studio.open()
    studio.fault(no_microphone=True)
    with pytest.raises(Refusal, match=r"`arecord -l` lists .* `pactl list short sources`"):
        studio.ask("video", seconds=1)


def grown_no_more(studio: Studio, sizes: list[int]) -> bool:
    """Whether what is recorded has been as large for the last looks, which are added to `sizes`."""
    sizes.append(sum(path.stat().st_size for path in studio.library.glob(".drafts/*.ts")))
    return len(sizes) > 10 and len(set(sizes[-10:])) == 1


@needs_ffmpeg
@pytest.mark.parametrize(
    ("seconds", "stopped"),
    [
        pytest.param(3600, False, id="in the middle"),
        pytest.param(10, False, id="near the end"),
        pytest.param(3600, True, id="stopped"),
    ],
)
def test_what_a_camera_that_stalls_has_written_is_kept_and_said(studio, seconds, stopped):
    """rpicam-vid that waits for a frame does not listen to SIGINT: it is killed."""
    studio.open()
    asking = Asking(studio, "video", seconds=seconds, wait=True)
    recording(studio)
    studio.fault(stall_after=1)
    if stopped:
        sizes: list[int] = []
        studio.until(lambda _: grown_no_more(studio, sizes))
        (item,) = studio.ask("stop")["items"]
    else:
        (item,) = asking.wait()["items"]
    assert int(probe(studio.library / item)[0]["nb_read_frames"]) >= 20
    told = about(studio.library / item)
    assert told["interrupted"] is True
    (notice,) = told["notices"]
    assert ("was killed" if stopped else "gives no pictures") in notice
    studio.fault()
    studio.goes_on()


def test_whoever_does_not_wait_for_a_camera_that_is_slow_to_begin_is_told_how_far_it_is(studio):
    studio.settings(video={"width": 320, "framerate": 1}, files={"video": "mjpeg"})
    studio.open()
    studio.fault(start_s=3.0)
    told = studio.ask("video", seconds=5, wait_s=1.5)["recording"]
    assert (told["seconds"], told["bytes"], told["left_s"]) == (5, 0, 5)
    studio.fault()
    assert studio.ask("stop")["items"]


@needs_ffmpeg
def test_a_video_that_is_asked_for_while_photos_are_taken_waits_for_them(studio):
    studio.open()
    photos = Asking(studio, "photo", count=3)
    studio.until(lambda status: status["taking"])
    video = Asking(studio, "video", seconds=1, wait=True)
    told = studio.until(lambda status: status["waiting"] or status["recording"])
    assert told["recording"] is None
    assert told["waiting"] == [{"kind": "video", "of": 1}]
    assert len(photos.wait()["items"]) == 3
    (item,) = video.wait()["items"]
    assert studio.library.joinpath(item).exists()
    assert studio.ask("status")["waiting"] == []


def test_a_video_that_waits_can_be_cancelled_and_the_photos_are_taken(studio):
    studio.open()
    photos = Asking(studio, "photo", count=3)
    studio.until(lambda status: status["taking"])
    video = Asking(studio, "video", seconds=1, wait=True)
    studio.until(lambda status: status["waiting"])
    assert studio.ask("stop") == {"items": []}
    refused = video.wait()
    assert isinstance(refused, Refusal)
    assert refused.cause == "cancelled"
    assert len(photos.wait()["items"]) == 3
    assert studio.goes_on()["waiting"] == []


def test_photos_that_wait_for_others_are_told(studio):
    studio.open()
    first, second = Asking(studio, "photo", count=3), Asking(studio, "photo", kind="photo", count=2)
    told = studio.until(lambda status: status["waiting"])
    assert told["taking"]["of"] + told["waiting"][0]["of"] == 5
    assert [len(asking.wait()["items"]) for asking in (first, second)] == [3, 2]
    assert studio.ask("status")["waiting"] == []
