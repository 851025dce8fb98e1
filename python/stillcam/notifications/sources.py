"""Sources of events besides items and pictures: motion, series, films, profiles, the disk and the board.

Each is polled, and reports what has changed since its first poll. A condition of the machine that holds at the first
poll is reported too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from stillcam.common.disk_space import Disk
from stillcam.common.errors import StillcamError
from stillcam.common.formats import size_text, span_text, utc_text
from stillcam.library.names import decode
from stillcam.notifications.events import Event, Facts, clock_text
from stillcam.series.state import STATE, load_series, series_folders
from stillcam.settings.file import file_version

ITEM_WAIT_S = 30.0  # from the end of motion until its item is there; then the event is sent without it
LOW_RESERVES = 2.0  # a disk is nearly full when less than so many times the reserve is free,
ENOUGH_RESERVES = 3.0  # until so many times the reserve are free again
COOLED_S = 600.0  # a condition of the board that has been over for so long is reported again

Status = Mapping[str, Any]


class MotionMonitor:
    """Detects the beginning and the end of motion in the status of the daemon.

    Args:
        root: the library, which has the item of the motion.
    """

    def __init__(self, facts: Facts, root: Path) -> None:
        self._facts = facts
        self._root = root
        self._seen: tuple[int, str] | None = None  # number and start of the newest motion
        self._open: dict[str, Any] | None = None  # the motion whose end was not reported yet
        self._ended_s: float | None = None  # when its end was noticed (monotonic)
        self._first = True

    def poll(self, now_s: float, time_s: float) -> Iterator[Event]:
        """The changes since the last poll; `now_s` is of the monotonic clock, `time_s` in seconds since the epoch."""
        status = self._facts.status()
        if not status.get("running"):
            return
        shown = status.get("motion") or {}
        motion = shown.get("event")
        key = _key(motion) if motion else None
        if self._open and key != self._seen:  # another one has begun, or the daemon was restarted
            ended = next((event for event in shown.get("earlier", ()) if _key(event) == self._seen), self._open)
            yield self._end({**ended, "end": ended["end"] or utc_text(time_s)}, time_s)
        if motion and key != self._seen:
            self._seen = key
            if motion["trigger"] != "keep" and not (self._first and motion["end"]):
                self._open = dict(motion)
                yield self._begin(motion, time_s)
        elif motion and self._open:
            self._open = dict(motion)
        self._first = False
        if self._open and self._open["end"]:
            self._ended_s = now_s if self._ended_s is None else self._ended_s
            if self._open["item"] or now_s - self._ended_s >= ITEM_WAIT_S:
                yield self._end(self._open, time_s)

    def _begin(self, motion: Status, time_s: float) -> Event:
        data = {name: motion[name] for name in ("number", "start", "trigger")}
        text = f"Something has been moving in the picture since {_clock(motion['start'])}."
        if motion["trigger"] == "request":
            text = f"A recording was requested at {_clock(motion['start'])}."
        return Event("motion.began", time_s, data, "motion", text, self._facts.picture())

    def _end(self, motion: Status, time_s: float) -> Event:
        self._open = self._ended_s = None
        length_s = max(0.0, (_moment(motion["end"]) - _moment(motion["start"])).total_seconds())
        data = {name: motion[name] for name in ("number", "start", "end", "trigger", "item")} | {"length_s": length_s}
        text = f"The motion that began at {_clock(motion['start'])} lasted {span_text(length_s)}."
        picture = self._preview(motion["item"]) if motion["item"] else None
        return Event("motion.ended", time_s, data, "motion is over", text, picture or self._facts.picture())

    def _preview(self, item: str) -> Path | None:
        """The picture of a motion item: the JPEG beside its video, or its only file."""
        day, _, name = item.partition("/")
        with suppress(ValueError):
            picture = (self._root / day / decode(name)).with_suffix(".jpg")
            return picture if picture.is_file() else None
        return None


def _key(motion: Status) -> tuple[int, str]:
    return motion["number"], motion["start"]


class SeriesMonitor:
    """Detects that series in the folder `root` are over; those that are at the first poll are not reported."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._states: dict[str, tuple[object, str]] | None = None  # name -> version of the state file, and state

    def poll(self, _now_s: float, time_s: float) -> Iterator[Event]:
        """The changes since the last poll, see `MotionMonitor`. Raises OSError."""
        before, self._states = self._states, {}
        for folder in series_folders(self._root):
            version, known = file_version(folder / STATE), (before or {}).get(folder.name)
            if known and known[0] == version:
                self._states[folder.name] = known
                continue
            with suppress(StillcamError, FileNotFoundError):  # damaged, or just deleted
                series = load_series(folder)
                state = series.state.state
                self._states[folder.name] = version, state
                if before is not None and state in ("finished", "failed") and (known or ("", ""))[1] != state:
                    tally = series.state.tally
                    data = {"name": folder.name, "why": series.state.why, "taken": tally.taken, "missed": tally.missed}
                    text = f"{tally.taken:,} shots were taken, {tally.missed:,} were missed."
                    if state == "failed":
                        text = f"It takes no more shots: {series.state.why}. {text}"
                    yield Event(f"series.{state}", time_s, data, f"series {folder.name} {_OVER[state]}", text)


