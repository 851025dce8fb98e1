"""The daemon with the picamera2 driver: what only it does, and that a bad child is no bad daemon."""

import json
import os
import signal
from pathlib import Path

import pytest
from capturing import Daemon
from PIL import Image, ImageStat
from taking import LIVE, STILL, Studio

from stillcam.link import Refusal

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = {
    "STILLCAM_CAMERA": "picamera2",
    "PYTHONPATH": os.pathsep.join([str(ROOT / "python"), str(ROOT / "tests/standin")]),
}
MANUAL = {"ExposureTime": 8000, "AnalogueGain": 1}


@pytest.fixture
def camera(studio: Studio) -> Studio:
    """A daemon on the stand-in for the library, with a picture."""
    studio.open(**LIBRARY)
    return studio


def brightness(camera: Studio, **controls: object) -> float:
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


def opened(camera: Studio) -> int:
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


def test_a_child_that_dies_or_hangs_is_started_again(camera: Daemon):
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


def test_a_bracket_of_a_series_needs_no_new_camera(camera):
    """Each shot has other controls, and the algorithms' earlier ones are given back."""
    steps = {"control": "ExposureTime", "values": [2000, 16_000], "bracket": True}
    camera.ask("series", do="create", definition={"name": "Steps", "interval_s": 2, "shots": 1, "vary": steps})
    state = camera.data / "series/Steps/state.json"
    camera.until(lambda _: state.exists() and json.loads(state.read_text())["state"] == "finished")
    lines = [json.loads(line) for line in (camera.data / "series/Steps/manifest.jsonl").read_text().splitlines()]
    taken = [line["metadata"]["ExposureTime"] for line in lines if "n" in line]
    assert taken == [pytest.approx(2000, rel=0.05), pytest.approx(16_000, rel=0.05)]
    assert camera.goes_on()["metadata"]["ExposureTime"] == pytest.approx(9000, rel=0.1)
    assert opened(camera) == 1


def test_who_watches_sees_on_while_a_video_is_made(camera):
    camera.settings(snapshot={"interval_s": 0.3, "width": 320})
    camera.ask("reload")
    assert camera.ask("video")["recording"]
    before = camera.until(lambda status: status["recording"])["captures"]["ok"]
    status = camera.until(lambda status: status["captures"]["ok"] >= before + 3)
    assert status["mode"] == "video" and status["restarts"] == {}
    with Image.open(camera.images / "current.jpg") as image:
        image.load()
    (item,) = camera.ask("stop")["items"]
    assert camera.library.joinpath(item).stat().st_size > 1000
    camera.frames(1)


def test_without_the_library_it_says_what_to_install(studio):
    assert studio.start(STILLCAM_CAMERA="picamera2").wait(60) == 1
    assert "sudo apt install -y python3-picamera2" in studio.log.read_text()


def test_the_library_is_taken_where_there_are_no_camera_programs(studio):
    studio.open(**LIBRARY | {"STILLCAM_CAMERA": "auto", "PATH": "/nowhere"})
    assert studio.ask("status")["driver"] == "picamera2"


def test_without_a_microphone_it_says_how_to_find_one(camera):
    camera.settings(video={"width": 320, "framerate": 15, "audio": "pulse"})
    camera.ask("reload")
    camera.fault(no_microphone=True)
    with pytest.raises(Refusal, match=r"`arecord -l` lists .* `pactl list short sources`"):
        camera.ask("video", seconds=1)
    camera.goes_on()
