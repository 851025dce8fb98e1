"""The daemon with the picamera2 driver: what only it does, and that a bad child is no bad daemon."""

import io
import json
import os
import shutil
import signal
from pathlib import Path

import pytest
from capture_daemon import AUTOFOCUS, LIVE, STILL, VIDEO, CaptureDaemon, IdleDaemon, read_sidecar
from magenta import frames_of, magenta_in
from picamera2_library import LIBRARY
from PIL import Image, ImageStat
from videos import recording

from stillcam.ipc.protocol import Refusal

ROOT = Path(__file__).resolve().parents[3]
MANUAL = {"ExposureTime": 8000, "AnalogueGain": 1}
MARKER = "2100,1400 2700,2000"  # pixels of an imx519, which has 4656x3496

needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="needs ffmpeg")


@pytest.fixture
def camera(idle_daemon: IdleDaemon) -> IdleDaemon:
    """A daemon on the stand-in for the library, with a picture."""
    idle_daemon.attach(AUTOFOCUS)
    idle_daemon.open(**LIBRARY)
    return idle_daemon


def brightness(camera: IdleDaemon, **controls: object) -> float:
    """Of the picture that is there once these controls are in force."""
    if camera.ask("status")["mode"] == "live":
        camera.ask("lease", seconds=30)
    answer = camera.change(snapshot=STILL, live=LIVE, controls=MANUAL | controls)
    assert answer["in_force"] is True
    try:
        file = (camera.images / answer["frame"]).open("rb")
    except FileNotFoundError:  # live: two newer ones are there, of the same settings
        file = (camera.images / "current.jpg").open("rb")
    with file, Image.open(file) as image:
        return ImageStat.Stat(image.convert("L").crop((0, 0, 320, 224))).mean[0]


def picture_mean(jpeg: bytes) -> float:
    with Image.open(io.BytesIO(jpeg)) as image:
        return ImageStat.Stat(image.convert("L")).mean[0]


def opened(camera: IdleDaemon) -> int:
    """How often the camera was opened to take pictures, and not to be listed."""
    return len([line for line in camera.starts() if line.startswith("picamera2 open 0")]) - 1


def test_controls_change_without_a_restart(camera):
    plain = brightness(camera)
    assert brightness(camera, Brightness=0.3) > plain + 15
    assert brightness(camera, Brightness=0.3, ExposureTime=1000) < plain
    assert abs(brightness(camera) - plain) < 4
    assert opened(camera) == 1


def test_controls_change_while_somebody_watches(camera):
    camera.ask("lease", seconds=30)
    camera.until(lambda status: status["mode"] == "live" and status["metadata"])
    plain, starts = brightness(camera), camera.starts()
    assert brightness(camera, Brightness=0.3) > plain + 15
    assert abs(brightness(camera) - plain) < 4
    assert camera.starts() == starts
    changed = camera.change(snapshot=STILL, live=LIVE | {"width": 640}, controls=MANUAL)
    assert changed["in_force"] is True  # by a restart


def test_a_child_that_dies_or_hangs_is_started_again(camera: CaptureDaemon):
    camera.set(snapshot={"interval_s": 0.2, "width": 320})
    camera.ask("reload")
    camera.frames(2)
    (child,) = camera.camera_programs()
    os.kill(child, signal.SIGSEGV)
    camera.until(lambda status: status["restarts"].get("died"))
    camera.frames(2)
    (child,) = camera.camera_programs()
    os.kill(child, signal.SIGSTOP)
    camera.until(lambda status: status["restarts"].get("stalled"))
    camera.frames(2)
    assert camera.end() == 0


def test_the_other_kinds_of_picture(camera):
    (photo,) = camera.take(count=1)
    (raw,) = camera.take(kind="raw")
    assert (photo.suffix, raw.suffix) == (".jpg", ".dng")
    assert camera.film(1).stat().st_size > 1000
    assert camera.ask("focus")["state"] == "focused"
    assert camera.until(lambda status: status["mode"] == "snapshot")["driver"] == "picamera2"


