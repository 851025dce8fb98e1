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
from taking import LIVE, STILL, BackgroundRequest, CameraDaemon, read_sidecar

from stillcam.ipc.protocol import Refusal

needs_ffmpeg = pytest.mark.skipif(not (shutil.which("ffmpeg") and shutil.which("ffprobe")), reason="needs ffmpeg")
SOME_BYTES = 40_000  # more than a first picture


def probe(path: Path) -> list[dict[str, Any]]:
    """What ffprobe says of each stream; all frames are decoded."""
    argv = ["ffprobe", "-v", "error", "-count_frames", "-show_streams", "-of", "json", str(path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=DEADLINE_S)
    streams: list[dict[str, Any]] = json.loads(done.stdout)["streams"]
    return streams


def recording(camera_daemon: CameraDaemon, least_bytes: int = SOME_BYTES) -> dict[str, Any]:
    """Wait until a video has so many bytes."""
    status = camera_daemon.until(lambda status: (status["recording"] or {"bytes": 0})["bytes"] >= least_bytes)
    told: dict[str, Any] = status["recording"]
    return told


def shown(camera_daemon: CameraDaemon) -> Path:
    """The one video, once it is in the library."""
    camera_daemon.until(lambda _: list(camera_daemon.library.glob("2*/*_video_*.mp4")))
    (item,) = camera_daemon.library.glob("2*/*_video_*.mp4")
    return item


@needs_ffmpeg
def test_a_video_is_an_mp4_that_browsers_play(camera_daemon):
    camera_daemon.settings(video={"width": 320, "framerate": 15, "bitrate": 300_000, "controls": {"Saturation": 0}})
    camera_daemon.open()
    item = camera_daemon.film(2)
    (stream,) = probe(item)
    assert (stream["codec_name"], stream["pix_fmt"]) == ("h264", "yuv420p")
    assert (stream["width"], stream["height"]) == (320, 180)
    assert int(stream["nb_read_frames"]) >= 2
    data = item.read_bytes()
    assert data.find(b"moov") < data.find(b"mdat")  # it plays while it is loaded
    told = read_sidecar(item)
    assert told["kind"] == "video"
    assert abs(told["duration_s"] - float(stream["duration"])) < 0.2
    assert told["controls"] == {"Saturation": 0}
    assert told["metadata"]["ExposureTime"] > 0
    with Image.open(item.with_suffix(".jpg")) as image:
        assert image.size == (320, 180)
    assert len(camera_daemon.visible()) == 3
    assert camera_daemon.drafts() == []
    assert "--bitrate=300000" in "".join(camera_daemon.starts())
    assert camera_daemon.goes_on()["recording"] is None


@needs_ffmpeg
def test_a_video_runs_until_it_is_stopped_and_refuses_what_would_disturb_it(camera_daemon):
    camera_daemon.open()
    begun = camera_daemon.ask("video")["recording"]
    assert (begun["seconds"], begun["left_s"]) == (None, None)
    assert recording(camera_daemon)["since"] == begun["since"]
    assert camera_daemon.ask("status")["mode"] == "video"
    for command in ("photo", "video", "focus", "snapshot"):
        with pytest.raises(Refusal, match="video") as caught:
            camera_daemon.ask(command)
        assert caught.value.cause == "busy"
    camera_daemon.settings(snapshot=STILL | {"width": 640}, live=LIVE)
    assert camera_daemon.ask("reload")["in_force"] is False  # at once, though no picture comes
    (item,) = camera_daemon.ask("stop")["items"]
    assert int(probe(camera_daemon.library / item)[0]["nb_read_frames"]) >= 2
    with pytest.raises(Refusal, match="no video") as caught:
        camera_daemon.ask("stop")
    assert caught.value.cause == "idle"
    camera_daemon.until(lambda status: status["mode"] == "snapshot")
    assert camera_daemon.ask("snapshot")["frame"]
    with Image.open(camera_daemon.images / "current.jpg") as image:
        assert image.size == (640, 480)


@needs_ffmpeg
def test_a_video_out_of_the_live_view_gives_it_back(camera_daemon):
    camera_daemon.open()
    camera_daemon.ask("lease", seconds=30)
    camera_daemon.until(lambda status: status["mode"] == "live")
    camera_daemon.film(1)
    camera_daemon.ask("lease", seconds=30)
    camera_daemon.until(lambda status: status["mode"] == "live")


@needs_ffmpeg
def test_the_end_of_the_daemon_finishes_the_video(camera_daemon):
    """At once, or what is left at the next start."""
    camera_daemon.open()
    camera_daemon.ask("video")
    recording(camera_daemon)
    (program,) = camera_daemon.camera_programs()
    assert camera_daemon.end() == 0
    assert not Path(f"/proc/{program}").exists()
    camera_daemon.open()
    item = shown(camera_daemon)
    assert int(probe(item)[0]["nb_read_frames"]) >= 2
    camera_daemon.until(lambda _: not camera_daemon.drafts())
    assert "Traceback" not in camera_daemon.log.read_text()


@needs_ffmpeg
def test_kill_9_in_the_middle_of_a_video_leaves_what_can_be_played(camera_daemon):
    camera_daemon.open()
    camera_daemon.ask("video")
    recording(camera_daemon)
    (program,) = camera_daemon.camera_programs()
    camera_daemon.kill()
    camera_daemon.until_gone(program)
    assert camera_daemon.visible() == []
    assert any(name.endswith(".ts") for name in camera_daemon.drafts())
    camera_daemon.open()
    item = shown(camera_daemon)
    assert int(probe(item)[0]["nb_read_frames"]) >= 2
    told = read_sidecar(item)
    assert (told["interrupted"], told["size"], told["camera"]["model"]) == (True, [320, 180], "imx519")
    assert item.with_suffix(".jpg").exists()
    camera_daemon.until(lambda _: not camera_daemon.drafts())


@needs_ffmpeg
def test_a_camera_program_that_is_killed_in_the_middle_of_a_video(camera_daemon):
    camera_daemon.open()
    camera_daemon.ask("video")
    recording(camera_daemon)
    (program,) = camera_daemon.camera_programs()
    os.kill(program, signal.SIGKILL)
    item = shown(camera_daemon)
    assert int(probe(item)[0]["nb_read_frames"]) >= 2
    assert read_sidecar(item)["interrupted"] is True
    assert camera_daemon.goes_on()["mode"] == "snapshot"
    assert camera_daemon.ask("status")["failures"] == {"died": 1}


@needs_ffmpeg
def test_a_video_ends_in_time_when_the_disk_fills_up(camera_daemon):
    camera_daemon.open()
    camera_daemon.ask("video")
    recording(camera_daemon)
    camera_daemon.settings(files={"floor_mb": 10_000_000})
    camera_daemon.ask("reload")
    assert int(probe(shown(camera_daemon))[0]["nb_read_frames"]) >= 2
    status = camera_daemon.until(lambda status: status["mode"] == "snapshot")
    assert "ended in time" in status["notice"]


@needs_ffmpeg
def test_a_video_on_its_side_is_turned_by_the_player(camera_daemon):
    camera_daemon.settings(camera={"rotation": 90})
    camera_daemon.open()
    item = camera_daemon.film(1)
    (stream,) = probe(item)
    assert (stream["width"], stream["height"]) == (320, 180)
    assert [side["rotation"] for side in stream["side_data_list"]] == [-90]  # ffmpeg counts the other way round
    assert read_sidecar(item)["size"] == [180, 320]
    with Image.open(item.with_suffix(".jpg")) as image:
        assert image.size == (180, 320)


@needs_ffmpeg
def test_sound_is_there_when_it_is_wanted(camera_daemon):
    camera_daemon.settings(video={"width": 320, "framerate": 15, "audio": "pulse"})
    camera_daemon.open()
    assert [stream["codec_type"] for stream in probe(camera_daemon.film(1))] == ["video", "audio"]


@needs_ffmpeg
def test_bare_h264_is_kept_as_it_is_where_it_is_wanted(camera_daemon):
    camera_daemon.settings(files={"video": "h264"})
    camera_daemon.open()
    item = camera_daemon.film(1)
    assert item.suffix == ".h264"
    assert probe(item)[0]["codec_name"] == "h264"
    assert item.with_suffix(".jpg").exists()


def without_ffmpeg(folder: Path) -> dict[str, str]:
    """An environment in which there are no programs at all."""
    folder.mkdir()
    return {"PATH": str(folder)}


def test_without_ffmpeg_the_simulated_camera_says_what_to_install(camera_daemon, tmp_path):
    camera_daemon.open(**without_ffmpeg(tmp_path / "bin"))
    with pytest.raises(Refusal, match="apt install ffmpeg") as caught:
        camera_daemon.ask("video", seconds=2)
    assert caught.value.cause == "missing"
    assert (camera_daemon.visible(), camera_daemon.drafts()) == ([], [])
    camera_daemon.goes_on()


def test_mjpeg_needs_no_other_program(camera_daemon, tmp_path):
    camera_daemon.settings(files={"video": "mjpeg"})
    camera_daemon.open(**without_ffmpeg(tmp_path / "bin"))
    item = camera_daemon.film(1)
    assert item.suffix == ".mjpeg"
    with Image.open(item.with_suffix(".jpg")) as image:
        assert image.size == (320, 180)
    assert read_sidecar(item)["duration_s"] > 0


def test_mjpeg_survives_kill_9(camera_daemon, tmp_path):
    camera_daemon.settings(files={"video": "mjpeg"})
    environ = without_ffmpeg(tmp_path / "bin")
    camera_daemon.open(**environ)
    camera_daemon.ask("video")
    recording(camera_daemon)
    camera_daemon.kill()
    camera_daemon.open(**environ)
    camera_daemon.until(lambda _: list(camera_daemon.library.glob("2*/*.mjpeg")))
    (item,) = camera_daemon.library.glob("2*/*.mjpeg")
    assert read_sidecar(item)["interrupted"] is True


@needs_ffmpeg
def test_the_command_prints_the_path_and_ctrl_c_ends_it_before(camera_daemon):
    camera_daemon.open()
    env = os.environ | {"PYTHONPATH": str(ROOT / "python"), "STILLCAM_DATA": str(camera_daemon.data)}
    call = [sys.executable, "-m", "stillcam", "video", "3600"]
    process = subprocess.Popen(call, env=env, stdout=subprocess.PIPE, text=True)
    try:
        recording(camera_daemon)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=DEADLINE_S)
    finally:
        process.kill()
    assert process.returncode == 0
    assert int(probe(Path(said.strip()))[0]["nb_read_frames"]) >= 2


