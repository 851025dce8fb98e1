"""Subjects that are easily missed: small ones, those that noise hides, and those that fill the picture."""

import math

import pytest
from PIL import Image, ImageDraw, ImageFilter
from scenes import GROUND, HEIGHT, SIZE, STARTS_S, WIDTH, Draw, brighter, moving, watch

NIGHT_NOISE = 14  # of a pixel at gain 16, when four of them make one


def cat(length: float, contrast: float) -> Draw:
    """It walks through the grass, which it is brighter or darker than, and stops for two seconds."""

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        walked_s = time_s - STARTS_S
        walked_s = walked_s if walked_s < 3 else max(3, walked_s - 2)
        x, y = walked_s * 60 - length, GROUND + 15
        shape = Image.new("L", SIZE)
        pen = ImageDraw.Draw(shape)
        pen.ellipse((x - length / 2, y - length * 0.5, x + length / 2, y - length * 0.18), fill=255)
        pen.ellipse((x + length * 0.4, y - length * 0.65, x + length * 0.65, y - length * 0.38), fill=255)
        for leg in (-0.35, 0.35):
            foot = x + length * leg
            pen.line((foot, y - length * 0.25, foot + 4 * math.sin(walked_s * 14), y), fill=255, width=4)
        return Image.composite(brighter(image.filter(ImageFilter.BoxBlur(4)), contrast), image, shape)

    return draw


def runner(height: float, speed: float, coat: tuple[int, int, int]) -> Draw:
    """Somebody runs past so close to the camera that neither head nor feet are in the picture."""

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        width = height * 0.42
        x = (time_s - STARTS_S) * speed - width / 2
        pen = ImageDraw.Draw(image)
        pen.rounded_rectangle((x - width / 2, -20, x + width / 2, HEIGHT + 20), 30, fill=coat)
        pen.line((x, 0, x + width * 0.4 * math.sin(time_s * 9), HEIGHT), fill=(190, 150, 130), width=round(width / 6))
        return image

    return draw


def walker(height: float, speed: float) -> Draw:
    """Somebody in a light jacket, far away."""

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        x, pen = (time_s - STARTS_S) * speed, ImageDraw.Draw(image)
        pen.rectangle((x, GROUND - height, x + height / 3, GROUND - height * 0.45), fill=(190, 185, 170))
        pen.rectangle((x, GROUND - height * 0.45, x + height / 3, GROUND), fill=(35, 35, 45))
        return image

    return draw


@pytest.mark.parametrize("contrast", [0.6, 0.7, 1.3, 1.5])
@pytest.mark.parametrize("length", [30, 45])
def test_a_cat_is_found(length, contrast):
    times = moving(watch(cat(length, contrast), seconds=13))
    assert times and STARTS_S <= times[0] <= STARTS_S + 4


@pytest.mark.parametrize("coat", [(35, 40, 70), (120, 40, 40), (190, 185, 170)])
@pytest.mark.parametrize("speed", [1300, 2000])
@pytest.mark.parametrize("height", [900, 1500, 2500])
def test_somebody_who_fills_the_picture_at_once_is_found(height, speed, coat):
    draw, lasts_s = runner(height, speed, coat), (WIDTH + height * 0.42) / speed
    seen = watch(draw, seconds=10)
    assert [time_s for time_s in moving(seen) if STARTS_S <= time_s <= STARTS_S + lasts_s + 0.2]
    assert not any(observation.motion for observation in seen[-10:])


@pytest.mark.parametrize("speed", [20, 40])
@pytest.mark.parametrize("height", [40, 50])
def test_somebody_far_away_is_found_at_night(height, speed):
    def night(image: Image.Image, time_s: float) -> Image.Image:
        return brighter(walker(height, speed)(image, time_s), 0.22)

    times = moving(watch(night, seconds=18, sigma=NIGHT_NOISE))
    assert times and times[0] >= STARTS_S


def test_a_picture_that_the_camera_turns_to_is_no_motion():
    """Somebody in it is found soon after."""

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        if time_s < STARTS_S:
            return image
        turned = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        return walker(80, 60)(turned, time_s - 4)

    times = moving(watch(draw, seconds=15))
    assert times and times[0] >= STARTS_S + 4
