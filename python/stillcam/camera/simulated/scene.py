"""What the simulated camera looks at: a bay in the evening, a lighthouse, a test chart, poppies.

Everything is drawn from shapes, so it is as crisp at twelve megapixels, or zoomed in, as at 640x480.
Scene units: 1600 across; a 16:9 picture shows heights from 0 to 900, a 4:3 picture from -150 to 1050.
Each layer has a distance, so that the lens can be focused on it.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass

from stillcam.camera.simulated.canvas import Canvas, Colour, Point
from stillcam.camera.simulated.chart import CHART, COLOURS, draw_chart, draw_colours

WIDTH = 1600.0
MIDDLE = 450.0
HORIZON = 505.0

Box = tuple[float, float, float, float]
"""left, top, right, bottom in scene units."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A flat part of the scene.

    Args:
        dioptres: 1 / its distance in metres.
        box: all that it draws is inside.
        draw: draws it.
        subjects: what a focus window can find on it.
        contrast: how much that counts, for an area.
    """

    dioptres: float
    box: Box
    draw: Callable[[Canvas], None]
    subjects: tuple[Box, ...]
    contrast: float


# fmt: off - rows of coordinates read better than columns of them


def draw_far(canvas: Canvas) -> None:
    """Sky, sun, mountains and sea."""
    canvas.box(
        -10,
        -200,
        1620,
        HORIZON + 210,
        (
            (-150, (38, 92, 150)),
            (60, (74, 138, 190)),
            (280, (151, 192, 215)),
            (420, (244, 214, 175)),
            (505, (252, 196, 140)),
        ),
    )
    canvas.glow(1215, 330, 420, (255, 226, 160), 0.75)
    for x, y, size in ((330, 95, 1.0), (960, 150, 0.8), (1430, 70, 1.15), (640, 230, 0.55), (130, 265, 0.6)):
        _cloud(canvas, x, y, size)
    canvas.ellipse(1215, 330, 40, 40, (255, 246, 214))
    _range(canvas, 11, 400, 62, ((330, (164, 165, 190)), (505, (222, 190, 170))))
    _range(canvas, 5, 440, 46, ((390, (118, 132, 164)), (505, (176, 160, 160))))
    _range(canvas, 8, 474, 26, ((450, (84, 108, 128)), (505, (112, 124, 130))))
    canvas.box(
        -10,
        HORIZON,
        1620,
        600,
        (
            (505, (236, 190, 146)),
            (525, (170, 172, 166)),
            (575, (86, 140, 160)),
            (700, (40, 98, 128)),
            (1000, (22, 62, 90)),
        ),
    )
    _glitter(canvas)


def draw_headland(canvas: Canvas) -> None:
    """The rocks, the lighthouse and its keeper's house."""
    ridge = [
        (-10.0, 455.0),
        (60, 440),
        (140, 446),
        (215, 440),
        (300, 452),
        (385, 486),
        (440, 506),
        (492, 530),
        (545, 548),
    ]
    shore = [(575.0, 571.0), (500, 574), (430, 583), (330, 588), (240, 602), (150, 606), (60, 622), (-10, 626)]
    canvas.polygon([(x, y + 5) for x, y in (*ridge[-2:], *shore, (-10, 560))], (28, 58, 72), 0.45)
    canvas.polygon([(x + 4, y + 2) for x, y in (*ridge[-2:], *shore, (-10, 560))], (214, 222, 216), 0.5)
    canvas.polygon([*ridge, (560, 566), (-10, 590)], ((440, (104, 118, 66)), (500, (78, 92, 58)), (560, (66, 62, 56))))
    rocks = [(-10.0, 520.0), (120, 528), (260, 520), (400, 540), (545, 552)]
    canvas.polygon([*rocks, *shore], ((520, (112, 98, 84)), (610, (62, 54, 52))))
    chooser = random.Random(3)
    for _ in range(26):
        x = chooser.uniform(-10, 520)
        y, size = 560 + (540 - x) * 0.07 + chooser.uniform(-14, 8), chooser.uniform(8, 22)
        stone = chooser.randrange(70, 120)
        block = [(x - size, y), (x - size * 0.5, y - size * 0.7), (x + size * 0.4, y - size * 0.8), (x + size, y)]
        canvas.polygon(block, (stone, stone - 8, stone - 14))
    _house(canvas)
    _lighthouse(canvas)


