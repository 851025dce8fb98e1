"""What pictures begin with: the lens, the exposure and the white balance of the picture before, or none."""

import time
from typing import Any

import pytest
from capture_daemon import AUTOFOCUS, LIVE, BackgroundRequest, IdleDaemon, read_sidecar
from picamera2_library import LIBRARY

from stillcam.series import reader

FRESH_S = 10.0
FOCUSED = {"AfState": 2, "LensPosition": 1.5}
HELD = "--autofocus-mode=manual --lens-position=1.5"


@pytest.fixture(autouse=True)
def _lens(idle_daemon: IdleDaemon) -> None:
    """The lens of the camera can be moved."""
    idle_daemon.attach(AUTOFOCUS)


def focused(status: dict[str, Any]) -> bool:
    """Whether the newest frame is; the camera program writes its metadata a moment after it."""
    return bool(FOCUSED.items() <= status["metadata"].items())


def told(idle_daemon: IdleDaemon, names: Any = FOCUSED) -> dict[str, Any]:
    """Of the newest frame."""
    metadata = idle_daemon.until(lambda status: status["metadata"])["metadata"]
    return {name: metadata[name] for name in names}


@pytest.mark.parametrize("camera", ["imx708", "imx519"])
@pytest.mark.parametrize("speed", [1, 20])
def test_the_first_picture_is_shown_at_once_and_the_next_once_the_lens_has_come_to_rest(idle_daemon, camera, speed):
    """One of the middle of a scan would stay for a whole interval; none at all is worse, and so is an old one."""
    idle_daemon.fault(cameras=camera, speed=speed)
    idle_daemon.open()
    idle_daemon.until(lambda status: status["captures"]["ok"] == 2 and focused(status))
    idle_daemon.ask("lease", seconds=30)
    idle_daemon.until(lambda status: status["mode"] == "live")
    idle_daemon.ask("lease", seconds=0)
    before = idle_daemon.until(lambda status: status["mode"] == "snapshot")["frame"]
    # Here the live view's frame stays meanwhile.
    idle_daemon.until(lambda status: status["frame"] > before and focused(status))
    idle_daemon.end()
    idle_daemon.start()  # the frame that is shown is from before
    idle_daemon.until(lambda status: status["captures"]["ok"] == 2 and focused(status))


@pytest.mark.parametrize("camera", ["imx708", "imx519"])
def test_the_first_picture_after_a_photo_waits_for_no_scan(idle_daemon, camera):
    """The lens stays where autofocus had it before the photo. For the next picture it follows its subject again."""
    idle_daemon.settings(photo={"width": 320})
    idle_daemon.fault(cameras=camera, speed=1)
    idle_daemon.open()
    idle_daemon.until(focused)
    count, before = len(idle_daemon.starts()), idle_daemon.ask("status")["frame"]
    idle_daemon.take()
    held = {"AfState": 0, "LensPosition": FOCUSED["LensPosition"]}.items()
    first = idle_daemon.until(lambda status: status["frame"] > before and held <= status["metadata"].items())["frame"]
    idle_daemon.until(lambda status: status["frame"] > first and focused(status))
    _photo, *snapshots = idle_daemon.starts()[count:]
    assert [HELD in start for start in snapshots] == [True, False]
    assert "--lens-position" not in snapshots[1]
    idle_daemon.fault(cameras=camera, nearer=2.5)
    count, shown = len(idle_daemon.starts()), idle_daemon.ask("status")["captures"]["ok"]
    idle_daemon.take()
    moved = idle_daemon.until(lambda status: (FOCUSED | {"LensPosition": 4.0}).items() <= status["metadata"].items())
    assert HELD in idle_daemon.starts()[count + 1]
    assert moved["captures"]["ok"] == shown + 1  # the one that was out of focus is not published


