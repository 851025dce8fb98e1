"""Clips with known truth: a scene, and what happens in front of it."""

import io
from collections.abc import Callable
from functools import cache, lru_cache
from pathlib import Path
from random import Random
from statistics import NormalDist

from PIL import Image, ImageChops, ImageDraw

from stillcam.motion.detector import Detector, DetectorSettings, Observation

ROOT = Path(__file__).parents[3]
SIZE = WIDTH, HEIGHT = 640, 360
FPS = 5
STARTS_S = 6.0  # of what is to be found
GROUND = HEIGHT - 50  # where feet are

Draw = Callable[[Image.Image, float], Image.Image]
"""Draws into a picture what there is at a time in seconds."""


@cache
def scene() -> Image.Image:
    """What the camera sees when nothing happens."""
    with Image.open(ROOT / "python/stillcam/camera/simulated/scene.jpg") as image:
        return image.convert("RGB").resize((640, 480)).crop((0, 60, 640, 420))


@cache
def _grains(sigma: int) -> list[Image.Image]:
    """Noise of a sensor with this standard deviation; one of several for each frame."""
    normal = NormalDist(128, sigma)
    values = [round(min(255, max(0, normal.inv_cdf((value + 0.5) / 256)))) for value in range(256)]
    chance = Random(sigma)
    return [Image.frombytes("L", SIZE, chance.randbytes(WIDTH * HEIGHT)).point(values) for _ in range(7)]


@lru_cache(maxsize=64)
def _frame(levels: bytes, sigma: int, grain: int) -> bytes:
    """The JPEG of a picture with noise. The brightness is all that a detector looks at, and while nothing happens the
    same frames come again and again."""
    return jpeg(ImageChops.add(Image.frombytes("L", SIZE, levels), _grains(sigma)[grain], 1, -128))


def jpeg(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=75)
    return file.getvalue()


def brighter(image: Image.Image, factor: float) -> Image.Image:
    return image.point([min(255, round(value * factor)) for value in range(256)] * 3)


def watch(
    draw: Draw,
    seconds: float = 15,
    sigma: int = 5,
    settings: DetectorSettings | None = None,
    later: tuple[float, DetectorSettings] | None = None,
) -> list[Observation]:
    """What a detector finds in some seconds of the scene, drawn by a function.

    Args:
        sigma: of the noise: 5 at gain 1, 30 at gain 16.
        later: after so many seconds, other settings.
    """
    detector = Detector(settings)
    seen = []
    for number in range(round(seconds * FPS)):
        time_s = number / FPS
        if later and number == later[0] * FPS:
            detector.set(later[1])
        levels = draw(scene().copy(), time_s).convert("L").tobytes()
        seen.append(detector.look(_frame(levels, sigma, number * 3 % 7), 1000 + time_s))
    return seen


def moving(seen: list[Observation]) -> list[float]:
    """The times of frames with motion, in seconds from the first one."""
    return [observation.time_s - seen[0].time_s for observation in seen if observation.motion]


def person(height: float, speed: float, dark: bool = False) -> Draw:
    """Somebody of a height in pixels who comes in from the left, at so many pixels a second."""

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        x, width = (time_s - STARTS_S) * speed - height / 6, height * 0.35
        pen, feet = ImageDraw.Draw(image), GROUND
        coat, legs = ((75, 75, 80), (60, 60, 65)) if dark else ((40, 45, 60), (30, 30, 40))
        if time_s >= STARTS_S:
            pen.ellipse((x - width / 4, feet - height, x + width / 4, feet - height * 0.8), fill=(190, 150, 130))
            pen.rectangle((x - width / 2, feet - height * 0.8, x + width / 2, feet - height * 0.4), fill=coat)
            pen.rectangle((x - width * 0.4, feet - height * 0.4, x + width * 0.4, feet), fill=legs)
        return image

    return draw
