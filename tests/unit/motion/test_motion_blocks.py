"""Groups of blocks."""

import pytest

from stillcam.motion.blocks import groups


def blocks(picture: str) -> tuple[list[int], int]:
    rows = picture.split()
    return [255 * (cell == "#") for row in rows for cell in row], len(rows[0])


@pytest.mark.parametrize(
    ("picture", "sizes"),
    [
        pytest.param("... ... ...", [], id="none"),
        pytest.param("#.. ... ..#", [1, 1], id="two apart"),
        pytest.param("#.. .#. ..#", [3], id="at corners"),
        pytest.param("### ... ###", [3, 3], id="rows apart"),
        pytest.param("..# #.. ...", [1, 1], id="the edges do not touch each other"),
        pytest.param("### ### ###", [9], id="all"),
    ],
)
def test_blocks_that_touch_are_a_group(picture, sizes):
    found = groups(*blocks(picture), least=64)
    assert [len(group) for group in found] == sizes


def test_blocks_are_columns_and_rows():
    assert groups(*blocks(".... ..#. ...."), least=64) == [[(2, 1)]]
    assert groups([63, 64], 2, least=64) == [[(1, 0)]]
