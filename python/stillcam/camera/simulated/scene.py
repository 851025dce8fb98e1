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

SEA = (110, 140, 150)  # around the boat
BOAT = (
    ((-40, -4, 44, -6, 30, 11, -32, 11), (124, 35, 35)),  # hull
    ((-40, -6, 44, -6, 44, -3, -40, -3), (240, 232, 214)),  # gunwale
    ((-4, -90, -1.4, -90, -1.4, -5, -4, -5), (92, 70, 50)),  # mast
    ((-6, -84, -8, -14, -40, -14), (243, 232, 214)),  # sails
    ((1, -88, 2, -12, 38, -14), (250, 239, 222)),
)
BOAT_BOX: Box = (-46, -92, 46, 14)
BOAT_HEIGHT = 584.0
BOAT_SPEED = 22.0  # scene units a second
FINE_SCALE = 4.0  # pixels for a scene unit: up to here it is drawn larger, then reduced, for smooth edges
LARGEST_SCALE = 24.0  # the boat grows no larger, however close the view is


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


class Scene:
    """The stored scene, read at the resolution that `view` needs."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._picture = Image.open(FOLDER / "scene.jpg")
        self._picture.draft("RGB", (math.ceil(WIDTH * view.scale[0]), math.ceil(HEIGHT * view.scale[1])))
        self._picture.load()
        with Image.open(FOLDER / "depth.png") as depth:
            self._layers = [depth.point([255 * (value == number) for value in range(256)]) for number in range(4)]

    def project(self, position: float | None) -> "Projection":
        """The scene through a lens at `position` (dioptres); None: a fixed lens, which shows all of it sharp."""
        view, blurs = self._view, [_blur(layer, position) * self._view.scale[1] for layer in LAYERS]
        image = _resample(self._picture, view, blurs[0])
        near = Image.new("L", view.size)
        for layer, blur in zip(self._layers[1:], blurs[1:], strict=True):
            if box := _visible(view, layer, 3 * blur + 2):
                part = _part(view, box)
                shown = _resample(layer, part, blur)
                image.paste(_resample(self._picture, part, blur), box, shown)
                near.paste(ImageChops.add(near.crop(box), shown), box)
        return Projection(view, image, near, _draw_boat(view.scale, blurs[0]))


@dataclass(frozen=True, slots=True)
class Boat:
    """The boat as the lens shows it.

    Args:
        image: RGB.
        shape: how much of what is behind it covers (mode L).
        at: where its place in the scene is in this image, in pixels.
    """

    image: Image.Image
    shape: Image.Image
    at: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Projection:
    """The scene as the lens shows it: RGB, without the boat, and how much of each pixel is nearer than the boat."""

    view: View
    image: Image.Image
    near: Image.Image
    boat: Boat

    def sail(self, image: Image.Image, boat: Image.Image, seconds: float) -> None:
        """Draw the boat, whose pixels are `boat`, into the `image`, where it is at that time of the day."""
        x, y = seconds * BOAT_SPEED % (WIDTH + 120) - 60, BOAT_HEIGHT + 2.5 * math.sin(seconds * 1.7)
        across, down = self.view.pixel(x, y)
        left, top = across - self.boat.at[0], down - self.boat.at[1]
        near = self.near.crop((left, top, left + boat.width, top + boat.height))
        image.paste(boat, (left, top), ImageChops.subtract(self.boat.shape, near))


def _blur(layer: Layer, position: float | None) -> float:
    """How much the lens blurs a layer, in scene units."""
    return 0.0 if position is None else BLUR * max(0.0, abs(position - layer.dioptres) - DEPTH_OF_FIELD)


def _resample(stored: Image.Image, view: View, blur: float) -> Image.Image:
    """The view of a stored picture, blurred by so many pixels: the blurrier, the coarser it is computed."""
    across, down = stored.width / WIDTH, stored.height / HEIGHT
    top = view.top - TOP
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


def _visible(view: View, layer: Image.Image, spread: float) -> tuple[int, int, int, int] | None:
    """The pixels in which a layer, and `spread` pixels around it, can be seen; None: it is outside."""
    left, top, right, bottom = (edge * WIDTH / layer.width for edge in layer.getbbox() or (0, 0, 0, 0))
    (x, y), (end, low) = view.pixel(left, TOP + top), view.pixel(right, TOP + bottom)
    box = (
        max(0, int(x - spread)), max(0, int(y - spread)),
        min(view.size[0], int(end + spread)), min(view.size[1], int(low + spread)),
    )  # fmt: skip
    return box if box[0] < box[2] and box[1] < box[3] else None


def _part(view: View, box: tuple[int, int, int, int]) -> View:
    """The view of a box of its pixels."""
    (across, down), (width, height) = view.scale, (box[2] - box[0], box[3] - box[1])
    return View(view.left + box[0] / across, view.top + box[1] / down, width / across, height / down, (width, height))


def _draw_boat(scale: tuple[float, float], blur: float) -> Boat:
    """A small sailing boat, heading right."""
    across, down = (min(length, LARGEST_SCALE) for length in scale)
    fine, margin = 4 if max(across, down) < FINE_SCALE else 1, math.ceil(3 * blur) + 1
    left, top, right, bottom = BOAT_BOX
    at = margin - round(left * across), margin - round(top * down)
    size = at[0] + round(right * across) + margin, at[1] + round(bottom * down) + margin
    image = Image.new("RGB", (size[0] * fine, size[1] * fine), SEA)
    shape = Image.new("L", image.size)
    for polygon, colour in BOAT:
        corners = [
            ((at[0] + x * across) * fine, (at[1] + y * down) * fine)
            for x, y in zip(polygon[::2], polygon[1::2], strict=True)
        ]
        ImageDraw.Draw(image).polygon(corners, colour)
        ImageDraw.Draw(shape).polygon(corners, 255)
    soft = ImageFilter.GaussianBlur(blur if blur > LEAST_BLUR else 0)
    return Boat(image.reduce(fine).filter(soft), shape.reduce(fine).filter(soft), at)
