"""A series goes on by itself, whatever ends: no number twice, no moment uncounted, each gap with its reason."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from capture_daemon import IdleDaemon
from test_clock_jumps import HOUR_S, YEAR_S, Clock

from stillcam.frames.jpeg import check_jpeg
from stillcam.series import reader
from stillcam.series.manifest import text_to_ms
from stillcam.series.manifest_search import gaps, lines_from


class Series(IdleDaemon):
    """A daemon that takes a series with a shot a second."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.series = self.data / "series/Garden"

    def begin(self, **environ: str) -> "Series":
        self.open(**environ)
        self.ask("series", do="create", definition={"name": "Garden", "interval_s": 1, "start": "2001-01-01"})
        return self.goes_on_taking()

    def told(self) -> dict[str, Any]:
        return reader.summary(self.series.parent, "Garden", 1)

    def goes_on_taking(self) -> "Series":
        """Wait for two more shots."""
        wanted = self.told()["taken"] + 2
        self.until(lambda _: self.told()["taken"] >= wanted)
        return self

    def finished(self) -> "Series":
        """Finish it, so that all is recorded."""
        self.ask("series", do="finish", name="Garden")
        return self

    def whole(self) -> "Series":
        """Nothing is lost, nothing comes twice, and manifest and folder are one."""
        shots = [line for line, _ in lines_from(self.series, 0) if "n" in line]
        numbers = [line["n"] for line in shots]
        assert numbers == list(range(1, len(numbers) + 1))
        files = sorted(path for path in (self.series / "frames").glob("*/*"))
        assert sorted(line["files"][0] for line in shots) == [f"{path.parent.name}/{path.name}" for path in files]
        for path in files:
            check_jpeg(path.read_bytes())
        return self

    def every_moment(self) -> None:
        """Each moment from the first to the last was taken or missed, once."""
        told = self.told()
        dues = [text_to_ms(line["due"]) for line, _ in lines_from(self.series, 0) if "n" in line]
        missed = gaps(self.series)
        first = min(dues[0], *(gap.from_ms for gap in missed)) if missed else dues[0]
        last = max(dues[-1], *(gap.to_ms for gap in missed)) if missed else dues[-1]
        assert told["taken"] + told["missed"] == (last - first) // 1000 + 1
        assert len(dues) == len(set(dues))

    def whys(self) -> set[str]:
        return {gap.why for gap in gaps(self.series)}


@pytest.fixture
def series(tmp_path: Path) -> Iterator[Series]:
    with Series(tmp_path) as series:
        yield series


def test_a_series_continues_after_the_daemon_was_killed(series):
    series.begin()
    for _ in range(2):
        series.kill()
        time.sleep(1.5)  # a moment passes: a daemon that is back sooner misses none
        series.start()
        series.goes_on_taking()
    series.finished().whole().every_moment()
    assert "off" in series.whys()


def test_a_killed_camera_program_costs_a_shot_or_two(series):
    series.begin()
    for _ in range(2):
        os.kill(series.camera_programs()[0], signal.SIGKILL)
        series.goes_on_taking()
    series.finished().whole().every_moment()
    assert series.until(lambda status: status["restarts"])["restarts"]


def test_a_missing_camera_is_the_reason_of_the_gap(series):
    series.begin()
    series.fault(no_camera=True)
    os.kill(series.camera_programs()[0], signal.SIGKILL)
    series.until(lambda status: status["mode"] == "no camera")
    series.fault()
    series.goes_on_taking().finished().whole().every_moment()
    assert "camera" in series.whys()


def test_an_incomplete_picture_is_never_kept(series):
    series.begin()
    series.fault(half_file_every=3)
    series.until(lambda status: status["failures"].get("torn", 0) >= 2)
    series.fault()
    series.goes_on_taking().finished().whole().every_moment()


def test_a_daemon_that_ends_has_recorded_everything(series):
    series.begin()
    assert series.end() == 0
    state = json.loads((series.series / "state.json").read_text())
    assert state["taken"] == series.told()["taken"]
    assert state["manifest_bytes"] == (series.series / "manifest.jsonl").stat().st_size
    series.start()
    series.goes_on_taking().finished().whole().every_moment()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda folder: append(folder / "manifest.jsonl", b'{"n":99,"due":"2026-'), id="half a line"),
        pytest.param(lambda folder: append(folder / "manifest.jsonl", b"\0" * 200), id="zeros"),
        pytest.param(lambda folder: (folder / "state.json").write_bytes(b""), id="no state"),
        pytest.param(lambda folder: append(folder / "frames/000/.shot", b"\xff\xd8"), id="half a picture"),
    ],
)
def test_a_series_continues_after_a_power_cut(series, damage):
    series.begin().kill()
    damage(series.series)
    series.start()
    series.goes_on_taking().finished().whole().every_moment()


def append(path: Path, data: bytes) -> None:
    with path.open("ab") as file:
        file.write(data)


@pytest.mark.parametrize("seconds", [10 * YEAR_S, -10 * YEAR_S, HOUR_S, -HOUR_S])
def test_a_clock_that_jumps_stops_no_series(series, tmp_path, seconds):
    clock = Clock(tmp_path)
    series.begin(**clock.environ)
    clock.jump(seconds)
    series.goes_on_taking()
    clock.jump(0)
    series.goes_on_taking().finished().whole()
    assert "clock" in series.whys()
    assert "Traceback" not in series.log.read_text()