@needs_ffmpeg
def test_a_video_that_fails_to_begin_is_told(camera_daemon):
    camera_daemon.open()
    camera_daemon.fault(busy=True)
    asking = BackgroundRequest(camera_daemon, "video", seconds=2)
    answer = asking.wait()
    assert isinstance(answer, Refusal)
    assert "another program" in str(answer)
    assert camera_daemon.drafts() == []
    camera_daemon.fault()
    camera_daemon.ask("reload")
    camera_daemon.goes_on()
    assert camera_daemon.film(1).exists()


@needs_ffmpeg
def test_a_video_is_tried_once_more_before_it_is_reported(camera_daemon):
    camera_daemon.open()
    no_memory = {"start_error": "failed to allocate capture buffers for stream"}
    camera_daemon.fault(**no_memory, start_error_times=1)
    assert camera_daemon.film(1).stat().st_size
    assert camera_daemon.goes_on()["failures"] == {"short": 1}
    camera_daemon.fault(**no_memory)
    with pytest.raises(Refusal, match="no memory"):
        camera_daemon.film(1)
    assert camera_daemon.drafts() == []


def test_a_stop_that_comes_before_the_first_picture_waits_for_it(camera_daemon):
    camera_daemon.open()
    camera_daemon.fault(start_s=1.0)
    begun = BackgroundRequest(camera_daemon, "video")
    camera_daemon.until(lambda status: status["recording"])
    (item,) = camera_daemon.ask("stop")["items"]
    assert begun.wait()["recording"]["bytes"] > 0
    assert int(probe(camera_daemon.library / item)[0]["nb_read_frames"]) >= 1
    assert camera_daemon.until(lambda status: not status["recording"])["library"]["finishing"] == 0


