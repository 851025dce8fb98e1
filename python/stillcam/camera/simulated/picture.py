"""Pictures of the scene: what sees which part of it, sharp where, how bright, at what moment.

All that stays the same from frame to frame is kept: a frame costs a copy, the boat, the words, the noise.
"""

import math
import time
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime

from PIL import Image, ImageChops, ImageFilter, ImageStat

from stillcam.camera.simulated import scene, values
from stillcam.camera.simulated.canvas import Canvas, View
from stillcam.camera.simulated.exposure import SCENE_LUX, Balance, Exposure, balance, expose
from stillcam.camera.simulated.focus import Autofocus
from stillcam.camera.simulated.metadata import Metadata, describe
from stillcam.camera.simulated.options import Options, VideoOptions
from stillcam.camera.simulated.overlay import Overlay
from stillcam.camera.simulated.sensors import Rectangle, Sensor, SensorMode, Size
from stillcam.camera.simulated.tone import MARGIN, Noise, linear, tone

BLUR = 1.2  # scene units of blur (standard deviation) for a dioptre out of focus
DEPTH_OF_FIELD = 0.25  # dioptres either way that are still sharp
ADAPTING_FRAMES = 8  # until automatic exposure has converged when the light has changed
IN_FLIGHT = 3  # frames: one is exposed, one read out, one processed
METERING = {"spot": (0.42, 0.42, 0.58, 0.58), "centre": (0.2, 0.2, 0.8, 0.8)}


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture (RGB), what the camera says of it, and when it was taken (local time)."""

    image: Image.Image
    metadata: Metadata
    moment: datetime


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A layer as the lens shows it: premultiplied colours and opacity, at a place in the picture."""

    colour: Image.Image
    hidden: Image.Image  # 255 - opacity, as RGB
    place: tuple[int, int]


