"""The file in which root's programs report progress, and which the web server reads: `status.json`.

It is in memory (/run), so that a full disk does not stop it. It survives a restart of Stillcam, not one of the machine.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from stillcam.common.atomic_write import replace_file
from stillcam.common.safe_read import parse_json, read_regular

RUNNING, DONE, FAILED = "running", "done", "failed"

_MAX_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Found:
    """What a search for a new version has found."""

    version: str  # the newest one
    changed_s: float  # the time of its last change, in seconds since the epoch
    changes: int  # commits that the installed version lacks; 0: it is the newest one


@dataclass(frozen=True, slots=True)
class Status:
    """The newest action, and how far it is."""

    verb: str
    state: str  # RUNNING, DONE or FAILED
    text: str  # the step while it runs; then its result, or what failed and what to do
    started_s: float  # seconds since the epoch
    found: Found | None = None  # of `check` and `update`


def read(folder: Path) -> Status | None:
    """The status; None: nothing has been asked for since the machine started."""
    try:
        document = parse_json(read_regular(folder / "status.json", _MAX_BYTES))
        found = document.pop("found")
        return Status(**document, found=found and Found(**found))
    except FileNotFoundError:
        return None


def write(folder: Path, status: Status) -> None:
    """Replace the status.

    Raises:
        OSError: there is no memory left.
    """
    replace_file(folder / "status.json", json.dumps(asdict(status)).encode(), durable=False)


def started(verb: str, text: str) -> Status:
    """The status of an action that starts now."""
    return Status(verb, RUNNING, text, time.time())


class BusyError(Exception):
    """Another action is running."""


@contextmanager
def exclusive(folder: Path, *, wait: bool = False) -> Iterator[None]:
    """Held by the one program that acts; it ends with the process, however that ends.

    Raises:
        BusyError: another one acts, and `wait` is False.
    """
    descriptor = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)  # not for the web server
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    except BlockingIOError as error:
        raise BusyError from error
    finally:
        os.close(descriptor)
