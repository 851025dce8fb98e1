"""Settings that change while the daemon runs: seen in the next picture, on trial until then."""

import threading
from pathlib import Path
from typing import Any

import pytest
from capture_daemon import CaptureDaemon
from PIL import Image, ImageChops, ImageStat

from stillcam.ipc.protocol import Refusal

LIVE = {"width": 320, "framerate": 30}
STILL = {"interval_s": 3600, "width": 320}
MANUAL = {"ExposureTime": 8000, "AnalogueGain": 1}
POPPIES = [4150, 1760, 450, 520]  # sensor pixels


@pytest.fixture
def camera(daemon: CaptureDaemon) -> CaptureDaemon:
    """A daemon that takes a snapshot an hour, and whose camera programs' starts are logged."""
    (daemon.simulated / "starts.log").touch()
    daemon.set(snapshot=STILL, live=LIVE)
    daemon.start()
    daemon.until(lambda status: status["captures"]["ok"])
    return daemon


def starts(camera: CaptureDaemon) -> list[str]:
    """The command lines of all camera programs so far."""
    return (camera.simulated / "starts.log").read_text().splitlines()


def change(on: CaptureDaemon, controls: dict[str, Any] | None = None, /, **sections: Any) -> dict[str, Any]:
    return on.change(**{"snapshot": STILL, "live": LIVE, "controls": controls or {}, **sections})


def shown(on: CaptureDaemon, controls: dict[str, Any] | None = None, /, **sections: Any) -> Image.Image:
    """The picture that is there once these settings are in force, without its line of text."""
    answer = change(on, controls, **sections)
    assert answer["in_force"] is True
    try:
        file = (on.images / answer["frame"]).open("rb")
    except FileNotFoundError:  # live: two newer ones are there, of the same settings
        file = (on.images / "current.jpg").open("rb")
    with file, Image.open(file) as image:
        return image.convert("RGB").crop((0, 0, 320, 224))


def mean(image: Image.Image) -> float:
    return ImageStat.Stat(image.convert("L")).mean[0]


def apart(one: Image.Image, other: Image.Image) -> float:
    """How much two pictures differ, on the average."""
    return ImageStat.Stat(ImageChops.difference(one, other).convert("L")).mean[0]


def detail(image: Image.Image) -> float:
    grey = image.convert("L")
    return ImageStat.Stat(ImageChops.difference(grey, ImageChops.offset(grey, 1, 0))).rms[0]


def test_a_control_is_seen_in_the_picture_that_the_answer_names(camera):
    """Within one capture, though the next snapshot would be an hour away."""
    plain = shown(camera, MANUAL)
    assert mean(shown(camera, MANUAL | {"ExposureTime": 2000})) < mean(plain) - 15
    assert mean(shown(camera, MANUAL | {"Brightness": 0.3})) > mean(plain) + 15
    grey = shown(camera, MANUAL | {"Saturation": 0})
    assert apart(grey.convert("L").convert("RGB"), grey) < 2 < apart(plain.convert("L").convert("RGB"), plain)
    flipped = shown(camera, MANUAL, camera={"hflip": True})
    assert apart(flipped.transpose(Image.Transpose.FLIP_LEFT_RIGHT), plain) < 4 < apart(flipped, plain)
    near, far = shown(camera, MANUAL | {"LensPosition": 1.5}), shown(camera, MANUAL | {"LensPosition": 14})
    assert detail(near) > 1.3 * detail(far)
    answered = camera.until(lambda status: status["metadata"].get("LensPosition") == 14)
    assert answered["revision"] == 7


def test_a_zoom_stays_on_its_subject_when_the_picture_is_flipped(camera):
    """ScalerCrop is in sensor pixels before any flip, in the settings as in the metadata."""
    crop = {"ScalerCrop": [0, 0, 2328, 1748]}
    zoomed = shown(camera, MANUAL | crop)
    half = shown(camera, MANUAL).crop((0, 0, 160, 112)).resize(zoomed.size)
    assert apart(zoomed, half) < 12
    flipped = shown(camera, MANUAL | crop, camera={"rotation": 180})
    upright = flipped.transpose(Image.Transpose.ROTATE_180)
    assert apart(upright.crop((0, 0, 320, 194)), zoomed.crop((0, 16, 320, 210))) < 4  # both have lost 16 lines below
    status = camera.until(lambda status: status["metadata"])
    assert status["metadata"]["ScalerCrop"] == [0, 0, 2331, 1748]  # grown to the picture's proportions


