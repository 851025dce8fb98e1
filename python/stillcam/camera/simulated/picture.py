"""Pictures of the scene: what sees which part of it, sharp where, how bright, at what moment.

All that stays the same from frame to frame is kept: a frame costs a copy, the boat, the noise, the clock.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PIL import Image, ImageDraw, ImageOps

from stillcam.camera.simulated.autofocus import Autofocus
from stillcam.camera.simulated.isp import SCENE_LUX, WHITE_LUX_S, Noise, balance, develop, expose, meter
from stillcam.camera.simulated.options import Options, VideoOptions, rectangle
from stillcam.camera.simulated.scene import MIDDLE, WIDTH, Scene, View
from stillcam.camera.simulated.sensors import Rectangle, Sensor, SensorMode, Size
from stillcam.common.fonts import font

ADAPTING_FRAMES = 8  # until automatic exposure has converged when the light has changed
IN_FLIGHT = 3  # frames since a picture's exposure began: one is exposed, one read out, one processed
SENSOR_CELSIUS = 41.0
AE_SEARCHING, AE_CONVERGED = 1, 2  # libcamera's AeState

BAR = 0.072  # of the picture's height, or of what its width allows
DARK, AMBER, WHITE, GREY = (14, 20, 30), (255, 188, 66), (246, 248, 250), (178, 190, 202)
SHADE = 0.74
MAGENTA = (255, 0, 255)
NUMBERS = 10_000  # then they begin again

# Pillow keeps the memory of a large picture for the next one: to get it from the system costs more than to fill it.
Image.core.set_blocks_max(4)  # type: ignore[attr-defined]


Metadata = dict[str, Any]
"""libcamera's names and units: µs, K, lx, dioptres, °C, ns since boot."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture (RGB), what the camera says of it, and when it was taken (local time)."""

    image: Image.Image
    metadata: Metadata
    moment: datetime


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
        self._video = isinstance(options, VideoOptions)
        flips = options.hflip, options.vflip
        self._crop = scaler_crop(options, mode, size)
        self._seen = mode.mirror(self._crop, *flips)
        self._scene = Scene(_view(sensor, self._seen, size))
        self.lens = Autofocus(options, sensor, _view(sensor, mode.crop, size), flips)
        self._balance = balance(options, settled=settled)
        self._light: float | None = None  # of the newest frame
        self._adapted = 1.0  # the light that automatic exposure suits
        self._adapting = 0  # frames until it suits that of now
        self._nearer = 0.0  # see `Faults`
        self._developed: tuple[float | None, float, float, float] | None = None  # lens, scene, light adapted to, light
        self._number = 0
        self._frozen_at: tuple[datetime, int] | None = None

    def frame(self, light: float, nearer: float = 0.0) -> None:
        """A frame of the sensor passes, whether or not a picture is made of it.

        `light`, `nearer`: see `Faults`.
        """
        self.lens.frame(light, nearer)
        self._nearer = nearer
        if self._light is None:
            self._adapted = light
        elif light != self._light:
            self._adapting = ADAPTING_FRAMES
        elif self._adapting:
            self._adapting -= 1
            if not self._adapting:
                self._adapted = light
        self._light = light

    @property
    def resting(self) -> bool:
        """Whether further frames of the same light change nothing."""
        return self.lens.resting and not self._adapting

    def prepare(self) -> None:
        """Do the work that all frames share, before the first: with the lens where most of them will find it."""
        self._develop(self.lens.position if self._video else self.lens.target)

    def take(
        self,
        now: datetime,
        *,
        frozen: bool,
        boat: bool = True,
        walked: Callable[[float], float | None] = lambda _moment_s: None,
        marker: str = "",
    ) -> Frame:
        """A frame of `now` (local time, without a zone); a frozen sensor repeats its first one.

        `boat`: whether it sails; `walked`: see `Faults.walked`; `marker`: see `Faults`.

        A video shows the scan of a lens only at its end: to blur the scene for each of its steps would take too long.
        """
        self._number += 1
        repeats = frozen and self._frozen_at is not None
        if not repeats:
            self._frozen_at = (now, self._number) if frozen else None
        moment, number = self._frozen_at or (now, self._number)
        keeps = self._developed is not None and (repeats or (self._video and self.lens.scanning))
        self._develop(self._developed[0] if keeps and self._developed else self.lens.position)
        image = self._background.copy()
        if boat:
            self._scene.sail(image, self._boat, moment.timestamp() % 86_400)
        if (way := walked(moment.timestamp())) is not None:
            self._scene.walk(image, way, self._exposure.brightness * (self._light or 1.0))
        image = self._noise.add(image, number)
        if marker:
            self._mark(image, marker)
        self._overlay.draw(image, moment, number)
        if self._options.hflip:
            image = ImageOps.mirror(image)
        if self._options.vflip:
            image = ImageOps.flip(image)
        return Frame(image, self._metadata(), now)

    def _mark(self, image: Image.Image, marker: str) -> None:
        """Draw the marker, where the sensor sees it."""
        x, y, width, height = self._seen
        corners = (map(int, corner.split(",")) for corner in marker.split())
        box = [
            (round((across - x) * image.width / width), round((down - y) * image.height / height))
            for across, down in corners
        ]
        ImageDraw.Draw(image).rectangle([box[0], box[1]], fill=MAGENTA)

    def _develop(self, position: float | None) -> None:
        """Expose what the lens shows from a position, as automatic exposure has adapted to the light."""
        light = 1.0 if self._light is None else self._light
        wanted = position, self._nearer, self._adapted, light
        if self._developed == wanted:
            return
        self._developed, scene = wanted, self._scene
        sharp = None if position is None else position - self._nearer
        if scene.position != sharp:
            scene.focus(sharp)
        options, longest_us = self._options, self._frame_us if self._video else math.inf
        luminance = meter(scene.image, options.metering) * self._adapted
        self._exposure = expose(options, self._sensor, luminance, longest_us, settled=self._settled)
        brightness = self._exposure.brightness * light
        self._background = develop(scene.image, options, brightness, self._balance)
        self._boat = develop(scene.boat.convert("RGB"), options, brightness, self._balance)
        self._noise = Noise(options, self._exposure, self.size)
        self._overlay = _Overlay(self._background, self._words(position))

    def _words(self, position: float | None) -> list[str]:
        """The camera and its settings, the most important ones first."""
        seconds = self._exposure.time_us / 1e6
        shutter = f"1/{1 / seconds:.0f} s" if seconds < 0.3 else f"{seconds:.1f} s"
        words = [self._sensor.model, f"{self.size[0]}x{self.size[1]}", shutter,
                 f"gain {self._exposure.analogue_gain:.1f}", f"{self._balance.kelvin} K"]  # fmt: skip
        return words if position is None else [*words, f"lens {position:.1f} dpt"]

    def _metadata(self) -> Metadata:
        """What the camera says of the frame; a sensor without a lens motor says nothing of a lens."""
        light = 1.0 if self._light is None else self._light
        exposure, lens, settled = self._exposure, self.lens, self._settled and not self._adapting
        return {
            "SensorTimestamp": time.clock_gettime_ns(time.CLOCK_BOOTTIME) - round(IN_FLIGHT * self._frame_us * 1000),
            "ExposureTime": exposure.time_us,
            "AnalogueGain": exposure.analogue_gain,
            "DigitalGain": exposure.digital_gain,
            "ColourGains": [self._balance.red, self._balance.blue],
            "ColourTemperature": self._balance.kelvin,
            "Lux": min(SCENE_LUX * light, WHITE_LUX_S / (exposure.time_us / 1e6 * exposure.analogue_gain)),
            **({} if lens.position is None else {"LensPosition": lens.position, "AfState": lens.state}),
            "FocusFoM": lens.figure_of_merit,
            "AeLocked": settled,
            "AeState": AE_CONVERGED if settled else AE_SEARCHING,
            "ScalerCrop": list(self._crop),
            "FrameDuration": round(max(self._frame_us, exposure.time_us)),
            "SensorTemperature": SENSOR_CELSIUS,
        }


