"""How long an event lasts, and which frames with motion are one."""

from stillcam.motion.detector import Observation
from stillcam.motion.events import MotionEvent, events_among

BLOCKS = ((3, 4), (3, 5))


def test_it_ends_after_the_quiet_time():
    event = MotionEvent(10.0, "motion")
    event.add_motion(12.0, BLOCKS)
    assert not event.is_over(17.0, 5.0)
    assert event.is_over(17.1, 5.0)
    assert (event.start_s, event.last_s) == (10.0, 12.0)


def test_its_peak_is_the_frame_with_most_blocks():
    event = MotionEvent(10.0, "motion")
    event.add_motion(10.0, BLOCKS[:1])
    event.add_motion(11.0, BLOCKS)
    event.add_motion(12.0, BLOCKS[1:])
    assert (event.peak_s, event.peak) == (11.0, BLOCKS)


def test_a_request_lasts_as_long_as_it_asks_for():
    event = MotionEvent(10.0, "request")
    event.extend(30.0)
    event.add_motion(12.0, BLOCKS)
    assert not event.is_over(30.0, 0.0)
    assert event.is_over(30.1, 0.0)
    event.extend(40.0)
    assert not event.is_over(40.0, 0.0)


def test_a_time_without_frames_is_not_quiet():
    event = MotionEvent(10.0, "motion")
    event.add_gap(11.0, 60.0)
    assert not event.is_over(64.0, 5.0)
    assert event.is_over(64.1, 5.0)
    assert event.gaps == [(11.0, 60.0)]


def found(*frames: tuple[float, int]) -> list[tuple[float, float, float, int]]:
    """Start, end, peak and its blocks of the events among frames: their times, and how many blocks move."""
    seen = (Observation(time_s, 40, 23, ((0, 0),) * blocks, blocks, blocks > 0) for time_s, blocks in frames)
    return [(event.start_s, event.last_s, event.peak_s, len(event.peak)) for event in events_among(seen, 3.0)]


def test_an_event_lasts_until_it_has_been_quiet_for_a_while():
    assert found((0, 0), (1, 2), (2, 5), (3, 4), (5, 1), (6, 0), (8.5, 0), (9, 3)) == [(1, 5, 2, 5), (9, 9, 9, 3)]


def test_motion_that_pauses_is_one_event():
    assert found((0, 1), (3, 1), (6, 1)) == [(0, 6, 0, 1)]


def test_motion_after_a_long_pause_is_another_one():
    """Even if no frame came meanwhile."""
    assert found((0, 1), (100, 2)) == [(0, 0, 0, 1), (100, 100, 100, 2)]
