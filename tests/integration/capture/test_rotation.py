"""A rotated camera does whatever one that is not rotated does, on the real daemon with the simulated camera."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from capture_daemon import STILL, IdleDaemon, read_sidecar
from PIL import Image
from running_series import AS_SNAPSHOTS, Series

from stillcam.series.manifest_search import gaps


def burst(idle_daemon: IdleDaemon, **camera: int) -> list[Path]:
    idle_daemon.use(camera=camera)
    items = idle_daemon.take(count=3)
    assert len({read_sidecar(item)["metadata"]["SensorTimestamp"] for item in items}) == len(items) == 3
    return items


def photos_like_snapshots(idle_daemon: IdleDaemon, **camera: int) -> list[Path]:
    """Published too, so by the program that runs."""
    idle_daemon.use(camera=camera, photo=AS_SNAPSHOTS)
    starts = idle_daemon.starts()
    items = idle_daemon.take(count=3)
    assert idle_daemon.starts() == starts
    assert len({read_sidecar(item)["metadata"]["SensorTimestamp"] for item in items}) == len(items) == 3
    return [*items, idle_daemon.images / "current.jpg"]


def series(idle_daemon: IdleDaemon, **camera: int) -> list[Path]:
    idle_daemon.use(camera=camera)
    return shots(idle_daemon)


def series_like_snapshots(idle_daemon: IdleDaemon, **camera: int) -> list[Path]:
    idle_daemon.use(camera=camera, photo=AS_SNAPSHOTS)
    return shots(idle_daemon)


def shots(idle_daemon: IdleDaemon) -> list[Path]:
    garden = Series(idle_daemon, interval_s=2, shots=3).over()
    rows = garden.shots()
    assert len(rows) == 3
    assert all(row["metadata"] for row in rows)
    assert {gap.why for gap in gaps(garden.folder)} <= {"busy"}  # the first moments, while the program starts
    return [garden.picture(row["n"]) for row in rows]


def bracket(idle_daemon: IdleDaemon, **camera: int) -> list[Path]:
    idle_daemon.use(camera=camera)
    vary = {"control": "ExposureValue", "values": [-1, 0, 1], "bracket": True}
    garden = Series(idle_daemon, interval_s=3600, shots=1, vary=vary).over()
    rows = garden.shots()
    assert [row["vary"]["ExposureValue"] for row in rows] == [0, -1, 1]  # the one nearest to 0 EV is metered
    assert all(row["metadata"] for row in rows)
    return [garden.picture(row["n"]) for row in rows]


def slow_snapshots(idle_daemon: IdleDaemon, **camera: int) -> list[Path]:
    """Each takes longer than the interval, so that there is no rest between them."""
    idle_daemon.use(camera=camera, snapshot={**STILL, "interval_s": 0.1})
    idle_daemon.fault(slow_s=0.1)
    starts = idle_daemon.starts()
    status = idle_daemon.frames(10)
    assert (status["restarts"], status["failures"]) == ({}, {})
    assert idle_daemon.starts() == starts
    return [idle_daemon.images / "current.jpg"]


USES = (burst, photos_like_snapshots, series, series_like_snapshots, bracket, slow_snapshots)


@pytest.fixture(params=[0, 90, 180, 270], scope="module")
def rotated(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[IdleDaemon, int]]:
    """A daemon, and the clockwise rotation of its camera; at its end it leaves nothing that it needed meanwhile."""
    with IdleDaemon(tmp_path_factory.mktemp("rotated")) as idle_daemon:
        idle_daemon.settings(camera={"rotation": request.param})
        idle_daemon.open()
        yield idle_daemon, request.param
        assert idle_daemon.end() == 0
        assert not list(idle_daemon.images.glob(".*"))
        assert idle_daemon.drafts() == []


@pytest.mark.parametrize("use", USES, ids=lambda use: use.__name__)
def test_a_rotated_camera_takes_pictures_like_any_other(rotated, use):
    """What the daemon writes beside the camera's files is never taken for one of them."""
    idle_daemon, degrees = rotated
    for path in use(idle_daemon, rotation=degrees):
        with Image.open(path) as image:
            image.load()
            assert image.size == ((240, 320) if degrees in (90, 270) else (320, 240))
    status = idle_daemon.ask("status")
    assert (status["restarts"], status["failures"]) == ({}, {})
