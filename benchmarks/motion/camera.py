"""What a camera does to its picture by itself."""

import io
import math
from functools import cache
from random import Random

from drawing import HEIGHT, SIZE, WIDTH, Draw, brighter, shaded
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

INFRARED = (0.3, 8.0)  # brightness and noise, see clips


@cache
def _own_light() -> Image.Image:
    light = Image.new("L", (WIDTH // 16, HEIGHT // 16))
    ImageDraw.Draw(light).ellipse((14, 8, 66, 42), fill=30)
    return light.filter(ImageFilter.GaussianBlur(8)).resize(SIZE)


def infrared(image: Image.Image, _time_s: float) -> Image.Image:
    """The camera's own light: without colours, brighter in the middle."""
    return ImageChops.add(ImageOps.grayscale(image), _own_light()).convert("RGB")


def restart(chance: Random) -> Draw:
    """Black for a moment, then its exposure settles, and it looks a bit elsewhere; again and again."""
    every_s, across, down = chance.uniform(30, 60), chance.randrange(2, 5), chance.randrange(1, 4)

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        times, after_s = divmod(time_s, every_s)
        moved = ImageChops.offset(image, across, down) if times % 2 else image
        if not times:
            return image
        return brighter(moved, 0.05) if after_s < 0.4 else brighter(moved, 1 + 0.6 * math.exp(-(after_s - 0.4) * 2))

    return draw


def shake(chance: Random) -> Draw:
    """The mast of the camera swings in the wind, by a few pixels."""
    sway, rate, gusts_s = chance.uniform(1.5, 3), chance.uniform(2, 6), chance.uniform(15, 40)

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        gust = 0.6 + 0.4 * math.sin(time_s * 2 * math.pi / gusts_s)
        across, down = sway * gust * math.sin(time_s * rate), sway * 0.5 * gust * math.sin(time_s * rate * 1.3)
        return ImageChops.offset(image, round(across), round(down))

    return draw


def flicker(chance: Random) -> Draw:
    """Mains light and a rolling shutter: dark bands that wander."""
    bands, depth, speed = chance.uniform(1.5, 4), chance.uniform(0.08, 0.16), chance.uniform(0.5, 2.5)

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        rows = bytes(
            round(255 * (1 - depth * (1 + math.sin(2 * math.pi * (bands * row / HEIGHT + speed * time_s))) / 2))
            for row in range(0, HEIGHT, 8)
        )
        return shaded(image, Image.frombytes("L", (1, HEIGHT // 8), rows))

    return draw


def exposure_steps(chance: Random) -> Draw:
    """Automatic exposure goes up and down again, in steps of a few frames."""
    every_s, step = chance.uniform(12, 20), chance.uniform(0.04, 0.09)

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        number, part_s = divmod(time_s, every_s)
        steps = min(6, int(part_s / 0.4)) if number % 2 else 6 - min(6, int(part_s / 0.4))
        return brighter(image, 1 - step * steps)

    return draw


def white_balance(chance: Random) -> Draw:
    """Red and blue change within seconds."""
    every_s, most = chance.uniform(15, 25), chance.uniform(0.2, 0.35)

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        red, green, blue = image.split()
        shift = most * math.tanh(3 * math.sin(2 * math.pi * time_s / every_s))
        factors = (1 + shift, 1 - shift)
        red, blue = (
            each.point([min(255, round(value * factor)) for value in range(256)])
            for each, factor in zip((red, blue), factors, strict=True)
        )
        return Image.merge("RGB", (red, green, blue))

    return draw


def filter_switch(chance: Random) -> Draw:
    """At dusk the infrared filter is taken away: black, then without colours, brighter, leaves nearly white."""
    at_s = chance.uniform(28, 40)

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        if time_s < at_s:
            return image
        if time_s < at_s + 0.6:
            return Image.new("RGB", SIZE, (3, 3, 3))
        red, green, _ = image.split()
        settled = 1.2 + 0.8 * math.exp(-(time_s - at_s - 0.6))
        grey = ImageChops.blend(red, green, 0.7).point([min(255, round(value * settled)) for value in range(256)])
        return Image.merge("RGB", (grey,) * 3)

    return draw


def key_frames(chance: Random) -> Draw:
    """Video of few bits: between key frames it gets coarser, and each key frame is a step."""
    every = chance.randrange(8, 14)

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        number, file = round(time_s * 5), io.BytesIO()
        image.save(file, "JPEG", quality=(60, 30, 22, 16, 13)[min(4, number % every)])
        with Image.open(file) as coarse:
            return coarse.convert("RGB")

    return draw
