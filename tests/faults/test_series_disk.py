"""Series and the library on disks of their own: full, mounted late, or pulled out."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_disk import SmallDisk, small_disk
from taking import CameraDaemon

from stillcam.ipc.protocol import Refusal
from stillcam.series import reader
from stillcam.series.manifest import gaps

MB = 1 << 20


@pytest.fixture
def usb(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "usb", 16 * MB) as disk:
        yield disk


def begin(camera_daemon: CameraDaemon, name: str) -> Path:
    """A series with a shot a second; its folder."""
    camera_daemon.ask("series", do="create", definition={"name": name, "interval_s": 1, "start": "2001-01-01"})
    return camera_daemon.data / "series" / name


def taken(folder: Path) -> int:
    return int(reader.summary(folder.parent, folder.name, 1)["taken"])


def until_more(camera_daemon: CameraDaemon, folder: Path, shots: int = 2) -> None:
    """Wait until so many more have been taken."""
    wanted = taken(folder) + shots
    camera_daemon.until(lambda _: taken(folder) >= wanted)


def reasons(folder: Path) -> set[str]:
    return {gap.why for gap in gaps(folder)}


def test_series_on_a_full_disk_miss_their_moments_and_photos_go_on(camera_daemon, usb):
    (usb.path / "series").mkdir()
    (camera_daemon.data / "series").symlink_to(usb.path / "series")
    camera_daemon.open()
    garden = begin(camera_daemon, "Garden")
    until_more(camera_daemon, garden)
    usb.fill(left_bytes=400_000)  # below the disk reserve (5 %), with room for many shots
    camera_daemon.until(lambda _: "disk" in reasons(garden))
    assert len(camera_daemon.take()) == 1
    usb.clear()
    until_more(camera_daemon, garden)


def test_one_series_alone_is_on_another_disk(camera_daemon, usb):
    camera_daemon.open()
    garden = begin(camera_daemon, "Garden")
    until_more(camera_daemon, garden)
    camera_daemon.kill()
    shutil.move(garden, usb.path / "Garden")
    garden.symlink_to(usb.path / "Garden")
    camera_daemon.open()
    until_more(camera_daemon, garden)
    usb.fill()
    camera_daemon.until(lambda _: "disk" in reasons(garden))
    usb.clear()
    until_more(camera_daemon, garden)
    assert not list(garden.glob("frames/*/.*"))


def test_a_library_on_a_full_disk_costs_no_shot(camera_daemon, usb):
    (usb.path / "library").mkdir()
    (camera_daemon.data / "library").symlink_to(usb.path / "library")
    usb.fill(left_bytes=400_000)
    camera_daemon.open()
    garden = begin(camera_daemon, "Garden")
    until_more(camera_daemon, garden, 3)
    with pytest.raises(Refusal, match="nearly full"):
        camera_daemon.take()
    assert "disk" not in reasons(garden)


class Pluggable:
    """A disk that can be plugged in and pulled out, with what is on it."""

    def __init__(self, folder: Path) -> None:
        self.path, self.store = folder / "mnt", folder / "store"
        self.path.mkdir()
        for name in ("series", "library", "films"):
            (self.store / name).mkdir(parents=True)

    def plug_in(self) -> None:
        if subprocess.run(["mount", "--bind", self.store, self.path], capture_output=True, check=False).returncode:
            pytest.skip("needs the right to mount")

    def pull_out(self) -> None:
        subprocess.run(["umount", "--lazy", self.path], check=True)


@pytest.fixture
def stick(camera_daemon: CameraDaemon, tmp_path: Path) -> Iterator[Pluggable]:
    stick = Pluggable(tmp_path)
    for name in ("series", "library", "films"):
        (camera_daemon.data / name).symlink_to(stick.path / name)
    yield stick
    subprocess.run(["umount", "--lazy", stick.path], capture_output=True, check=False)


def test_a_disk_that_is_mounted_later_is_taken_in(camera_daemon, stick):
    """Its series go on, and what a crash has left in its library is put right."""
    stick.plug_in()
    camera_daemon.open()
    until_more(camera_daemon, begin(camera_daemon, "Garden"))
    photo = camera_daemon.take()[0]
    camera_daemon.kill()
    for path in photo.parent.glob(f"{photo.stem}*"):
        path.rename(camera_daemon.library / ".drafts" / path.name)
    stick.pull_out()
    camera_daemon.open()
    told = camera_daemon.until(lambda status: status["notice"])
    assert f"is a disk missing at {stick.path}?" in told["notice"]
    assert told["series"] == []
    with pytest.raises(Refusal, match="is a disk missing at") as refused:
        begin(camera_daemon, "Roof")
    assert refused.value.cause == "disk"
    with pytest.raises(Refusal, match="is a disk missing at"):
        camera_daemon.take()
    stick.plug_in()
    until_more(camera_daemon, camera_daemon.data / "series/Garden")
    camera_daemon.until(lambda _: photo.exists())
    camera_daemon.until(lambda status: status["notice"] is None)
    assert "Traceback" not in camera_daemon.log.read_text()


def test_a_disk_that_is_pulled_out_and_comes_back(camera_daemon, stick):
    stick.plug_in()
    camera_daemon.open()
    garden = begin(camera_daemon, "Garden")
    until_more(camera_daemon, garden)
    stick.pull_out()
    status = camera_daemon.until(lambda status: status["notice"] and not status["series"])
    assert "is a disk missing at" in status["notice"]
    assert camera_daemon.ask("snapshot")["frame"]
    stick.plug_in()
    until_more(camera_daemon, garden)
    assert len(camera_daemon.take()) == 1
    assert "camera" not in reasons(garden)
    assert sum("is a disk missing at" in line for line in camera_daemon.log.read_text().splitlines()) <= 2
    assert "Traceback" not in camera_daemon.log.read_text()
