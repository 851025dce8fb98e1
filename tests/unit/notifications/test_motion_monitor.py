"""Motion in the daemon's status, as events: each beginning has one end, whatever happens in between."""

from pathlib import Path
from typing import Any

import pytest

from stillcam.notifications.events import Event, Facts
from stillcam.notifications.sources import ITEM_WAIT_S, MotionMonitor

ITEM = "2026-11-20/20261120T080000.000Z_motion_imx219.mp4"


class Watched:
    """A monitor, and the status that it reads."""

    def __init__(self, root: Path) -> None:
        self.status: dict[str, Any] = {"running": True, "motion": None}
        facts = Facts(lambda: None, lambda: b"newest", lambda: self.status, dict, dict, lambda: None)
        self._monitor = MotionMonitor(facts, root)
        self.poll(0.0)

    def motion(self, number: int, end: str | None = None, item: str | None = None, trigger: str = "motion") -> None:
        event = {"number": number, "start": "2026-11-20T08:00:00.000Z", "end": end, "trigger": trigger, "item": item}
        newest = (self.status.get("motion") or {}).get("event")
        earlier = [newest] if newest and newest["number"] < number else []
        self.status = {"running": True, "motion": {"armed": True, "event": event, "earlier": earlier}}

    def poll(self, now_s: float) -> list[Event]:
        return list(self._monitor.poll(now_s, 1_795_176_000.0))

    def types(self, now_s: float) -> list[str]:
        return [event.type for event in self.poll(now_s)]


@pytest.fixture
def watched(tmp_path):
    return Watched(tmp_path)


END = "2026-11-20T08:00:05.000Z"


def test_the_end_waits_for_the_recording(watched, tmp_path):
    watched.motion(1)
    assert (watched.types(2.0), watched.types(4.0)) == (["motion.began"], [])
    watched.motion(1, END)
    assert watched.types(6.0) == []
    (tmp_path / "2026-11-20").mkdir()
    preview = (tmp_path / ITEM).with_suffix(".jpg")
    preview.touch()
    watched.motion(1, END, ITEM)
    [ended] = watched.poll(8.0)
    assert (ended.type, ended.data["item"], ended.data["length_s"], ended.picture) == (
        "motion.ended",
        ITEM,
        5.0,
        preview,
    )
    assert watched.types(10.0) == []


def test_the_end_does_not_wait_for_ever(watched):
    watched.motion(1)
    watched.poll(2.0)
    watched.motion(1, END)
    assert watched.types(4.0) == []
    [ended] = watched.poll(4.0 + ITEM_WAIT_S)
    assert (ended.type, ended.data["item"], ended.picture) == ("motion.ended", None, b"newest")
    watched.motion(1, END, ITEM)
    assert watched.types(40.0) == []


def test_motion_that_is_disarmed_ends(watched):
    watched.motion(1)
    watched.poll(2.0)
    watched.status = {"running": True, "motion": None}
    assert watched.types(4.0) == ["motion.ended"]
    watched.motion(1, END, ITEM)  # armed again: it is still the newest one
    assert watched.types(6.0) == []


def test_a_daemon_that_does_not_answer_ends_nothing_and_one_that_was_restarted_does(watched):
    watched.motion(7)
    watched.poll(2.0)
    watched.status = {"running": False, "reason": "it does not answer"}
    assert watched.types(4.0) == []
    watched.motion(7)
    assert watched.types(6.0) == []
    watched.status = {"running": True, "motion": {"armed": True, "event": None}}
    assert watched.types(8.0) == ["motion.ended"]
    watched.motion(1)
    assert watched.types(10.0) == ["motion.began"]


@pytest.mark.parametrize(("end", "item"), [(None, None), (END, ITEM)])
def test_motion_after_motion_ends_the_first(watched, end, item):
    watched.motion(1)
    watched.poll(2.0)
    watched.motion(1, end, item)  # between two polls
    watched.motion(2)
    ended, began = watched.poll(4.0)
    assert (ended.type, ended.data["number"], ended.data["item"]) == ("motion.ended", 1, item)
    assert (ended.data["length_s"] == 5.0) is bool(end)
    assert (began.type, began.data["number"]) == ("motion.began", 2)


def test_seconds_that_somebody_keeps_are_no_motion(watched):
    watched.motion(1, END, ITEM, trigger="keep")
    assert watched.types(2.0) == []
    watched.motion(2, trigger="request")
    [began] = watched.poll(4.0)
    assert (began.type, began.text[:25]) == ("motion.began", "A recording was requested")
