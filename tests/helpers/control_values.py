"""What controls may be set to, for hypothesis."""

from typing import Any

from hypothesis import strategies as st

from stillcam.settings.control_values import SMALLEST_CROP
from stillcam.settings.controls import CONTROLS, LARGEST, Control

SETTABLE = list(CONTROLS.values())


def rectangles() -> st.SearchStrategy[list[int]]:
    def along() -> st.SearchStrategy[tuple[int, int]]:
        start = st.integers(0, LARGEST - SMALLEST_CROP)
        return start.flatmap(lambda at: st.tuples(st.just(at), st.integers(SMALLEST_CROP, LARGEST - at)))

    return st.tuples(along(), along()).map(lambda sides: [sides[0][0], sides[1][0], sides[0][1], sides[1][1]])


def values_of(control: Control) -> st.SearchStrategy[Any]:
    """All that a control may be set to."""
    low, high = control.low or 0, control.high or 0
    if control.type == "bool":
        return st.booleans()
    if control.type == "choice":
        return st.sampled_from([choice.value for choice in control.choices])
    if control.type == "crop":
        return rectangles()
    if control.type == "windows":
        return st.lists(rectangles(), min_size=1, max_size=int(high))
    if control.name == "FrameDurationLimits":
        return st.lists(st.integers(int(low), int(high)), min_size=2, max_size=2).map(sorted)
    if control.type == "int":
        return st.integers(int(low), int(high))
    number = st.floats(low, high)
    count = {"float": 0, "pair": 2, "matrix": 9}[control.type]
    return st.lists(number, min_size=count, max_size=count) if count else number