def test_a_burst_of_changes_is_a_few_starts_and_the_newest_wins(camera):
    """As from a slider that is moved: a start that is under way gives its picture, the rest is skipped."""
    camera.fault(start_s=2.0)
    before = len(starts(camera))
    answers: list[dict[str, Any]] = []
    threads = []
    for step in range(1, 31):
        camera.set(snapshot=STILL, live=LIVE, controls=MANUAL | {"ExposureTime": 100 * step})
        threads.append(threading.Thread(target=lambda: answers.append(camera.ask("reload"))))
        threads[-1].start()
    for thread in threads:
        thread.join()
    assert len(answers) == 30
    last = max(answers, key=lambda answer: (answer["revision"], answer["in_force"]))
    assert last["in_force"] is True
    assert all(answer["in_force"] or answer.get("superseded") for answer in answers)
    begun = starts(camera)[before:]
    assert "--shutter=3000" in begun[-1]
    assert len(begun) < 15


def test_only_another_command_line_restarts_the_camera(camera):
    before = starts(camera)
    answer = change(camera, snapshot=STILL | {"interval_s": 1800}, access={"watch": "anyone"}, photo={"quality": 50})
    assert answer["in_force"] is True
    assert camera.until(lambda status: status["interval_s"] == 1800)["captures"]["ok"] == 1
    assert starts(camera) == before
    assert change(camera, live=LIVE | {"framerate": 10})["in_force"] is True  # of no concern for stills
    change(camera, snapshot=STILL | {"interval_s": 0.1})
    camera.frames(3)  # without waiting for the end of the hour
    assert starts(camera) == before


@pytest.mark.parametrize(
    ("sections", "field", "said"),
    [
        pytest.param({"camera": {"tuning_file": "/x/y.json"}}, "camera.tuning_file", "no tuning file", id="tuning"),
        pytest.param({"camera": {"index": 5}}, "camera.index", "no camera 5", id="no such camera"),
        pytest.param(
            {"snapshot": STILL | {"width": 4656}, "live": LIVE | {"buffer_count": 32}}, None, "no memory", id="memory"
        ),
    ],
)
def test_settings_that_the_camera_refuses_are_undone_with_the_reason(camera, sections, field, said):
    with pytest.raises(Refusal, match=said) as caught:
        change(camera, **sections)
    assert (caught.value.cause, caught.value.answer["field"]) == ("refused", field)
    assert caught.value.answer["settings"]["snapshot"]["width"] == 320
    assert caught.value.answer["settings"]["camera"]["index"] == 0
    status = camera.until(lambda status: status["mode"] == "snapshot")
    assert said in status["notice"]
    before = status["captures"]["ok"]
    assert camera.ask("snapshot")["frame"] > status["frame"]
    assert camera.until(lambda status: status["captures"]["ok"] > before)["reason"] is None
    assert change(camera, MANUAL)["in_force"] is True
    assert camera.ask("status")["notice"] is None


def test_the_end_of_a_burst_is_refused_and_what_worked_last_is_in_force(camera):
    change(camera, MANUAL)
    camera.fault(start_s=1.0)
    answers = []
    camera.set(snapshot=STILL, live=LIVE, controls=MANUAL | {"ExposureTime": 5000})
    thread = threading.Thread(target=lambda: answers.append(camera.ask("reload")))
    thread.start()
    camera.until(lambda _: "--shutter=5000" in starts(camera)[-1])
    with pytest.raises(Refusal, match="no tuning file"):
        change(camera, MANUAL | {"ExposureTime": 6000}, camera={"tuning_file": "/x/y.json"})
    thread.join()
    assert answers[0]["reloaded"] is True
    camera.frames(1)
    assert any(f"--shutter={time_us}" in starts(camera)[-1] for time_us in (5000, 8000))