class _Overlay:
    """A bar along the lower edge of the pictures that have this background: SIMULATED, words, a number, a clock.

    The number makes any two pictures different, even within a hundredth of a second, as a real sensor's noise does.
    """

    def __init__(self, background: Image.Image, words: list[str]) -> None:
        self._height = min(background.height, max(14, round(BAR * min(background.height, background.width * 0.62))))
        self._top = background.height - self._height
        strip = background.crop((0, self._top, background.width, background.height))
        self._bar = Image.blend(strip, Image.new("RGB", strip.size, DARK), SHADE)
        draw, pad, middle = ImageDraw.Draw(self._bar), self._height * 0.34, self._height * 0.5
        self._large, label, self._small = (font(round(self._height * part)) for part in (0.56, 0.4, 0.38))
        self._clock_left = round(self._bar.width - pad - draw.textlength("00:00:00.00", font=self._large))
        self._number_right = round(self._clock_left - pad)
        badge = (pad, self._height * 0.2, pad * 2 + draw.textlength("SIMULATED", font=label), self._height * 0.8)
        draw.rounded_rectangle(badge, radius=self._height * 0.12, fill=AMBER)
        draw.text((pad * 1.5, middle), "SIMULATED", fill=DARK, font=label, anchor="lm")
        left = badge[2] + pad
        room = self._number_right - draw.textlength(f"#{NUMBERS - 1}", font=self._small) - pad - left
        while words and draw.textlength("   ".join(words), font=self._small) > room:
            words = words[:-1]
        draw.text((left, middle), "   ".join(words), fill=GREY, font=self._small, anchor="lm")

    def draw(self, image: Image.Image, moment: datetime, number: int) -> None:
        """Draw the bar, the clock and the frame's number into `image`."""
        image.paste(self._bar, (0, self._top))
        clock = f"{moment:%H:%M:%S}.{moment.microsecond // 10_000:02d}"
        draw, middle = ImageDraw.Draw(image), self._top + self._height * 0.5
        draw.text((self._clock_left, middle), clock, fill=WHITE, font=self._large, anchor="lm")
        draw.text((self._number_right, middle), f"#{number % NUMBERS}", fill=GREY, font=self._small, anchor="rm")


