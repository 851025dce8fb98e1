"""What the simulated camera looks at: a bay in the evening, a lighthouse, a test chart, poppies, a sailing boat.

`scene.jpg` is the whole 4:3 scene without the boat; `depth.png` gives, for each point, the number of its layer.
A layer has a distance, so that the lens can be focused on it.
Scene units: 1600 across; a 16:9 picture shows heights from 0 to 900, a 4:3 picture from -150 to 1050.
"""

import math
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

FOLDER = Path(__file__).parent
LEFT, TOP, WIDTH, HEIGHT = 0.0, -150.0, 1600.0, 1200.0
MIDDLE = TOP + HEIGHT / 2

BLUR = 1.2  # scene units of blur (standard deviation) for a dioptre out of focus
DEPTH_OF_FIELD = 0.25  # dioptres either way that are still sharp
LEAST_BLUR = 0.3  # pixels: less is not visible

BICUBIC = Image.Resampling.BICUBIC

Point = tuple[float, float]
Box = tuple[float, float, float, float]
"""left, top, right, bottom in scene units."""
Pixels = tuple[int, int, int, int]
"""left, top, right, bottom in pixels of a picture."""


@dataclass(frozen=True, slots=True)
class Layer:
    """A part of the scene that is at one distance.

    Args:
        dioptres: 1 / its distance in metres.
        subjects: what autofocus can find on it.
        contrast: how much that counts, for an area.
    """

    dioptres: float
    subjects: tuple[Box, ...]
    contrast: float


LAYERS = (
    Layer(0.02, ((0, -150, 1600, 1050),), 0.2),  # sky, mountains, sea
    Layer(0.4, ((0, 170, 550, 640),), 1.0),  # the headland with its lighthouse
    Layer(1.5, ((596, 372, 936, 748), (1066, 560, 1306, 748), (0, 760, 1600, 1050)), 1.0),  # the charts on the bank
    Layer(4.0, ((1420, 600, 1600, 870),), 2.0),  # poppies
)

BOAT: Box = (-48, -92, 48, 16)
BOAT_HEIGHT = 584.0
BOAT_SPEED = 22.0  # scene units a second
FINE_PIXELS = 30_000  # a boat in fewer pixels is drawn with smooth edges …
SOFT = 2.0  # … unless it is blurred by so many anyway


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

    def pixel(self, x: float, y: float) -> Point:
        """Where a point of the scene is in the picture."""
        return (x - self.left) * self.scale[0], (y - self.top) * self.scale[1]

    def clip(self, box: Box, spread: float) -> Pixels | None:
        """The pixels in which a box of the scene, and `spread` pixels around it, can be seen; None: it is outside."""
        (left, top), (right, bottom) = self.pixel(*box[:2]), self.pixel(*box[2:])
        clipped = (
            max(0, int(left - spread)), max(0, int(top - spread)),
            min(self.size[0], int(right + spread)), min(self.size[1], int(bottom + spread)),
        )  # fmt: skip
        return clipped if clipped[0] < clipped[2] and clipped[1] < clipped[3] else None

    def part(self, box: Pixels) -> "View":
        """The view of a box of its pixels."""
        (across, down), (width, height) = self.scale, (box[2] - box[0], box[3] - box[1])
        left, top = self.left + box[0] / across, self.top + box[1] / down
        return View(left, top, width / across, height / down, (width, height))


@dataclass(frozen=True, slots=True)
class Projection:
    """The scene as the lens shows it.

    Args:
        view: what is seen of it.
        image: RGB, without the boat.
        far: how much of the far layer is visible at each pixel: the boat sails there (mode L).
        blur: of the boat, in pixels.
    """

    view: View
    image: Image.Image
    far: Image.Image
    blur: float

    def with_boat(self, seconds: float) -> tuple[Image.Image, Pixels] | None:
        """The part of the image in which the boat is at that time of the day, and its box; None: it is out of view."""
        x, y = seconds * BOAT_SPEED % (WIDTH + 120) - 60, BOAT_HEIGHT + 2.5 * math.sin(seconds * 1.7)
        box = self.view.clip((x + BOAT[0], y + BOAT[1], x + BOAT[2], y + BOAT[3]), 3 * self.blur + 8)
        if box is None:
            return None
        boat = _draw_boat(self.view.part(box), (x, y), self.blur)
        image = self.image.crop(box)
        image.paste(boat, mask=ImageChops.multiply(boat.getchannel("A"), self.far.crop(box)))
        return image, box


