"""Why a folder cannot be used: its disk is missing, lacks a feature, is full, or does not respond.

The texts say what to do. The features of a file system are tested, not derived from its name.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from stillcam.common.errors import StillcamError
from stillcam.common.kernel_files import mount_of, mounts, text_of

LINKS, SOCKETS = "symbolic links", "sockets"
FSTAB = Path("/etc/fstab")
_GONE = (errno.EIO, errno.ENODEV, errno.ENXIO, errno.ENOTCONN, errno.ESTALE, errno.ESHUTDOWN)
_CANNOT = (errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)  # symlink(2) where there are none
_ADVICE = {
    errno.EROFS: "the file system is read-only, perhaps because the SD card is worn out: see dmesg",
    errno.EACCES: "check its owner (ls -ld)",
    errno.EPERM: "check its owner (ls -ld)",
    **dict.fromkeys(_GONE, "its disk does not respond: check its cable and power supply, and see dmesg"),
}


def unwritable(folder: Path, error: OSError, needs: Sequence[str] = ()) -> str:
    """The error text for a failed write to `folder`: why it failed, and what to do.

    Args:
        error: that the write raised.
        needs: LINKS or SOCKETS, if they are needed there.
    """
    if lacking := lacks(folder, needs):
        return lacking
    advice = missing_disk(folder) or _ADVICE.get(error.errno or 0, "check it with df -h")
    return f"cannot write to {folder} ({error.strerror}): {advice}"


def require(folder: Path, needs: Sequence[str]) -> None:
    """Make sure that the file system of an existing folder has the features that are needed.

    Raises:
        StillcamError: its file system cannot; the text says what to do.
    """
    if lacking := lacks(folder, needs):
        raise StillcamError(lacking)


def lacks(folder: Path, needs: Sequence[str]) -> str:
    """Which of `needs` (LINKS, SOCKETS) the file system of a folder lacks, and what to do; empty: none is known."""
    lacking = [need for need in needs if not _PROBES[need](folder)]
    if not lacking:
        return ""
    mount = mount_of(Path(os.path.realpath(folder)), mounts(text_of(Path("/proc/self/mountinfo"))))
    on = f"{mount.type}, mounted at {mount.point}" if mount else "a file system"
    return (
        f"{folder} is on {on}, which has no {' and no '.join(lacking)}: move it to ext4"
        " (see docs/install.md). Library, series and films can stay on exFAT or FAT"
    )


def missing_disk(folder: Path, fstab: Path = FSTAB) -> str:
    """Which disk of `folder` is missing, with its mount point; empty: none is known to be."""
    for path in (folder, *folder.parents):
        if os.path.islink(path) and not os.path.exists(path):
            target = Path(os.path.realpath(path))
            place = _mount_point_of(target, fstab)
            return f"{path} is a link to {target}, which does not exist: is a disk missing at {place}?"
    if point := _unmounted(Path(os.path.realpath(folder)), fstab):
        return f"the disk of {folder} is not mounted: sudo mount {point}"
    return ""


def device_and_inode(folder: Path) -> tuple[int, int] | None:
    """Device and inode, which differ for another folder of the same name (a disk was mounted); None: it is missing."""
    try:
        stat = os.stat(folder)
    except OSError:
        return None
    return stat.st_dev, stat.st_ino


def _mount_point_of(target: Path, fstab: Path) -> Path:
    """The mount point of the disk that `target`, which is missing, should be on."""
    if point := _unmounted(target, fstab):
        return Path(point)
    there = next(path for path in target.parents if os.path.exists(path))
    with suppress(OSError):
        if not os.listdir(there):
            return there  # a mount point with nothing on it
    return there / target.relative_to(there).parts[0]


def _unmounted(folder: Path, fstab: Path) -> str:
    """The mount point above `folder` that fstab(5) names and on which nothing is mounted; empty: there is none."""
    for line in text_of(fstab).splitlines():
        fields = line.split()
        if len(fields) < 3 or fields[0].startswith("#") or not fields[1].startswith("/") or fields[1] == "/":
            continue
        point = fields[1].replace("\\040", " ")
        if folder.is_relative_to(point) and not os.path.ismount(point):
            return point
    return ""


def _has_links(folder: Path) -> bool:
    probe = folder / f".probe-{os.getpid()}-link"
    try:
        os.symlink("nowhere", probe)
    except OSError as error:
        return error.errno not in _CANNOT or not _can_create_files(folder)
    os.unlink(probe)
    return True


def _has_sockets(folder: Path) -> bool:
    name = f".probe-{os.getpid()}-socket"
    try:
        descriptor = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    except OSError:
        return True  # missing: another fault
    try:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.bind(f"/proc/self/fd/{descriptor}/{name}")  # fits into 107 bytes, however deep the folder is
        os.unlink(name, dir_fd=descriptor)
    except OSError:
        return not _can_create_files(folder)  # exFAT by FUSE: EIO
    finally:
        os.close(descriptor)
    return True


def _can_create_files(folder: Path) -> bool:
    """Whether a plain file can be created: otherwise a failure says nothing about the file system."""
    probe = folder / f".probe-{os.getpid()}-file"
    try:
        probe.touch()
        probe.unlink()
    except OSError:
        return False
    return True


_PROBES: dict[str, Callable[[Path], bool]] = {LINKS: _has_links, SOCKETS: _has_sockets}