def scaler_crop(options: Options, mode: SensorMode, size: Size) -> Rectangle:
    """The part of the pixel array in the picture: the `--roi`, or the largest with the picture's proportions.

    Its coordinates are those of what the sensor gives, which is flipped already: libcamera's
    pipeline handler crops behind the sensor (pipeline_base.cpp, applyScalerCrop). Fractions of pixels are cut off
    (rpicam-apps core/rpicam_app.cpp, StartCamera).
    """
    x, y, width, height = mode.crop
    roi = rectangle(options.roi)
    if roi:
        wide, high = max(64, int(roi[2] * width)), max(64, int(roi[3] * height))
        left, top = x + int(roi[0] * width), y + int(roi[1] * height)
        wide, high = min(wide, width), min(high, height)
        return min(max(left, x), x + width - wide), min(max(top, y), y + height - high), wide, high
    wide, high = min(width, height * size[0] // size[1]), min(height, width * size[1] // size[0])
    return x + (width - wide) // 2, y + (height - high) // 2, wide, high


def _view(sensor: Sensor, crop: Rectangle, size: Size) -> View:
    """What of the scene a part of the pixel array sees."""
    unit = WIDTH / sensor.size[0]
    top = MIDDLE - sensor.size[1] * unit / 2
    return View(crop[0] * unit, top + crop[1] * unit, crop[2] * unit, crop[3] * unit, size)


def local_now() -> datetime:
    """Now, as EXIF and the clock on the picture have it: in local time, without a zone."""
    return datetime.now()  # noqa: DTZ005
