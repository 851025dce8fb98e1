"""The time zone of this machine, as the C library has it.

It is looked up each time it is asked for: the zone of a machine may be changed while we run, and
localtime(3) keeps the one it has found first. All local time of ours, of library and series, comes from here.
"""

from __future__ import annotations

import os
import re
import struct
import zoneinfo
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

LOCALTIME, TIMEZONE = "/etc/localtime", "/etc/timezone"
_FIRST_S, _LAST_S = -62_000_000_000, 250_000_000_000  # what a calendar of four digits has
_NAME = r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)"
_OFFSET = r"[+-]?\d{1,3}(?::\d\d){0,2}"
_RULE = re.compile(rf"{_NAME}{_OFFSET}(?P<summer>{_NAME}(?:{_OFFSET})?(?P<changes>,.+)?)?", re.ASCII)
_DEFAULT_CHANGES = ",M3.2.0,M11.1.0"  # glibc: time/tzset.c


def local_zone(
    environ: Mapping[str, str],
    read_link: Callable[[str], str] = os.readlink,
    read: Callable[[str], bytes] = lambda path: Path(path).read_bytes(),
) -> str:
    """The name of the machine's zone: an IANA name, or where nothing tells that, a rule as POSIX writes it.

    Args:
        environ: the environment: its `TZ` counts before `/etc/localtime`.
        read_link: reads a symlink.
        read: reads a file.
    """
    told = environ.get("TZ")
    if told is None:
        return _of_file(LOCALTIME, read_link, read)
    name = told.removeprefix(":")
    if name.startswith("/"):
        return _of_file(name, read_link, read)
    return name if _is_zone(name) else "UTC"  # as the C library takes what it cannot read


@lru_cache(maxsize=64)
def zone_named(name: str) -> ZoneInfo:
    """The zone of a name that `local_zone` gives.

    Raises:
        ValueError: there is none.
    """
    with suppress(KeyError, ValueError, OSError):
        if name:
            return ZoneInfo(name)
    if not (match := _RULE.fullmatch(name)):
        raise ValueError(f"there is no time zone {name!r}")
    rule = name + _DEFAULT_CHANGES if match["summer"] and not match["changes"] else name
    # A file of zoneinfo without a single change of its clock, but with a rule for all time (RFC 8536).
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
    """By where it is or leads to; else `/etc/timezone` may know the name, or the file tells its rule."""
    try:
        link = read_link(path)
    except FileNotFoundError:
        return "UTC"
    except OSError:  # it is no link
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
    """The name that Debian keeps beside, if it is that of a zone with this rule: it may be out of date."""
    try:
        name = read(TIMEZONE).decode().strip()
    except (OSError, ValueError):
        return None
    for folder in zoneinfo.TZPATH if _is_zone(name) else ():
        try:
            if _rule_of(read(f"{folder}/{name}")) == rule:
                return name
        except OSError:
            continue
    return None


def _rule_of(file: bytes) -> str:
    """The rule of a file of zoneinfo, by which the clock goes from its last change on; empty: there is none."""
    return file[:-1].rpartition(b"\n")[2].decode("ascii", "replace") if file[:4] == b"TZif" else ""
