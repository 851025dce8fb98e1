"""Series and the library on disks of their own: full, mounted late, or pulled out."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from capture_daemon import IdleDaemon
from small_disk import SmallDisk, small_disk

from stillcam.ipc.protocol import Refusal
from stillcam.series import reader
from stillcam.series.manifest_search import gaps

MB = 1 << 20


@pytest.fixture
def usb(tmp_path: Path) -> Iterator[SmallDisk]:
    with small_disk(tmp_path / "usb", 16 * MB) as disk:
        yield disk


def begin(idle_daemon: IdleDaemon, name: str) -> Path:
    """A series with a shot a second; its folder."""
    idle_daemon.ask("series", do="create", definition={"name": name, "interval_s": 1, "start": "2001-01-01"})
    return idle_daemon.data / "series" / name


def taken(folder: Path) -> int:
    return int(reader.summary(folder.parent, folder.name, 1)["taken"])


def until_more(idle_daemon: IdleDaemon, folder: Path, shots: int = 2) -> None:
    """Wait until so many more have been taken."""
    wanted = taken(folder) + shots
    idle_daemon.until(lambda _: taken(folder) >= wanted)


def reasons(folder: Path) -> set[str]:
    return {gap.why for gap in gaps(folder)}


def test_series_on_a_full_disk_miss_shots_and_photos_continue(idle_daemon, usb):
    (usb.path / "series").mkdir()
    (idle_daemon.data / "series").symlink_to(usb.path / "series")
    idle_daemon.open()
    garden = begin(idle_daemon, "Garden")
    until_more(idle_daemon, garden)
    usb.fill(left_bytes=400_000)  # below the disk reserve (5 %), with room for many shots
    idle_daemon.until(lambda _: "disk" in reasons(garden))
    assert len(idle_daemon.take()) == 1
    usb.clear()
    until_more(idle_daemon, garden)


def test_one_series_alone_is_on_another_disk(idle_daemon, usb):
    idle_daemon.open()
    garden = begin(idle_daemon, "Garden")
    until_more(idle_daemon, garden)
    idle_daemon.kill()
    shutil.move(garden, usb.path / "Garden")
    garden.symlink_to(usb.path / "Garden")
    idle_daemon.open()
    until_more(idle_daemon, garden)
    usb.fill()
    idle_daemon.until(lambda _: "disk" in reasons(garden))
    usb.clear()
    until_more(idle_daemon, garden)
    assert not list(garden.glob("frames/*/.*"))


def test_a_full_disk_of_the_library_costs_no_shot(idle_daemon, usb):
    (usb.path / "library").mkdir()
    (idle_daemon.data / "library").symlink_to(usb.path / "library")
    usb.fill(left_bytes=400_000)
    idle_daemon.open()
    garden = begin(idle_daemon, "Garden")
    until_more(idle_daemon, garden, 3)
    with pytest.raises(Refusal, match="nearly full"):
        idle_daemon.take()
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
def stick(idle_daemon: IdleDaemon, tmp_path: Path) -> Iterator[Pluggable]:
    stick = Pluggable(tmp_path)
    for name in ("series", "library", "films"):
        (idle_daemon.data / name).symlink_to(stick.path / name)
    yield stick
    subprocess.run(["umount", "--lazy", stick.path], capture_output=True, check=False)


def test_series_on_a_disk_that_is_mounted_later_are_opened(idle_daemon, stick):
    """Its series go on, and what a crash has left in its library is put right."""
    stick.plug_in()
    idle_daemon.open()
    until_more(idle_daemon, begin(idle_daemon, "Garden"))
    photo = idle_daemon.take()[0]
    idle_daemon.kill()
    for path in photo.parent.glob(f"{photo.stem}*"):
        path.rename(idle_daemon.library / ".drafts" / path.name)
    stick.pull_out()
    idle_daemon.open()
    told = idle_daemon.until(lambda status: status["notice"])
    assert f"is a disk missing at {stick.path}?" in told["notice"]
    assert told["series"] == []
    with pytest.raises(Refusal, match="is a disk missing at") as refused:
        begin(idle_daemon, "Roof")
    assert refused.value.cause == "disk"
    with pytest.raises(Refusal, match="is a disk missing at"):
        idle_daemon.take()
    stick.plug_in()
    until_more(idle_daemon, idle_daemon.data / "series/Garden")
    idle_daemon.until(lambda _: photo.exists())
    idle_daemon.until(lambda status: status["notice"] is None)
    assert "Traceback" not in idle_daemon.log.read_text()


def test_series_continue_when_their_disk_is_removed_and_returns(idle_daemon, stick):
    stick.plug_in()
    idle_daemon.open()
    garden = begin(idle_daemon, "Garden")
    until_more(idle_daemon, garden)
    stick.pull_out()
    status = idle_daemon.until(lambda status: status["notice"] and not status["series"])
    assert "is a disk missing at" in status["notice"]
    assert idle_daemon.ask("snapshot")["frame"]
    stick.plug_in()
    until_more(idle_daemon, garden)
    assert len(idle_daemon.take()) == 1
    assert "camera" not in reasons(garden)
    assert sum("is a disk missing at" in line for line in idle_daemon.log.read_text().splitlines()) <= 2
    assert "Traceback" not in idle_daemon.log.read_text()
