"""The last seconds of the stream in memory."""

from hypothesis import given
from hypothesis import strategies as st

from stillcam.motion.ring import LEAST_BYTES, Ring, most_bytes


def test_it_keeps_the_last_seconds():
    ring = Ring(2.0, 1000)
    for number in range(10):
        ring.add(number / 2, b"frame")
    assert ring.held_s == 2.0
    assert [time_s for time_s, _ in ring.take(3.0)] == [3.0, 3.5, 4.0, 4.5]
    assert ring.take(0.0) == []
    assert ring.held_s == 0.0


@given(st.lists(st.integers(1, 60), max_size=60))
def test_it_never_holds_more_bytes_than_its_limit(sizes):
    ring = Ring(1e9, 100)
    for number, size in enumerate(sizes):
        ring.add(float(number), bytes(size))
    frames = ring.take(0.0)
    assert sum(len(jpeg) for _, jpeg in frames) <= 100
    if sizes:
        assert frames[-1] == (len(sizes) - 1.0, bytes(sizes[-1]))


def test_a_frame_that_is_larger_than_the_limit_leaves_nothing():
    ring = Ring(10.0, 100)
    ring.add(1.0, bytes(10))
    ring.add(2.0, bytes(101))
    assert ring.take(0.0) == []


def test_a_board_with_little_memory_gives_little():
    assert most_bytes(427 << 20) < 7 << 20
    assert most_bytes(8 << 30) > 100 << 20
    assert most_bytes(1) == LEAST_BYTES
