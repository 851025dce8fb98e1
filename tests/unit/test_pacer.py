"""Fewer frames a second than the camera captures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillcam.server.live.broadcast import Pacer


def chosen(fps: float, times: list[float]) -> list[float]:
    pacer = Pacer(fps)
    return [time_s for time_s in times if pacer.wants(time_s)]


@pytest.mark.parametrize("camera_fps", [15, 25, 30, 59.94])
@pytest.mark.parametrize("fps", [0.1, 1, 2, 7, 10, 12.5, 15])
def test_as_many_as_asked_for_whatever_divides_what(camera_fps, fps):
    times = [number / camera_fps for number in range(round(100 * camera_fps))]
    assert len(chosen(fps, times)) == pytest.approx(100 * fps, abs=2)


def test_half_of_the_frames_are_every_second_one_in_spite_of_jitter():
    times = [number / 30 + jitter for number, jitter in enumerate([0.0, 0.004, -0.005, 0.003, 0.006, -0.004] * 20)]
    assert chosen(15, times) == times[::2]


@given(st.floats(0.01, 120), st.lists(st.floats(1.0, 10.0), max_size=50))
def test_a_camera_that_is_slower_loses_none(fps, gaps):
    times = [0.0]
    for gap in gaps:
        times.append(times[-1] + gap * 1.0001 / fps)
    assert chosen(fps, times) == times


@given(st.floats(0.01, 120), st.lists(st.floats(0, 3), max_size=200))
def test_never_more_than_one_beyond_what_was_asked_for_not_even_after_a_pause(fps, gaps):
    times = [0.0]
    for gap in gaps:
        times.append(times[-1] + gap / fps)
    sent = chosen(fps, times)
    for first in range(len(sent)):
        for last in range(first + 1, len(sent)):
            assert sent[last] - sent[first] >= (last - first - 1.2501) / fps
