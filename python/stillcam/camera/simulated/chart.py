"""The two boards in the scene: a chart for focus and resolution, and patches of known colour.

`GREYS` and `PATCHES` say where what colour is, so that a test can measure how the camera answers.
"""

import math

from stillcam.camera.simulated.canvas import Canvas, Colour, Point

CHART = (596.0, 372.0, 936.0, 748.0)
COLOURS = (1066.0, 560.0, 1306.0, 748.0)

STAR: Point = (766.0, 520.0)
STAR_RADIUS = 116.0
STAR_SECTORS = 36

GREYS: tuple[tuple[Point, int], ...] = tuple(((624.0 + step * 28.4, 716.0), round(step * 25.5)) for step in range(11))
"""The steps from black to white: the middle of each, and its sRGB value."""

# The usual 24 patches in sRGB, as published for colour targets of this kind.
_SRGB: tuple[Colour, ...] = (
    (115, 82, 68), (194, 150, 130), (98, 122, 157), (87, 108, 67), (133, 128, 177), (103, 189, 170),
    (214, 126, 44), (80, 91, 166), (193, 90, 99), (94, 60, 108), (157, 188, 64), (224, 163, 46),
    (56, 61, 150), (70, 148, 73), (175, 54, 60), (231, 199, 31), (187, 86, 149), (8, 133, 161),
    (243, 243, 242), (200, 200, 200), (160, 160, 160), (122, 122, 121), (85, 85, 85), (52, 52, 52),
)  # fmt: skip

PATCH = 36.0

PATCHES: tuple[tuple[Point, Colour], ...] = tuple(
    ((COLOURS[0] + 25 + index % 6 * 38, COLOURS[1] + 30 + index // 6 * 43), colour)
    for index, colour in enumerate(_SRGB)
)

PAPER = (238, 238, 236)
INK = (24, 24, 26)


def draw_chart(canvas: Canvas) -> None:
    """A star, line pairs of three widths, slanted edges, greys."""
    left, top, right, bottom = CHART
    canvas.box(left + 5, top + 6, right - left, bottom - top, (20, 24, 16), 0.3)
    canvas.box(left, top, right - left, bottom - top, PAPER)
    canvas.text((left + right) / 2, top + 17, "FOCUS", 17, INK)
    x, y = STAR
    canvas.ellipse(x, y, STAR_RADIUS + 3, STAR_RADIUS + 3, INK)
    canvas.ellipse(x, y, STAR_RADIUS, STAR_RADIUS, PAPER)
    for sector in range(STAR_SECTORS):
        start, end = (2 * math.pi * (sector + part) / STAR_SECTORS for part in (0, 0.5))
        arc = [start + (end - start) * part / 3 for part in range(4)]
        canvas.polygon([STAR, *((x + math.cos(a) * STAR_RADIUS, y + math.sin(a) * STAR_RADIUS) for a in arc)], INK)
    canvas.ellipse(x, y, 5, 5, PAPER)
    canvas.ellipse(x, y, 2.5, 2.5, INK)
    for corner_x, corner_y in ((624, 408), (908, 408), (624, 632), (908, 632)):
        _slanted(canvas, corner_x, corner_y)
    for group, width in enumerate((4.0, 2.0, 1.0)):
        start_x = left + 26 + group * 100
        for pair in range(int(88 // (2 * width))):
            canvas.box(start_x + pair * 2 * width, 660, width, 32, INK)
    for (grey_x, grey_y), value in GREYS:
        canvas.box(grey_x - 14.2, grey_y - 15, 28.4, 30, (value, value, value))


def draw_colours(canvas: Canvas) -> None:
    """The patches on their dark board."""
    left, top, right, bottom = COLOURS
    canvas.box(left + 5, top + 6, right - left, bottom - top, (20, 24, 16), 0.3)
    canvas.box(left, top, right - left, bottom - top, (34, 34, 36))
    for (x, y), colour in PATCHES:
        canvas.box(x - PATCH / 2, y - PATCH / 2 - 2, PATCH, PATCH + 4, colour)


def _slanted(canvas: Canvas, x: float, y: float) -> None:
    """A square turned by five degrees: its edges show the sharpness in one line each."""
    turn = math.radians(5)
    corners = [(math.cos(turn + quarter * math.pi / 2), math.sin(turn + quarter * math.pi / 2)) for quarter in range(4)]
    canvas.polygon([(x + 17 * (a - b), y + 17 * (a + b)) for a, b in corners], INK)
