"""Events and their messages, and the first two sources: new items in the library, loss and return of the picture."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from stillcam.common.clock import local
from stillcam.common.formats import span_text, utc_text
from stillcam.library.catalogue import size_bytes
from stillcam.library.days import Days, Version
from stillcam.library.items import DayListing, Item
from stillcam.library.names import ANY_STAMP, STAMP_LENGTH, kind_of, main_kind, parse_stem, split

RECENT_S = 60.0  # in a day that was not read before, files written up to this long before the last poll are new
STARTING_S = 60.0  # a camera may take so long at the start before its picture counts as lost
FORGET_S = 3600.0  # the items of a day are remembered for so long after a change: many times RECENT_S
_KINDS = {"photo": "Photo", "raw": "Raw photo", "video": "Video", "motion": "Motion recording"}
_PICTURES = (".jpg", ".jpeg", ".png")
_COMPANION = ""  # in place of an item's identity: the file is its preview or sidecar


@dataclass(frozen=True, slots=True)
class Event:
    """One event."""

    type: str  # one of `stillcam.settings.receivers.EVENTS`, or `test`
    time_s: float  # since the epoch
    data: dict[str, Any]  # the details, for JSON
    title: str = ""  # for a person: a few words
    text: str = ""  # and a sentence
    picture: Path | bytes | None = None  # a JPEG or PNG that shows it: a file, or its content


@dataclass(frozen=True, slots=True)
class Message:
    """The message of one event; the same at each try."""

    id: str
    type: str
    title: str
    text: str
    body: bytes  # JSON
    picture: Path | bytes | None = None

    @classmethod
    def of(cls, event: Event, machine: str, camera: int) -> Message:
        """The message of an event of a camera, by its number, on the machine of this name."""
        title = f"{machine}: {event.title}"
        data = {"machine": machine, "camera": camera, **event.data, "title": title, "text": event.text}
        document = {"type": event.type, "timestamp": utc_text(event.time_s), "data": data}
        body = json.dumps(document).encode()
        return cls(f"msg_{os.urandom(16).hex()}", event.type, title, event.text, body, event.picture)


@dataclass(frozen=True, slots=True)
class PictureLoss:
    """There is no fresh frame."""

    reason: str  # for a person; empty when it is not known
    newest_s: float | None  # when the last frame was taken, since the epoch; None: there has been none


@dataclass(frozen=True, slots=True)
class Facts:
    """What the web server knows about one camera, and its machine."""

    picture_loss: Callable[[], PictureLoss | None]  # None: the picture is fresh
    picture: Callable[[], bytes | None]  # the newest frame, a JPEG
    status: Callable[[], Mapping[str, Any]]  # of the capture daemon
    films: Callable[[], dict[str, Event]]  # id -> the event of each film that is done
    board: Callable[[], dict[str, Event]]  # type -> the event of each condition that holds now
    temperature: Callable[[], float | None]  # of the processor, in °C; None: not known


class NewItems:
    """Detects items that are new in the library at `root`; those that exist at the first poll are not.

    The time, the kind and the camera identify an item, so that a change of its title makes no new item.
    Files that another program has put there do not count. A day is read when its folder changes, whatever its date:
    a clock that was wrong may have left days in the future. New in a day are the items that were not there when it was
    last read; in a day that was never read, those written since the last poll.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._days = Days(root)
        self._versions: dict[str, Version] | None = None  # of all days but those that may change unseen
        self._known: dict[str, set[str]] = {}  # the identities of items, by day
        self._read_s: dict[str, float] = {}  # when these days were read (monotonic)
        self._polled_s = 0.0

    def poll(self) -> list[Item]:
        """The items that have appeared since the last poll, oldest first.

        Raises:
            OSError: the library cannot be read.
        """
        before, began_s, new = self._versions, time.time(), list[Item]()
        versions = {day: version for day, version in self._days.versions().items() if version and version.settled}
        for day in reversed(self._days.names()):
            if day not in versions or (before is not None and versions[day] != before.get(day)):
                listing, was_known = self._days.listing(day), day in self._known
                names = self._unknown_names(day, listing)
                if before is not None:
                    new += listing.named({name for name in names if was_known or self._is_recent(day, name)})
        self._versions, self._polled_s = versions, began_s
        self._forget(time.monotonic() - FORGET_S)
        return new

    def _forget(self, before_s: float) -> None:
        for day in [day for day, read_s in self._read_s.items() if read_s < before_s]:
            del self._known[day], self._read_s[day]

    def _unknown_names(self, day: str, listing: DayListing) -> set[str]:
        """The items of a day that were not known, by their names; they are known from then on."""
        known = self._known.setdefault(day, {_COMPANION})
        self._read_s[day] = time.monotonic()
        unknown = {identity: name for name in listing.ours if (identity := _identity(name)) not in known}
        known.update(unknown)
        return set(unknown.values())

    def _is_recent(self, day: str, name: str) -> bool:
        try:
            return (self._root / day / name).stat().st_mtime > self._polled_s - RECENT_S
        except OSError:  # deleted meanwhile
            return False

    def event(self, item: Item) -> Event:
        """The event of a new item."""
        data = {
            "id": item.id, "kind": item.kind, "name": item.name, "taken": utc_text(item.time_s),
            "sensor": item.camera or None, "bytes": size_bytes(self._root, item), "address": f"library/{item.id}",
        }  # fmt: skip
        text = f"{_KINDS.get(item.kind, 'File')} of {clock_text(item.time_s)}: {item.title or item.name}."
        return Event("item.taken", item.time_s, data, f"new {_KINDS.get(item.kind, 'file').lower()}", text,
                     picture_of(self._root, item))  # fmt: skip


