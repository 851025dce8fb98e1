"""What is wrong with a folder, and what is said of it."""

import errno
import os
from pathlib import Path

import pytest

from stillcam.common import folders
from stillcam.common.errors import StillcamError


def error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "check it with df -h"),
        (errno.EROFS, "is read-only"),
        (errno.EACCES, "its owner"),
        (errno.EIO, "does not respond"),
        (errno.ENOTCONN, "does not respond"),
    ],
)
def test_the_advice_is_that_of_the_error(tmp_path, number, said):
    told = folders.unwritable(tmp_path, error(number))
    assert told.startswith(f"cannot write to {tmp_path} ({os.strerror(number)}): ")
    assert said in told


def test_a_link_to_a_disk_that_is_not_there_names_where_it_belongs(tmp_path):
    """An empty mount point, and one that is gone itself, as udisks makes them."""
    (tmp_path / "media/other").mkdir(parents=True)
    (tmp_path / "mnt").mkdir()
    for name, target in (("series", "mnt/series"), ("library", "media/USB/pictures/library")):
        (tmp_path / name).symlink_to(tmp_path / target)
    told = folders.missing_disk(tmp_path / "series")
    assert told.startswith(f"{tmp_path}/series is a link to {tmp_path}/mnt/series, which does not exist: ")
    assert told.endswith(f"is a disk missing at {tmp_path}/mnt?")
    assert folders.missing_disk(tmp_path / "library/.drafts").endswith(f"is a disk missing at {tmp_path}/media/USB?")
    assert "is a disk missing" in folders.unwritable(tmp_path / "series", error(errno.EEXIST))
    (tmp_path / "mnt/series").mkdir()
    assert folders.missing_disk(tmp_path / "series") == ""


def test_a_mount_point_of_fstab_on_which_nothing_is_mounted(tmp_path):
    fstab = tmp_path / "fstab"
    folder = tmp_path / "my disk" / "series"
    folder.mkdir(parents=True)
    point = str(tmp_path / "my disk").replace(" ", "\\040")
    fstab.write_text(f"# a comment\nproc /proc proc defaults 0 0\n/dev/sda1 / ext4\n/dev/sdb1 {point} ext4 nofail\nx\n")
    assert folders.missing_disk(folder, fstab) == f"the disk of {folder} is not mounted: sudo mount {tmp_path}/my disk"
    assert folders.missing_disk(tmp_path, fstab) == ""
    (tmp_path / "link").symlink_to(folder / "gone")
    assert folders.missing_disk(tmp_path / "link", fstab).endswith(f"is a disk missing at {tmp_path}/my disk?")


@pytest.mark.parametrize("number", [errno.EPERM, errno.ENOSYS])  # vfat, exFAT by FUSE
def test_a_file_system_without_links_or_sockets_is_named(tmp_path, monkeypatch, number):
    def refuse(*_args: object, **_more: object) -> None:
        raise error(number)

    assert folders.lacks(tmp_path, (folders.LINKS, folders.SOCKETS)) == ""
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(os, "symlink", refuse)
    told = folders.lacks(tmp_path, (folders.LINKS, folders.SOCKETS))
    assert told.startswith(f"{tmp_path} is on ")
    assert "which has no symbolic links: " in told
    assert folders.unwritable(tmp_path, error(number), (folders.LINKS,)) == told
    with pytest.raises(StillcamError, match="has no symbolic links"):
        folders.require(tmp_path, (folders.LINKS,))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_takes_nothing_says_nothing_of_its_file_system(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "symlink", lambda *_: (_ for _ in ()).throw(error(errno.EPERM)))
    monkeypatch.setattr(Path, "touch", lambda *_: (_ for _ in ()).throw(error(errno.EROFS)))
    assert folders.lacks(tmp_path, (folders.LINKS,)) == ""
    assert folders.lacks(tmp_path / "gone", (folders.SOCKETS,)) == ""


def test_the_device_and_inode_of_a_folder(tmp_path):
    assert folders.device_and_inode(tmp_path / "gone") is None
    assert (
        folders.device_and_inode(tmp_path)
        == folders.device_and_inode(tmp_path / ".")
        != folders.device_and_inode(tmp_path.parent)
    )
