"""Disks formatted for other systems: what cannot lie there is named in one line, the rest works."""

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from capture_daemon import ROOT, IdleDaemon
from exfat import Exfat, exfat
from people import register
from serving import Site

from stillcam.library import days
from stillcam.series import reader


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[IdleDaemon]:
    with IdleDaemon(tmp_path) as daemon:
        yield daemon


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Exfat]:
    with exfat(tmp_path / "exfat.img", tmp_path / "usb") as disk:
        yield disk


def refused(daemon: IdleDaemon, **environ: str) -> str:
    """The one line with which the daemon does not begin."""
    assert daemon.start(**environ).wait(60) == 1
    (line,) = daemon.log.read_text().splitlines()
    return line


def doctor(daemon: IdleDaemon, **environ: str) -> str:
    """What it says of the folders."""
    env = {
        "PYTHONPATH": str(ROOT / "python"), "PATH": "/usr/bin:/bin", "STILLCAM_CAMERA": "simulated",
        "STILLCAM_IMAGES": str(daemon.images), "STILLCAM_DATA": str(daemon.data), "STILLCAM_PORT": "1", **environ,
    }  # fmt: skip
    argv = [sys.executable, "-m", "stillcam", "doctor"]
    said = subprocess.run(argv, env=env, capture_output=True, text=True, check=False).stdout
    return "\n".join(line for line in said.splitlines() if "folder" in line)


def test_images_there_are_refused_in_one_line(daemon, disk):
    daemon.images = disk.path / "images"
    line = refused(daemon)
    assert f"{daemon.images} is on fuseblk, mounted at {disk.path}, which has no symbolic links" in line
    assert "move it to ext4" in line
    assert "has no symbolic links" in doctor(daemon)


def test_data_there_are_refused_in_one_line(daemon, disk):
    daemon.data = disk.path / "data"
    line = refused(daemon)
    assert f"{daemon.data}/run is on fuseblk, mounted at {disk.path}, which has no sockets" in line
    assert "has no sockets" in doctor(daemon)


def test_images_without_links_are_refused_in_one_line(daemon):
    """The same where exFAT cannot be had: what the kernel refuses there is refused."""
    environ = {"PYTHONPATH": f"{ROOT / 'tests/faults/links'}:{ROOT / 'python'}"}
    line = refused(daemon, **environ)
    assert f"{daemon.images} is on " in line
    assert "has no symbolic links" in line
    assert "has no symbolic links" in doctor(daemon, **environ)


def test_frames_on_a_disk_that_has_come_say_what_it_lacks(daemon, disk):
    """It is mounted over images/ while the daemon runs."""
    daemon.settings(snapshot={"interval_s": 0.2, "width": 320})
    daemon.open()
    subprocess.run(["mount", "--bind", disk.path, daemon.images], check=True)
    try:
        status = daemon.until(lambda status: "symbolic links" in (status["reason"] or ""))
        assert f"{daemon.images} is on fuseblk" in status["reason"]
        assert "df -h" not in status["reason"]
    finally:
        subprocess.run(["umount", "--lazy", daemon.images], check=True)
    daemon.frames(2)
    assert "Traceback" not in daemon.log.read_text()


def test_library_and_series_work_there(daemon, disk, tmp_path):
    """A new photo is listed, a deleted one is not, although the folder keeps its time."""
    for name in ("library", "series", "films"):
        (disk.path / name).mkdir()
        (daemon.data / name).symlink_to(disk.path / name)
    settings = (daemon.data / "settings.json").read_text()
    with Site(tmp_path) as site:
        (daemon.data / "settings.json").write_text(settings)
        daemon.open()
        owner = register(site)

        def listed() -> list[str]:
            return [item["id"] for item in owner.call("/api/library")[1]["items"]]

        for count in (1, 2, 3):
            daemon.take()
            assert len(listed()) == count
        day = next(disk.path.glob("library/2*"))
        time.sleep(days.COARSE_SETTLED_NS / 1e9 + 1)  # a folder that has just changed is read again anyway
        assert len(listed()) == 3
        assert owner.call("/api/library/delete", "POST", {"items": listed()[:1]})[0] in (200, 202)
        site.until(lambda: len(listed()) == 2)
        (day / listed()[0].partition("/")[2]).rename(disk.path / "elsewhere.jpg")
        assert len(listed()) == 1
        definition = {"name": "Garden", "interval_s": 1, "start": "2001-01-01"}
        daemon.ask("series", do="create", definition=definition)
        daemon.until(lambda _: reader.summary(disk.path / "series", "Garden", 1)["taken"] >= 3)
        assert daemon.film().is_file()
        assert "Traceback" not in daemon.log.read_text() + site.said()


def test_the_time_of_a_folder_is_tried(disk, tmp_path):
    assert days.changes_folder_times(tmp_path)
    assert not days.changes_folder_times(disk.path)
    assert list(disk.path.iterdir()) == []