@needs_ffmpeg
@pytest.mark.parametrize(("rate", "seconds"), [(15, 2), (1, 3)])
def test_a_video_is_as_long_as_it_was_asked_for_from_its_first_frame_on(camera_daemon, rate, seconds):
    """The time-out of rpicam-vid runs while the first frames are hidden: 3 s at 1 fps were nothing at all."""
    camera_daemon.fault(speed=2)  # slow enough for that to show
    camera_daemon.settings(video={"width": 320, "framerate": rate})
    camera_daemon.open()
    (stream,) = probe(camera_daemon.film(seconds))
    assert int(stream["nb_read_frames"]) == rate * seconds
    assert float(stream["duration"]) == pytest.approx(seconds, abs=0.1)


@needs_ffmpeg
def test_a_video_whose_frames_come_too_slowly_ends_all_the_same(camera_daemon):
    """It is one of so many frames; a board that cannot keep up would record for many times as long."""
    camera_daemon.open()
    camera_daemon.fault(slow_s=1.0)
    assert 1 <= int(probe(camera_daemon.film(1))[0]["nb_read_frames"]) < 15


@needs_ffmpeg
def test_libav_that_does_not_encode_costs_the_sound_of_that_video_alone_and_the_item_says_so(camera_daemon):
    """Once refused, libav was taken for absent until the daemon was started again, and sound was lost silently."""
    camera_daemon.settings(video={"width": 320, "framerate": 15, "audio": "pulse"})
    camera_daemon.open()
    camera_daemon.fault(no_encoder=True)
    silent = camera_daemon.film(1)
    assert [stream["codec_type"] for stream in probe(silent)] == ["video"]
    (notice,) = read_sidecar(silent)["notices"]
    assert notice.startswith("no sound: ")
    assert notice in camera_daemon.log.read_text()
    camera_daemon.fault()
    item = camera_daemon.film(1)
    assert [stream["codec_type"] for stream in probe(item)] == ["video", "audio"]
    assert "notices" not in read_sidecar(item)


