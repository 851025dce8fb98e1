"""The clock jumps, as when a Pi without one of its own reaches a time server: pictures go on."""

from pathlib import Path

import pytest
from installation import Installation
from serving import ROOT

from stillcam.frames.files import frame_time

HOUR_S, YEAR_S = 3600, 365 * 86400


class Clock:
    """What the programs take for the time."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        self.jump(0)
        self.environ = {
            "PYTHONPATH": f"{ROOT / 'tests/faults/clock'}:{ROOT / 'python'}",
            "FAULT_CLOCK": str(self._file),
        }

    def jump(self, seconds: float, *, synchronised: bool = True) -> None:
        new = self._file.with_name("clock.new")
        new.write_text(f"{seconds} {'synchronised' if synchronised else 'free'}\n")
        new.rename(self._file)


@pytest.mark.parametrize(
    "seconds",
    [
        pytest.param(10 * YEAR_S, id="ten years on"),
        pytest.param(-10 * YEAR_S, id="ten years back"),
        pytest.param(HOUR_S, id="an hour on"),
        pytest.param(-HOUR_S, id="an hour back"),
    ],
)
def test_a_clock_that_jumps_costs_no_picture(tmp_path, seconds):
    clock = Clock(tmp_path)
    with Installation(tmp_path, **clock.environ) as camera:
        before_s = frame_time(camera.frame())
        clock.jump(seconds)
        camera.site.until(lambda: abs(frame_time(camera.frame()) - before_s - seconds) < HOUR_S / 2)
        camera.pictures_come()
        camera.site.until(camera.healthy)
        camera.daemon.frames(5)
        assert len(list(camera.site.images.glob("camera_*.jpg"))) <= 2
        assert 0 <= camera.status()["frame"]["age_s"] < HOUR_S / 2
        clock.jump(0)  # and back again
        camera.site.until(lambda: abs(frame_time(camera.frame()) - before_s) < HOUR_S / 2)
        camera.pictures_come()
        assert "Traceback" not in camera.logged() + camera.site.said()


def test_a_server_that_starts_before_the_clock_is_right_shows_the_picture(tmp_path):
    """The last frame is then from the future: it is no younger than it is."""
    clock = Clock(tmp_path)
    with Installation(tmp_path, **clock.environ) as camera:
        camera.site.end()
        clock.jump(-10 * YEAR_S)
        camera.site.start(**clock.environ)
        camera.pictures_come()
        camera.site.until(camera.healthy)
