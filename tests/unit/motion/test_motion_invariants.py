"""What is true of the detector whatever the pictures are."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from scenes import FPS, SIZE, brighter, jpeg, moving, person, scene, watch

from stillcam.motion.detector import Detector, DetectorSettings, Observation
from stillcam.motion.zones import mask
from stillcam.settings.zones import parse

BLOCK = 16  # pixels
LEARNED_S = 6  # of the background, at a frame a second
SIZES = [(322, 242), (160, 120), (1280, 720), (1920, 1080), (4056, 3040), (720, 1280), (481, 641), (97, 61)]


def level_of(draw_into: tuple[int, int, int, int], grey: int) -> int:
    """The level of a rectangle that appears in front of a grey wall."""
    detector, wall = Detector(), Image.new("L", SIZE, 120)
    for time_s in range(LEARNED_S):
        detector.look(jpeg(wall), time_s)
    ImageDraw.Draw(wall).rectangle(draw_into, fill=grey)
    return detector.look(jpeg(wall), LEARNED_S).level


@settings(max_examples=25)
@given(
    st.integers(8, 120),
    st.integers(8, 120),
    st.sampled_from([0, 60, 170, 255]),
    st.integers(3, 28),
    st.integers(3, 11),
    st.integers(0, 15),
)
def test_the_level_is_the_same_wherever_the_subject_is(width, height, grey, column, row, offset):
    def level(column: int, row: int) -> int:
        left, top = column * BLOCK + offset, row * BLOCK + offset
        return level_of((left, top, left + width - 1, top + height - 1), grey)

    assert level(column, row) == level(3, 3)


@settings(max_examples=12)
@given(st.sampled_from(SIZES), st.integers(0, 99), st.sampled_from(["L", "RGB"]))
def test_a_frame_that_comes_again_and_again_has_level_0(size, seed, mode):
    small = Image.frombytes(mode, (40, 30), Random(seed).randbytes(1200 * len(mode)))
    detector, frame = Detector(), jpeg(small.resize(size))
    seen = [detector.look(frame, number / FPS) for number in range(6 * FPS)]
    assert {(observation.level, observation.motion, observation.blocks) for observation in seen} == {(0, False, ())}


@settings(max_examples=8)
@given(st.floats(0.45, 1.8), st.floats(0.05, 8))
def test_a_scene_that_gets_darker_or_brighter_is_no_motion(factor, takes_s):
    def draw(image: Image.Image, time_s: float) -> Image.Image:
        return brighter(image, 1 + (factor - 1) * min(1, max(0, (time_s - 6) / takes_s)))

    assert moving(watch(draw, 16)) == []


@settings(max_examples=10)
@given(st.integers(0, 10**6))
def test_nothing_counts_where_the_mask_hides_it(seed):
    """Whatever happens there, in the right half."""
    chance = Random(seed)
    anywhere = DetectorSettings.of_sensitivity(10)
    hidden = replace(anywhere, mask=mask([parse("exclude 320,0 640,360")], (0, 0, *SIZE), SIZE))

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        for _ in range(chance.randrange(4) if time_s > 5 else 0):
            x, y = chance.randrange(340, 630), chance.randrange(350)
            box = x, y, x + chance.randrange(5, 250), y + chance.randrange(5, 250)
            ImageDraw.Draw(image).rectangle(box, fill=(chance.randrange(256),) * 3)
        return image

    seen = watch(draw, 8, settings=hidden, sigma=1)
    assert {(observation.level, observation.motion, observation.blocks) for observation in seen} == {(0, False, ())}
    assert max(observation.level for observation in watch(draw, 8, settings=anywhere, sigma=1)) > 0


def passing(size: tuple[int, int], mode: str, rate: float, shift_s: float = 0.0) -> list[Observation]:
    """A textured wall at a rate, and ten frames of somebody who passes. The clock is set 30 frames before."""
    detector, wall = Detector(), Image.frombytes("L", (40, 30), Random(1).randbytes(1200))
    wall = wall.point(lambda value: 90 + value // 8).resize(size).convert(mode)
    empty, frames = jpeg(wall), max(60, round(8 * rate))
    seen = []
    for number in range(-frames, 10):
        image = wall.copy() if number >= 0 else wall
        if number >= 0:
            left = size[0] * (0.1 + 0.06 * number)
            box = left, size[1] * 0.3, left + size[0] * 0.12, size[1] * 0.8
            ImageDraw.Draw(image).rectangle(box, fill=20 if mode == "L" else (20, 25, 30))
        time_s = 1e6 + number / rate + (shift_s if number >= -30 else 0.0)
        seen.append(detector.look(empty if number < 0 else jpeg(image), time_s))
    return seen


@pytest.mark.parametrize("mode", ["L", "RGB"])
@pytest.mark.parametrize("size", SIZES)
def test_somebody_is_found_in_pictures_of_any_size(size, mode):
    seen = passing(size, mode, 5)
    assert not any(observation.motion for observation in seen[:-10])
    assert any(observation.motion for observation in seen[-10:])
    assert max(seen[0].columns, seen[0].rows) in range(20, 90)
    assert all(column < seen[0].columns and row < seen[0].rows for column, row in seen[-2].blocks)


@pytest.mark.parametrize("shift_s", [0, 3600, -3600, 2**40])
@pytest.mark.parametrize("rate", [0.2, 1, 5, 15, 30])
def test_somebody_is_found_at_any_rate_also_after_the_clock_was_set(rate, shift_s):
    seen = passing((640, 360), "L", rate, shift_s)
    assert not any(observation.motion for observation in seen[:-10])
    assert any(observation.motion for observation in seen[-10:])


def test_exposure_and_gain_are_not_needed():
    """rpicam-vid of old systems reports nothing; picamera2 reports each frame."""
    draw, chance = person(75, 80), Random(1)

    def seen(with_metadata: bool) -> list[Observation]:
        detector, found = Detector(), []
        for number in range(60):
            metadata = {"ExposureTime": chance.randrange(100, 30000), "AnalogueGain": chance.uniform(1, 16)}
            frame = jpeg(draw(scene().copy(), number / FPS))
            found.append(detector.look(frame, number / FPS, metadata if with_metadata else None))
        return found

    assert seen(True) == seen(False)
    assert moving(seen(False))
