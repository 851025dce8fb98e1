"""How long an event lasts."""

from stillcam.motion.running_event import RunningEvent

BLOCKS = ((3, 4), (3, 5))


def test_it_ends_after_the_quiet_time():
    event = RunningEvent(10.0, "motion")
    event.add_motion(12.0, BLOCKS)
    assert not event.is_over(17.0, 5.0)
    assert event.is_over(17.1, 5.0)
    assert (event.start_s, event.last_s) == (10.0, 12.0)


def test_its_peak_is_the_frame_with_most_blocks():
    event = RunningEvent(10.0, "motion")
    event.add_motion(10.0, BLOCKS[:1])
    event.add_motion(11.0, BLOCKS)
    event.add_motion(12.0, BLOCKS[1:])
    assert (event.peak_s, event.peak) == (11.0, BLOCKS)


def test_a_request_lasts_as_long_as_it_asks_for():
    event = RunningEvent(10.0, "request", 20.0)
    event.add_motion(12.0, BLOCKS)
    assert not event.is_over(30.0, 0.0)
    assert event.is_over(30.1, 0.0)
    event.extend(40.0)
    assert not event.is_over(40.0, 0.0)


def test_a_time_without_frames_is_not_quiet():
    event = RunningEvent(10.0, "motion")
    event.add_gap(11.0, 60.0)
    assert not event.is_over(64.0, 5.0)
    assert event.is_over(64.1, 5.0)
    assert event.gaps == [(11.0, 60.0)]