class Scene:
    """The stored scene, read at the resolution that `view` needs."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._picture = Image.open(FOLDER / "scene.jpg")
        self._picture.draft("RGB", (math.ceil(WIDTH * view.scale[0]), math.ceil(HEIGHT * view.scale[1])))
        self._picture.load()
        with Image.open(FOLDER / "depth.png") as depth:
            self._layers = [depth.point([255 * (value == number) for value in range(256)]) for number in range(4)]

    def project(self, position: float | None) -> Projection:
        """The scene through a lens at `position` (dioptres); None: a fixed lens, which shows all of it sharp."""
        view, blurs = self._view, [_blur(layer, position) * self._view.scale[1] for layer in LAYERS]
        image = _resample(self._picture, view, blurs[0])
        far = Image.new("L", view.size, 255)
        for layer, blur in zip(self._layers[1:], blurs[1:], strict=True):
            if box := view.clip(_extent(layer), 3 * blur + 2):
                part = view.part(box)
                shown = _resample(layer, part, blur)
                image.paste(_resample(self._picture, part, blur), box, shown)
                far.paste(ImageChops.subtract(far.crop(box), shown), box)
        return Projection(view, image, far, blurs[0])


def _blur(layer: Layer, position: float | None) -> float:
    """How much the lens blurs a layer, in scene units."""
    return 0.0 if position is None else BLUR * max(0.0, abs(position - layer.dioptres) - DEPTH_OF_FIELD)


def _resample(stored: Image.Image, view: View, blur: float) -> Image.Image:
    """The view of a stored picture, blurred by so many pixels: the blurrier, the coarser it is computed."""
    across, down = stored.width / WIDTH, stored.height / HEIGHT
    box = (
        max(0.0, (view.left - LEFT) * across),
        max(0.0, (view.top - TOP) * down),
        min(stored.width, (view.left + view.width - LEFT) * across),
        min(stored.height, (view.top + view.height - TOP) * down),
    )
    coarse = max(1, min(16, int(blur)))
    size = max(1, view.size[0] // coarse), max(1, view.size[1] // coarse)
    image = stored.resize(size, BICUBIC, box, reducing_gap=2.0)
    if blur > LEAST_BLUR:
        image = image.filter(ImageFilter.GaussianBlur(blur / coarse))
    return image if coarse == 1 else image.resize(view.size, BICUBIC)


def _extent(layer: Image.Image) -> Box:
    """The part of the scene that a layer is in."""
    left, top, right, bottom = layer.getbbox() or (0, 0, 0, 0)
    unit = WIDTH / layer.width
    return LEFT + left * unit, TOP + top * unit, LEFT + right * unit, TOP + bottom * unit


def _draw_boat(view: View, at: Point, blur: float) -> Image.Image:
    """A small sailing boat, heading right (RGBA)."""
    fine = 4 if blur < SOFT and view.size[0] * view.size[1] <= FINE_PIXELS else 1  # larger, then reduced: smooth edges
    image = Image.new("RGBA", (view.size[0] * fine, view.size[1] * fine))
    draw = ImageDraw.Draw(image)

    def pixels(*points: Point) -> list[Point]:
        return [(x * fine, y * fine) for x, y in (view.pixel(at[0] + x, at[1] + y) for x, y in points)]

    draw.ellipse(pixels((-44, 7.5), (44, 14.5)), (214, 226, 226, 128))
    draw.polygon(pixels((-40, -4), (44, -6), (30, 11), (-32, 11)), (124, 35, 35))
    draw.polygon(pixels((-40, -6), (44, -6), (44, -3), (-40, -3)), (240, 232, 214))
    draw.polygon(pixels((-4, -90), (-1.4, -90), (-1.4, -5), (-4, -5)), (92, 70, 50))
    draw.polygon(pixels((-6, -84), (-8, -14), (-40, -14)), (243, 232, 214))
    draw.polygon(pixels((1, -88), (2, -12), (38, -14)), (250, 239, 222))
    image = image.reduce(fine)
    if blur <= LEAST_BLUR:
        return image
    # Premultiplied, as what is transparent has no colour.
    return image.convert("RGBa").filter(ImageFilter.GaussianBlur(blur)).convert("RGBA")
