"""What pictures begin with: the lens, the exposure and the white balance of the picture before, or none."""

import time
from typing import Any

import pytest
from taking import LIVE, Studio, about

from stillcam.series import reader

FRESH_S = 10.0
FOCUSED = {"AfState": 2, "LensPosition": 1.5}
HELD = "--autofocus-mode=manual --lens-position=1.5"


def told(studio: Studio, names: Any = FOCUSED) -> dict[str, Any]:
    """Of the newest frame."""
    metadata = studio.until(lambda status: status["metadata"])["metadata"]
    return {name: metadata[name] for name in names}


@pytest.mark.parametrize("camera", ["imx708", "imx519"])
@pytest.mark.parametrize("speed", [1, 20])
def test_the_first_snapshot_waits_until_the_lens_has_come_to_rest(studio, camera, speed):
    """A picture taken on the first visible frame would stay for a whole interval."""
    studio.fault(cameras=camera, speed=speed)
    studio.open()
    assert studio.ask("status")["captures"]["ok"] == 1
    assert told(studio) == FOCUSED
    studio.ask("lease", seconds=0.5)
    studio.until(lambda status: status["mode"] == "live")
    before = studio.until(lambda status: status["mode"] == "snapshot")["frame"]
    studio.until(lambda status: status["frame"] > before)  # after each start of the camera program
    assert told(studio) == FOCUSED


def test_a_lens_that_finds_nothing_costs_no_picture(studio):
    studio.settings(controls={"AfRange": "Macro"})
    studio.open()
    assert told(studio) == {"AfState": 3, "LensPosition": 3.0}


def test_a_fixed_lens_is_not_waited_for(studio):
    studio.fault(cameras="imx219")
    studio.open()
    assert "AfState" not in studio.ask("status")["metadata"]


def test_when_asked_the_lens_stays_where_the_last_scan_has_left_it(studio):
    """rpicam-apps scan whenever a viewfinder or a video starts in mode auto; so it is told the position instead."""
    studio.settings(controls={"AfMode": "Auto"}, snapshot={"interval_s": 3600, "width": 320, "zsl": True})
    studio.open()
    studio.goes_on()
    (first, *others) = studio.starts()
    assert "--autofocus-mode=auto" in first and "--zsl" not in first  # where nothing would scan
    assert others and all(HELD in start and "--zsl" in start for start in others)
    assert told(studio) == {"AfState": 0, "LensPosition": 1.5}
    count = len(studio.starts())
    studio.ask("lease", seconds=2)
    studio.until(lambda status: status["mode"] == "live")
    (item,) = studio.take()
    assert about(item)["metadata"]["LensPosition"] == 1.5
    studio.goes_on()
    assert all(HELD in start for start in studio.starts()[count:])
    studio.settings(controls={"AfMode": "Auto", "AfRange": "Macro"})
    studio.ask("reload")
    assert told(studio) == {"AfState": 0, "LensPosition": 1.5}  # nobody has asked
    assert studio.ask("focus")["lens_position"] == 3.0
    studio.goes_on()
    assert told(studio) == {"AfState": 0, "LensPosition": 3.0}


def test_when_asked_a_scan_that_does_not_end_in_time_is_not_begun_again(studio):
    """In the dark, frames are slow: the picture comes as it is."""
    studio.settings(controls={"AfMode": "Auto"})
    studio.fault(cameras="imx519", speed=0.2)
    studio.open()
    studio.goes_on()
    assert sum("--autofocus-mode=auto" in start for start in studio.starts()) == 1


def test_another_mode_that_becomes_auto_scans_once(studio):
    studio.settings(controls={"AfMode": "Manual", "LensPosition": 9})
    studio.open()
    studio.settings(controls={"AfMode": "Auto"})
    assert studio.ask("reload")["in_force"] is True
    studio.goes_on()
    assert told(studio) == {"AfState": 0, "LensPosition": 1.5}
    assert sum("--autofocus-mode=auto" in start for start in studio.starts()) == 1


def photo(studio: Studio) -> dict[str, Any]:
    (item,) = studio.take()
    metadata: dict[str, Any] = about(item)["metadata"]
    return metadata


def shot(studio: Studio) -> dict[str, Any]:
    studio.ask("series", do="create", definition={"name": "Garden", "interval_s": 3600, "shots": 1})
    studio.until(lambda _: reader.summary(studio.data / "series", "Garden", 1)["taken"] == 1)
    (row,) = reader.shots(studio.data / "series", "Garden", 0, 10)
    metadata: dict[str, Any] = row["metadata"]
    return metadata


def exposure(metadata: dict[str, Any]) -> float:
    product: float = metadata["ExposureTime"] * metadata["AnalogueGain"] * metadata.get("DigitalGain", 1)
    return product


@pytest.mark.parametrize("take", [photo, shot])
def test_what_the_camera_found_long_ago_is_found_again(studio, take):
    """An hour later, or here eleven seconds, the light is another one."""
    studio.settings(photo={"width": 640})
    studio.open()
    before = studio.ask("status")["metadata"]
    studio.fault(light=0.3)
    old = time.monotonic() + FRESH_S + 1
    studio.until(lambda _: time.monotonic() > old)
    assert exposure(take(studio)) == pytest.approx(exposure(before) / 0.3, rel=0.03)
    assert "--shutter" not in studio.starts()[1]


@pytest.mark.parametrize("take", [photo, shot])
def test_what_it_has_just_found_is_what_a_photo_begins_with(studio, take):
    studio.settings(photo={"width": 640}, live=LIVE)
    studio.open()
    metadata = take(studio)
    start = studio.starts()[1]
    assert f"--shutter={metadata['ExposureTime']}" in start and "--awbgains" in start and HELD in start


@pytest.mark.parametrize("kind", ["photo", "raw"])
def test_the_first_photo_is_not_taken_in_the_middle_of_a_scan(studio, kind):
    """Of a camera that takes long for it, started for a photo whose focus is another one."""
    studio.settings(**{kind: {"width": 320, "controls": {"AfRange": "Full"}}})
    studio.fault(cameras="imx519", speed=1)
    studio.open()
    (item,) = studio.take(kind=kind)
    assert about(item)["metadata"]["AfState"] == 2
    assert [name for name in studio.drafts() if name != ".still_metadata.json"] == []


def test_a_scan_that_takes_long_is_not_begun_again_and_again(studio):
    studio.settings(controls={"AfMode": "Auto"})
    studio.fault(slow_s=3.0)
    studio.open()
    studio.until(lambda _: HELD in studio.starts()[-1])
    assert sum("--autofocus-mode=auto" in start for start in studio.starts()) == 1
