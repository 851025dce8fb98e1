"""Names of files in the library: their parts, and their form in an address."""

from __future__ import annotations

import base64
import binascii
import os
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from functools import lru_cache
from operator import itemgetter
from typing import NamedTuple

from stillcam.common.clock import local

KINDS = {
    **dict.fromkeys(("jpg", "jpeg", "png", "bmp"), "photo"),
    "dng": "raw",
    **dict.fromkeys(("mp4", "m4v", "mov", "mkv", "webm", "h264", "mjpeg"), "video"),
}
_OTHERS = {  # never made by us, but copied in
    **dict.fromkeys(("webp", "gif", "avif", "heic", "heif", "tif", "tiff"), "photo"),
    **dict.fromkeys(("arw", "cr2", "cr3", "nef", "orf", "raf", "rw2"), "raw"),
    **dict.fromkeys(("3gp", "avi", "m2ts", "mpeg", "mpg", "mts", "ogv", "ts", "wmv"), "video"),
}
MOTION = "motion"  # the kind of an event's video or picture
PREVIEWS = ("jpg", "jpeg")  # shown for a raw photo or a video of ours
SIDECAR = "json"
STAMP_LENGTH = 20  # of the time at the beginning of a name of ours
ANY_STAMP = "20000101T000000.000Z"
MAX_STEM_BYTES = 200  # a name may have 255 bytes, and gets an extension

_DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", re.ASCII)
_STAMP = r"\d{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3])(?:[0-5]\d){2}\.\d{3}Z"
_OURS = re.compile(
    rf"(?P<stamp>{_STAMP})_(?P<kind>photo|raw|video|motion)_(?P<camera>[^_/.]+)(?:_(?P<title>.*))?",
    re.ASCII | re.DOTALL,
)
_ENDING = itemgetter(slice(STAMP_LENGTH, None))  # of a file's name: what follows the time in ours
_OUR_ENDING = re.compile(r"_(?:photo|raw|video|motion)_[^_/.]+(?:_.*)?\.[^.]*", re.DOTALL)
_CLOCK_TIME = re.compile(r"\d{8}T(?:[01]\d|2[0-3])[0-5]\d[0-5]\d\.\d{3}Z", re.ASCII)  # `_is_date` checks the date
_UNKNOWN = "camera"  # in place of the model if it is not known
_NOT_IN_MODEL = re.compile(r"[^A-Za-z0-9-]+")


def is_day(name: str) -> bool:
    """Whether a folder of this name holds a day: `2026-11-20`."""
    return _DAY.fullmatch(name) is not None


def day_of(time_s: float) -> str:
    """The day, in the camera's local time, of an item of `time_s` (seconds since the epoch)."""
    return local(time_s // 1).date().isoformat()


def stem_of(kind: str, time_s: float, camera: str) -> str:
    """The name, without its extension, of a new item of `time_s` (seconds since the epoch); `camera` may be empty."""
    millis = int(time_s * 1000 + 0.5)
    moment = datetime.fromtimestamp(millis // 1000, UTC)
    model = _NOT_IN_MODEL.sub("-", camera) or _UNKNOWN
    return f"{moment:%Y%m%dT%H%M%S}.{millis % 1000:03d}Z_{kind}_{model}"


def ours_among(names: Collection[str]) -> tuple[list[str], Counter[str]]:
    """The files' names whose stems are ours, in order, and how many of them have each ending after the time.

    `parse_stem` would take longer. Names of a day differ in little but the time, so there are few endings to look at.
    """
    endings = Counter(map(_ENDING, names))
    if not all(map(_OUR_ENDING.fullmatch, endings)):
        names = [name for name in names if _OUR_ENDING.fullmatch(_ENDING(name))]
    ours = sorted(filter(_CLOCK_TIME.match, names))
    if not all(map(_is_date, _dates(ours))):
        ours = [name for name in ours if _is_date(name[:8])]
    return ours, endings if len(ours) == endings.total() else Counter(map(_ENDING, ours))


def _dates(names: Sequence[str]) -> Iterator[str]:
    """The dates of names in order."""
    place = 0
    while place < len(names):
        date_text = names[place][:8]
        yield date_text
        place = bisect_right(names, date_text, place, key=itemgetter(slice(8)))


@lru_cache(maxsize=64)
def _is_date(text: str) -> bool:
    """Whether there is this day: `20261120`."""
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


class StemParts(NamedTuple):
    """The parts of a name of ours."""

    time_s: float  # since the epoch
    kind: str
    camera: str  # the sensor's model; empty: not known


def parse_stem(stem: str) -> StemParts | None:
    """Parse a name, without its extension, that `stem_of` has made; None: it is not one of ours."""
    match = _OURS.fullmatch(stem)
    if not match or not _is_date(stem[:8]):
        return None
    return StemParts(time_of(stem), match["kind"], match["camera"] if match["camera"] != _UNKNOWN else "")


def time_of(name: str) -> float:
    """The time, in seconds since the epoch, at the beginning of a name of ours."""
    return datetime.fromisoformat(name[:STAMP_LENGTH]).timestamp()


def title_of(stem: str) -> str:
    """The title in a name: what follows the parts of ours; of a name that is not ours, all of it."""
    return (match["title"] or "") if (match := _OURS.fullmatch(stem)) else stem


def with_title(stem: str, title: str) -> str:
    """`stem` with another title. Raises ValueError if it cannot be part of a file's name."""
    match = _OURS.fullmatch(stem)
    prefix = f"{match['stamp']}_{match['kind']}_{match['camera']}" if match else ""
    new = f"{prefix}_{title}" if prefix and title else prefix or title
    if not new or new.startswith(".") or not new.isprintable() or set(new) & set("/\\") or "." in title:
        raise ValueError("a title must not contain slashes, dots or line breaks")
    if len(new.encode()) > MAX_STEM_BYTES:
        raise ValueError("this title is too long: shorten it")
    return new


def kind_of(name: str) -> str:
    """The kind of a file by its extension: photo, raw, video; or file, for anything else."""
    extension = split(name)[1]
    return KINDS.get(extension) or _OTHERS.get(extension) or "file"


def main_kind(kind: str, names: Iterable[str]) -> str:
    """The kind of the file, among those of one item of `kind`, that is the item itself.

    An event of motion is a video, or a picture if there is no video.
    """
    if kind != MOTION:
        return kind
    return "video" if any(kind_of(name) == "video" for name in names) else "photo"


def split(name: str) -> tuple[str, str]:
    """Stem and extension (lower case, without the dot) of a file's name."""
    stem, dot, extension = name.rpartition(".")
    return (stem, extension.lower()) if dot else (name, "")


def encode(name: str) -> str:
    """A file's name as one part of an address, before percent-encoding.

    A name with characters that an address should not hold (line ends, backslashes, bytes that are not UTF-8) becomes
    `~` and its bytes in URL-safe base64.
    """
    if name.isprintable() and not name.startswith("~") and not set(name) & set("/\\"):
        return name
    return "~" + base64.urlsafe_b64encode(os.fsencode(name)).decode().rstrip("=")


def decode(text: str) -> str:
    """Decode what `encode` has made. Raises ValueError if it is not the name of a file in the library."""
    name = text
    if text.startswith("~"):
        try:
            name = os.fsdecode(base64.b64decode(text[1:] + "=" * (-len(text[1:]) % 4), altchars=b"-_", validate=True))
        except binascii.Error as error:
            raise ValueError(f"not a name: {text!r}") from error
    if not name or name.startswith(".") or "/" in name or "\0" in name or encode(name) != text:
        raise ValueError(f"not a name: {text!r}")
    return name
