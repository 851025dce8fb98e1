"""When frames were taken, where their rate changes: what is remembered of it."""

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillcam.capture.library_writer.pace import MOST_POINTS, NEAR_S, Pace, Point, frame_at


def pace_of(times: Iterable[float]) -> list[Point]:
    pace = Pace(30.0)
    for frame, time_s in enumerate(times):
        pace.add(frame, time_s)
    return pace.points()


def time_of(frame: int, points: list[Point]) -> float:
    """When a frame is shown."""
    pairs = list(pairwise(points))
    (first, first_s), (last, last_s) = next((pair for pair in pairs if frame <= pair[1][0]), pairs[-1])
    return first_s + (frame - first) * (last_s - first_s) / (last - first)


@pytest.mark.parametrize(
    "times",
    [
        pytest.param([], id="nothing"),
        pytest.param([0.0], id="one frame"),
        pytest.param([0.0, 7.0], id="two frames"),
        pytest.param([frame / 30 for frame in range(900)], id="as the camera should"),
        pytest.param([frame / 12.5 for frame in range(900)], id="a slow camera"),
        pytest.param([(frame // 3 * 3 + 2) / 30 for frame in range(900)], id="read three by three"),
    ],
)
def test_a_steady_rate_needs_no_points(times):
    assert pace_of(times) == []


def test_a_change_of_the_rate_is_remembered_by_few_points():
    times = [frame / 30 for frame in range(300)] + [10 + frame / 5 for frame in range(50)]
    points = pace_of(times)
    assert len(points) < 6
    for frame, time_s in enumerate(times):
        assert time_of(frame, points) == pytest.approx(time_s, abs=3 * NEAR_S)
        assert frame_at(points, time_of(frame, points)) == frame


def test_a_moment_in_which_the_daemon_read_no_frames_changes_little():
    """They wait in the pipe meanwhile, and are read together."""
    times = [frame / 30 for frame in range(600)]
    late = [max(time_s, 9.7) if 9.2 < time_s < 9.7 else time_s for time_s in times]
    assert pace_of(late) == []


def test_frames_that_are_missing_count_by_their_time():
    times = [frame / 30 for frame in range(900) if not 300 < frame < 420]
    points = pace_of(times)
    assert time_of(len(times) - 1, points) == pytest.approx(times[-1], abs=3 * NEAR_S)
    assert time_of(150, points) == pytest.approx(5.0, abs=3 * NEAR_S)


@given(st.lists(st.floats(1.1, 5.0), min_size=1, max_size=1500), st.floats(1.0, 60.0))
def test_points_rise_and_are_not_too_many(steps, rate):
    pace, time_s = Pace(rate), 0.0
    for frame, step in enumerate([0.0, *steps]):
        time_s += step
        pace.add(frame, time_s)
    points = pace.points()
    assert len(points) <= MOST_POINTS
    assert all(after[0] > before[0] and after[1] > before[1] for before, after in pairwise(points))
