"""New items: what a poll finds, and how little it looks at."""

import os
import time
from pathlib import Path
from typing import Any

from stillcam.library import days as days_module
from stillcam.library.days import Days
from stillcam.library.items import Item
from stillcam.library.names import day_of, stem_of
from stillcam.notifications import events
from stillcam.notifications.events import NewItems

NOON_S = 1_795_176_000.0  # 2026-11-20, 12:00 UTC
DAY = day_of(NOON_S)
MANY = 500


def add(root: Path, number: int) -> str:
    """Add a photo with a sidecar; its name."""
    (root / day_of(NOON_S + number)).mkdir(exist_ok=True)
    path = root / day_of(NOON_S + number) / f"{stem_of('photo', NOON_S + number, 'imx708')}.jpg"
    path.touch()
    path.with_suffix(".json").touch()
    return path.name


def settle(root: Path) -> None:
    """Wait until a change of any day shows in the times of its folder."""
    days, until_s = Days(root), time.monotonic() + 60
    while not all(version and version.settled for version in days.versions().values()):
        assert time.monotonic() < until_s
        time.sleep(0.01)


def polled(new: NewItems) -> list[str]:
    return [item.name for item in new.poll()]


def test_a_poll_looks_at_the_new_items_of_a_large_day_only(tmp_path, monkeypatch):
    for number in range(MANY):
        add(tmp_path, number)
    settle(tmp_path)
    new = NewItems(tmp_path)
    assert polled(new) == []
    first = add(tmp_path, MANY)
    os.utime(tmp_path / DAY / first, (time.time() + 60, time.time() + 60))  # the others are older than a minute
    for number in range(MANY):
        os.utime(tmp_path / DAY / f"{stem_of('photo', NOON_S + number, 'imx708')}.jpg", (NOON_S, 1e9))
    made: list[str] = []
    init = Item.__init__

    def counted(self: Item, day: str, name: str, *rest: Any, **more: Any) -> None:
        made.append(name)
        init(self, day, name, *rest, **more)

    monkeypatch.setattr(Item, "__init__", counted)
    settle(tmp_path)
    assert polled(new) == [first]
    second = add(tmp_path, MANY + 1)
    settle(tmp_path)
    assert polled(new) == [second]
    assert polled(new) == []
    assert len(set(made)) <= 3  # one more to count by


def test_an_item_that_comes_back_or_has_another_title_is_not_new(tmp_path, monkeypatch):
    for settled in ("FINE_SETTLED_NS", "COARSE_SETTLED_NS"):
        monkeypatch.setattr(days_module, settled, 10**18)  # the day has just changed, however slow this machine is
    names = [add(tmp_path, number) for number in range(3)]
    new = NewItems(tmp_path)
    new.poll()
    (tmp_path / DAY / names[0]).rename(tmp_path / "aside.jpg")
    assert polled(new) == []
    (tmp_path / "aside.jpg").rename(tmp_path / DAY / names[0])
    (tmp_path / DAY / names[1]).rename(tmp_path / DAY / names[1].replace(".jpg", "_Fox.jpg"))
    assert polled(new) == []
    assert polled(new) == []


def test_an_event_of_motion_is_one_new_item_with_its_video(tmp_path):
    """Its preview is none, and neither is the file with another title."""
    new = NewItems(tmp_path)
    new.poll()
    day = tmp_path / DAY
    day.mkdir()
    video, picture = (stem_of("motion", NOON_S + number, "imx708") for number in range(2))
    for name in (f"{video}.mp4", f"{video}.jpg", f"{video}.json", f"{picture}.jpg", f"{picture}.json"):
        (day / name).touch()
    assert polled(new) == [f"{video}.mp4", f"{picture}.jpg"]
    for extension in ("mp4", "jpg", "json"):
        (day / f"{video}.{extension}").rename(day / f"{video}_Fox.{extension}")
    assert polled(new) == []


def test_the_items_of_past_days_are_forgotten(tmp_path, monkeypatch):
    """A server runs for years."""
    monkeypatch.setattr(events, "FORGET_S", 0.0)
    new = NewItems(tmp_path)
    new.poll()
    found = []
    for number in range(6):
        add(tmp_path, number * 86400)
        settle(tmp_path)
        found += polled(new)
    assert len(found) == 6
    assert len(new._known) <= 1
