"""The machine's clock and time zone.

The zone is looked up at each call: it may be changed while the process runs, and localtime(3) keeps the first one that
it has found. All local times of library and series come from here.
"""

from __future__ import annotations

import ctypes
import os
import re
import struct
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

SYNCHRONISED_US = 16_000_000  # the kernel reports this error, or a larger one, for a clock that is not synchronised
LOCALTIME, TIMEZONE = "/etc/localtime", "/etc/timezone"
_FIRST_S, _LAST_S = -62_000_000_000, 250_000_000_000  # the range of a calendar with four digits
_NAME = r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)"
_OFFSET = r"[+-]?\d{1,3}(?::\d\d){0,2}"
_RULE = re.compile(rf"{_NAME}{_OFFSET}(?P<summer>{_NAME}(?:{_OFFSET})?(?P<changes>,.+)?)?", re.ASCII)
_DEFAULT_CHANGES = ",M3.2.0,M11.1.0"  # glibc: time/tzset.c


def local_zone(
    environ: Mapping[str, str],
    read_link: Callable[[str], str] = os.readlink,
    read: Callable[[str], bytes] = lambda path: Path(path).read_bytes(),
) -> str:
    """The name of the machine's zone: an IANA name, or if none is known, a POSIX rule.

    `TZ` in `environ` has precedence over `/etc/localtime`.
    """
    value = environ.get("TZ")
    if value is None:
        return _of_file(LOCALTIME, read_link, read)
    name = value.removeprefix(":")
    if name.startswith("/"):
        return _of_file(name, read_link, read)
    return name if _is_zone(name) else "UTC"  # as the C library does for a value that it cannot parse


@lru_cache(maxsize=64)
def zone_named(name: str) -> ZoneInfo:
    """The zone with a name that `local_zone` returns.

    Raises:
        ValueError: there is no such zone.
    """
    from zoneinfo import ZoneInfo

    with suppress(KeyError, ValueError, OSError):
        if name:
            return ZoneInfo(name)
    if not (match := _RULE.fullmatch(name)):
        raise ValueError(f"there is no time zone {name!r}")
    rule = name + _DEFAULT_CHANGES if match["summer"] and not match["changes"] else name
    # A zoneinfo file without transitions, but with a rule for all time (RFC 8536).
    block = struct.pack(">4sc15x6l", b"TZif", b"2", 0, 0, 0, 0, 1, 4) + struct.pack(">lbb4s", 0, 0, 0, b"UTC")
    try:
        return ZoneInfo.from_file(BytesIO(block + block + f"\n{rule}\n".encode("ascii")), key=name)
    except ValueError as error:
        raise ValueError(f"there is no time zone {name!r}") from error


def local(time_s: float) -> datetime:
    """The local time of a moment (seconds since the epoch)."""
    return datetime.fromtimestamp(min(max(time_s, _FIRST_S), _LAST_S), zone_named(local_zone(os.environ)))


def _is_zone(name: str) -> bool:
    try:
        zone_named(name)
    except ValueError:
        return False
    return True


def _of_file(path: str, read_link: Callable[[str], str], read: Callable[[str], bytes]) -> str:
    """The zone of a zoneinfo file: the name in its path, or in `/etc/timezone`, or else the file's rule."""
    try:
        link = read_link(path)
    except FileNotFoundError:
        return "UTC"
    except OSError:  # no symlink
        link = path
    name = link.partition("zoneinfo/")[2]
    if _is_zone(name):
        return name
    try:
        rule = _rule_of(read(path))
    except OSError:
        return "UTC"
    return _named(rule, read) or (rule if _is_zone(rule) else "UTC")


def _named(rule: str, read: Callable[[str], bytes]) -> str | None:
    """The name in Debian's `/etc/timezone`, if that zone has this rule: the file may be out of date."""
    try:
        name = read(TIMEZONE).decode().strip()
    except (OSError, ValueError):
        return None
    from zoneinfo import TZPATH

    for folder in TZPATH if _is_zone(name) else ():
        try:
            if _rule_of(read(f"{folder}/{name}")) == rule:
                return name
        except OSError:
            continue
    return None


def _rule_of(file: bytes) -> str:
    """The rule of a zoneinfo file for the time after its last transition; empty: none."""
    return file[:-1].rpartition(b"\n")[2].decode("ascii", "replace") if file[:4] == b"TZif" else ""


_libc = ctypes.CDLL(None)  # once: each makes a class, which only the garbage collector frees


class _Timex(ctypes.Structure):
    """The first fields of `struct timex`, see adjtimex(2), and room for the others."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("rest", ctypes.c_char * 256),
    )


def synchronised() -> bool:
    """Whether a time server, or a receiver of time signals, has set the clock, and that not long ago.

    The same as `NTPSynchronized` of systemd, whichever program keeps the time: the maximum error is below 16 s
    (systemd, src/timedate/timedated.c). It grows by half a millisecond a second while nothing is received, so that a
    night without a network does not matter; setting the clock by hand makes it 16 s at once. False if adjtimex(2) is
    not permitted.
    """
    timex = _Timex()
    succeeded = _libc.adjtimex(ctypes.byref(timex)) >= 0
    return succeeded and bool(timex.maxerror < SYNCHRONISED_US)
