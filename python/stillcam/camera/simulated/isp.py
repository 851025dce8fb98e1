"""The image signal processor: automatic exposure and white balance, or what is set instead; from light to pixels."""

import random
from dataclasses import dataclass
from itertools import pairwise

from PIL import Image, ImageChops, ImageFilter

from stillcam.camera.simulated.options import Options, numbers
from stillcam.camera.simulated.sensors import LEAST_US, LONGEST_US, Sensor

SCENE_LUX = 1800.0
SCENE_KELVIN = 5200
SCENE_US = 8000.0  # ExposureTime that exposes the whole scene well at gain 1
SCENE_LUMINANCE = 0.395  # mean light in the middle of the 16:9 scene, measured: what automatic exposure aims at
MAX_DIGITAL_GAIN = 4.0
MIN_COLOUR_GAIN, MAX_COLOUR_GAIN = 0.01, 32.0
LINE_US = 18.9  # exposure comes in whole lines of the sensor

# Stages of exposure: raise the time up to here, then the gain up to there (as rpi.agc's exposure modes).
STAGES: dict[str, tuple[tuple[float, float], ...]] = {
    "normal": ((10_000, 1.0), (30_000, 2.0), (60_000, 4.0), (66_666, 16.0)),
    "sport": ((2_000, 1.0), (5_000, 4.0), (10_000, 8.0), (20_000, 16.0)),
    "long": ((10_000, 1.0), (66_666, 1.0), (120_000, 2.0), (500_000, 16.0)),
}
STAGES |= {"short": STAGES["sport"], "custom": STAGES["normal"]}

# The mean of each mode's colour temperatures, in kelvin.
AWB_KELVIN = {
    "incandescent": 2750, "tungsten": 3200, "fluorescent": 4300, "indoor": 3800, "daylight": 5800, "cloudy": 6800,
}  # fmt: skip
# Red and blue gain that make grey grey under light of that temperature, as a colour calibration lists them.
GAINS = (
    (2500, 1.10, 3.40), (2750, 1.22, 3.10), (3200, 1.40, 2.70), (3800, 1.62, 2.32), (4300, 1.78, 2.08),
    (5200, 2.02, 1.80), (5800, 2.15, 1.68), (6800, 2.34, 1.54), (8000, 2.52, 1.42),
)  # fmt: skip

LUMA = (0.299, 0.587, 0.114)
IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
HIGHEST = 15.99  # what rpicam-apps clamps contrast, saturation and sharpness to
DENOISE = {"off": 1.0, "cdn_off": 0.8, "cdn_fast": 0.55, "cdn_hq": 0.4, "auto": 0.4}
COLOUR_NOISE = ("off", "cdn_off")
NOISE = 0.8  # standard deviation at gain 1 without denoising, in 8-bit steps
INVISIBLE = 0.5
TILE = 512


@dataclass(frozen=True, slots=True)
class Exposure:
    """How a frame is exposed; `brightness` is relative to a good exposure of the scene."""

    time_us: int
    analogue_gain: float
    digital_gain: float
    brightness: float


@dataclass(frozen=True, slots=True)
class Balance:
    """White balance: the gains, the light that they suit, and the cast (red, blue) that they leave on the scene."""

    red: float
    blue: float
    kelvin: int
    cast: tuple[float, float]


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
    time_us, gain = options.shutter_us, options.gain
    if time_us and gain:
        wanted = time_us * gain
    elif not time_us:
        time_us = min(longest_us, wanted / gain) if gain else _staged_time(wanted, STAGES[options.exposure], longest_us)
        if (period := options.flicker_us) and time_us >= period:  # a whole number of the mains light's periods
            time_us = time_us // period * period
    analogue = _clamp(gain or wanted / time_us, 1.0, sensor.max_gain)
    # More than the sensor's gain is made up for by digital gain (agc_channel.cpp, limitGain).
    digital = _clamp(wanted / (time_us * analogue), 1.0, MAX_DIGITAL_GAIN)
    whole_us = round(max(1, round(_clamp(time_us, LEAST_US, LONGEST_US) / LINE_US)) * LINE_US)
    return Exposure(whole_us, analogue, digital, whole_us * analogue * digital / SCENE_US)


def balance(options: Options, *, settled: bool) -> Balance:
    """White balance as asked for, or as the scene's light needs it."""
    given = numbers(options.awbgains, 2) or (0.0, 0.0)
    true_red, true_blue = gains_for(SCENE_KELVIN)
    if given[0] and given[1]:
        red, blue = (_clamp(gain, MIN_COLOUR_GAIN, MAX_COLOUR_GAIN) for gain in given)
        kelvin = min(range(2500, 8001, 50), key=lambda kelvin: abs(_ratio(kelvin) - red / blue))
    else:
        kelvin = AWB_KELVIN.get(options.awb, SCENE_KELVIN if settled else 4300)
        red, blue = gains_for(kelvin)
    return Balance(red, blue, kelvin, (red / true_red, blue / true_blue))


