"""The levels that the detector has seen: how long they are kept, and where their blocks are in the shown picture."""

import time

import pytest
from PIL import Image

from stillcam.capture.motion_events.levels import Levels
from stillcam.motion.blocks import rotated
from stillcam.motion.detector import Observation


def seen(ago_s: float, level: int = 3) -> Observation:
    blocks = ((1, 0),)
    return Observation(time.monotonic() - ago_s, 4, 3, blocks, level, motion=True, changed=(*blocks, (3, 2)))


@pytest.mark.parametrize(
    ("degrees", "place"),
    [pytest.param(0, (3, 0), id="as it is"), pytest.param(90, (2, 3), id="90"), pytest.param(270, (0, 0), id="270")],
)
def test_a_block_at_the_top_right(degrees, place):
    assert rotated([(3, 0)], (4, 3), degrees) == [place]


def test_a_minute_of_looks_is_kept():
    levels = Levels()
    for ago_s in (75, 61, 59, 1):
        levels.add(seen(ago_s))
    looks = levels.to_json(0, None, 0)["looks"]
    assert len(looks) == 2
    assert len(levels.to_json(looks[0]["number"], None, 0)["looks"]) == 1
    assert levels.to_json(looks[-1]["number"], None, 0)["looks"] == []
    assert len(levels.to_json(looks[-1]["number"] + 1, None, 0)["looks"]) == 2


def test_old_looks_are_not_shown_even_if_no_new_ones_come():
    levels = Levels()
    levels.add(seen(61))
    assert levels.to_json(0, None, 0)["looks"] == []


def test_blocks_that_count_are_apart_from_others():
    levels = Levels()
    assert levels.to_json(0, None, 0)["mask"] is None
    levels.add(seen(0))
    mask = Image.new("L", (320, 240))
    mask.paste(255, (0, 0, 160, 240))
    shown = levels.to_json(0, mask, 0)
    assert (shown["blocks"], shown["others"], shown["mask"]) == ([(1, 0)], [(3, 2)], ["1100"] * 3)
    shown = levels.to_json(0, mask, 90)
    assert (shown["columns"], shown["rows"]) == (3, 4)
    assert shown["mask"] == ["111", "111", "000", "000"]