def test_a_lens_that_other_settings_have_moved_is_not_left_there(idle_daemon):
    """The photo has a focus of its own, and meanwhile that of snapshots becomes another one."""
    idle_daemon.settings(photo={"width": 320, "controls": {"LensPosition": 7.0}})
    idle_daemon.open()
    idle_daemon.until(focused)
    idle_daemon.take()
    idle_daemon.next_snapshot()
    assert sum("--lens-position=7" in start for start in idle_daemon.starts()) == 1
    idle_daemon.settings(controls={"AfRange": "Full"})
    count = len(idle_daemon.starts())
    idle_daemon.ask("reload")
    idle_daemon.next_snapshot()
    assert not any("--lens-position" in start for start in idle_daemon.starts()[count:])


@pytest.mark.parametrize(
    ("camera", "library"),
    [
        pytest.param("imx708", {}, id="imx708"),
        pytest.param("imx519", {}, id="imx519"),
        pytest.param("imx519", LIBRARY, id="imx519 with picamera2"),
    ],
)
def test_a_subject_that_moves_is_in_focus_again_although_each_still_interrupts_a_scan(idle_daemon, camera, library):
    """Between two stills, a scan by contrast has no time to end."""
    idle_daemon.settings(snapshot={"interval_s": 0.5, "width": 320})
    idle_daemon.fault(cameras=camera, speed=2)
    idle_daemon.open(**library)
    idle_daemon.until(focused)
    idle_daemon.fault(cameras=camera, speed=2, nearer=2.5)
    idle_daemon.until(lambda status: status["metadata"].get("AfState") == 1)
    idle_daemon.until(lambda status: (FOCUSED | {"LensPosition": 4.0}).items() <= status["metadata"].items())


def test_a_lens_that_finds_nothing_costs_no_picture(idle_daemon):
    idle_daemon.settings(controls={"AfRange": "Macro"})
    idle_daemon.open()
    assert told(idle_daemon) == {"AfState": 3, "LensPosition": 3.0}


def test_a_fixed_lens_is_not_waited_for(idle_daemon):
    idle_daemon.fault(cameras="imx219")
    idle_daemon.open()
    assert "AfState" not in idle_daemon.ask("status")["metadata"]


def test_when_asked_the_lens_stays_where_the_last_scan_has_left_it(idle_daemon):
    """rpicam-apps scan whenever a viewfinder or a video starts in mode auto; so it is told the position instead."""
    idle_daemon.settings(controls={"AfMode": "Auto"}, snapshot={"interval_s": 3600, "width": 320, "zsl": True})
    idle_daemon.open()
    idle_daemon.next_snapshot()
    (first, *others) = idle_daemon.starts()
    assert "--autofocus-mode=auto" in first and "--zsl" not in first  # where nothing would scan
    assert others and all(HELD in start and "--zsl" in start for start in others)
    assert told(idle_daemon) == {"AfState": 0, "LensPosition": 1.5}
    count = len(idle_daemon.starts())
    idle_daemon.ask("lease", seconds=30)
    idle_daemon.until(lambda status: status["mode"] == "live")
    (item,) = idle_daemon.take()
    assert read_sidecar(item)["metadata"]["LensPosition"] == 1.5
    idle_daemon.ask("lease", seconds=0)
    idle_daemon.next_snapshot()
    assert all(HELD in start for start in idle_daemon.starts()[count:])
    idle_daemon.settings(controls={"AfMode": "Auto", "AfRange": "Macro"})
    idle_daemon.ask("reload")
    assert told(idle_daemon) == {"AfState": 0, "LensPosition": 1.5}  # nobody has asked
    assert idle_daemon.ask("focus")["lens_position"] == 3.0
    idle_daemon.next_snapshot()
    assert told(idle_daemon) == {"AfState": 0, "LensPosition": 3.0}


def test_when_asked_a_scan_that_does_not_end_in_time_is_not_begun_again(idle_daemon):
    """In the dark, frames are slow: the picture comes as it is."""
    idle_daemon.settings(controls={"AfMode": "Auto"})
    idle_daemon.fault(cameras="imx519", speed=0.2)
    idle_daemon.open()
    idle_daemon.next_snapshot()
    assert sum("--autofocus-mode=auto" in start for start in idle_daemon.starts()) == 1