def gains_for(kelvin: float) -> tuple[float, float]:
    """Red and blue gain for a colour temperature."""
    for (cold, red, blue), (warm, red_next, blue_next) in pairwise(GAINS):
        if kelvin <= warm:
            share = max(0.0, (kelvin - cold) / (warm - cold))
            return red + (red_next - red) * share, blue + (blue_next - blue) * share
    return GAINS[-1][1], GAINS[-1][2]


@dataclass(frozen=True, slots=True)
class Tone:
    """The processing of one frame's pixels.

    Args:
        before: exposure and white balance, a table for each channel.
        matrix: colour correction and saturation.
        after: contrast and brightness, a table for each channel.
        noise: its standard deviation.
    """

    before: list[int]
    matrix: tuple[float, ...]
    after: list[int]
    sharpness: float
    noise: float
    colour_noise: bool

    def develop(self, image: Image.Image) -> Image.Image:
        """`image` (the scene as it is, RGB) as the camera gives it, without noise."""
        image = image.point(self.before)
        if self.matrix != IDENTITY:
            red, green, blue = self.matrix[:3], self.matrix[3:6], self.matrix[6:]
            image = image.convert("RGB", (*red, 0, *green, 0, *blue, 0))
        if self.after != list(range(256)) * 3:
            image = image.point(self.after)
        if self.sharpness < 1:
            return Image.blend(image.filter(ImageFilter.BoxBlur(1)), image, self.sharpness)
        if self.sharpness > 1:
            return image.filter(ImageFilter.UnsharpMask(1.2, round(45 * (self.sharpness - 1)), threshold=0))
        return image


def tone(options: Options, exposure: Exposure, balance: Balance) -> Tone:
    """The processing that the options, the exposure and the white balance ask for."""
    red, blue = balance.cast
    contrast, brightness = _clamp(options.contrast, 0.0, HIGHEST), _clamp(options.brightness, -1.0, 1.0)
    matrix, saturation = numbers(options.ccm, 9) or IDENTITY, _clamp(options.saturation, 0.0, HIGHEST)
    grey = [sum(LUMA[row] * matrix[3 * row + column] for row in range(3)) for column in range(3)]
    gain = exposure.analogue_gain * exposure.digital_gain
    return Tone(
        before=[step for cast in (red, 1, blue) for step in _curve(exposure.brightness * cast, options.hdr != "off")],
        matrix=tuple(round(grey[at % 3] + saturation * (matrix[at] - grey[at % 3]), 6) for at in range(9)),
        after=[_byte((value / 255 - 0.5) * contrast + 0.5 + brightness) for value in range(256)] * 3,
        sharpness=_clamp(options.sharpness, 0.0, HIGHEST),
        noise=NOISE * gain**0.75 * DENOISE[options.denoise],
        colour_noise=options.denoise in COLOUR_NOISE,
    )


class Noise:
    """Grain for pictures, cut from one tile at places drawn by chance."""

    def __init__(self) -> None:
        self._tile: Image.Image | None = None
        self._sigma = 0.0

    def add(self, image: Image.Image, tone: Tone, seed: int) -> Image.Image:
        """`image` with the tone's noise; the same for the same seed."""
        if tone.noise < INVISIBLE:
            return image
        if self._tile is None or self._sigma != tone.noise:
            self._tile, self._sigma = Image.effect_noise((TILE, TILE), tone.noise), tone.noise
        chooser = random.Random(seed)
        fields = [_tile_field(self._tile, image.size, chooser) for _ in range(3 if tone.colour_noise else 1)]
        return ImageChops.add(image, Image.merge("RGB", (fields * 3)[:3]), 1, -128)


def linear(value: float) -> float:
    """sRGB (0 to 1) to light."""
    return value / 12.92 if value <= 0.04045 else float(((value + 0.055) / 1.055) ** 2.4)


def _staged_time(wanted: float, stages: tuple[tuple[float, float], ...], longest_us: float) -> float:
    """The time (µs) for an exposure (µs × gain)."""
    gain, time_us = 1.0, float(LEAST_US)
    for stage_us, stage_gain in stages:
        time_us = min(stage_us, longest_us)
        if time_us * gain >= wanted:
            return wanted / gain
        if time_us * stage_gain >= wanted:
            return time_us
        gain = stage_gain
    return time_us


def _ratio(kelvin: float) -> float:
    red, blue = gains_for(kelvin)
    return red / blue


def _curve(gain: float, wide: bool) -> list[int]:
    """Exposure of one channel; light above what the sensor holds is cut off, `wide` compresses it instead."""
    light = [linear(value / 255) * gain for value in range(256)]
    return [_byte(_to_srgb(min(1.0, part * 1.6 / (1 + 0.6 * part) if wide else part))) for part in light]


def _to_srgb(light: float) -> float:
    """Light to sRGB (0 to 1)."""
    return 12.92 * light if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055


def _tile_field(tile: Image.Image, size: tuple[int, int], chooser: random.Random) -> Image.Image:
    field = Image.new("L", size)
    right, down = chooser.randrange(TILE), chooser.randrange(TILE)
    for x in range(-right, size[0], TILE):
        for y in range(-down, size[1], TILE):
            field.paste(tile, (x, y))
    return field


def _clamp(value: float, low: float, high: float) -> float:
    return min(high, max(low, value))


def _byte(value: float) -> int:
    return min(255, max(0, round(value * 255)))