class Picture:
    """Takes frames of `size` pixels from a sensor in a mode, as the options ask.

    Args:
        frame_us: the time of a frame; video's automatic exposure must fit in it.
        settled: whether the automatic algorithms have had frames to converge.

    Attributes:
        lens: where it is; at first where autofocus will have moved it.
    """

    def __init__(
        self, sensor: Sensor, mode: SensorMode, options: Options, size: Size, *, frame_us: float, settled: bool
    ) -> None:
        self.size = size
        self._sensor, self._options = sensor, options
        self._frame_us, self._settled = frame_us, settled
        half_turn = options.rotation % 360 == 180
        self._flips = options.hflip != half_turn, options.vflip != half_turn
        self._crop = scaler_crop(options, mode, size)
        self._view = _view(sensor, mode.mirrored(self._crop, *self._flips), size)
        whole = _view(sensor, mode.crop, size)
        self.lens = Autofocus(options, sensor, whole, self._flips)
        self._light: float | None = None  # of the newest frame
        self._adapted = 1.0  # the light that automatic exposure suits
        self._adapting = 0  # frames until it suits that of now
        self._is_drawn = False
        self._drawn: float | None = None  # where the lens was (dioptres) when all that frames share was drawn
        self._developed: tuple[float, float] | None = None  # for which light it was exposed, and in which
        self._sheets: list[_Sheet] = []
        self._noise = Noise()
        self._number = 0
        self._frozen_at: tuple[datetime, int] | None = None
        self._begun_ns: deque[int] = deque(maxlen=IN_FLIGHT)  # when the exposures of the newest frames began

    def expose(self) -> None:
        """The exposure of a frame begins."""
        self._begun_ns.append(time.clock_gettime_ns(time.CLOCK_BOOTTIME))

    def restart(self) -> None:
        """The camera is started again: no frame is on its way."""
        self._begun_ns.clear()

    def frame(self, light: float) -> None:
        """A frame of the sensor passes, whoever looks at it."""
        self.lens.frame()
        if self._light is None:
            self._adapted = light
        elif light != self._light:
            self._adapting = ADAPTING_FRAMES
        elif self._adapting:
            self._adapting -= 1
            if not self._adapting:
                self._adapted = light
        self._light = light

    def prepare(self) -> None:
        """Do the work that all frames share, before the first: with the lens where most of them will find it."""
        self._draw(self.lens.position if isinstance(self._options, VideoOptions) else self.lens.target)
        self._develop()

    def _draw(self, position: float | None) -> None:
        """Draw the scene as the lens shows it there."""
        if self._is_drawn and self._drawn == position:
            return
        self._is_drawn, self._drawn, self._developed = True, position, None
        sharp = [_blur(layer, position) * self._view.scale[1] for layer in scene.LAYERS]
        self._far = _blurred(self._view, scene.LAYERS[0], sharp[0]).convert("RGB")
        self._sheets = [
            sheet
            for layer, sigma in zip(scene.LAYERS[1:], sharp[1:], strict=True)
            if (sheet := _sheet(self._view, layer, sigma))
        ]

    def _develop(self) -> None:
        """Expose what is drawn, as automatic exposure has adapted to the light."""
        light = 1.0 if self._light is None else self._light
        if self._developed == (self._adapted, light):
            return
        self._developed = self._adapted, light
        world = self._world((0, 0, *self.size), None)
        longest_us = self._frame_us if isinstance(self._options, VideoOptions) else math.inf
        luminance = _metered(world, self._options.metering) * self._adapted
        self._exposure: Exposure = expose(self._options, self._sensor, luminance, longest_us, settled=self._settled)
        self._balance: Balance = balance(self._options, settled=self._settled)
        lit = replace(self._exposure, brightness=self._exposure.brightness * light)
        self._tone = tone(self._options, lit, self._balance)
        self._background = self._tone.develop(world)
        self._overlay = Overlay(self._background, self._words())

    def take(self, now: datetime, *, frozen: bool) -> Frame:
        """A frame of `now` (local time, without a zone); a frozen sensor repeats its first one.

        In a video the scan of a lens is seen at its end; to draw the scene for each of its steps would take too long.
        """
        if not (self._is_drawn and self.lens.scanning and isinstance(self._options, VideoOptions)):
            self._draw(self.lens.position)
        self._develop()
        if not self._begun_ns:
            self.expose()
        stamp = self._begun_ns[0]  # a request that has completed is of some frames ago
        self._number += 1
        if not frozen:
            self._frozen_at = None
        elif self._frozen_at is None:
            self._frozen_at = now, self._number
        moment, number = self._frozen_at or (now, self._number)
        image = self._background.copy()
        self._sail(image, moment)
        image = self._noise.add(image, self._tone, number)
        self._overlay.draw(image, moment, number)
        return Frame(self._turned(image), self._describe(stamp), now)

    def _sail(self, image: Image.Image, moment: datetime) -> None:
        """Draw the boat where it is at that moment, behind what is nearer."""
        at = scene.boat_position(moment.timestamp() % 86_400)
        left, top, right, bottom = scene.BOAT_BOX
        corner, end = self._view.pixel(at[0] + left, at[1] + top), self._view.pixel(at[0] + right, at[1] + bottom)
        box = (
            max(0, int(corner[0]) - MARGIN), max(0, int(corner[1]) - MARGIN),
            min(self.size[0], int(end[0]) + MARGIN), min(self.size[1], int(end[1]) + MARGIN),
        )  # fmt: skip
        if box[0] + 2 * MARGIN >= box[2] or box[1] + 2 * MARGIN >= box[3]:
            return
        part = View(
            self._view.left + box[0] / self._view.scale[0], self._view.top + box[1] / self._view.scale[1],
            (box[2] - box[0]) / self._view.scale[0], (box[3] - box[1]) / self._view.scale[1],
            (box[2] - box[0], box[3] - box[1]),
        )  # fmt: skip
        canvas = Canvas(part)
        scene.draw_boat(canvas, at)
        sigma = _blur(scene.LAYERS[scene.BOAT_LAYER], self._drawn) * self._view.scale[1]
        image.paste(self._tone.develop(self._world(box, _as_sheet(_soft(canvas.image, sigma), box[:2]))), box[:2])

    def _world(self, box: Rectangle, boat: _Sheet | None) -> Image.Image:
        """The scene in `box` (pixels), as the lens shows it."""
        world = self._far.crop(box)
        for sheet in ([boat] if boat else []) + self._sheets:
            _lay(world, sheet, box)
        return world

    def _turned(self, image: Image.Image) -> Image.Image:
        if self._flips[0]:
            image = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        if self._flips[1]:
            image = image.transpose(Image.Transpose.FLIP_TOP_BOTTOM)
        return image

    def _words(self) -> str:
        exposure, lens = self._exposure, self._drawn
        seconds = exposure.time_us / 1e6
        shutter = f"1/{1 / seconds:.0f} s" if seconds < 0.3 else f"{seconds:.1f} s"
        parts = [self._sensor.model, f"{self.size[0]}x{self.size[1]}", shutter, f"gain {exposure.analogue_gain:.1f}",
                 f"{self._balance.kelvin} K"]  # fmt: skip
        return "   ".join(parts if lens is None else [*parts, f"lens {lens:.1f} dpt"])

    def _describe(self, stamp: int) -> Metadata:
        settled = self._settled and not self._adapting
        return describe(self._exposure, self._balance, self.lens.focus, self._crop, stamp, settled=settled,
                        frame_us=self._frame_us, lux=SCENE_LUX * (self._light or 1.0))  # fmt: skip


def local_now() -> datetime:
    """Now, as EXIF and the clock on the picture tell it: in local time, without a zone."""
    return datetime.now()  # noqa: DTZ005