def picture_of(root: Path, item: Item) -> Path | None:
    """The file that shows an item: its preview, or the item itself if that is a picture; None: there is none."""
    name = item.preview or (item.name if item.name.lower().endswith(_PICTURES) else None)
    return root / item.day / name if name else None


def clock_text(time_s: float) -> str:
    """A moment (seconds since the epoch) for a person, in local time: `14:03:05`."""
    return f"{local(time_s):%H:%M:%S}"


def _identity(name: str) -> str:
    """The time, the kind and the camera in the name of an item's own file, or _COMPANION."""
    ending = _kind_and_camera(name[STAMP_LENGTH:])
    return name[:STAMP_LENGTH] + ending if ending else _COMPANION


@lru_cache(maxsize=256)
def _kind_and_camera(ending: str) -> str:
    parsed = parse_stem(split(ANY_STAMP + ending)[0])
    is_main = parsed and kind_of(ending) == main_kind(parsed.kind, [ending])
    return f"_{parsed.kind}_{parsed.camera}" if parsed and is_main else ""


class PictureMonitor:
    """Detects when the picture is lost, and when it is back.

    Args:
        loss: gives the state of the picture, as `/healthz` reports it; None: it is fresh.
        picture: gives the newest frame, a JPEG.
        now_s: of the monotonic clock.
    """

    def __init__(
        self, loss: Callable[[], PictureLoss | None], picture: Callable[[], bytes | None], now_s: float
    ) -> None:
        self._loss = loss
        self._picture = picture
        self._began_s = now_s
        self._lost_s: float | None = None
        self._seen = False

    def poll(self, now_s: float, time_s: float) -> Iterator[Event]:
        """The change since the last poll; `now_s` is of the monotonic clock, `time_s` in seconds since the epoch."""
        loss = self._loss()
        if loss is None:
            lost_s, self._lost_s, self._seen = self._lost_s, None, True
            if lost_s is not None:
                data, text = {"lost_s": round(now_s - lost_s, 1)}, f"It was missing for {span_text(now_s - lost_s)}."
                yield Event("picture.back", time_s, data, "the picture is back", text, self._picture())
        elif self._lost_s is None and (self._seen or now_s - self._began_s >= STARTING_S):
            self._lost_s = now_s
            newest = None if loss.newest_s is None else utc_text(loss.newest_s)
            since = "" if loss.newest_s is None else f" since {clock_text(loss.newest_s)}"
            text = f"There has been no new picture{since}{f': {loss.reason}' if loss.reason else ''}."
            yield Event("picture.lost", time_s, {"reason": loss.reason or None, "newest": newest}, "no picture", text)