def test_a_bracket_of_a_series_needs_no_new_start(camera):
    """Each shot has other controls, and the algorithms' earlier ones are given back.

    The driver waits for the focus: with a wait for it before each picture, the second bracket was missed.
    """
    starts = len(camera.starts())
    times = [2000, 4000, 8000, 12_000, 16_000]
    steps = {"control": "ExposureTime", "values": times, "bracket": True}
    camera.ask("series", do="create", definition={"name": "Steps", "interval_s": 4, "shots": 2, "vary": steps})
    state = camera.data / "series/Steps/state.json"
    camera.until(lambda _: state.exists() and json.loads(state.read_text())["state"] == "finished")
    lines = [json.loads(line) for line in (camera.data / "series/Steps/manifest.jsonl").read_text().splitlines()]
    taken = [line["metadata"]["ExposureTime"] for line in lines if "n" in line]
    assert taken == [pytest.approx(time, rel=0.05) for time in times * 2]
    assert all("n" in line for line in lines[1:]), lines  # the exposure is measured before the first one
    assert camera.next_snapshot()["metadata"]["ExposureTime"] == pytest.approx(9000, rel=0.1)
    assert opened(camera) == 1
    # Viewfinder and still of the bracket, and of up to two snapshots after it, which end with a viewfinder.
    # A start of both for each picture would be ten for the bracket alone.
    assert len(camera.starts()) - starts <= 7


def test_who_watches_sees_on_while_a_video_is_made(camera):
    video = {"width": 640, "framerate": 15}
    camera.settings(snapshot={"interval_s": 0.3, "width": 320}, video=video)
    camera.ask("reload")
    assert camera.ask("video")["recording"]
    before = camera.until(lambda status: status["recording"])["captures"]["ok"]
    status = camera.until(lambda status: status["captures"]["ok"] >= before + 3)
    assert status["mode"] == "video" and status["restarts"] == {}
    with Image.open(camera.images / "current.jpg") as image:
        image.load()
        assert image.size == (320, 180)  # as wide as the live view
    camera.settings(snapshot=STILL, video=video)
    camera.ask("reload")
    camera.ask("lease", seconds=30)
    camera.frames(5)  # not one an hour
    (photo,) = camera.take()
    about = read_sidecar(photo)
    assert (about["from"], about["size"]) == ("video", [640, 360])
    (item,) = camera.ask("stop")["items"]
    assert camera.library.joinpath(item).stat().st_size > 1000
    camera.settings(snapshot={"interval_s": 0.3, "width": 320})
    camera.ask("reload")
    camera.frames(1)


@needs_ffmpeg
def test_a_masked_video_is_made_of_masked_frames(camera):
    """The library encodes what the camera sees: while there are masks, the daemon records masked frames."""
    sections = {"snapshot": STILL, "live": LIVE, "video": VIDEO}
    camera.fault(marker=MARKER, speed=2)
    camera.next_snapshot()
    assert magenta_in((camera.images / "current.jpg").read_bytes()) > 0.01
    camera.change(**sections, privacy={"masks": [MARKER]})
    assert camera.ask("video")["recording"]
    recording(camera)
    camera.ask("lease", seconds=30)
    camera.frames(3)
    (photo,) = camera.take()
    shown = (camera.images / "current.jpg").read_bytes()
    (item,) = camera.ask("stop")["items"]
    frames = frames_of(camera.library / item)
    assert len(frames) > 5
    assert min(map(picture_mean, frames[2:])) > 40  # not all black
    assert max(map(magenta_in, [*frames, shown, photo.read_bytes()])) == 0
    assert read_sidecar(photo)["from"] == "video"
    about = read_sidecar(camera.library / item)
    assert (about["size"], about.get("notices")) == ([320, 180], None)
    camera.change(**sections, privacy={"masks": [MARKER]}, files={"video": "h264"})
    with pytest.raises(Refusal, match=r"files\.video to mp4"):
        camera.ask("video")


@needs_ffmpeg
def test_a_video_of_a_usb_camera_is_made_of_its_jpegs(idle_daemon):
    """The library encodes none of them; videos were refused. The camera takes the nearest size that it has."""
    idle_daemon.open(**LIBRARY, STANDIN_USB="1")
    idle_daemon.change(snapshot=STILL, live=LIVE, video=VIDEO | {"width": 640}, privacy={"masks": ["0,0 3280,2464"]})
    video = idle_daemon.film(1)
    assert (video.suffix, read_sidecar(video)["size"]) == (".mp4", [320, 240])
    assert max(map(picture_mean, frames_of(video))) < 5
    idle_daemon.settings(files={"video": "h264"})
    idle_daemon.ask("reload")
    with pytest.raises(Refusal, match=r"video\.while_recording to picture"):
        idle_daemon.ask("video", seconds=1)


def test_without_the_library_it_says_what_to_install(idle_daemon):
    assert idle_daemon.start(STILLCAM_CAMERA="picamera2").wait(60) == 1
    assert "sudo apt install -y python3-picamera2" in idle_daemon.log.read_text()