def scaler_crop(options: Options, mode: SensorMode, size: Size) -> Rectangle:
    """The part of the pixel array in the picture: the `--roi`, or the largest with the picture's proportions.

    Its coordinates are those of what the sensor gives, which is flipped already: libcamera's
    pipeline handler crops behind the sensor (pipeline_base.cpp, applyScalerCrop).
    """
    x, y, width, height = mode.crop
    roi = values.rectangle(options.roi)
    if roi:
        wide, high = max(64, round(roi[2] * width)), max(64, round(roi[3] * height))
        left, top = x + round(roi[0] * width), y + round(roi[1] * height)
        wide, high = min(wide, width), min(high, height)
        return min(max(left, x), x + width - wide), min(max(top, y), y + height - high), wide, high
    wide, high = min(width, height * size[0] // size[1]), min(height, width * size[1] // size[0])
    return x + (width - wide) // 2, y + (height - high) // 2, wide, high


def _view(sensor: Sensor, crop: Rectangle, size: Size) -> View:
    """What of the scene a part of the pixel array sees."""
    unit = scene.WIDTH / sensor.size[0]
    top = scene.MIDDLE - sensor.size[1] * unit / 2
    return View(crop[0] * unit, top + crop[1] * unit, crop[2] * unit, crop[3] * unit, size)


def _blur(layer: scene.Layer, position: float | None) -> float:
    """How much the lens blurs a layer, in scene units; a fixed lens (None) shows all sharp."""
    if position is None:
        return 0.0
    return BLUR * max(0.0, abs(position - layer.dioptres) - DEPTH_OF_FIELD)


def _blurred(view: View, layer: scene.Layer, sigma: float) -> Image.Image:
    """A layer over all of `view`; the blurrier, the coarser it is drawn."""
    coarse = max(1, min(16, int(sigma / 1.5)))
    small = (max(1, view.size[0] // coarse), max(1, view.size[1] // coarse))
    canvas = Canvas(view.resized(small), (0, 0, 0) if layer is scene.LAYERS[0] else None)
    layer.draw(canvas)
    image = _soft(canvas.image, sigma / coarse)
    return image if coarse == 1 else image.resize(view.size, Image.Resampling.BICUBIC)


def _soft(image: Image.Image, sigma: float) -> Image.Image:
    return image.filter(ImageFilter.GaussianBlur(sigma)) if sigma > 0.3 else image


def _sheet(view: View, layer: scene.Layer, sigma: float) -> _Sheet | None:
    """A layer as the lens shows it, no larger than it needs to be; None where it is out of view."""
    spread = sigma * 3 + 2
    left, top = view.pixel(layer.box[0], layer.box[1])
    right, bottom = view.pixel(layer.box[2], layer.box[3])
    box = (
        max(0, int(left - spread)), max(0, int(top - spread)),
        min(view.size[0], int(right + spread)), min(view.size[1], int(bottom + spread)),
    )  # fmt: skip
    if box[0] >= box[2] or box[1] >= box[3]:
        return None
    size = (box[2] - box[0], box[3] - box[1])
    part = View(view.left + box[0] / view.scale[0], view.top + box[1] / view.scale[1],
                size[0] / view.scale[0], size[1] / view.scale[1], size)  # fmt: skip
    return _as_sheet(_blurred(part, layer, sigma), box[:2])


def _as_sheet(image: Image.Image, place: tuple[int, int]) -> _Sheet:
    red, green, blue, opacity = image.split()
    hidden = ImageChops.invert(opacity)
    return _Sheet(Image.merge("RGB", (red, green, blue)), Image.merge("RGB", (hidden, hidden, hidden)), place)


def _lay(world: Image.Image, sheet: _Sheet, box: Rectangle) -> None:
    """Lay a sheet over `world`, which is the picture's part `box`."""
    left, top = max(box[0], sheet.place[0]), max(box[1], sheet.place[1])
    right = min(box[2], sheet.place[0] + sheet.colour.width)
    bottom = min(box[3], sheet.place[1] + sheet.colour.height)
    if left >= right or top >= bottom:
        return
    own = (left - sheet.place[0], top - sheet.place[1], right - sheet.place[0], bottom - sheet.place[1])
    there = (left - box[0], top - box[1], right - box[0], bottom - box[1])
    below = ImageChops.multiply(world.crop(there), sheet.hidden.crop(own))
    world.paste(ImageChops.add(below, sheet.colour.crop(own)), there[:2])


def _metered(world: Image.Image, metering: str) -> float:
    """The mean light in the part that the metering mode looks at."""
    small = world.resize((96, 54), Image.Resampling.BOX, reducing_gap=2.0)
    left, top, right, bottom = METERING.get(metering, (0, 0, 1, 1))
    part = small.crop((int(left * 96), int(top * 54), int(right * 96), int(bottom * 54))).convert("L")
    return ImageStat.Stat(part.point([round(255 * linear(value / 255)) for value in range(256)])).mean[0] / 255
