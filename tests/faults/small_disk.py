"""A disk of a few megabytes, which a test can fill."""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import DEADLINE_S

FILES = 400  # that the disk holds, folders among them


class SmallDisk:
    """What is mounted at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ballast = path / ".ballast"
        self._many = path / ".many"

    def fill(self, left_bytes: int = 0) -> None:
        """Leave so little room, and not more even if somebody deletes something meanwhile."""
        with self._ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            while (room := self.free_bytes() - left_bytes) > 0:
                file.write(bytes(min(room, 1 << 16)))

    def use_up_files(self) -> None:
        """There may be no new file or folder, although there is room: as when a folder cannot grow."""
        self._many.mkdir(exist_ok=True)
        for number in range(FILES):
            try:
                (self._many / str(number)).touch()
            except OSError:
                return
        raise AssertionError("the disk takes more files than it should")

    def clear(self) -> None:
        """There is room again."""
        self._ballast.unlink(missing_ok=True)
        for path in self._many.glob("*"):
            path.unlink()

    def free_bytes(self) -> int:
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize


@contextlib.contextmanager
def small_disk(path: Path, size_bytes: int) -> Iterator[SmallDisk]:
    """A disk of that size at `path`, gone with the `with` block; without the right to mount one the test is skipped."""
    path.mkdir(parents=True)
    options = f"size={size_bytes},nr_inodes={FILES}"
    try:
        mount = ["mount", "-t", "tmpfs", "-o", options, "stillcam-test", str(path)]
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount(8)")
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted: {done.stderr.strip()}")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)  # also while somebody has a file open


def remount(path: Path, how: str) -> None:
    """`ro` or `rw`; a file that is just being written keeps it from becoming read-only."""
    deadline_s = time.monotonic() + DEADLINE_S
    while subprocess.run(["mount", "-o", f"remount,{how}", path], capture_output=True, check=False).returncode:
        assert time.monotonic() < deadline_s, f"{path} stays busy"
        time.sleep(0.01)