@needs_ffmpeg
def test_sound_is_asked_for_where_the_form_has_none(camera_daemon):
    camera_daemon.settings(video={"width": 320, "framerate": 15, "audio": "pulse"}, files={"video": "h264"})
    camera_daemon.open()
    assert read_sidecar(camera_daemon.film(1))["notices"] == ["no sound: only MP4 has it; set files.video to mp4"]


@needs_ffmpeg
def test_without_a_microphone_it_says_how_to_find_one(camera_daemon):
    camera_daemon.settings(video={"width": 320, "framerate": 15, "audio": "alsa"})
    camera_daemon.open()
    camera_daemon.fault(no_microphone=True)
    with pytest.raises(Refusal, match=r"`arecord -l` lists .* `pactl list short sources`"):
        camera_daemon.ask("video", seconds=1)


def grown_no_more(camera_daemon: CameraDaemon, sizes: list[int]) -> bool:
    """Whether what is recorded has been as large for the last looks, which are added to `sizes`."""
    sizes.append(sum(path.stat().st_size for path in camera_daemon.library.glob(".drafts/*.ts")))
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
def test_what_a_camera_that_stalls_has_written_is_kept_and_said(camera_daemon, seconds, stopped):
    """rpicam-vid that waits for a frame does not listen to SIGINT: it is killed."""
    camera_daemon.open()
    asking = BackgroundRequest(camera_daemon, "video", seconds=seconds, wait=True)
    recording(camera_daemon)
    camera_daemon.fault(stall_after=1)
    if stopped:
        sizes: list[int] = []
        camera_daemon.until(lambda _: grown_no_more(camera_daemon, sizes))
        (item,) = camera_daemon.ask("stop")["items"]
    else:
        (item,) = asking.wait()["items"]
    assert int(probe(camera_daemon.library / item)[0]["nb_read_frames"]) >= 20
    told = read_sidecar(camera_daemon.library / item)
    assert told["interrupted"] is True
    (notice,) = told["notices"]
    assert ("was killed" if stopped else "gives no pictures") in notice
    camera_daemon.fault()
    camera_daemon.goes_on()


def test_whoever_does_not_wait_for_a_camera_that_is_slow_to_begin_is_told_how_far_it_is(camera_daemon):
    camera_daemon.settings(video={"width": 320, "framerate": 1}, files={"video": "mjpeg"})
    camera_daemon.open()
    camera_daemon.fault(start_s=3.0)
    told = camera_daemon.ask("video", seconds=5, wait_s=1.5)["recording"]
    assert (told["seconds"], told["bytes"], told["left_s"]) == (5, 0, 5)
    camera_daemon.fault()
    assert camera_daemon.ask("stop")["items"]


@needs_ffmpeg
def test_a_video_that_is_asked_for_while_photos_are_taken_waits_for_them(camera_daemon):
    camera_daemon.open()
    photos = BackgroundRequest(camera_daemon, "photo", count=3)
    camera_daemon.until(lambda status: status["taking"])
    video = BackgroundRequest(camera_daemon, "video", seconds=1, wait=True)
    told = camera_daemon.until(lambda status: status["waiting"] or status["recording"])
    assert told["recording"] is None
    assert told["waiting"] == [{"kind": "video", "of": 1}]
    assert len(photos.wait()["items"]) == 3
    (item,) = video.wait()["items"]
    assert camera_daemon.library.joinpath(item).exists()
    assert camera_daemon.ask("status")["waiting"] == []


def test_a_video_that_waits_can_be_cancelled_and_the_photos_are_taken(camera_daemon):
    camera_daemon.open()
    photos = BackgroundRequest(camera_daemon, "photo", count=3)
    camera_daemon.until(lambda status: status["taking"])
    video = BackgroundRequest(camera_daemon, "video", seconds=1, wait=True)
    camera_daemon.until(lambda status: status["waiting"])
    assert camera_daemon.ask("stop") == {"items": []}
    refused = video.wait()
    assert isinstance(refused, Refusal)
    assert refused.cause == "cancelled"
    assert len(photos.wait()["items"]) == 3
    assert camera_daemon.goes_on()["waiting"] == []


def test_photos_that_wait_for_others_are_told(camera_daemon):
    camera_daemon.open()
    first, second = (
        BackgroundRequest(camera_daemon, "photo", count=3),
        BackgroundRequest(camera_daemon, "photo", kind="photo", count=2),
    )
    told = camera_daemon.until(lambda status: status["waiting"])
    assert told["taking"]["of"] + told["waiting"][0]["of"] == 5
    assert [len(asking.wait()["items"]) for asking in (first, second)] == [3, 2]
    assert camera_daemon.ask("status")["waiting"] == []
