"""The list of cameras is kept from one start to the next: the camera starts at once, and the list is checked then."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from capture_daemon import IdleDaemon

CHANGED = "the cameras have changed since the last start"
UNLOCKED = "using the camera without it"


@pytest.fixture
def started_before(idle_daemon: IdleDaemon) -> IdleDaemon:
    """A daemon that has listed the cameras, and has ended."""
    idle_daemon.attach("imx708 imx219")
    idle_daemon.settings(snapshot={"interval_s": 0.5, "width": 320})
    idle_daemon.open()
    idle_daemon.end()
    return idle_daemon


@contextmanager
def nobody_lists(daemon: IdleDaemon) -> Iterator[None]:
    """Another daemon opens its camera all the time: meanwhile no cameras are listed, and others may be opened."""
    fd = os.open(daemon.simulated, os.O_RDONLY | os.O_DIRECTORY)
    fcntl.flock(fd, fcntl.LOCK_SH)
    try:
        yield
    finally:
        os.close(fd)


def test_the_first_picture_needs_no_list_which_is_checked_while_it_is_up(started_before):
    starts = len(started_before.starts())
    listed = started_before.simulated / "camera0.hdr"  # listing switches off the HDR of the sensor
    with nobody_lists(started_before):
        started_before.open()
        started_before.frames(2)  # the check does not wait for the other daemon
        listed.touch()
    started_before.until(lambda _: not listed.exists())
    started_before.frames(2)
    assert len(started_before.starts()) == starts + 1
    assert started_before.ask("cameras")["cameras"][0]["modes"][-1]["fps"] == 14.35  # not as a camera in use is listed
    assert UNLOCKED not in started_before.log.read_text() and CHANGED not in started_before.log.read_text()


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(("imx219 ", "imx296 "), id="another model"),
        pytest.param(("1536x864", "1538x864"), id="another sensor mode"),
        pytest.param(("imx219@10", "imx219@11"), id="another place"),
    ],
)
def test_a_wrong_list_corrects_itself(started_before, wrong):
    kept = started_before.data / "run/cameras.list"
    right = kept.read_text()
    kept.write_text(right.replace(*wrong))
    started_before.start()
    started_before.until(lambda _: CHANGED in started_before.log.read_text() and kept.read_text() == right)
    started_before.frames(2)
    cameras = started_before.ask("cameras")["cameras"]
    assert [camera["model"] for camera in cameras] == ["imx708", "imx219"]
    assert cameras[0]["modes"][0]["size"] == [1536, 864] and cameras[1]["path"].endswith("@10")


def test_a_wrong_list_is_corrected_long_before_the_next_snapshot(started_before):
    """The camera has autofocus, whose scan gives the only snapshot of an hour."""
    kept = started_before.data / "run/cameras.list"
    right = kept.read_text()
    kept.write_text(right.replace("imx219 ", "imx296 "))
    started_before.settings(snapshot={"interval_s": 3600, "width": 320})
    started_before.start()
    started_before.until(lambda _: kept.read_text() == right)
    assert CHANGED in started_before.log.read_text()


def test_other_cameras_are_listed_before_the_first_picture(started_before):
    started_before.attach("imx219 imx708")
    started_before.open()
    assert started_before.ask("status")["camera"]["model"] == "imx219"
    assert CHANGED not in started_before.log.read_text()


def test_hdr_in_the_sensor_is_not_switched_off_by_the_check(started_before):
    """So the cameras are listed first, as without a list."""
    started_before.settings(controls={"HdrMode": "Sensor"}, snapshot={"interval_s": 0.2, "width": 320})
    started_before.open()
    started_before.frames(5)
    assert (started_before.simulated / "camera0.hdr").exists()