def test_a_scan_on_request_is_a_mode_of_its_own(idle_daemon):
    idle_daemon.open()
    idle_daemon.fault(cameras="imx519", speed=0.2)  # the scan takes some seconds
    request = BackgroundRequest(idle_daemon, "focus")
    idle_daemon.until(lambda status: status["mode"] == "focus")
    assert idle_daemon.ask("level")["reason"] == "the camera is focusing"
    answer = request.wait()
    assert isinstance(answer, dict), answer
    assert answer["state"] in ("focused", "failed")
    idle_daemon.until(lambda status: status["mode"] == "snapshot")


def test_another_mode_that_becomes_auto_scans_once(idle_daemon):
    idle_daemon.settings(controls={"AfMode": "Manual", "LensPosition": 9})
    idle_daemon.open()
    idle_daemon.settings(controls={"AfMode": "Auto"})
    assert idle_daemon.ask("reload")["in_force"] is True
    idle_daemon.next_snapshot()
    assert told(idle_daemon) == {"AfState": 0, "LensPosition": 1.5}
    assert sum("--autofocus-mode=auto" in start for start in idle_daemon.starts()) == 1


def photo(idle_daemon: IdleDaemon) -> dict[str, Any]:
    (item,) = idle_daemon.take()
    metadata: dict[str, Any] = read_sidecar(item)["metadata"]
    return metadata


def shot(idle_daemon: IdleDaemon) -> dict[str, Any]:
    idle_daemon.ask("series", do="create", definition={"name": "Garden", "interval_s": 3600, "shots": 1})
    idle_daemon.until(lambda _: reader.summary(idle_daemon.data / "series", "Garden", 1)["taken"] == 1)
    (row,) = reader.shots(idle_daemon.data / "series", "Garden", 0, 10)
    metadata: dict[str, Any] = row["metadata"]
    return metadata


def exposure(metadata: dict[str, Any]) -> float:
    product: float = metadata["ExposureTime"] * metadata["AnalogueGain"] * metadata.get("DigitalGain", 1)
    return product


@pytest.mark.parametrize("take", [photo, shot])
def test_what_the_camera_found_long_ago_is_found_again(idle_daemon, take):
    """An hour later, or here eleven seconds, the light is another one."""
    idle_daemon.settings(photo={"width": 640})
    idle_daemon.open()
    before = idle_daemon.ask("status")["metadata"]
    idle_daemon.fault(light=0.3)
    old = time.monotonic() + FRESH_S + 1
    idle_daemon.until(lambda _: time.monotonic() > old)
    assert exposure(take(idle_daemon)) == pytest.approx(exposure(before) / 0.3, rel=0.03)
    assert "--shutter" not in idle_daemon.starts()[1]


@pytest.mark.parametrize("take", [photo, shot])
def test_what_it_has_just_found_is_what_a_photo_begins_with(idle_daemon, take):
    idle_daemon.settings(photo={"width": 640}, live=LIVE)
    idle_daemon.open()
    metadata = take(idle_daemon)
    start = idle_daemon.starts()[1]
    assert f"--shutter={metadata['ExposureTime']}" in start and "--awbgains" in start and HELD in start


@pytest.mark.parametrize("kind", ["photo", "raw"])
def test_the_first_photo_is_not_taken_in_the_middle_of_a_scan(idle_daemon, kind):
    """Of a camera that takes long for it, started for a photo whose focus is another one."""
    idle_daemon.settings(**{kind: {"width": 320, "controls": {"AfRange": "Full"}}})
    idle_daemon.fault(cameras="imx519", speed=1)
    idle_daemon.open()
    (item,) = idle_daemon.take(kind=kind)
    assert read_sidecar(item)["metadata"]["AfState"] == 2
    assert [name for name in idle_daemon.drafts() if name != ".still_metadata.json"] == []


def test_a_scan_that_takes_long_is_not_begun_again_and_again(idle_daemon):
    idle_daemon.settings(controls={"AfMode": "Auto"})
    idle_daemon.fault(slow_s=3.0)
    idle_daemon.open()
    idle_daemon.until(lambda _: HELD in idle_daemon.starts()[-1])
    assert sum("--autofocus-mode=auto" in start for start in idle_daemon.starts()) == 1
