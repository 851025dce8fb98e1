"""The image signal processor: automatic exposure and white balance, or what is set instead; from light to pixels."""

import random
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageEnhance, ImageStat

from stillcam.camera.simulated.options import Options, numbers, seconds
from stillcam.camera.simulated.sensors import LEAST_US, LONGEST_US, Sensor, Size

SCENE_LUX = 1800.0
WHITE_LUX_S = 120.0  # lux × exposure (s) × gain of a picture that is white everywhere: libcamera measures no more
SCENE_KELVIN, UNSETTLED_KELVIN = 5200, 4300
SCENE_US = 8000.0  # ExposureTime that exposes the whole scene well at gain 1
SCENE_LUMINANCE = 0.395  # mean light in the middle of the 16:9 scene, measured: what automatic exposure aims at
MAX_DIGITAL_GAIN = 4.0
LINE_US = 18.9  # exposure comes in whole lines of the sensor
# The longest times of the exposure modes (µs): first the time is raised, then the gain.
LONGEST_AUTOMATIC_US = {"normal": 66_666, "custom": 66_666, "sport": 5_000, "short": 5_000, "long": 500_000}
METERING = {"spot": (0.42, 0.42, 0.58, 0.58), "centre": (0.2, 0.2, 0.8, 0.8)}  # the part that counts

# The mean of each mode's colour temperatures, in kelvin.
AWB_KELVIN = {
    "incandescent": 2750, "tungsten": 3200, "fluorescent": 4300, "indoor": 3800, "daylight": 5800, "cloudy": 6800,
}  # fmt: skip
SCENE_GAINS = (2.02, 1.80)  # red and blue, that make grey grey
GAIN_SLOPES = (0.65, -0.85)  # of their logarithms, by that of the colour temperature
MIN_COLOUR_GAIN, MAX_COLOUR_GAIN = 0.01, 32.0

HIGHEST = 15.99  # what rpicam-apps clamps contrast, saturation and sharpness to
DENOISE = {"off": 1.0, "cdn_off": 0.8, "cdn_fast": 0.55, "cdn_hq": 0.4, "auto": 0.4}
COLOUR_NOISE = ("off", "cdn_off")
NOISE = 0.8  # standard deviation at gain 1 without denoising, in 8-bit steps
INVISIBLE = 0.5
TILE = 512


@dataclass(frozen=True, slots=True)
class Exposure:
    """How a frame is exposed."""

    time_us: int
    analogue_gain: float
    digital_gain: float

    @property
    def brightness(self) -> float:
        """Relative to a good exposure of the scene."""
        return self.time_us * self.analogue_gain * self.digital_gain / SCENE_US


@dataclass(frozen=True, slots=True)
class Balance:
    """White balance: the gains, and the light that they suit."""

    red: float
    blue: float
    kelvin: int


def meter(image: Image.Image, metering: str) -> float:
    """The mean light (0 to 1) in the part that the metering mode looks at."""
    small = image.resize((100, 100), Image.Resampling.BOX, reducing_gap=2.0)
    left, top, right, bottom = (round(100 * edge) for edge in METERING.get(metering, (0, 0, 1, 1)))
    part = small.crop((left, top, right, bottom)).convert("L")
    return ImageStat.Stat(part.point([round(255 * linear(value / 255)) for value in range(256)])).mean[0] / 255


def expose(options: Options, sensor: Sensor, luminance: float, longest_us: float, *, settled: bool) -> Exposure:
    """The exposure for a scene of that metered mean (linear, 0 to 1).

    Args:
        longest_us: what the frame rate leaves for automatic exposure; a manual exposure may be longer.
        settled: whether automatic exposure has had frames to converge (`--immediate` gives it none).
    """
    metered = _clamp(SCENE_LUMINANCE / max(luminance, 1e-3), 0.25, 4.0)
    wanted = SCENE_US * metered * 2.0**options.ev * (1.0 if settled else 0.6)  # µs × gain
    if options.hdr != "off":
        wanted *= 0.8  # keeps the highlights; the tone curve lifts the shadows
    time_us, gain = 1e6 * seconds(options.shutter), options.gain
    if time_us and gain:
        wanted = time_us * gain
    elif not time_us:
        longest_us = longest_us if gain else min(longest_us, LONGEST_AUTOMATIC_US[options.exposure])
        time_us = min(longest_us, wanted / (gain or 1.0))
        if (
            period := 1e6 * seconds(options.flicker_period)
        ) and time_us >= period:  # a whole number of the mains light's periods
            time_us = time_us // period * period
    analogue = _clamp(gain or wanted / time_us, 1.0, sensor.max_gain)
    # More than the sensor's gain is made up for by digital gain (agc_channel.cpp, limitGain).
    digital = _clamp(wanted / (time_us * analogue), 1.0, MAX_DIGITAL_GAIN)
    lines = max(1, round(_clamp(time_us, LEAST_US, LONGEST_US) / LINE_US))
    return Exposure(round(lines * LINE_US), analogue, digital)


