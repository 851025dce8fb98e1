"""Writes files in one step: after a crash or a power cut a file is the old one or the new one, complete."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path


def replace_file(
    path: Path, content: bytes, *, durable: bool = True, private: bool = False, concurrent: bool = False
) -> None:
    """Replace a file, or create it, in one step.

    Args:
        path: the file; its folder exists.
        durable: whether it is on the disk when this returns; else the system writes it later.
        private: only its owner can read it. Under sudo it belongs to the owner of its folder, who runs the server.
        concurrent: several threads or processes may write it at once. The last one wins.

    Raises:
        OSError: it could not be written; the old file is unchanged.
    """
    if concurrent:
        _delete_stale(path)
    new = _temporary(path) if concurrent else path.with_name(f".{path.name}.new")
    try:
        _write(new, content, durable, private)
        os.replace(new, path)
    except OSError:
        with contextlib.suppress(OSError):
            new.unlink()
        raise
    if durable:
        sync(path.parent)


def create_private(path: Path, content: bytes) -> bool:
    """Create a file that only its owner can read, complete from its first moment, with its folder.

    Under sudo it belongs to the owner of its folder, who runs the server.

    Returns:
        whether it was created; False: it already exists, and stays unchanged.

    Raises:
        OSError: the folder is full, read-only or belongs to another user.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    new = _temporary(path)
    try:
        _write(new, content, durable=True, private=True)
        os.link(new, path)  # unlike rename, this never replaces what another process has just created
    except FileExistsError:
        return False
    finally:
        new.unlink(missing_ok=True)
    return True


def sync(path: Path) -> None:
    """Flush a file or folder to the disk, so that it survives a power cut.

    Raises:
        OSError: the disk does not take it.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def give_to_owner_of(folder: Path, path: Path) -> None:
    """Under sudo, give a file to the owner of a folder, who runs the server."""
    if os.geteuid() == 0:
        owner = folder.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def _write(new: Path, content: bytes, durable: bool, private: bool) -> None:
    new.unlink(missing_ok=True)  # left by a crash
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600 if private else 0o666)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        if private:
            give_to_owner_of(new.parent, new)
        if durable:
            file.flush()
            os.fsync(descriptor)


def _temporary(path: Path) -> Path:
    """A name that no other thread of this machine uses."""
    return path.with_name(f".{path.name}.{threading.get_native_id()}.new")


def _delete_stale(path: Path) -> None:
    """Delete the temporary files of threads that were killed while they wrote."""
    for new in path.parent.glob(f".{path.name}.*.new"):
        if not Path("/proc", new.name.split(".")[-2]).exists():
            new.unlink(missing_ok=True)
