"""Series and the library on disks of their own: full, mounted late, or pulled out."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_disk import SmallDisk, small_disk
from taking import Studio

from stillcam.link import Refusal
from stillcam.series import read
from stillcam.series.index import gaps

MB = 1 << 20


@pytest.fixture
def studio(tmp_path: Path) -> Iterator[Studio]:
    studio = Studio(tmp_path)
    yield studio
    if studio.process and studio.process.poll() is None:
        studio.kill()


@pytest.fixture
def usb(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "usb", 16 * MB) as disk:
        yield disk


def begin(studio: Studio, name: str) -> Path:
    """A series with a shot a second; its folder."""
    studio.ask("series", do="create", definition={"name": name, "interval_s": 1, "start": "2001-01-01"})
    return studio.data / "series" / name


def taken(folder: Path) -> int:
    return int(read.summary(folder.parent, folder.name, 1)["taken"])


def until_more(studio: Studio, folder: Path, shots: int = 2) -> None:
    """Wait until so many more have been taken."""
    wanted = taken(folder) + shots
    studio.until(lambda _: taken(folder) >= wanted)


def reasons(folder: Path) -> set[str]:
    return {gap.why for gap in gaps(folder)}


def test_series_on_a_full_disk_miss_their_moments_and_photos_go_on(studio, usb):
    (usb.path / "series").mkdir()
    (studio.data / "series").symlink_to(usb.path / "series")
    studio.open()
    garden = begin(studio, "Garden")
    until_more(studio, garden)
    usb.fill(left_bytes=400_000)  # below the floor (5 %), with room for many shots
    studio.until(lambda _: "disk" in reasons(garden))
    assert len(studio.take()) == 1
    usb.clear()
    until_more(studio, garden)


def test_a_library_on_a_full_disk_costs_no_shot(studio, usb):
    (usb.path / "library").mkdir()
    (studio.data / "library").symlink_to(usb.path / "library")
    usb.fill(left_bytes=400_000)
    studio.open()
    garden = begin(studio, "Garden")
    until_more(studio, garden, 3)
    with pytest.raises(Refusal, match="nearly full"):
        studio.take()
    assert "disk" not in reasons(garden)
