"""What is to be found: persons, a car, a cat."""

import math
from dataclasses import dataclass
from random import Random

from drawing import BEGINS_S, GROUND, WIDTH, Draw, Interval
from PIL import Image, ImageDraw

MOST_S = 20.0  # of a walk


@dataclass(frozen=True)
class Subject:
    """Attributes: draw: draws it; truth: when it moves."""

    draw: Draw
    truth: tuple[Interval, ...]


def walker(chance: Random, height: float, speed: float, *, stands: bool = False) -> Subject:
    """Somebody comes in from a side.

    Args:
        height: in pixels.
        speed: heights a second.
        stands: stays for 30 s in the middle.
    """
    coat = chance.choice([(120, 40, 40), (35, 40, 70), (60, 70, 45), (190, 185, 170), (30, 30, 32)])
    to_right, feet = chance.random() < 0.5, GROUND + chance.uniform(-20, 40)
    way, width = WIDTH + height, height * 0.3
    half_s = way / 2 / (height * speed)
    lasts_s = min(MOST_S, 2 * half_s)

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        walked_s = time_s - BEGINS_S
        if stands and walked_s > half_s:
            walked_s = max(half_s, walked_s - 30)
        x = walked_s * height * speed - height / 5
        if walked_s < 0 or x - width > WIDTH:
            return image
        x = x if to_right else WIDTH - x
        pen, swing = ImageDraw.Draw(image), width * 0.5 * math.sin(walked_s * speed * 6)
        hip = feet - height * 0.45
        pen.line((x, hip, x - swing, feet), fill=(35, 35, 50), width=max(1, round(width / 3)))
        pen.line((x, hip, x + swing, feet), fill=(45, 45, 60), width=max(1, round(width / 3)))
        pen.rectangle((x - width / 2, feet - height * 0.84, x + width / 2, hip), fill=coat)
        pen.ellipse((x - height / 13, feet - height, x + height / 13, feet - height * 0.85), fill=(190, 150, 130))
        return image

    if stands:
        second_s = BEGINS_S + half_s + 30
        return Subject(draw, ((BEGINS_S, BEGINS_S + half_s), (second_s, second_s + half_s)))
    return Subject(draw, ((BEGINS_S, BEGINS_S + lasts_s),))


def car(chance: Random) -> Subject:
    """It drives in, brakes, stands for 40 s and drives on."""
    paint = chance.choice([(150, 20, 20), (200, 200, 205), (40, 42, 48), (30, 60, 120)])
    place, length = chance.uniform(500, 800), chance.uniform(260, 380)
    comes_s, stands_s = 4.0, 40.0
    leaves_s = BEGINS_S + comes_s + stands_s

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        came = min(1.0, max(0.0, (time_s - BEGINS_S) / comes_s))
        left = max(0.0, time_s - leaves_s) / comes_s
        x = -length + (place + length) * (1 - (1 - came) ** 2) + left**2 * 1400
        if time_s < BEGINS_S or x - length / 2 > WIDTH:
            return image
        pen, top = ImageDraw.Draw(image), GROUND - length * 0.32
        pen.rectangle((x - length / 2, top + length * 0.1, x + length / 2, GROUND), fill=paint)
        pen.rectangle((x - length * 0.28, top, x + length * 0.22, top + length * 0.12), fill=(25, 30, 35))
        for wheel in (-0.3, 0.3):
            middle = x + length * wheel
            pen.ellipse((middle - 24, GROUND - 24, middle + 24, GROUND + 24), fill=(15, 15, 15))
        return image

    return Subject(draw, ((BEGINS_S, BEGINS_S + comes_s), (leaves_s, leaves_s + comes_s)))


def cat(chance: Random) -> Subject:
    """It crosses the grass, with a stop."""
    fur, length = chance.choice([(35, 32, 30), (170, 110, 60), (215, 210, 205)]), chance.uniform(70, 100)
    speed = chance.uniform(110, 170)

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        walked_s = time_s - BEGINS_S
        walked_s = walked_s if walked_s < 3 else max(3.0, walked_s - 2)
        x, step = walked_s * speed - length, 8 * math.sin(walked_s * 14)
        if walked_s < 0 or x - length > WIDTH:
            return image
        pen, y = ImageDraw.Draw(image), GROUND + 30
        pen.ellipse((x - length / 2, y - length * 0.5, x + length / 2, y - length * 0.18), fill=fur)
        pen.ellipse((x + length * 0.4, y - length * 0.65, x + length * 0.65, y - length * 0.38), fill=fur)
        for leg in (-0.35, 0.35):
            foot = x + length * leg
            pen.line((foot, y - length * 0.25, foot + step, y), fill=fur, width=7)
        return image

    return Subject(draw, ((BEGINS_S, BEGINS_S + 2 + min(MOST_S, (WIDTH + length) / speed)),))
