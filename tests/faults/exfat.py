"""A disk with exFAT, as cameras and Windows format them, mounted by FUSE: no links, no sockets, no time of a rename."""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

SIZE_BYTES = 64 << 20


class Exfat:
    """What is mounted at `path`, while it is plugged in."""

    def __init__(self, image: Path, path: Path) -> None:
        self._image, self.path = image, path
        self._device = ""

    def plug_in(self) -> None:
        """Mount it; without what that needs the test is skipped."""
        self._device = _said("losetup", "--find", "--show", str(self._image)).strip()
        _said("mount.exfat-fuse", self._device, str(self.path))

    def pull_out(self) -> None:
        """Unmount it."""
        subprocess.run(["umount", "--lazy", self.path], capture_output=True, check=False)
        if self._device:
            subprocess.run(["losetup", "--detach", self._device], capture_output=True, check=False)


@contextlib.contextmanager
def exfat(image: Path, path: Path) -> Iterator[Exfat]:
    """An empty one, plugged in at `path`; gone with the `with` block."""
    programs = [name for name in ("mkfs.exfat", "mount.exfat-fuse", "losetup") if not shutil.which(name)]
    if programs or not Path("/dev/fuse").exists():
        pytest.skip(f"no exFAT by FUSE here: {', '.join(programs) or '/dev/fuse'} is missing")
    with image.open("wb") as file:
        file.truncate(SIZE_BYTES)
    _said("mkfs.exfat", str(image))
    path.mkdir(parents=True, exist_ok=True)
    disk = Exfat(image, path)
    try:
        disk.plug_in()
        yield disk
    finally:
        disk.pull_out()


def _said(*argv: str) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no exFAT by FUSE here: {argv[0]}: {done.stderr.strip()}")
    return done.stdout
