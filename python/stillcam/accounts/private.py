"""Files that are nobody else's business."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def make_private(path: Path, content: bytes) -> bool:
    """Make a file that only its owner can read, whole from its first moment.

    Under sudo it belongs to the owner of its folder, who runs the server.

    Args:
        path: the file; missing folders are made.

    Returns:
        whether it was made; False: there is one already, and it stays as it is.

    Raises:
        OSError: the folder is full, read-only or somebody else's.
    """
    folder = path.parent
    folder.mkdir(parents=True, exist_ok=True)
    new = folder / f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}.new"
    try:
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            if os.geteuid() == 0:
                owner = folder.stat()
                os.fchown(descriptor, owner.st_uid, owner.st_gid)
            os.fsync(descriptor)
        os.link(new, path)  # unlike rename, this never replaces what another has just made
    except FileExistsError:
        return False
    finally:
        new.unlink(missing_ok=True)
    return True
