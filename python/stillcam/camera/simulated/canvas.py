"""A canvas in the scene's own coordinates that draws smooth shapes.

Pillow draws without antialiasing, so each shape becomes a mask at several times the resolution, over
its own box only. Colours on a transparent canvas are premultiplied by their opacity, which is what
blurring and laying over one another need.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeGuard, cast

from PIL import Image, ImageDraw

from stillcam.common.fonts import font

Point = tuple[float, float]
Colour = tuple[int, int, int]
Stops = Sequence[tuple[float, Colour]]
"""A vertical gradient: heights in the scene, ascending, and the colour at each."""

FINE_PIXELS = 600_000  # masks up to here are drawn four times as large, larger ones twice


@dataclass(frozen=True, slots=True)
class View:
    """The part of the scene that is seen: left, top, width, height in scene units, and its size in pixels."""

    left: float
    top: float
    width: float
    height: float
    size: tuple[int, int]

    @property
    def scale(self) -> Point:
        """Pixels for a scene unit, across and down."""
        return self.size[0] / self.width, self.size[1] / self.height

    def resized(self, size: tuple[int, int]) -> "View":
        """The same part in other pixels."""
        return View(self.left, self.top, self.width, self.height, size)

    def pixel(self, x: float, y: float) -> Point:
        """Where a point of the scene is in the picture."""
        return (x - self.left) * self.scale[0], (y - self.top) * self.scale[1]


class Canvas:
    """A picture of `view`; with `background` it is RGB and opaque, without it starts transparent.

    A transparent one has mode RGBX, with the opacity in X: into RGBA Pillow does not paste premultiplied.
    """

    def __init__(self, view: View, background: Colour | None = None) -> None:
        self.view = view
        self.image = Image.new("RGB" if background else "RGBX", view.size, background or (0, 0, 0, 0))

    def polygon(self, points: Sequence[Point], fill: Colour | Stops, opacity: float = 1.0) -> None:
        """A filled polygon."""
        self._shape(points, fill, opacity, lambda draw, pixels: draw.polygon(pixels, fill=255))

    def ellipse(
        self, x: float, y: float, across: float, down: float, fill: Colour | Stops, opacity: float = 1.0
    ) -> None:
        """A filled ellipse by its centre and its half axes."""
        box = [(x - across, y - down), (x + across, y + down)]
        self._shape(box, fill, opacity, lambda draw, pixels: draw.ellipse([*pixels[0], *pixels[1]], fill=255))

    def box(self, x: float, y: float, width: float, height: float, fill: Colour | Stops, opacity: float = 1.0) -> None:
        """A filled rectangle."""
        self.polygon([(x, y), (x + width, y), (x + width, y + height), (x, y + height)], fill, opacity)

    def line(self, start: Point, end: Point, width: float, fill: Colour) -> None:
        """A straight line of some width, with flat ends."""
        length = math.dist(start, end) or 1.0
        across = (start[1] - end[1]) / length * width / 2, (end[0] - start[0]) / length * width / 2
        self.polygon(
            [
                (start[0] + across[0], start[1] + across[1]),
                (end[0] + across[0], end[1] + across[1]),
                (end[0] - across[0], end[1] - across[1]),
                (start[0] - across[0], start[1] - across[1]),
            ],
            fill,
        )

    def glow(self, x: float, y: float, radius: float, fill: Colour, opacity: float) -> None:
        """Light that fades out to `radius`."""
        fading = [round(255 * opacity * max(0.0, 1 - value / 181) ** 2) for value in range(256)]
        light = Image.radial_gradient("L").point(fading)
        (left, top), (right, bottom) = self.view.pixel(x - radius, y - radius), self.view.pixel(x + radius, y + radius)
        size = max(1, round(right - left)), max(1, round(bottom - top))
        self.image.paste(self._opaque(fill), (round(left), round(top)), light.resize(size, Image.Resampling.BICUBIC))

    def text(self, x: float, y: float, text: str, height: float, fill: Colour) -> None:
        """A line of text around the point x, y."""
        across, down = self.view.scale
        pixels = height * down
        if pixels < 4:
            return
        face = font(round(pixels))
        left, top, right, bottom = face.getbbox(text)
        mask = Image.new("L", (math.ceil(right - left), math.ceil(bottom - top)))
        ImageDraw.Draw(mask).text((-left, -top), text, fill=255, font=face)
        mask = mask.resize((max(1, round(mask.width * across / down)), mask.height))
        middle = self.view.pixel(x, y)
        corner = round(middle[0] - mask.width / 2), round(middle[1] - mask.height / 2)
        self.image.paste(self._opaque(fill), corner, mask)

    def _shape(
        self,
        points: Sequence[Point],
        fill: Colour | Stops,
        opacity: float,
        draw: Callable[[ImageDraw.ImageDraw, list[Point]], None],
    ) -> None:
        pixels = [self.view.pixel(*point) for point in points]
        left = max(0, math.floor(min(x for x, _ in pixels)))
        top = max(0, math.floor(min(y for _, y in pixels)))
        right = min(self.image.width, math.ceil(max(x for x, _ in pixels)) + 1)
        bottom = min(self.image.height, math.ceil(max(y for _, y in pixels)) + 1)
        if right <= left or bottom <= top:
            return
        width, height = right - left, bottom - top
        fine = 4 if width * height <= FINE_PIXELS else 2
        mask = Image.new("L", (width * fine, height * fine))
        draw(ImageDraw.Draw(mask), [((x - left) * fine - 0.5, (y - top) * fine - 0.5) for x, y in pixels])
        mask = mask.reduce(fine)
        if opacity < 1:
            mask = mask.point([round(v * opacity) for v in range(256)])
        if _is_plain(fill):
            self.image.paste(self._opaque(fill), (left, top, right, bottom), mask)
        else:
            self.image.paste(self._gradient(cast(Stops, fill), top, (width, height)), (left, top), mask)

    def _gradient(self, stops: Stops, top: int, size: tuple[int, int]) -> Image.Image:
        """`size` pixels of the gradient, from the row `top` of the picture on."""
        down = self.view.scale[1]
        column = Image.new(self.image.mode, (1, size[1]))
        heights = [self.view.top + (top + row + 0.5) / down for row in range(size[1])]
        column.putdata([self._opaque(_between(stops, height)) for height in heights])
        return column.resize(size, Image.Resampling.NEAREST)

    def _opaque(self, colour: Colour) -> tuple[int, ...]:
        return colour if self.image.mode == "RGB" else (*colour, 255)


def _is_plain(fill: Colour | Stops) -> TypeGuard[Colour]:
    return isinstance(fill[0], int)


def _between(stops: Stops, height: float) -> Colour:
    """The gradient's colour at a height."""
    if height <= stops[0][0]:
        return stops[0][1]
    for (start, above), (end, below) in pairwise(stops):
        if height < end:
            share = (height - start) / (end - start)
            red, green, blue = (round(a + (b - a) * share) for a, b in zip(above, below, strict=True))
            return red, green, blue
    return stops[-1][1]
