"""What the simulated camera looks at: a bay in the evening, a lighthouse, a test chart, poppies, a sailing boat.

A person walks through it where the faults say so.

`scene.jpg` is the whole 4:3 scene without the boat, which is `boat.png`; `depth.png` gives, for each point, the number
of its layer. A layer has a distance, so that the lens can be focused on it.
Scene units: 1600 across; a 16:9 picture shows heights from 0 to 900, a 4:3 picture from -150 to 1050.
"""

import math
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageOps

FOLDER = Path(__file__).parent
TOP, WIDTH, HEIGHT = -150.0, 1600.0, 1200.0
MIDDLE = TOP + HEIGHT / 2

BLUR = 1.2  # scene units of blur (standard deviation) for a dioptre out of focus
DEPTH_OF_FIELD = 0.25  # dioptres either way that are still sharp
LEAST_BLUR = 0.3  # pixels: less is not visible

BICUBIC = Image.Resampling.BICUBIC

Box = tuple[float, float, float, float]
"""left, top, right, bottom in scene units."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A part of the scene that is at one distance."""

    dioptres: float  # 1 / its distance in metres
    box: Box  # all of it
    subjects: tuple[Box, ...]  # what autofocus can find on it
    contrast: float  # how much that counts, for an area


CHARTS = (596.0, 372.0, 936.0, 748.0), (1066.0, 560.0, 1306.0, 748.0)
LAYERS = (
    Layer(0.02, (0, -150, 1600, 1050), ((0, -150, 1600, 1050),), 0.2),  # sky, mountains, sea
    Layer(0.4, (0, 160, 600, 680), ((0, 170, 550, 640),), 1.0),  # the headland with its lighthouse
    Layer(1.5, (0, 320, 1600, 1050), (*CHARTS, (0, 760, 1600, 1050)), 1.0),  # the charts on the bank
    Layer(4.0, (1380, 580, 1600, 1050), ((1420, 600, 1600, 870),), 2.0),  # poppies
)

WALKER_SIZE = 70.0, 240.0  # of a person at some 10 m
WALKER_FOOT = 790.0  # where it walks, from left to right
WALKER_COLOUR = 58, 48, 66
BOAT_SIZE = 92.0, 106.0
BOAT_HEIGHT = 545.0  # of its middle
BOAT_SPEED = 22.0  # scene units a second
LARGEST_SCALE = 24.0  # pixels for a scene unit: the boat grows no larger, however close the view is
SEA = (110, 140, 150)


@dataclass(frozen=True, slots=True)
class View:
    """The part of the scene that is seen: left, top, width, height in scene units, and its size in pixels."""

    left: float
    top: float
    width: float
    height: float
    size: tuple[int, int]

    @property
    def scale(self) -> tuple[float, float]:
        """Pixels for a scene unit, across and down."""
        return self.size[0] / self.width, self.size[1] / self.height

    def pixel(self, x: float, y: float) -> tuple[int, int]:
        """The pixel at a point of the scene."""
        return math.floor((x - self.left) * self.scale[0]), math.floor((y - self.top) * self.scale[1])

    def part(self, box: tuple[int, int, int, int]) -> "View":
        """The view of a box of its pixels."""
        (across, down), (width, height) = self.scale, (box[2] - box[0], box[3] - box[1])
        left, top = self.left + box[0] / across, self.top + box[1] / down
        return View(left, top, width / across, height / down, (width, height))


