"""In a Python that finds this on its path a disk may hang: who touches a file waits while `HUNG_DISK` names that.

That file holds, line by line, parts of the paths that are meant. To look at a file, to open, list, rename or delete it,
and to have it synced: all of it waits until that file is gone or holds something else.
"""

import os
import sys
import time
from functools import partial
from typing import Any

_switch, _stat = os.environ["HUNG_DISK"], os.stat
EVENTS = ("open", "os.listdir", "os.scandir", "os.rename", "os.remove", "sqlite3.connect")


def hangs(path: str) -> bool:
    """Whether the disk does, for this file."""
    try:
        switch = os.open(_switch, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return any(part in path for part in os.read(switch, 4096).decode().splitlines())
    finally:
        os.close(switch)


def wait(path: object) -> None:
    """Until the disk goes on."""
    while str(path) != _switch and hangs(str(path)):
        time.sleep(0.01)


def heard(event: str, details: tuple[Any, ...]) -> None:
    """Python is about to touch a file."""
    if event in EVENTS:
        wait(details[0])


def stat(path: Any, **how: Any) -> os.stat_result:
    """Like os.stat."""
    if not isinstance(path, int):
        wait(path)
    return _stat(path, **how)


def synced(real: Any, file: Any) -> None:
    """Like os.fsync."""
    wait(os.readlink(f"/proc/self/fd/{file if isinstance(file, int) else file.fileno()}"))
    real(file)


sys.addaudithook(heard)
os.stat, os.fsync, os.fdatasync = stat, partial(synced, os.fsync), partial(synced, os.fdatasync)  # type: ignore[assignment]
