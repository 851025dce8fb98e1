"""What all parts of the clips draw with."""

from collections.abc import Callable
from functools import lru_cache

from PIL import Image, ImageChops, ImageFilter

SIZE = WIDTH, HEIGHT = 1280, 720
GROUND = 640  # pixels from the top, where feet are
BEGINS_S = 25.0  # of what is to be found; until then a detector learns the scene

Draw = Callable[[Image.Image, float], Image.Image]
"""Draws into a picture what there is at a time, and returns that picture or another."""
Interval = tuple[float, float]


def nothing(image: Image.Image, _time_s: float) -> Image.Image:
    return image


def one_after_the_other(*draws: Draw) -> Draw:
    def draw(image: Image.Image, time_s: float) -> Image.Image:
        for each in draws:
            image = each(image, time_s)
        return image

    return draw


@lru_cache(maxsize=64)
def _table(factor: float) -> list[int]:
    return [min(255, round(value * factor)) for value in range(256)] * 3


def brighter(image: Image.Image, factor: float) -> Image.Image:
    factor = round(factor, 3)
    return image if factor == 1 else image.point(_table(factor))


def lit(image: Image.Image, light: Image.Image, blur: float = 0.0) -> Image.Image:
    """Add light: mode L, smaller than the picture."""
    return ImageChops.add(image, _grey(light, blur))


def shaded(image: Image.Image, shade: Image.Image, blur: float = 0.0) -> Image.Image:
    """Take light away: mode L, smaller than the picture, 255 where there is no shade."""
    return ImageChops.multiply(image, _grey(shade, blur))


def _grey(image: Image.Image, blur: float) -> Image.Image:
    if blur:
        image = image.filter(ImageFilter.GaussianBlur(blur))
    return Image.merge("RGB", (image.resize(SIZE),) * 3)
