"""Which blocks privacy masks cover: never less than what is under them."""

from hypothesis import given
from hypothesis import strategies as st

from stillcam.edits.masks import covered
from stillcam.settings.geometry import View

SENSOR = 4608, 2592
CELLS = st.sampled_from([(8, 8), (16, 8), (16, 16), (8, 16)])
points = st.tuples(st.integers(0, SENSOR[0]), st.integers(0, SENSOR[1]))


@st.composite
def crops(draw):
    width, height = draw(st.integers(64, SENSOR[0])), draw(st.integers(64, SENSOR[1]))
    return draw(st.integers(0, SENSOR[0] - width)), draw(st.integers(0, SENSOR[1] - height)), width, height


def text(corners) -> str:
    return " ".join(f"{x},{y}" for x, y in corners)


def is_covered(spans, cell, pixel) -> bool:
    column, row = int(pixel[0] // cell[0]), int(pixel[1] // cell[1])
    return any(first <= column < end for first, end in spans[row])


@given(
    corners=st.lists(points, min_size=3, max_size=8),
    weights=st.tuples(*[st.floats(0.0, 1.0)] * 3),
    crop=crops(),
    flips=st.tuples(st.booleans(), st.booleans()),
    size=st.tuples(st.integers(17, 900), st.integers(17, 700)),
    cell=CELLS,
    rotation=st.sampled_from([0, 90, 270]),
)
def test_no_pixel_under_a_mask_is_left_out(corners, weights, crop, flips, size, cell, rotation):
    """Any point of a triangle with a polygon's first corners is inside of the polygon of these three alone."""
    triangle = corners[:3]
    (ax, ay), (bx, by), (cx, cy) = triangle
    if (bx - ax) * (cy - ay) == (by - ay) * (cx - ax):
        return
    first, second = weights[0], weights[1] * (1 - weights[0])
    x = ax + first * (bx - ax) + second * (cx - ax)
    y = ay + first * (by - ay) + second * (cy - ay)
    across, down = (x - crop[0]) / crop[2], (y - crop[1]) / crop[3]
    across, down = 1 - across if flips[0] else across, 1 - down if flips[1] else down
    if 0 <= across < 1 and 0 <= down < 1:
        turned = {0: (across, down), 90: (1 - down, across), 270: (down, 1 - across)}
        across, down = (min(part, 1 - 1e-9) for part in turned[rotation])
        spans = covered([text(triangle)], View((crop,), flips, rotation), size, cell)
        assert is_covered(spans, cell, (across * size[0], down * size[1]))


@given(
    masks=st.lists(st.tuples(points, points).filter(lambda two: two[0][0] != two[1][0] and two[0][1] != two[1][1])),
    views=st.lists(crops(), min_size=1, max_size=3),
    cell=CELLS,
)
def test_more_masks_and_more_possible_crops_never_cover_less(masks, views, cell):
    rows = [text(mask) for mask in masks]
    flips, size = (False, False), (160, 120)
    every = covered(rows, View(tuple(views), flips), size, cell)
    for crop in views:
        for row in rows:
            for line, spans in enumerate(covered([row], View((crop,), flips), size, cell)):
                for column in {column for first, end in spans for column in (first, end - 1)}:
                    assert is_covered(every, cell, (column * cell[0], line * cell[1]))


def test_blocks_far_from_a_mask_stay():
    spans = covered(["1000,1000 1400,1300"], View(((0, 0, *SENSOR),), (False, False)), (1152, 648), (16, 16))
    rows = [row for row, found in enumerate(spans) if found]
    assert (rows[0], rows[-1]) == (15, 20)  # pixels 250 to 325, and a margin of 4
    assert {tuple(spans[row]) for row in rows} == {((15, 23),)}  # pixels 250 to 350


def test_a_polygon_may_be_open_in_the_middle():
    """The gap of a U is seen; where a polygon crosses itself, all that it goes around is covered."""
    u = "0,0 400,0 400,2000 2000,2000 2000,0 2400,0 2400,2592 0,2592"
    spans = covered([u], View(((0, 0, *SENSOR),), (False, False)), (1152, 648), (16, 16))
    assert len(spans[5]) == 2
    star = "1000,200 1600,2200 100,900 1900,900 400,2200"
    spans = covered([star], View(((0, 0, *SENSOR),), (False, False)), (1152, 648), (16, 16))
    assert len(spans[300 // 16]) == 1


def test_all_is_covered_while_nobody_knows_what_the_picture_shows():
    view = View((), (False, False))
    assert covered(["0,0 8,8"], view, (100, 50), (16, 16)) == [[(0, 7)]] * 4
    assert covered([], view, (100, 50), (16, 16)) == [[]] * 4
