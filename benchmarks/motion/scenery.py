"""What moves or shines in a scene, and is not to be found."""

import math
from random import Random

from drawing import GROUND, HEIGHT, SIZE, WIDTH, Draw, brighter, lit, shaded
from PIL import Image, ImageDraw, ImageFilter

SMALL = WIDTH // 16, HEIGHT // 16  # a picture of light and shade


def trees(chance: Random) -> Draw:
    """Branches in the wind, with gusts."""
    left, top, across = chance.uniform(0, 820), chance.uniform(0, 80), chance.uniform(300, 460)
    sway, rate, gusts_s = chance.uniform(11, 17), chance.uniform(1.7, 2.8), chance.uniform(25, 60)
    leaves = [(chance.uniform(0, across), chance.uniform(0, 260), chance.uniform(0, 6), chance.randrange(40))
              for _ in range(80)]  # fmt: skip

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        pen, gust = ImageDraw.Draw(image), 1 + 0.7 * math.sin(time_s * 2 * math.pi / gusts_s)
        for right, down, phase, green in leaves:
            x = left + right + sway * gust * math.sin(time_s * rate + phase)
            y = top + down + sway * 0.4 * gust * math.sin(time_s * rate * 1.4 + phase * 2)
            pen.ellipse((x - 20, y - 13, x + 20, y + 13), fill=(30, 70 + green, 25))
        return image

    return draw


def clouds(chance: Random, sharp: bool = False) -> Draw:
    """Shadows cross the picture one after the other; `sharp`: with edges, as of small clouds at noon."""
    apart_s, speed, dark = chance.uniform(18, 32), chance.uniform(4, 9), chance.randrange(130, 180)

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        shade, newest = Image.new("L", SMALL, 255), int(time_s / apart_s)
        for number in range(max(0, newest - 3), newest + 1):
            x = (time_s - apart_s * number) * speed - 20
            ImageDraw.Draw(shade).ellipse((x - 60, -20 + 5 * (number % 8), x, 60), fill=dark)
        return shaded(image, shade, 1.2 if sharp else 6)

    return draw


def dusk(chance: Random) -> Draw:
    """Dusk falls, and dawn comes; both faster than they are."""
    lasts_s = chance.uniform(200, 300)
    return lambda image, time_s: brighter(image, 0.2 + 0.8 * abs(1 - time_s / lasts_s % 2))


def light_switch(chance: Random) -> Draw:
    """On and off again."""
    every_s, factor = chance.uniform(28, 34), chance.uniform(1.6, 2.1)
    return lambda image, time_s: brighter(image, factor) if int(time_s / every_s) % 2 else image