_OVER = {"finished": "is finished", "failed": "has failed"}


class FilmMonitor:
    """Detects films that are done; those at the first poll are not reported."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._known: set[str] | None = None

    def poll(self, _now_s: float, _time_s: float) -> Iterator[Event]:
        """The changes since the last poll, see `MotionMonitor`. Raises OSError."""
        done = self._facts.films()
        known, self._known = self._known, set(done)
        if known is not None:
            yield from (event for id_, event in sorted(done.items()) if id_ not in known)


class ProfileMonitor:
    """Detects that another profile is active; the one at the first poll is not reported."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._active: str | None = None
        self._first = True

    def poll(self, _now_s: float, time_s: float) -> Iterator[Event]:
        """The changes since the last poll, see `MotionMonitor`."""
        status = self._facts.status()
        if not status.get("running"):
            return
        profile = status.get("profile") or {}
        before, self._active = self._active, profile.get("active")
        first, self._first = self._first, False
        if first or self._active == before:
            return
        data = {"profile": self._active, "before": before, "by": profile.get("by"), "why": profile.get("why")}
        text = f"The profile {self._active} is active" if self._active else f"The profile {before} is no longer active"
        why = f": {profile['why']}" if profile.get("why") else ""
        title = f"profile {self._active}" if self._active else "no profile"
        yield Event("profile.changed", time_s, data, title, f"{text}{why}.", self._facts.picture())


class DiskMonitor:
    """Detects that the disk of a folder is nearly full, once until there is enough space again."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._low = False

    def poll(self, _now_s: float, time_s: float) -> Iterator[Event]:
        """The changes since the last poll, see `MotionMonitor`. Raises OSError."""
        free, reserve = self._disk.free_bytes(), self._disk.reserve_bytes()
        was_low, self._low = self._low, free < reserve * (ENOUGH_RESERVES if self._low else LOW_RESERVES)
        if self._low and not was_low:
            text = (
                f"{size_text(free)} are free on the disk of the library. Below {size_text(reserve)}, nothing is taken:"
                " delete items that you no longer need, or set a limit in Settings, Storage."
            )
            yield Event("disk.low", time_s, {"free_bytes": free, "floor_bytes": reserve}, "disk nearly full", text)


class BoardMonitor:
    """Detects conditions of the board, each once until it has been over for a while."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._held_s: dict[str, float] = {}  # type -> when it last held (monotonic)

    def poll(self, now_s: float, _time_s: float) -> Iterator[Event]:
        """The changes since the last poll, see `MotionMonitor`."""
        for type_, event in self._facts.board().items():
            last_s, self._held_s[type_] = self._held_s.get(type_), now_s
            if last_s is None or now_s - last_s >= COOLED_S:
                yield event


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _clock(text: str) -> str:
    return clock_text(_moment(text).timestamp())
