"""What a setting's value must look like: each check returns what is wrong with it, or None.

The table of settings (`schema`) names a check where a range or a list of choices does not say it all. Of a list, each
text is checked.
"""

import re
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

from stillcam.settings.receivers import parse_row
from stillcam.settings.stamp_text import check_template
from stillcam.settings.zones import parse as parse_zone
from stillcam.settings.zones import parse_mask

Check = Callable[[Any], str | None]

LEAST_BITRATE = 1000  # bit/s: libav rejects less (libavcodec/encode.c)

_NAME = "[a-z0-9]([a-z0-9.-]*[a-z0-9])?"
_RECEIVER = re.compile("[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?", re.ASCII)


def _like(pattern: str, text: str, flags: re.RegexFlag = re.ASCII) -> Check:
    """Check that all of a value matches `pattern`; otherwise `text` says what it must be."""
    compiled = re.compile(pattern, flags)
    return lambda value: None if compiled.fullmatch(value) else text


def _parsed_by(parse: Callable[[str], object]) -> Check:
    """Check a text by its parser, whose ValueError says what is wrong."""

    def check(value: str) -> str | None:
        try:
            parse(value)
        except ValueError as error:
            return str(error)
        return None

    return check


sensor_mode = _like(r"(\d{2,5}:\d{2,5}(:\d{1,2})?)?", "must be a sensor mode like 2304:1296:10, or empty")
tuning_file = _like(
    r"(/[^\x00-\x1f]*/|/)?([A-Za-z0-9_+][\w.+-]*\.json)?",
    "must be a name like imx219_noir.json, or an absolute path to such a file",
)
whep_path = _like(
    r"(/?[\w.~%-]+(/[\w.~%-]+)*(\?[\w.~%&=-]+)?)?",
    "must be a path on the same host, like rtc/camera/whep or /webcam/rtc/camera/whep",
)
host = _like(_NAME, "must be a host name like camera.example.org", re.ASCII | re.IGNORECASE)
origin = _like(
    f"https?://{_NAME}(:[1-9][0-9]{{0,4}})?",
    "must be an origin, a scheme and a host without a path, like http://homeassistant.local:8123",
    re.ASCII | re.IGNORECASE,
)
weekday = _like("mon|tue|wed|thu|fri|sat|sun", "must be one of mon, tue, wed, thu, fri, sat, sun")
day_time = _like(  # as `series.schedule.Edge` takes it
    r"([01]\d|2[0-3]):[0-5]\d|24:00|(sunrise|sunset)([+-]((0\d|1[01]):[0-5]\d|12:00))?",
    "must be a time like 22:00, sunset or sunrise-00:30, from 00:00 to 24:00",
)
masked_camera = _like("|[0-9]+ .+ [0-9]+x[0-9]+", "must be like 0 imx708 4608x2592, or empty")
stamp_use = _like("live|photo|series|video|motion", "must be one of live, photo, series, video, motion")
stamp_text = _parsed_by(check_template)
time_format = _like("[ -~]{1,40}", "must have from 1 to 40 characters, such as %H:%M:%S")
zone = _parsed_by(parse_zone)
mask = _parsed_by(parse_mask)
_row = _parsed_by(parse_row)


def network(value: str) -> str | None:
    """Check an IP address or a network."""
    try:
        ip_network(value, strict=False)
    except ValueError:
        return "must be an IP address or a network like 192.168.1.0/24"
    return None


def bitrate(value: int) -> str | None:
    """Check a bitrate in bit/s."""
    return None if value == 0 or value >= LEAST_BITRATE else f"must be 0, or at least {LEAST_BITRATE} bit/s"


def webhook(value: str) -> str | None:
    """Check a webhook. A name and password would be in logs and backups; a fragment is never sent."""
    address = value.partition(" ")[0]
    try:
        parts = urlsplit(address)
        right = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        right = False
    if not right or not address.isascii() or set(address) & set('"<>\\^`{|}#') or "@" in parts.netloc:
        return "must be an address like https://example.org/garden, without a name and password in it"
    return _row(value)


def named_receiver(value: str) -> str | None:
    """Check the name of a receiver, and the events and hours behind it."""
    if not _RECEIVER.fullmatch(value.partition(" ")[0]):
        return "must begin with a name of small letters and digits, like phone; its address is entered apart"
    return _row(value)