def headlights(chance: Random) -> Draw:
    """The light of cars, which are not seen themselves, runs over the ground."""
    every_s, speed = chance.uniform(30, 40), chance.uniform(20, 40)

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        glow = Image.new("L", (WIDTH // 8, HEIGHT // 8))
        x = (time_s % every_s - every_s * 0.75) * speed
        ImageDraw.Draw(glow).ellipse((x - 25, 45, x + 25, 80), fill=200)
        return lit(image, glow, 7)

    return draw


def sweep(chance: Random) -> Draw:
    """The light of a car that turns goes through a window and over the wall: a bright shape with edges."""
    every_s, lasts_s = chance.uniform(24, 36), chance.uniform(1.5, 4)

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        part = (time_s % every_s - every_s * 0.7) / lasts_s
        if not 0 <= part <= 1:
            return image
        glow, x, wide = Image.new("L", SMALL), part**1.5 * 110 - 25, 14 + 10 * part
        pen = ImageDraw.Draw(glow)
        pen.polygon(((x, 4), (x + wide, 0), (x + wide + 3, 38), (x + 3, 34)), fill=230)
        pen.line((x + wide / 2, 0, x + wide / 2 + 3, 38), fill=90, width=2)
        return lit(image, glow, 0.7)

    return draw


def rain(chance: Random) -> Draw:
    seed, drops, long = chance.random(), chance.randrange(90, 160), chance.uniform(30, 60)

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        now, pen = Random(f"{seed} {time_s}"), ImageDraw.Draw(image)
        for _ in range(drops):
            x, y = now.randrange(WIDTH), now.randrange(HEIGHT)
            pen.line((x, y, x + 3, y + long), fill=(200, 200, 205), width=2)
        return image

    return draw


def lit_rain(chance: Random) -> Draw:
    """Drops near the camera are long bright lines in its own light."""
    seed, drops = chance.random(), chance.randrange(12, 24)

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        now, pen = Random(f"{seed} {time_s}"), ImageDraw.Draw(image)
        for _ in range(drops):
            x, y, long = now.randrange(WIDTH), now.randrange(-100, HEIGHT), now.uniform(60, 260)
            level = now.randrange(90, 230)
            pen.line((x, y, x + long * 0.08, y + long), fill=(level,) * 3, width=now.choice((2, 3, 4, 7)))
        return image

    return draw


def snow(chance: Random) -> Draw:
    """Flakes fall slowly enough to be followed."""
    flakes = [(chance.uniform(0, WIDTH), chance.uniform(0, HEIGHT), chance.choice((2, 3, 4, 6, 9)))
              for _ in range(chance.randrange(60, 110))]  # fmt: skip
    wind = chance.uniform(-60, 60)

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        pen = ImageDraw.Draw(image)
        for number, (left, top, size) in enumerate(flakes):
            x = (left + wind * time_s + 25 * math.sin(time_s * 1.3 + number)) % WIDTH
            y = (top + (120 + 40 * size) * time_s) % HEIGHT
            pen.ellipse((x - size, y - size, x + size, y + size), fill=(235, 235, 240))
        return image

    return draw


def bird(chance: Random) -> Draw:
    """It flies through the picture every 20 seconds."""
    speed, height, span = chance.uniform(400, 800), chance.uniform(80, 300), chance.uniform(10, 16)

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        x, y = (time_s % 20 - 10) * speed, height + 40 * math.sin(time_s * 5)
        wing = 8 * math.sin(time_s * 25)
        ImageDraw.Draw(image).line((x - span, y - wing, x, y, x + span, y - wing), fill=(30, 30, 35), width=3)
        return image

    return draw


def insect(chance: Random) -> Draw:
    """Large and out of focus, on the lens: it sits, and moves for a moment every now and then."""
    every_s, size = chance.uniform(12, 20), chance.uniform(5, 9)
    places = [(chance.uniform(150, 1100), chance.uniform(120, 600)) for _ in range(20)]

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        x, y = places[math.floor(time_s / every_s) % len(places)]
        spot = Image.new("L", (WIDTH // 8, HEIGHT // 8))
        ImageDraw.Draw(spot).ellipse((x / 8 - size, y / 8 - size * 0.7, x / 8 + size, y / 8 + size * 0.7), fill=160)
        spot = spot.filter(ImageFilter.GaussianBlur(2)).resize(SIZE)
        return Image.composite(Image.new("RGB", SIZE, (25, 22, 20)), image, spot)

    return draw


def lit_insects(chance: Random) -> Draw:
    """They fly through the camera's own light: bright lines, here and there, for less than a second."""
    flights = [
        (chance.uniform(8, 300), chance.uniform(0.2, 0.7), chance.uniform(0, WIDTH), chance.uniform(0, HEIGHT),
         chance.uniform(0, 6.3), chance.uniform(500, 1400), chance.randrange(4, 12))
        for _ in range(55)
    ]  # fmt: skip

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        pen = ImageDraw.Draw(image)
        for starts_s, lasts_s, x, y, turn, speed, wide in flights:
            flown_s = time_s - starts_s
            if 0 <= flown_s <= lasts_s:
                line = []
                for moment_s in (flown_s, flown_s + 0.02, flown_s + 0.04):  # the frame is exposed for so long
                    now = turn + 2 * math.sin(moment_s * 6)
                    line.append((x + speed * moment_s * math.cos(now), y + speed * moment_s * math.sin(now)))
                pen.line(line, fill=(225, 225, 225), width=wide)
        return image

    return draw


def web(chance: Random) -> Draw:
    """Threads before the lens, out of focus, swing in the camera's own light; in gusts more."""
    x, y, rate = chance.uniform(200, 1000), chance.uniform(-50, 200), chance.uniform(2, 5)
    long, gusts_s = chance.uniform(300, 600), chance.uniform(15, 40)

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        gust = 1 + 0.8 * math.sin(time_s * 2 * math.pi / gusts_s)
        glow = Image.new("L", (WIDTH // 8, HEIGHT // 8))
        for number in range(3):
            swing = 25 * gust * math.sin(time_s * rate + number)
            end = x + 90 * number - 120 + swing
            ImageDraw.Draw(glow).line((x / 8, y / 8, end / 8, (y + long) / 8), fill=120, width=2)
        return lit(image, glow, 1)

    return draw


def curtain(chance: Random) -> Draw:
    """It hangs in an open window, and its folds move."""
    left, width, rate = chance.uniform(50, 900), chance.uniform(200, 330), chance.uniform(0.8, 2)
    sway = chance.uniform(8, 22)

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        pen, folds = ImageDraw.Draw(image), 9
        gust = 0.6 + 0.4 * math.sin(time_s / 5)
        for fold in range(folds):
            bottom = [left + width * part / folds + sway * gust * math.sin(time_s * rate + part * 0.8)
                      for part in (fold, fold + 1)]  # fmt: skip
            top = [left + width * part / folds for part in (fold, fold + 1)]
            level = 150 + 60 * (fold % 2)
            pen.polygon(((top[0], 60), (top[1], 60), (bottom[1], GROUND - 60), (bottom[0], GROUND - 60)),
                        fill=(level, level, level - 20))  # fmt: skip
        return image

    return draw


def television(chance: Random) -> Draw:
    """A screen that is not seen lights half of a room, another way with each cut."""
    cuts, time_s = [], 0.0
    while time_s < 300:
        time_s += chance.expovariate(1 / 1.5) + 0.2
        cuts.append((time_s, chance.randrange(10, 110)))
    middle = chance.uniform(10, 70)

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        level = next(level for ends_s, level in cuts if ends_s > time_s)
        glow = Image.new("L", SMALL)
        ImageDraw.Draw(glow).ellipse((middle - 30, 0, middle + 30, 44), fill=level)
        return lit(image, glow, 8)

    return draw
