"""What pictures begin with: the lens, the exposure and the white balance of the picture before, or none."""

import time
from typing import Any

import pytest
from taking import LIVE, CameraDaemon, read_sidecar

from stillcam.series import reader

FRESH_S = 10.0
FOCUSED = {"AfState": 2, "LensPosition": 1.5}
HELD = "--autofocus-mode=manual --lens-position=1.5"


def told(camera_daemon: CameraDaemon, names: Any = FOCUSED) -> dict[str, Any]:
    """Of the newest frame."""
    metadata = camera_daemon.until(lambda status: status["metadata"])["metadata"]
    return {name: metadata[name] for name in names}


@pytest.mark.parametrize("camera", ["imx708", "imx519"])
@pytest.mark.parametrize("speed", [1, 20])
def test_the_first_snapshot_waits_until_the_lens_has_come_to_rest(camera_daemon, camera, speed):
    """A picture taken on the first visible frame would stay for a whole interval."""
    camera_daemon.fault(cameras=camera, speed=speed)
    camera_daemon.open()
    assert camera_daemon.ask("status")["captures"]["ok"] == 1
    assert told(camera_daemon) == FOCUSED
    camera_daemon.ask("lease", seconds=0.5)
    camera_daemon.until(lambda status: status["mode"] == "live")
    before = camera_daemon.until(lambda status: status["mode"] == "snapshot")["frame"]
    camera_daemon.until(lambda status: status["frame"] > before)  # after each start of the camera program
    assert told(camera_daemon) == FOCUSED


def test_a_lens_that_finds_nothing_costs_no_picture(camera_daemon):
    camera_daemon.settings(controls={"AfRange": "Macro"})
    camera_daemon.open()
    assert told(camera_daemon) == {"AfState": 3, "LensPosition": 3.0}


def test_a_fixed_lens_is_not_waited_for(camera_daemon):
    camera_daemon.fault(cameras="imx219")
    camera_daemon.open()
    assert "AfState" not in camera_daemon.ask("status")["metadata"]


def test_when_asked_the_lens_stays_where_the_last_scan_has_left_it(camera_daemon):
    """rpicam-apps scan whenever a viewfinder or a video starts in mode auto; so it is told the position instead."""
    camera_daemon.settings(controls={"AfMode": "Auto"}, snapshot={"interval_s": 3600, "width": 320, "zsl": True})
    camera_daemon.open()
    camera_daemon.goes_on()
    (first, *others) = camera_daemon.starts()
    assert "--autofocus-mode=auto" in first and "--zsl" not in first  # where nothing would scan
    assert others and all(HELD in start and "--zsl" in start for start in others)
    assert told(camera_daemon) == {"AfState": 0, "LensPosition": 1.5}
    count = len(camera_daemon.starts())
    camera_daemon.ask("lease", seconds=2)
    camera_daemon.until(lambda status: status["mode"] == "live")
    (item,) = camera_daemon.take()
    assert read_sidecar(item)["metadata"]["LensPosition"] == 1.5
    camera_daemon.goes_on()
    assert all(HELD in start for start in camera_daemon.starts()[count:])
    camera_daemon.settings(controls={"AfMode": "Auto", "AfRange": "Macro"})
    camera_daemon.ask("reload")
    assert told(camera_daemon) == {"AfState": 0, "LensPosition": 1.5}  # nobody has asked
    assert camera_daemon.ask("focus")["lens_position"] == 3.0
    camera_daemon.goes_on()
    assert told(camera_daemon) == {"AfState": 0, "LensPosition": 3.0}


def test_when_asked_a_scan_that_does_not_end_in_time_is_not_begun_again(camera_daemon):
    """In the dark, frames are slow: the picture comes as it is."""
    camera_daemon.settings(controls={"AfMode": "Auto"})
    camera_daemon.fault(cameras="imx519", speed=0.2)
    camera_daemon.open()
    camera_daemon.goes_on()
    assert sum("--autofocus-mode=auto" in start for start in camera_daemon.starts()) == 1


def test_another_mode_that_becomes_auto_scans_once(camera_daemon):
    camera_daemon.settings(controls={"AfMode": "Manual", "LensPosition": 9})
    camera_daemon.open()
    camera_daemon.settings(controls={"AfMode": "Auto"})
    assert camera_daemon.ask("reload")["in_force"] is True
    camera_daemon.goes_on()
    assert told(camera_daemon) == {"AfState": 0, "LensPosition": 1.5}
    assert sum("--autofocus-mode=auto" in start for start in camera_daemon.starts()) == 1


def photo(camera_daemon: CameraDaemon) -> dict[str, Any]:
    (item,) = camera_daemon.take()
    metadata: dict[str, Any] = read_sidecar(item)["metadata"]
    return metadata


def shot(camera_daemon: CameraDaemon) -> dict[str, Any]:
    camera_daemon.ask("series", do="create", definition={"name": "Garden", "interval_s": 3600, "shots": 1})
    camera_daemon.until(lambda _: reader.summary(camera_daemon.data / "series", "Garden", 1)["taken"] == 1)
    (row,) = reader.shots(camera_daemon.data / "series", "Garden", 0, 10)
    metadata: dict[str, Any] = row["metadata"]
    return metadata


def exposure(metadata: dict[str, Any]) -> float:
    product: float = metadata["ExposureTime"] * metadata["AnalogueGain"] * metadata.get("DigitalGain", 1)
    return product


@pytest.mark.parametrize("take", [photo, shot])
def test_what_the_camera_found_long_ago_is_found_again(camera_daemon, take):
    """An hour later, or here eleven seconds, the light is another one."""
    camera_daemon.settings(photo={"width": 640})
    camera_daemon.open()
    before = camera_daemon.ask("status")["metadata"]
    camera_daemon.fault(light=0.3)
    old = time.monotonic() + FRESH_S + 1
    camera_daemon.until(lambda _: time.monotonic() > old)
    assert exposure(take(camera_daemon)) == pytest.approx(exposure(before) / 0.3, rel=0.03)
    assert "--shutter" not in camera_daemon.starts()[1]


@pytest.mark.parametrize("take", [photo, shot])
def test_what_it_has_just_found_is_what_a_photo_begins_with(camera_daemon, take):
    camera_daemon.settings(photo={"width": 640}, live=LIVE)
    camera_daemon.open()
    metadata = take(camera_daemon)
    start = camera_daemon.starts()[1]
    assert f"--shutter={metadata['ExposureTime']}" in start and "--awbgains" in start and HELD in start


@pytest.mark.parametrize("kind", ["photo", "raw"])
def test_the_first_photo_is_not_taken_in_the_middle_of_a_scan(camera_daemon, kind):
    """Of a camera that takes long for it, started for a photo whose focus is another one."""
    camera_daemon.settings(**{kind: {"width": 320, "controls": {"AfRange": "Full"}}})
    camera_daemon.fault(cameras="imx519", speed=1)
    camera_daemon.open()
    (item,) = camera_daemon.take(kind=kind)
    assert read_sidecar(item)["metadata"]["AfState"] == 2
    assert [name for name in camera_daemon.drafts() if name != ".still_metadata.json"] == []


def test_a_scan_that_takes_long_is_not_begun_again_and_again(camera_daemon):
    camera_daemon.settings(controls={"AfMode": "Auto"})
    camera_daemon.fault(slow_s=3.0)
    camera_daemon.open()
    camera_daemon.until(lambda _: HELD in camera_daemon.starts()[-1])
    assert sum("--autofocus-mode=auto" in start for start in camera_daemon.starts()) == 1
