"""Makes file operations hang, in a Python process that has this folder on its path.

The environment variable HUNG_DISK names a file with one part of a path a line. While that file exists, stat, open,
list, rename, delete and fsync wait for each path that contains one of the parts.
"""

import os
import sys
import time
from functools import partial
from typing import Any

_switch, _stat = os.environ["HUNG_DISK"], os.stat
EVENTS = ("open", "os.listdir", "os.scandir", "os.rename", "os.remove", "sqlite3.connect")


def hangs(path: str) -> bool:
    """Whether operations on this path are to wait."""
    try:
        switch = os.open(_switch, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return any(part in path for part in os.read(switch, 4096).decode().splitlines())
    finally:
        os.close(switch)


def wait(path: object) -> None:
    """Return once operations on this path need not wait."""
    while str(path) != _switch and hangs(str(path)):
        time.sleep(0.01)


def heard(event: str, details: tuple[Any, ...]) -> None:
    """An audit hook (sys.addaudithook)."""
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
