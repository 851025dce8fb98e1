"""A rotated camera does whatever one that is not rotated does, on the real daemon with the simulated camera."""

from pathlib import Path

import pytest
from PIL import Image
from taking import STILL, Studio, about
from test_timelapse import AS_SNAPSHOTS, Series

from stillcam.series.manifest import gaps


def burst(studio: Studio, **camera: int) -> list[Path]:
    studio.settings(camera=camera)
    studio.open()
    items = studio.take(count=3)
    assert len({about(item)["metadata"]["SensorTimestamp"] for item in items}) == len(items) == 3
    return items


def photos_like_snapshots(studio: Studio, **camera: int) -> list[Path]:
    """Published too, so by the program that runs."""
    studio.settings(camera=camera, photo=AS_SNAPSHOTS)
    studio.open()
    starts = studio.starts()
    items = studio.take(count=3)
    assert studio.starts() == starts
    assert len({about(item)["metadata"]["SensorTimestamp"] for item in items}) == len(items) == 3
    return [*items, studio.images / "current.jpg"]


def series(studio: Studio, **camera: int) -> list[Path]:
    studio.settings(camera=camera)
    return shots(studio)


def series_like_snapshots(studio: Studio, **camera: int) -> list[Path]:
    studio.settings(camera=camera, photo=AS_SNAPSHOTS)
    return shots(studio)


def shots(studio: Studio) -> list[Path]:
    studio.open()
    garden = Series(studio, interval_s=2, shots=3).over()
    rows = garden.shots()
    assert len(rows) == 3
    assert all(row["metadata"] for row in rows)
    assert {gap.why for gap in gaps(garden.folder)} <= {"busy"}  # the first moments, while the program starts
    return [garden.picture(row["n"]) for row in rows]


def bracket(studio: Studio, **camera: int) -> list[Path]:
    studio.settings(camera=camera)
    studio.open()
    vary = {"control": "ExposureValue", "values": [-1, 0, 1], "bracket": True}
    garden = Series(studio, interval_s=3600, shots=1, vary=vary).over()
    rows = garden.shots()
    assert [row["vary"]["ExposureValue"] for row in rows] == [-1, 0, 1]
    assert all(row["metadata"] for row in rows)
    return [garden.picture(row["n"]) for row in rows]


def slow_snapshots(studio: Studio, **camera: int) -> list[Path]:
    """Each takes longer than the interval, so that there is no rest between them."""
    studio.fault(slow_s=0.1)
    studio.settings(camera=camera, snapshot={**STILL, "interval_s": 0.1})
    studio.open()
    starts = studio.starts()
    status = studio.frames(10)
    assert (status["restarts"], status["failures"]) == ({}, {})
    assert studio.starts() == starts
    return [studio.images / "current.jpg"]


USES = (burst, photos_like_snapshots, series, series_like_snapshots, bracket, slow_snapshots)


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
@pytest.mark.parametrize("use", USES, ids=lambda use: use.__name__)
def test_a_rotated_camera_takes_pictures_like_any_other(studio, use, degrees):
    """What the daemon writes beside the camera's files is never taken for one of them."""
    for path in use(studio, rotation=degrees):
        with Image.open(path) as image:
            image.load()
            assert image.size == ((240, 320) if degrees in (90, 270) else (320, 240))
    status = studio.ask("status")
    assert (status["restarts"], status["failures"]) == ({}, {})
    assert studio.end() == 0
    assert not list(studio.images.glob(".*"))
    assert studio.drafts() == []