def draw_bank(canvas: Canvas) -> None:
    """The grassy bank, and on it the chart and the colours."""
    top = [(x, 742 + 16 * math.sin(x / 210) + 7 * math.sin(x / 71 + 1)) for x in range(-20, 1641, 20)]
    canvas.polygon(
        [*top, (1640, 1100), (-20, 1100)], ((730, (142, 152, 74)), (800, (92, 118, 52)), (1000, (44, 66, 34)))
    )
    chooser = random.Random(7)
    for step in range(330):
        x = -15 + step * 4.94 + chooser.uniform(-3, 3)
        root = 748 + 16 * math.sin(x / 210) + 7 * math.sin(x / 71 + 1) + chooser.choice((0, 2, 6, 30, 62, 110))
        height, lean = chooser.uniform(9, 24), chooser.uniform(-8, 8)
        green = chooser.randrange(96, 168)
        blade = [(x - 1.6, root), (x + lean, root - height), (x + 1.6, root)]
        canvas.polygon(blade, (int(green * 0.84), green, green // 2 - 16))
    for board, draw in ((CHART, draw_chart), (COLOURS, draw_colours)):
        _easel(canvas, board)
        draw(canvas)


def draw_poppies(canvas: Canvas) -> None:
    """A few flowers close to the lens."""
    for x, y, size, lean in ((1530, 640, 40, 14), (1452, 735, 30, -22), (1588, 770, 34, 8), (1500, 842, 24, -8)):
        canvas.polygon([(x - 3, y), (x + 3, y), (x + lean + 5, 1100), (x + lean - 4, 1100)], (62, 92, 40))
        for angle, red in ((200, 186), (340, 196), (90, 222), (265, 214)):
            side = x + math.cos(math.radians(angle)) * size * 0.42
            rise = y + math.sin(math.radians(angle)) * size * 0.34
            petal = ((rise - size, (min(255, red + 34), 74, 44)), (rise + size, (red, 30, 24)))
            canvas.ellipse(side, rise, size * 0.72, size * 0.58, petal)
        canvas.ellipse(x, y, size * 0.2, size * 0.17, (40, 28, 30))


LAYERS = (
    Layer(0.02, (-10, -200, 1610, 1100), draw_far, ((0, -150, 1600, 1050),), 0.2),
    Layer(0.4, (-10, 165, 580, 670), draw_headland, ((0, 170, 550, 640),), 1.0),
    Layer(1.5, (-20, 330, 1640, 1100), draw_bank, (CHART, COLOURS, (0, 760, 1600, 1050)), 1.0),
    Layer(4.0, (1390, 585, 1640, 1100), draw_poppies, ((1420, 600, 1600, 870),), 2.0),
)

BOAT_BOX: Box = (-48, -92, 48, 16)
BOAT_HEIGHT = 584.0
BOAT_SPEED = 22.0  # scene units a second
BOAT_LAYER = 0  # it sails just in front of this one


def boat_position(seconds: float) -> Point:
    """Where the boat is."""
    lap = WIDTH + 120
    return seconds * BOAT_SPEED % lap - 60, BOAT_HEIGHT + 2.5 * math.sin(seconds * 1.7)


def draw_boat(canvas: Canvas, at: Point) -> None:
    """A small sailing boat, heading right."""
    x, y = at
    canvas.ellipse(x, y + 11, 44, 3.5, (214, 226, 226), 0.5)
    canvas.polygon(
        [(x - 40, y - 4), (x + 44, y - 6), (x + 30, y + 11), (x - 32, y + 11)],
        ((y - 6, (150, 44, 40)), (y + 11, (98, 26, 30))),
    )
    canvas.box(x - 40, y - 6, 84, 3, (240, 232, 214))
    canvas.box(x - 4, y - 90, 2.6, 85, (92, 70, 50))
    canvas.polygon(
        [(x - 6, y - 84), (x - 8, y - 14), (x - 40, y - 14)], ((y - 84, (255, 250, 238)), (y - 14, (232, 214, 190)))
    )
    canvas.polygon(
        [(x + 1, y - 88), (x + 2, y - 12), (x + 38, y - 14)], ((y - 88, (255, 252, 244)), (y - 12, (244, 226, 200)))
    )


def _range(canvas: Canvas, seed: int, height: float, rough: float, fill: tuple[tuple[float, Colour], ...]) -> None:
    """A chain of mountains across the picture."""
    chooser = random.Random(seed)
    waves = [(chooser.uniform(0.5, 1), chooser.uniform(0, 6.3), 0.0016 * 1.9**octave) for octave in range(6)]
    ridge: list[Point] = []
    for x in range(-20, 1641, 5):
        rise = sum(
            part * math.sin(x * speed * 2.4 + phase) / 1.75**octave for octave, (part, phase, speed) in enumerate(waves)
        )
        ridge.append((float(x), min(HORIZON, height - rough * rise * 0.72)))
    canvas.polygon([*ridge, (1640, HORIZON + 4), (-20, HORIZON + 4)], fill)


def _cloud(canvas: Canvas, x: float, y: float, size: float) -> None:
    chooser = random.Random(int(x))
    for step in range(11):
        offset = (step - 5) * 20 * size
        puff = size * (26 - abs(step - 5) * 3.4) * chooser.uniform(0.75, 1.15)
        canvas.ellipse(x + offset, y + chooser.uniform(-5, 5) * size, puff * 1.9, puff * 0.5, (255, 246, 236), 0.16)


def _glitter(canvas: Canvas) -> None:
    """The sun's path on the water, and a few waves."""
    chooser = random.Random(21)
    for _ in range(210):
        depth = chooser.random() ** 1.6
        y = HORIZON + 5 + depth * 260
        spread = 26 + depth * 120
        x, length = 1215 + chooser.gauss(0, spread), (8 + depth * 34) * chooser.uniform(0.5, 1.3)
        canvas.ellipse(x, y, length, 0.7 + depth * 2.1, (255, 228, 178), 0.62 - depth * 0.25)
    for _ in range(90):
        depth = chooser.random()
        y = HORIZON + 8 + depth * 240
        length = (14 + depth * 46) * chooser.uniform(0.5, 1.3)
        canvas.ellipse(chooser.uniform(0, 1600), y, length, 0.5 + depth * 1.4, (206, 226, 228), 0.2)


def _house(canvas: Canvas) -> None:
    canvas.box(70, 398, 98, 58, ((398, (250, 242, 226)), (456, (222, 206, 186))))
    canvas.polygon([(60, 400), (82, 366), (156, 366), (178, 400)], ((366, (176, 84, 62)), (400, (140, 60, 48))))
    canvas.box(140, 352, 12, 26, (150, 96, 80))
    for x in (82, 108, 144):
        canvas.box(x, 412, 15, 20, (255, 255, 255))
        canvas.box(x + 1.5, 413.5, 12, 17, ((412, (84, 112, 138)), (432, (150, 172, 186))))
    canvas.box(126, 416, 14, 40, (62, 92, 104))


def _lighthouse(canvas: Canvas) -> None:
    x, bottom, top = 252.0, 450.0, 236.0

    def half(y: float) -> float:
        return 19 + (y - top) / (bottom - top) * 13

    bands: tuple[Colour, Colour] = ((196, 48, 44), (250, 246, 238))
    for band in range(6):
        start, end = top + (bottom - top) * band / 6, top + (bottom - top) * (band + 1) / 6
        canvas.polygon(
            [(x - half(start), start), (x + half(start), start), (x + half(end), end), (x - half(end), end)],
            bands[band % 2],
        )
    canvas.polygon(
        [
            (x + half(top) * 0.35, top),
            (x + half(top), top),
            (x + half(bottom), bottom),
            (x + half(bottom) * 0.35, bottom),
        ],
        (60, 30, 30),
        0.2,
    )
    for y in (290.0, 362.0):
        canvas.box(x - 5, y, 9, 15, (70, 84, 100))
    canvas.box(x - 8, bottom - 26, 15, 26, (84, 60, 50))
    canvas.box(x - 27, top - 7, 54, 8, (66, 68, 76))
    for offset in range(-26, 27, 6):
        canvas.box(x + offset - 0.6, top - 19, 1.2, 13, (72, 74, 82))
    canvas.box(x - 27, top - 20, 54, 1.6, (72, 74, 82))
    canvas.box(x - 14, top - 34, 28, 28, ((top - 34, (255, 236, 176)), (top - 6, (255, 214, 130))))
    for bar in (-14, -5, 4, 12.5):
        canvas.box(x + bar, top - 34, 1.5, 28, (74, 76, 84))
    canvas.polygon(
        [(x - 18, top - 33), (x - 10, top - 46), (x, top - 52), (x + 10, top - 46), (x + 18, top - 33)], (170, 42, 40)
    )
    canvas.box(x - 0.8, top - 62, 1.6, 12, (70, 70, 78))
    canvas.glow(x, top - 20, 60, (255, 236, 180), 0.5)


def _easel(canvas: Canvas, board: Box) -> None:
    """Three wooden legs behind a board."""
    left, top, right, bottom = board
    middle, wood = (left + right) / 2, (122, 86, 54)
    for foot, ground, width in ((left - 14, 806, 9), (right + 14, 806, 9), (middle + 22, 788, 8)):
        canvas.line((middle + (foot - middle) * 0.3, top - 26), (foot, ground), width, wood)
    canvas.box(left - 6, bottom, right - left + 12, 10, (146, 106, 68))
