"""Videos that the camera program encodes: playable, whatever ended them."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from capture_daemon import AUTOFOCUS, DEADLINE_S, LIVE, ROOT, STILL, BackgroundRequest, IdleDaemon, read_sidecar
from PIL import Image
from videos import recording, streams_of

from stillcam.ipc.protocol import Refusal

ENCODE = {"while_recording": "encode"}
needs_ffmpeg = pytest.mark.skipif(not (shutil.which("ffmpeg") and shutil.which("ffprobe")), reason="needs ffmpeg")


@pytest.fixture(autouse=True)
def _encodes(idle_daemon: IdleDaemon, shared_daemon: IdleDaemon) -> None:
    """Unless a test says otherwise."""
    for daemon in (idle_daemon, shared_daemon):
        daemon.video = ENCODE
    idle_daemon.settings()


def shown(idle_daemon: IdleDaemon) -> Path:
    """The one video, once it is in the library."""
    idle_daemon.until(lambda _: list(idle_daemon.library.glob("2*/*_video_*.mp4")))
    (item,) = idle_daemon.library.glob("2*/*_video_*.mp4")
    return item


@needs_ffmpeg
def test_a_video_is_an_mp4_that_browsers_play(idle_daemon):
    idle_daemon.settings(
        video=ENCODE | {"width": 320, "framerate": 15, "bitrate": 300_000, "controls": {"Saturation": 0}}
    )
    idle_daemon.open()
    item = idle_daemon.film(2)
    (stream,) = streams_of(item)
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
    assert len(idle_daemon.visible()) == 3
    assert idle_daemon.drafts() == []
    assert "--bitrate=300000" in "".join(idle_daemon.starts())
    assert idle_daemon.next_snapshot()["recording"] is None


@needs_ffmpeg
def test_a_video_runs_until_it_is_stopped_and_refuses_what_would_disturb_it(idle_daemon):
    idle_daemon.attach(AUTOFOCUS)
    idle_daemon.open()
    begun = idle_daemon.ask("video")["recording"]
    assert (begun["seconds"], begun["left_s"]) == (None, None)
    assert recording(idle_daemon)["since"] == begun["since"]
    assert idle_daemon.ask("status")["mode"] == "video"
    for command in ("photo", "video", "focus", "snapshot"):
        with pytest.raises(Refusal, match="video") as caught:
            idle_daemon.ask(command)
        assert caught.value.cause == "busy"
    idle_daemon.settings(snapshot=STILL | {"width": 640}, live=LIVE)
    assert idle_daemon.ask("reload")["in_force"] is False  # at once, though no picture comes
    (item,) = idle_daemon.ask("stop")["items"]
    assert int(streams_of(idle_daemon.library / item)[0]["nb_read_frames"]) >= 2
    with pytest.raises(Refusal, match="no video") as caught:
        idle_daemon.ask("stop")
    assert caught.value.cause == "idle"
    idle_daemon.until(lambda status: status["mode"] == "snapshot")
    assert idle_daemon.ask("snapshot")["frame"]
    with Image.open(idle_daemon.images / "current.jpg") as image:
        assert image.size == (640, 480)


@needs_ffmpeg
def test_a_video_out_of_the_live_view_gives_it_back(shared_daemon):
    shared_daemon.use()
    shared_daemon.ask("lease", seconds=30)
    shared_daemon.until(lambda status: status["mode"] == "live")
    shared_daemon.film(1)
    shared_daemon.ask("lease", seconds=30)
    shared_daemon.until(lambda status: status["mode"] == "live")


@needs_ffmpeg
def test_the_end_of_the_daemon_finishes_the_video(idle_daemon):
    """At once, or what is left at the next start."""
    idle_daemon.open()
    idle_daemon.ask("video")
    recording(idle_daemon)
    (program,) = idle_daemon.camera_programs()
    assert idle_daemon.end() == 0
    assert not Path(f"/proc/{program}").exists()
    idle_daemon.open()
    item = shown(idle_daemon)
    assert int(streams_of(item)[0]["nb_read_frames"]) >= 2
    idle_daemon.until(lambda _: not idle_daemon.drafts())
    assert "Traceback" not in idle_daemon.log.read_text()


@needs_ffmpeg
def test_kill_9_in_the_middle_of_a_video_leaves_what_can_be_played(idle_daemon):
    idle_daemon.open()
    idle_daemon.ask("video")
    recording(idle_daemon)
    (program,) = idle_daemon.camera_programs()
    idle_daemon.kill()
    idle_daemon.until_gone(program)
    assert idle_daemon.visible() == []
    assert any(name.endswith(".ts") for name in idle_daemon.drafts())
    idle_daemon.open()
    item = shown(idle_daemon)
    assert int(streams_of(item)[0]["nb_read_frames"]) >= 2
    told = read_sidecar(item)
    assert (told["interrupted"], told["size"], told["camera"]["model"]) == (True, [320, 180], "imx219")
    assert item.with_suffix(".jpg").exists()
    idle_daemon.until(lambda _: not idle_daemon.drafts())


@needs_ffmpeg
def test_a_camera_program_that_is_killed_in_the_middle_of_a_video(idle_daemon):
    idle_daemon.open()
    idle_daemon.ask("video")
    recording(idle_daemon)
    (program,) = idle_daemon.camera_programs()
    os.kill(program, signal.SIGKILL)
    item = shown(idle_daemon)
    assert int(streams_of(item)[0]["nb_read_frames"]) >= 2
    assert read_sidecar(item)["interrupted"] is True
    assert idle_daemon.next_snapshot()["mode"] == "snapshot"
    assert idle_daemon.ask("status")["failures"] == {"died": 1}


@needs_ffmpeg
def test_a_video_ends_in_time_when_the_disk_fills_up(shared_daemon):
    shared_daemon.use()
    shared_daemon.ask("video")
    recording(shared_daemon)
    shared_daemon.settings(files={"floor_mb": 10_000_000})
    shared_daemon.ask("reload")
    assert int(streams_of(shown(shared_daemon))[0]["nb_read_frames"]) >= 2
    status = shared_daemon.until(lambda status: status["mode"] == "snapshot")
    assert "the recording was stopped" in status["notice"]


@needs_ffmpeg
def test_a_video_on_its_side_is_turned_by_the_player(shared_daemon):
    shared_daemon.use(camera={"rotation": 90})
    item = shared_daemon.film(1)
    (stream,) = streams_of(item)
    assert (stream["width"], stream["height"]) == (320, 180)
    assert [side["rotation"] for side in stream["side_data_list"]] == [-90]  # ffmpeg counts the other way round
    assert read_sidecar(item)["size"] == [180, 320]
    with Image.open(item.with_suffix(".jpg")) as image:
        assert image.size == (180, 320)


@needs_ffmpeg
def test_sound_is_there_when_it_is_wanted(shared_daemon):
    shared_daemon.use(video=ENCODE | {"width": 320, "framerate": 15, "audio": "pulse"})
    assert [stream["codec_type"] for stream in streams_of(shared_daemon.film(1))] == ["video", "audio"]


@needs_ffmpeg
def test_bare_h264_is_kept_as_it_is_where_it_is_wanted(shared_daemon):
    shared_daemon.use(files={"video": "h264"})
    item = shared_daemon.film(1)
    assert item.suffix == ".h264"
    assert streams_of(item)[0]["codec_name"] == "h264"
    assert item.with_suffix(".jpg").exists()


def without_ffmpeg(folder: Path) -> dict[str, str]:
    """An environment in which there are no programs at all."""
    folder.mkdir()
    return {"PATH": str(folder)}


def test_without_ffmpeg_the_simulated_camera_says_what_to_install(idle_daemon, tmp_path):
    idle_daemon.open(**without_ffmpeg(tmp_path / "bin"))
    with pytest.raises(Refusal, match="apt install ffmpeg") as caught:
        idle_daemon.ask("video", seconds=2)
    assert caught.value.cause == "missing"
    assert (idle_daemon.visible(), idle_daemon.drafts()) == ([], [])
    idle_daemon.next_snapshot()


def test_mjpeg_needs_no_other_program(idle_daemon, tmp_path):
    idle_daemon.settings(files={"video": "mjpeg"})
    idle_daemon.open(**without_ffmpeg(tmp_path / "bin"))
    item = idle_daemon.film(1)
    assert item.suffix == ".mjpeg"
    with Image.open(item.with_suffix(".jpg")) as image:
        assert image.size == (320, 180)
    assert read_sidecar(item)["duration_s"] > 0


def test_mjpeg_survives_kill_9(idle_daemon, tmp_path):
    idle_daemon.settings(files={"video": "mjpeg"})
    environ = without_ffmpeg(tmp_path / "bin")
    idle_daemon.open(**environ)
    idle_daemon.ask("video")
    recording(idle_daemon)
    idle_daemon.kill()
    idle_daemon.open(**environ)
    idle_daemon.until(lambda _: list(idle_daemon.library.glob("2*/*.mjpeg")))
    (item,) = idle_daemon.library.glob("2*/*.mjpeg")
    assert read_sidecar(item)["interrupted"] is True


@needs_ffmpeg
def test_the_command_prints_the_path_and_ctrl_c_ends_it_before(shared_daemon):
    shared_daemon.use()
    env = os.environ | {"PYTHONPATH": str(ROOT / "python"), "STILLCAM_DATA": str(shared_daemon.data)}
    call = [sys.executable, "-m", "stillcam", "video", "3600"]
    process = subprocess.Popen(call, env=env, stdout=subprocess.PIPE, text=True)
    try:
        recording(shared_daemon)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=DEADLINE_S)
    finally:
        process.kill()
    assert process.returncode == 130
    assert int(streams_of(Path(said.strip()))[0]["nb_read_frames"]) >= 2


@needs_ffmpeg
def test_a_video_that_fails_to_begin_is_told(idle_daemon):
    idle_daemon.open()
    idle_daemon.fault(busy=True)
    asking = BackgroundRequest(idle_daemon, "video", seconds=2)
    answer = asking.wait()
    assert isinstance(answer, Refusal)
    assert "another program" in str(answer)
    assert idle_daemon.drafts() == []
    idle_daemon.fault()
    idle_daemon.ask("reload")
    idle_daemon.next_snapshot()
    assert idle_daemon.film(1).exists()


@needs_ffmpeg
def test_a_video_is_tried_once_more_before_it_is_reported(idle_daemon):
    idle_daemon.open()
    no_memory = {"start_error": "failed to allocate capture buffers for stream"}
    idle_daemon.fault(**no_memory, start_error_times=1)
    assert idle_daemon.film(1).stat().st_size
    assert idle_daemon.next_snapshot()["failures"] == {"short": 1}
    idle_daemon.fault(**no_memory)
    with pytest.raises(Refusal, match="no memory"):
        idle_daemon.film(1)
    assert idle_daemon.drafts() == []


def test_a_stop_that_comes_before_the_first_picture_waits_for_it(shared_daemon):
    shared_daemon.use()
    shared_daemon.fault(start_s=1.0)
    begun = BackgroundRequest(shared_daemon, "video")
    shared_daemon.until(lambda status: status["recording"])
    (item,) = shared_daemon.ask("stop")["items"]
    assert begun.wait()["recording"]["bytes"] > 0
    assert int(streams_of(shared_daemon.library / item)[0]["nb_read_frames"]) >= 1
    assert shared_daemon.until(lambda status: not status["recording"])["library"]["finishing"] == 0


@needs_ffmpeg
@pytest.mark.parametrize(("rate", "seconds"), [(15, 2), (1, 3)])
def test_a_video_is_as_long_as_it_was_asked_for_from_its_first_frame_on(idle_daemon, rate, seconds):
    """The time-out of rpicam-vid runs while the first frames are hidden: 3 s at 1 fps were nothing at all."""
    idle_daemon.fault(speed=2)  # slow enough for that to show
    idle_daemon.settings(video=ENCODE | {"width": 320, "framerate": rate})
    idle_daemon.open()
    (stream,) = streams_of(idle_daemon.film(seconds))
    assert int(stream["nb_read_frames"]) == rate * seconds
    assert float(stream["duration"]) == pytest.approx(seconds, abs=0.1)


@needs_ffmpeg
def test_a_video_whose_frames_come_too_slowly_ends_all_the_same(shared_daemon):
    """It is one of so many frames; a board that cannot keep up would record for many times as long."""
    shared_daemon.use(video=ENCODE | {"width": 320, "framerate": 15})
    shared_daemon.fault(slow_s=1.0)
    assert 1 <= int(streams_of(shared_daemon.film(1))[0]["nb_read_frames"]) < 15


@needs_ffmpeg
def test_libav_that_does_not_encode_costs_the_sound_of_that_video_alone_and_the_item_says_so(idle_daemon):
    """Once refused, libav was taken for absent until the daemon was started again, and sound was lost silently."""
    idle_daemon.settings(video=ENCODE | {"width": 320, "framerate": 15, "audio": "pulse"})
    idle_daemon.open()
    idle_daemon.fault(no_encoder=True)
    silent = idle_daemon.film(1)
    assert [stream["codec_type"] for stream in streams_of(silent)] == ["video"]
    (notice,) = read_sidecar(silent)["notices"]
    assert notice.startswith("no sound: ")
    assert notice in idle_daemon.log.read_text()
    idle_daemon.fault()
    item = idle_daemon.film(1)
    assert [stream["codec_type"] for stream in streams_of(item)] == ["video", "audio"]
    assert "notices" not in read_sidecar(item)


@needs_ffmpeg
def test_sound_is_asked_for_where_the_form_has_none(shared_daemon):
    shared_daemon.use(video=ENCODE | {"width": 320, "framerate": 15, "audio": "pulse"}, files={"video": "h264"})
    assert read_sidecar(shared_daemon.film(1))["notices"] == ["no sound: only MP4 has it; set files.video to mp4"]


@needs_ffmpeg
def test_without_a_microphone_it_says_how_to_find_one(shared_daemon):
    shared_daemon.use(video=ENCODE | {"width": 320, "framerate": 15, "audio": "alsa"})
    shared_daemon.fault(no_microphone=True)
    with pytest.raises(Refusal, match=r"`arecord -l` lists .* `pactl list short sources`"):
        shared_daemon.ask("video", seconds=1)


def grown_no_more(idle_daemon: IdleDaemon, sizes: list[int]) -> bool:
    """Whether what is recorded has been as large for the last looks, which are added to `sizes`."""
    sizes.append(sum(path.stat().st_size for path in idle_daemon.library.glob(".drafts/*.ts")))
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
def test_what_a_camera_that_stalls_has_written_is_kept_and_said(shared_daemon, seconds, stopped):
    """rpicam-vid that waits for a frame does not listen to SIGINT: it is killed."""
    shared_daemon.use()
    shared_daemon.fault(stall_after=40)  # frames of the video; set later, it may be too late on a busy machine
    asking = BackgroundRequest(shared_daemon, "video", seconds=seconds, wait=True)
    recording(shared_daemon)
    if stopped:
        sizes: list[int] = []
        shared_daemon.until(lambda _: grown_no_more(shared_daemon, sizes))
        (item,) = shared_daemon.ask("stop")["items"]
    else:
        (item,) = asking.wait()["items"]
    assert int(streams_of(shared_daemon.library / item)[0]["nb_read_frames"]) >= 20
    told = read_sidecar(shared_daemon.library / item)
    assert told["interrupted"] is True
    (notice,) = told["notices"]
    assert ("was killed" if stopped else "delivers no pictures") in notice
    shared_daemon.fault()
    shared_daemon.next_snapshot()


def test_whoever_does_not_wait_for_a_camera_that_is_slow_to_begin_is_told_how_far_it_is(shared_daemon):
    shared_daemon.use(video=ENCODE | {"width": 320, "framerate": 1}, files={"video": "mjpeg"})
    shared_daemon.fault(start_s=3.0)
    told = shared_daemon.ask("video", seconds=5, wait_s=1.5)["recording"]
    assert (told["seconds"], told["bytes"], told["left_s"]) == (5, 0, 5)
    shared_daemon.fault()
    assert shared_daemon.ask("stop")["items"]


@needs_ffmpeg
def test_a_video_that_is_asked_for_while_photos_are_taken_waits_for_them(shared_daemon):
    shared_daemon.use()
    photos = BackgroundRequest(shared_daemon, "photo", count=3)
    shared_daemon.until(lambda status: status["taking"])
    video = BackgroundRequest(shared_daemon, "video", seconds=1, wait=True)
    told = shared_daemon.until(lambda status: status["waiting"] or status["recording"])
    assert told["recording"] is None
    assert told["waiting"] == [{"kind": "video", "of": 1}]
    assert len(photos.wait()["items"]) == 3
    (item,) = video.wait()["items"]
    assert shared_daemon.library.joinpath(item).exists()
    assert shared_daemon.ask("status")["waiting"] == []


def test_a_video_that_waits_can_be_cancelled_and_the_photos_are_taken(shared_daemon):
    shared_daemon.use()
    photos = BackgroundRequest(shared_daemon, "photo", count=3)
    shared_daemon.until(lambda status: status["taking"])
    video = BackgroundRequest(shared_daemon, "video", seconds=1, wait=True)
    shared_daemon.until(lambda status: status["waiting"])
    assert shared_daemon.ask("stop") == {"items": []}
    refused = video.wait()
    assert isinstance(refused, Refusal)
    assert refused.cause == "cancelled"
    assert len(photos.wait()["items"]) == 3
    assert shared_daemon.next_snapshot()["waiting"] == []


def test_photos_that_wait_for_others_are_told(shared_daemon):
    shared_daemon.use()
    first, second = (
        BackgroundRequest(shared_daemon, "photo", count=3),
        BackgroundRequest(shared_daemon, "photo", kind="photo", count=2),
    )
    told = shared_daemon.until(lambda status: status["waiting"])
    assert told["taking"]["of"] + told["waiting"][0]["of"] == 5
    assert [len(asking.wait()["items"]) for asking in (first, second)] == [3, 2]
    assert shared_daemon.ask("status")["waiting"] == []
