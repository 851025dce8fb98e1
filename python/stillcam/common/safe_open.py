"""Opens files in folders that others may write to: regular ones and nothing else, so that no link leads out."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path


def open_regular(path: Path) -> int:
    """The descriptor of the regular file at `path`, to read.

    Raises:
        OSError: it cannot be opened, or is a link, a folder, a pipe.
    """
    # Without O_NONBLOCK a pipe would wait for who writes to it.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "no regular file", str(path))
    return descriptor


def read_regular(path: Path, max_bytes: int) -> bytes:
    """What is in the regular file at `path`.

    Raises:
        OSError: as for `open_regular`, or it is larger.
    """
    with os.fdopen(open_regular(path), "rb") as file:
        data = file.read(max_bytes + 1)
    if len(data) > max_bytes:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
    return data