class Scene:
    """The stored scene as the lens shows it, read at the resolution that `view` needs.

    Attributes:
        position: of the lens (dioptres); None: a fixed one, which shows all of it sharp.
        image: RGB, without the boat.
        boat: RGBA.
    """

    def __init__(self, view: View) -> None:
        self._view = view
        self._picture = Image.open(FOLDER / "scene.jpg")
        self._picture.draft("RGB", (math.ceil(WIDTH * view.scale[0]), math.ceil(HEIGHT * view.scale[1])))
        self._picture.load()
        with Image.open(FOLDER / "depth.png") as depth:
            self._layers = [depth.point([255 * (value == number) for value in range(256)]) for number in range(4)]
        self.position: float | None = math.nan  # until `focus` is called

    def focus(self, position: float | None) -> None:
        """Move the lens."""
        self.position = position
        view, blurs = self._view, [_blur(layer, position) * self._view.scale[1] for layer in LAYERS]
        self.image = _resample(self._picture, view, blurs[0])
        self.boat = _boat(view, blurs[0])
        self._near = Image.new("L", view.size)  # how much of each pixel is nearer than the boat
        for layer, shape, blur in list(zip(LAYERS, self._layers, blurs, strict=True))[1:]:
            (left, top), (right, bottom) = view.pixel(*layer.box[:2]), view.pixel(*layer.box[2:])
            spread = math.ceil(3 * blur) + 2
            box = (
                max(0, left - spread), max(0, top - spread),
                min(view.size[0], right + spread), min(view.size[1], bottom + spread),
            )  # fmt: skip
            if box[0] < box[2] and box[1] < box[3]:
                part = view.part(box)
                shown = _resample(shape, part, blur)
                self.image.paste(_resample(self._picture, part, blur), box, shown)
                self._near.paste(ImageChops.add(self._near.crop(box), shown), box)

    def sail(self, image: Image.Image, boat: Image.Image, seconds: float) -> None:
        """Draw the boat, whose colours are `boat`, into the `image`, where it is at that time of the day."""
        x, y = seconds * BOAT_SPEED % (WIDTH + 120) - 60, BOAT_HEIGHT + 2.5 * math.sin(seconds * 1.7)
        across, down = self._view.pixel(x, y)
        left, top = across - boat.width // 2, down - boat.height // 2
        if left < image.width and left + boat.width > 0:
            near = self._near.crop((left, top, left + boat.width, top + boat.height))
            image.paste(boat, (left, top), ImageChops.subtract(self.boat.getchannel("A"), near))

    def walk(self, image: Image.Image, way: float, brightness: float) -> None:
        """Draw a person into the `image`, who has walked so far through the scene (0 to 1)."""
        width, height = WALKER_SIZE
        x = -width + way * (WIDTH + 2 * width)
        (left, top), (right, foot) = (
            self._view.pixel(x - width / 2, WALKER_FOOT - height), self._view.pixel(x + width / 2, WALKER_FOOT)
        )  # fmt: skip
        colour = tuple(min(255, round(value * brightness)) for value in WALKER_COLOUR)
        draw, head = ImageDraw.Draw(image), (foot - top) // 6
        middle = (left + right) // 2
        draw.ellipse((middle - head // 2, top, middle + head // 2, top + head), fill=colour)
        draw.rounded_rectangle((left, top + head, right, foot), radius=max(1, (right - left) // 3), fill=colour)


def subject(window: Box) -> float:
    """The distance (dioptres) of what has most contrast in a part of the scene."""

    def overlap(box: Box) -> float:
        across, down = min(window[2], box[2]) - max(window[0], box[0]), min(window[3], box[3]) - max(window[1], box[1])
        return max(0.0, across) * max(0.0, down)

    return max(LAYERS, key=lambda layer: layer.contrast * sum(map(overlap, layer.subjects))).dioptres


def _blur(layer: Layer, position: float | None) -> float:
    """How much the lens blurs a layer, in scene units."""
    return 0.0 if position is None else BLUR * max(0.0, abs(position - layer.dioptres) - DEPTH_OF_FIELD)


def _boat(view: View, blur: float) -> Image.Image:
    """The boat, blurred by so many pixels."""
    across, down = (round(min(scale, LARGEST_SCALE) * side) for scale, side in zip(view.scale, BOAT_SIZE, strict=True))
    with Image.open(FOLDER / "boat.png") as stored:
        boat = ImageOps.expand(stored.resize((max(1, across), max(1, down))), math.ceil(3 * blur), (*SEA, 0))
    return boat.filter(ImageFilter.GaussianBlur(blur)) if blur > LEAST_BLUR else boat


def _resample(stored: Image.Image, view: View, blur: float) -> Image.Image:
    """The view of a stored picture, blurred by so many pixels: the blurrier, the coarser it is computed."""
    across, down, top = stored.width / WIDTH, stored.height / HEIGHT, view.top - TOP
    box = (
        max(0.0, view.left * across),
        max(0.0, top * down),
        min(stored.width, (view.left + view.width) * across),
        min(stored.height, (top + view.height) * down),
    )
    coarse = max(1, min(16, int(blur)))
    size = max(1, view.size[0] // coarse), max(1, view.size[1] // coarse)
    image = stored.resize(size, BICUBIC, box, reducing_gap=2.0)
    if blur > LEAST_BLUR:
        image = image.filter(ImageFilter.GaussianBlur(blur / coarse))
    return image if coarse == 1 else image.resize(view.size, BICUBIC)
