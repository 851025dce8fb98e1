"""Changes of files in folders, as the kernel reports them: inotify(7).

Not by the package inotify_simple, which asks `ldconfig` for the C library at each start, before the camera can start,
and imports a quarter of a megabyte for that. Every process has the C library loaded already.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import struct
from io import FileIO
from pathlib import Path

# See inotify(7) and /usr/include/linux/inotify.h.
MODIFY, CLOSE_WRITE, MOVED_FROM, MOVED_TO, CREATE, DELETE = 0x2, 0x8, 0x40, 0x80, 0x100, 0x200
DELETE_SELF, MOVE_SELF, UNMOUNT, IGNORED, ONLYDIR = 0x400, 0x800, 0x2000, 0x8000, 0x1000000
_EVENT = struct.Struct("iIII")  # watch, mask, cookie, bytes of the name
_EVENT_BYTES = _EVENT.size + 256  # at most: NAME_MAX and a zero
_READ_BYTES = 16 << 10

_libc = ctypes.CDLL(None, use_errno=True)


class Inotify(FileIO):
    """A queue of events; its descriptor is readable while there are any.

    Raises:
        OSError: EMFILE: the user has no instances left (fs.inotify.max_user_instances).
    """

    def __init__(self) -> None:
        super().__init__(_checked(_libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)))

    def add_watch(self, path: Path, mask: int) -> int:
        """Watch a file or folder, and return the number of the watch; the same number if it is watched already.

        Raises:
            OSError: it does not exist, or the user has no watches left.
        """
        return _checked(_libc.inotify_add_watch(self.fileno(), os.fsencode(path), mask))

    def events(self) -> list[tuple[str, int]]:
        """Name and mask of each event since the last call, oldest first; never blocks.

        The name is empty if the event is about the watched file or folder itself.
        """
        events = []
        with contextlib.suppress(BlockingIOError):
            more = True
            while more:
                data = os.read(self.fileno(), _READ_BYTES)
                more = len(data) > _READ_BYTES - _EVENT_BYTES  # there was no room for another event
                at = 0
                while at < len(data):
                    _watch, mask, _cookie, size = _EVENT.unpack_from(data, at)
                    at += _EVENT.size + size
                    events.append((os.fsdecode(data[at - size : at].rstrip(b"\0")), mask))
        return events


def _checked(result: int) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
