"""The time zone of the machine: the C library's, however it has been told."""

import errno
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pytest

from stillcam.common.clock import local, local_zone, zone_named
from stillcam.library.names import day_of

ZONES = Path("/usr/share/zoneinfo")
BERLIN = b"\nCET-1CEST,M3.5.0,M10.5.0/3\n"


def machine(localtime: str | bytes | None, timezone: str | None = None) -> Mapping[str, object]:
    """The readers of a machine whose /etc/localtime is a link, a file, or not there."""

    def read_link(path: str) -> str:
        if path != "/etc/localtime" or localtime is None:
            raise FileNotFoundError(errno.ENOENT, "", path)
        if isinstance(localtime, bytes):
            raise OSError(errno.EINVAL, "Invalid argument", path)
        return localtime

    def read(path: str) -> bytes:
        if path == "/etc/localtime" and isinstance(localtime, bytes):
            return localtime
        if path == "/etc/timezone" and timezone is not None:
            return f"{timezone}\n".encode()
        return Path(path).read_bytes() if path.startswith(str(ZONES)) else b""

    return {"read_link": read_link, "read": read}


@pytest.mark.parametrize(
    ("environ", "etc", "zone"),
    [
        ({"TZ": "Europe/Paris"}, machine(None), "Europe/Paris"),
        ({"TZ": ":Asia/Tokyo"}, machine(None), "Asia/Tokyo"),
        ({"TZ": "CET-1CEST,M3.5.0,M10.5.0/3"}, machine(None), "CET-1CEST,M3.5.0,M10.5.0/3"),
        ({"TZ": "<+0330>-3:30"}, machine(None), "<+0330>-3:30"),
        ({"TZ": "nowhere"}, machine("Asia/Tokyo"), "UTC"),
        ({"TZ": "../../etc/passwd"}, machine(None), "UTC"),
        ({"TZ": ""}, machine("/usr/share/zoneinfo/Asia/Tokyo"), "UTC"),
        ({"TZ": "America"}, machine(None), "UTC"),
        ({"TZ": ":/usr/share/zoneinfo/Asia/Tokyo"}, machine(None), "UTC"),
        ({"TZ": ":/etc/localtime"}, machine("/usr/share/zoneinfo/Asia/Tokyo"), "Asia/Tokyo"),
        ({}, machine("/usr/share/zoneinfo/America/New_York"), "America/New_York"),
        ({}, machine("../usr/share/zoneinfo/Etc/UTC"), "Etc/UTC"),
        ({}, machine(None), "UTC"),
        ({}, machine(b"TZif" + BERLIN), "CET-1CEST,M3.5.0,M10.5.0/3"),
        ({"TZ": ":/etc/localtime"}, machine(b"TZif" + BERLIN), "CET-1CEST,M3.5.0,M10.5.0/3"),
        ({}, machine(b"TZif" + BERLIN, "Europe/Berlin"), "Europe/Berlin"),
        ({}, machine(b"TZif" + BERLIN, "Asia/Tokyo"), "CET-1CEST,M3.5.0,M10.5.0/3"),
        ({}, machine(b"torn"), "UTC"),
        ({}, machine(b""), "UTC"),
    ],
)
def test_the_zone_is_that_of_the_machine(environ, etc, zone):
    assert local_zone(environ, **etc) == zone


@pytest.mark.parametrize(
    "zone",
    ["Europe/Berlin", ":Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3", "CET-1CEST", "EST5EDT", "<-03>3", "NZST-12NZDT",
     ":/usr/share/zoneinfo/Australia/Lord_Howe", ":/etc/localtime", "", ":", "nowhere", "America/Nowhere", "X1", None],
)  # fmt: skip
def test_local_time_is_that_of_the_c_library(zone, monkeypatch):
    if zone is None:
        monkeypatch.delenv("TZ", raising=False)
    else:
        monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        for moment in range(1_750_000_000, 1_900_000_000, 3_333_333):
            assert local(moment).timetuple()[:6] == time.localtime(moment)[:6]
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("name", ["", "nowhere", "America", "../x", "CET-1CEST,nonsense", "ä", "/etc/localtime"])
def test_what_is_no_zone_is_refused(name):
    with pytest.raises(ValueError, match="zone"):
        zone_named(name)


def test_a_rule_goes_as_the_zone_that_it_is_of():
    rule, berlin = zone_named("CET-1CEST,M3.5.0,M10.5.0/3"), zone_named("Europe/Berlin")
    for moment in range(1_750_000_000, 2_500_000_000, 333_333):
        one, other = datetime.fromtimestamp(moment, rule), datetime.fromtimestamp(moment, berlin)
        assert (one.timetuple(), one.fold, one.dst()) == (other.timetuple(), other.fold, other.dst())


def test_a_changed_zone_is_the_next_item_s_day(tmp_path, monkeypatch):
    """Between these two, the local dates always differ."""
    localtime = tmp_path / "localtime"
    monkeypatch.setenv("TZ", f":{localtime}")
    days = []
    for zone in ("Pacific/Kiritimati", "Pacific/Niue"):
        localtime.unlink(missing_ok=True)
        localtime.symlink_to(ZONES / zone)
        days.append(day_of(1_795_176_000.0))
    assert days == ["2026-11-21", "2026-11-20"]


@pytest.mark.parametrize("time_s", [-1e12, 1e12, 0.0, 253_402_300_799.0])
def test_a_file_of_any_age_has_a_local_time(time_s):
    assert 1 <= local(time_s).year <= 9999
