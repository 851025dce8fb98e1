"""How long a camera is waited for."""

import pytest

from stillcam.capture.timing import MAX_PATIENCE_S, Patience


def test_patience_grows_with_each_stall_up_to_a_minute():
    patience, allowed = Patience(), []
    for _ in range(6):
        allowed.append(patience.seconds(5.0))
        patience.stalled()
    assert allowed == [5, 10, 20, 40, 60, 60]


@pytest.mark.parametrize(
    ("implied_s", "took_s", "allowed_s"),
    [
        pytest.param(5.0, 0.4, 5.0, id="as settings imply"),
        pytest.param(5.0, 25.0, 50.0, id="a slow one"),
        pytest.param(5.0, 50.0, MAX_PATIENCE_S, id="a very slow one"),
        pytest.param(200.0, 0.4, 200.0, id="a long exposure"),
    ],
)
def test_what_came_tells_how_long_the_next_one_may_take(implied_s, took_s, allowed_s):
    patience = Patience()
    patience.stalled()
    patience.came(took_s)
    assert patience.seconds(implied_s) == allowed_s