def test_a_library_that_is_too_old_is_refused(idle_daemon, tmp_path):
    """Its live view failed as if the cable were loose, and it did not start with the exposure that was set."""
    (tmp_path / "picamera2-0.3.25.dist-info").mkdir()
    (tmp_path / "picamera2-0.3.25.dist-info/METADATA").write_text("Metadata-Version: 2.1\nVersion: 0.3.25\n")
    idle_daemon.start(**LIBRARY | {"PYTHONPATH": f"{tmp_path}:{LIBRARY['PYTHONPATH']}"})
    reason = idle_daemon.until(lambda status: status["reason"])["reason"]
    assert "picamera2 0.3.25 is too old" in reason and "sudo apt update" in reason
    assert idle_daemon.end() == 0


def test_the_library_is_taken_where_there_are_no_camera_programs(idle_daemon):
    idle_daemon.open(**LIBRARY | {"STILLCAM_CAMERA": "auto", "PATH": "/nowhere"})
    assert idle_daemon.ask("status")["driver"] == "picamera2"


def test_without_a_microphone_it_says_how_to_find_one(camera):
    camera.settings(video={"width": 320, "framerate": 15, "audio": "pulse"})
    camera.ask("reload")
    camera.fault(no_microphone=True)
    with pytest.raises(Refusal, match=r"`arecord -l` lists .* `pactl list short sources`"):
        camera.ask("video", seconds=1)
    camera.next_snapshot()


def test_a_snapshot_is_taken_out_of_a_video(camera):
    """It was refused, though the driver gives pictures then; another driver refuses it."""
    assert camera.ask("video")["recording"]
    frame = camera.ask("snapshot")["frame"]
    status = camera.until(lambda status: status["frame"] >= frame)
    assert status["mode"] == "video" and status["recording"]
    assert camera.ask("snapshot")["frame"] > frame
    camera.ask("stop")


def test_the_reason_is_shown_as_soon_as_a_video_ends_by_a_stall(camera):
    """`recording` was shown for 17 s, and then the mode `video` without a reason."""
    assert camera.ask("video")["recording"]
    camera.fault(stall_after=1)
    status = camera.until(lambda status: not status["recording"])
    assert status["mode"] == "no camera" and "cable" in status["reason"]
    camera.until(lambda _: list(camera.library.glob("2*/*.json")))
    (sidecar,) = camera.library.glob("2*/*.json")
    assert json.loads(sidecar.read_text())["interrupted"] is True
    assert "killed" not in camera.log.read_text()
    camera.fault()
    camera.until(lambda status: status["mode"] == "snapshot" and status["reason"] is None)


def test_the_sensor_mode_that_was_used_is_in_the_sidecar(camera):
    camera.settings(raw={"width": 320, "sensor_mode": "1280:720:10"})
    camera.ask("reload")
    for take, mode in (("photo", "2328:1748:10"), ("raw", "1280:720:10")):
        (item,) = camera.take(kind=take)
        assert json.loads(item.with_suffix(".json").read_text())["sensor_mode"] == mode
    assert json.loads(camera.film(1).with_suffix(".json").read_text())["sensor_mode"] == "2328:1748:10"


def test_a_camera_that_was_busy_when_it_was_listed_is_listed_again(idle_daemon):
    """It had no sensor modes, and the limits of no camera, for the rest of the daemon's life."""
    idle_daemon.fault(busy=True)
    idle_daemon.start(**LIBRARY)
    assert "another program" in idle_daemon.until(lambda status: status["reason"])["reason"]
    idle_daemon.fault()
    status = idle_daemon.until(lambda status: status["captures"]["ok"])
    assert status["camera"]["limits"]["ExposureTime"][1] > 1_000_000
    assert all(mode["crop"] for mode in idle_daemon.ask("cameras")["cameras"][0]["modes"])


def test_daemons_that_start_at_the_same_moment_do_not_disturb_each_other(tmp_path):
    """Two cameras, as at every start: "another program uses the camera", and no sensor modes."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    pair = [IdleDaemon(tmp_path / name) for name in ("one", "two")]
    try:
        pair[0].attach(AUTOFOCUS)
        pair[0].fault(start_s=7)  # the other daemon is up by then, on a busy machine, too
        for index, daemon in enumerate(pair):
            daemon.settings(camera={"index": index})
            daemon.start(**LIBRARY, STILLCAM_SIMULATED_DIR=str(pair[0].simulated))
        for index, daemon in enumerate(pair):
            status = daemon.until(lambda status: status["captures"]["ok"])
            assert status["failures"] == {} and status["restarts"] == {}
            assert all(mode["crop"] for mode in daemon.ask("cameras")["cameras"][index]["modes"])
        starts = pair[0].starts()  # of both
        first = next(at for at, line in enumerate(starts) if line.startswith("picamera2 start"))
        assert {line[:16] for line in starts[:first]} >= {"picamera2 open 0", "picamera2 open 1"}, starts
    finally:
        for daemon in pair:
            assert daemon.end() == 0