def balance(options: Options, *, settled: bool) -> Balance:
    """White balance as asked for, or as the scene's light needs it."""
    red, blue = numbers(options.awbgains, 2) or (0.0, 0.0)
    if not (red and blue):
        kelvin = AWB_KELVIN.get(options.awb, SCENE_KELVIN if settled else UNSETTLED_KELVIN)
        return Balance(*gains_for(kelvin), kelvin)
    red, blue = (_clamp(gain, MIN_COLOUR_GAIN, MAX_COLOUR_GAIN) for gain in (red, blue))
    ratio = red / blue * SCENE_GAINS[1] / SCENE_GAINS[0]
    kelvin = SCENE_KELVIN * ratio ** (1 / (GAIN_SLOPES[0] - GAIN_SLOPES[1]))
    return Balance(red, blue, round(_clamp(kelvin, 2500, 8000)))


def gains_for(kelvin: float) -> tuple[float, float]:
    """Red and blue gain for a colour temperature."""
    red, blue = (gain * (kelvin / SCENE_KELVIN) ** slope for gain, slope in zip(SCENE_GAINS, GAIN_SLOPES, strict=True))
    return red, blue


def develop(image: Image.Image, options: Options, brightness: float, balance: Balance) -> Image.Image:
    """`image` (the scene as it is, RGB) as the camera gives it, without noise.

    Args:
        brightness: of the light times the exposure, relative to a good one.
        balance: what it leaves of a cast is seen.
    """
    casts = balance.red / SCENE_GAINS[0], 1.0, balance.blue / SCENE_GAINS[1]
    image = image.point([step for cast in casts for step in _curve(brightness * cast, options.hdr != "off")])
    if matrix := numbers(options.ccm, 9):
        image = image.convert("RGB", (*matrix[:3], 0, *matrix[3:6], 0, *matrix[6:], 0))
    for enhance, amount in ((ImageEnhance.Color, options.saturation), (ImageEnhance.Sharpness, options.sharpness)):
        if amount != 1:
            image = enhance(image).enhance(_clamp(amount, 0.0, HIGHEST))
    contrast, brightness = _clamp(options.contrast, 0.0, HIGHEST), _clamp(options.brightness, -1.0, 1.0)
    if contrast == 1 and brightness == 0:
        return image
    return image.point([_byte((value / 255 - 0.5) * contrast + 0.5 + brightness) for value in range(256)] * 3)


class Noise:
    """Grain for pictures of one size, cut from one field at places drawn by chance; `--denoise` decides how much."""

    def __init__(self, options: Options, exposure: Exposure, size: Size) -> None:
        gain = exposure.analogue_gain * exposure.digital_gain
        self._size, self._channels = size, 3 if options.denoise in COLOUR_NOISE else 1
        self._field: Image.Image | None = None
        deviation = NOISE * gain**0.75 * DENOISE[options.denoise]
        if deviation >= INVISIBLE:
            tile = Image.effect_noise((TILE, TILE), deviation)
            self._field = Image.new("L", (size[0] + TILE, size[1] + TILE))
            for x in range(0, self._field.width, TILE):
                for y in range(0, self._field.height, TILE):
                    self._field.paste(tile, (x, y))

    def add(self, image: Image.Image, seed: int) -> Image.Image:
        """`image` with noise; the same for the same seed."""
        if self._field is None:
            return image
        chooser, (width, height) = random.Random(seed), self._size
        places = [(chooser.randrange(TILE), chooser.randrange(TILE)) for _ in range(self._channels)]
        grains = [self._field.crop((x, y, x + width, y + height)) for x, y in places]
        return ImageChops.add(image, Image.merge("RGB", (grains * 3)[:3]), 1, -128)


def linear(value: float) -> float:
    """sRGB (0 to 1) to light."""
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _curve(gain: float, wide: bool) -> list[int]:
    """Exposure of one channel; light above what the sensor holds is cut off, `wide` compresses it instead."""
    curve = []
    for value in range(256):
        light = linear(value / 255) * gain
        light = min(1.0, light * 1.6 / (1 + 0.6 * light) if wide else light)
        curve.append(_byte(12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055))
    return curve


def _clamp(value: float, low: float, high: float) -> float:
    return min(high, max(low, value))


def _byte(value: float) -> int:
    return min(255, max(0, round(value * 255)))
