"""The lens of a first snapshot is where it was in the last picture in focus, and that snapshot is as sharp."""

from types import SimpleNamespace
from typing import Any

import pytest
from test_convergence import AUTOFOCUS, settings

from stillcam.camera.lens_positions import LensPositions

SHARP = {"AfState": 2, "LensPosition": 1.25, "FocusFoM": 1000}


def noted(use: str = "snapshot", **said: Any) -> LensPositions:
    lens = LensPositions()
    driver: Any = SimpleNamespace(metadata=SHARP | said, metadata_received_s=0.0)
    lens.note(use, settings(), AUTOFOCUS, driver)
    return lens


@pytest.mark.parametrize(("sharpness", "in_focus"), [(2000, True), (760, True), (740, False), (0, False), (None, True)])
def test_a_first_snapshot_is_as_sharp_as_the_one_before(sharpness, in_focus):
    assert noted().is_in_focus({"AfState": 0, "FocusFoM": sharpness}) is in_focus


def test_the_sharpness_of_other_pictures_has_another_scale():
    assert noted("live").is_in_focus({"FocusFoM": 100})
    assert noted(FocusFoM=None).is_in_focus({"FocusFoM": 100})
    lens = noted()
    driver: Any = SimpleNamespace(metadata=SHARP, metadata_received_s=0.0)
    lens.note("live", settings(), AUTOFOCUS, driver)
    assert lens.is_in_focus({"FocusFoM": 100})


def test_a_scene_of_almost_no_contrast_is_not_taken_for_another_one():
    assert noted(FocusFoM=2).is_in_focus({"FocusFoM": 1})
