"""The simulated lens scans when the real one does (rpi/af.cpp, rpicam_app.cpp), frame by frame."""

import pytest

from stillcam.camera.simulated.autofocus import (
    CONTRAST_FRAMES,
    FAILED,
    FOCUSED,
    IDLE,
    PHASE_FRAMES,
    SCANNING,
    SKIPPED_FRAMES,
    Autofocus,
)
from stillcam.camera.simulated.options import StillOptions, parse
from stillcam.camera.simulated.scene import WIDTH, View
from stillcam.camera.simulated.sensors import MODULES, Sensor

IMX219, IMX519, IMX708 = MODULES["imx219"], MODULES["imx519"], MODULES["imx708"]
SCAN = SKIPPED_FRAMES + PHASE_FRAMES


def lens(*arguments: str, sensor: Sensor = IMX708) -> Autofocus:
    """As it is when the program has opened the camera."""
    options = parse(StillOptions, [*arguments])
    lens = Autofocus(options, sensor, View(0, 0, WIDTH, 900, (1600, 900)), (False, False))
    lens.power_on()
    return lens


def after(lens: Autofocus, frames: int) -> tuple[int, float | None]:
    for _ in range(frames):
        lens.frame()
    return lens.state, lens.position


def test_in_mode_continuous_there_is_one_scan_at_the_start():
    scanned = lens()
    scanned.start(viewfinder=True)
    assert after(scanned, SKIPPED_FRAMES) == (SCANNING, 1.0)
    state, position = after(scanned, PHASE_FRAMES - 1)
    assert state == SCANNING and position and 1.0 < position < 1.5
    assert after(scanned, 1) == (FOCUSED, 1.5)
    scanned.start(viewfinder=False)
    assert after(scanned, 1) == (FOCUSED, 1.5)
    scanned.start(viewfinder=True)
    assert after(scanned, 1) == (FOCUSED, 1.5)


def test_a_scan_that_a_still_interrupts_goes_on_after_more_frames_that_are_skipped():
    scanned = lens()
    scanned.start(viewfinder=True)
    after(scanned, SCAN - 1)
    scanned.start(viewfinder=False)
    assert after(scanned, SKIPPED_FRAMES)[0] == SCANNING
    assert after(scanned, 1) == (FOCUSED, 1.5)


def test_without_phase_detection_it_begins_again():
    scanned = lens(sensor=IMX519)
    scanned.start(viewfinder=True)
    after(scanned, SKIPPED_FRAMES + CONTRAST_FRAMES - 1)
    scanned.start(viewfinder=False)
    assert after(scanned, SKIPPED_FRAMES + CONTRAST_FRAMES - 1)[0] == SCANNING
    assert after(scanned, 1)[0] == FOCUSED


def test_in_mode_auto_a_scan_begins_whenever_a_viewfinder_does():
    scanned = lens("--autofocus-mode", "auto")
    scanned.start(viewfinder=True)
    assert after(scanned, SCAN) == (FOCUSED, 1.5)
    scanned.start(viewfinder=False)
    assert after(scanned, SCAN) == (FOCUSED, 1.5)
    scanned.start(viewfinder=True)
    assert after(scanned, 1)[0] == SCANNING


def test_in_mode_auto_nothing_scans_where_stills_come_out_of_the_viewfinder():
    """--zsl: there is a still stream all the time."""
    scanned = lens("--autofocus-mode", "auto", "--zsl")
    scanned.start(viewfinder=False)
    assert after(scanned, SCAN) == (IDLE, 1.0)


def test_a_scan_that_finds_nothing_fails():
    scanned = lens("--autofocus-range", "macro")
    scanned.start(viewfinder=True)
    assert after(scanned, SCAN) == (FAILED, 3.0)


def test_on_capture_the_state_is_idle_whatever_was_found():
    """The still is started with AfTrigger Cancel."""
    scanned = lens("--autofocus-on-capture")
    scanned.start(viewfinder=True)
    assert after(scanned, SCAN) == (IDLE, 1.0)
    scanned.trigger()
    assert after(scanned, PHASE_FRAMES) == (FOCUSED, 1.5)
    scanned.cancel()
    assert after(scanned, 1) == (IDLE, 1.5)


@pytest.mark.parametrize("sensor", [IMX219, IMX708])
def test_a_lens_that_is_not_moved_rests(sensor):
    rests = lens("--lens-position", "2", sensor=sensor)
    rests.start(viewfinder=True)
    assert after(rests, SCAN) == (IDLE, 2.0 if sensor.focus else None)
