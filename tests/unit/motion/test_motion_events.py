"""Frames with motion become events."""

from stillcam.motion.detector import Observation
from stillcam.motion.events import EventTracker, MotionEvent


def seen(time_s: float, blocks: int) -> Observation:
    return Observation(time_s, 40, 23, tuple((column, 0) for column in range(blocks)), blocks, blocks > 0)


def events(*frames: tuple[float, int]) -> list[MotionEvent]:
    tracker = EventTracker(quiet_s=3.0)
    found = [event for frame in frames if (event := tracker.add(seen(*frame)))]
    return [*found, tracker.current] if tracker.current else found


def test_an_event_lasts_until_it_has_been_quiet_for_a_while():
    assert events((0, 0), (1, 2), (2, 5), (3, 4), (5, 1), (6, 0), (8.5, 0), (9, 3)) == [
        MotionEvent(1, 5, 2, 5),
        MotionEvent(9, 9, 9, 3),
    ]


def test_motion_that_pauses_is_one_event():
    assert events((0, 1), (3, 1), (6, 1)) == [MotionEvent(0, 6, 0, 1)]


def test_motion_after_a_long_pause_is_another_one():
    """Even if no frame came meanwhile."""
    assert events((0, 1), (100, 2)) == [MotionEvent(0, 0, 0, 1), MotionEvent(100, 100, 100, 2)]
