"""The simulated lens scans when the real one does (rpi/af.cpp, rpicam_app.cpp), frame by frame."""

import pytest

from stillcam.camera.simulated.autofocus import (
    BEST_FOM,
    CONTRAST_FRAMES,
    FAILED,
    FOCUSED,
    IDLE,
    PHASE_FRAMES,
    PHASE_LIGHT,
    RETRIGGER_FRAMES,
    RETRIGGER_RATIO,
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


def after(lens: Autofocus, frames: int, **seen: float) -> tuple[int, float | None]:
    for _ in range(frames):
        lens.frame(**seen)
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


@pytest.mark.parametrize(("sensor", "frames"), [(IMX708, PHASE_FRAMES), (IMX519, CONTRAST_FRAMES)])
def test_in_mode_continuous_a_scan_follows_a_change_of_the_scene_that_stays(sensor, frames):
    scanned = lens(sensor=sensor)
    scanned.start(viewfinder=True)
    after(scanned, SKIPPED_FRAMES + frames)
    sharp = scanned.figure_of_merit
    assert after(scanned, RETRIGGER_FRAMES - 1, nearer=2.5) == (FOCUSED, 1.5)
    assert scanned.figure_of_merit < RETRIGGER_RATIO * sharp
    assert after(scanned, 1, nearer=2.5) == (SCANNING, 1.5)
    assert after(scanned, frames, nearer=2.5) == (FOCUSED, 4.0)
    assert scanned.figure_of_merit == sharp
    assert after(scanned, RETRIGGER_FRAMES + 1, nearer=2.6) == (FOCUSED, 4.0)  # as sharp as before, nearly
    after(scanned, 1)
    assert after(scanned, RETRIGGER_FRAMES, nearer=2.5)[0] == SCANNING  # what has passed by is a change, too


@pytest.mark.parametrize("mode", ["manual", "auto"])
def test_in_other_modes_the_lens_stays(mode):
    stays = lens("--autofocus-mode", mode)
    stays.start(viewfinder=True)
    state = after(stays, SCAN)
    assert after(stays, SCAN + RETRIGGER_FRAMES, nearer=2.5) == state


def test_phase_detection_needs_light():
    scanned = lens()
    scanned.start(viewfinder=True)
    assert after(scanned, SKIPPED_FRAMES + CONTRAST_FRAMES - 1, light=PHASE_LIGHT / 2)[0] == SCANNING
    assert after(scanned, 1, light=PHASE_LIGHT / 2) == (FOCUSED, 1.5)


def test_the_figure_of_merit_is_that_of_the_middle_whatever_the_window():
    window = lens("--autofocus-window", "0.9,0.6,0.1,0.3")
    window.start(viewfinder=True)
    assert after(window, SCAN) == (FOCUSED, 4.0)
    assert window.figure_of_merit < RETRIGGER_RATIO * BEST_FOM


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