def test_without_a_camera_settings_are_taken_and_count_once_it_is_there(daemon):
    daemon.fault(no_camera=True)
    daemon.start()
    daemon.until(lambda status: status["mode"] == "no camera")
    assert daemon.change(snapshot={"interval_s": 3600, "width": 640})["in_force"] is False
    assert daemon.ask("cameras") == {"active": None, "cameras": []}
    daemon.fault()
    frame = daemon.until(lambda status: status["captures"]["ok"])["frame"]
    with Image.open(daemon.images / frame) as image:
        assert image.size == (640, 480)


def test_a_camera_that_fails_for_another_reason_does_not_undo_settings(camera):
    camera.fault(no_camera=True)
    answer = change(camera, MANUAL, snapshot=STILL | {"quality": 50})
    assert answer["reloaded"] is True
    assert answer["in_force"] is False
    camera.fault()
    camera.ask("reload")
    camera.until(lambda status: status["captures"]["ok"] > 1)
    assert "--quality=50" in starts(camera)[-1]


def test_live_answers_the_controls_and_tells_its_metadata(camera):
    camera.ask("lease", seconds=30)
    camera.until(lambda status: status["mode"] == "live" and status["metadata"])
    plain = shown(camera, MANUAL)
    dark = shown(camera, MANUAL | {"ExposureTime": 1000})
    assert mean(dark) < mean(plain) - 15
    status = camera.until(lambda status: status["metadata"].get("ExposureTime", 9999) < 1100)
    assert status["mode"] == "live"
    assert len(status["metadata"]["ScalerCrop"]) == 4
    with pytest.raises(Refusal, match="no tuning file"):
        change(camera, MANUAL, camera={"tuning_file": "/x/y.json"})
    camera.ask("lease", seconds=30)
    camera.until(lambda status: status["mode"] == "live")
    camera.frames(2)


def test_the_active_camera_is_switched_without_a_restart_of_the_daemon(camera):
    listed = camera.ask("cameras")
    assert (listed["active"], [one["model"] for one in listed["cameras"]]) == (0, ["imx519", "imx219"])
    about = listed["cameras"][1]
    assert about["properties"] == {
        "Model": "imx219", "PixelArraySize": [3280, 2464], "ColorFilterArrangement": "RGGB",
        "UnitCellSize": [1120, 1120],
    }  # fmt: skip
    assert about["modes"][2] == {
        "format": "SRGGB10_CSI2P", "size": [1920, 1080], "bit_depth": 10, "fps": 47.57, "crop": [680, 692, 1920, 1080],
        "sensor_mode": "1920:1080:10",
    }  # fmt: skip
    before = camera.ask("status")
    assert change(camera, camera={"index": 1})["in_force"] is True
    after = camera.ask("status")
    assert after["pid"] == before["pid"]
    assert (after["camera"]["model"], camera.ask("cameras")["active"]) == ("imx219", 1)
    assert "LensPosition" in before["camera"]["limits"]
    assert after["camera"]["limits"]["AnalogueGain"] == [1.0, 10.67]


def test_a_scan_on_demand_tells_the_lens_position_or_why_not(camera):
    found = camera.ask("focus")
    assert (found["state"], found["lens_position"], found["distance_m"]) == ("focused", 1.5, 0.667)
    change(camera, {"AfWindows": [POPPIES], "AfMode": "Manual", "LensPosition": 9})
    found = camera.ask("focus")
    assert (found["state"], found["lens_position"]) == ("focused", 4.0)
    assert (camera.images / found["frame"]).exists()
    camera.ask("lease", seconds=30)
    change(camera, {"AfRange": "Macro"})
    assert camera.ask("focus")["state"] == "failed"
    camera.until(lambda status: status["mode"] == "live")
    assert change(camera, camera={"index": 1})["in_force"] is True
    count = len(starts(camera))
    with pytest.raises(Refusal, match="no autofocus") as caught:
        camera.ask("focus")
    assert caught.value.cause == "unable"
    assert len(starts(camera)) == count


def test_nothing_is_left_of_all_that(camera):
    change(camera, MANUAL)
    camera.ask("focus")
    assert camera.end() == 0
    names = sorted(path.name for path in Path(camera.images).iterdir())
    assert [name for name in names if name.startswith(".")] == []
    assert "Traceback" not in camera.log.read_text()
