"""Automatic exposure and white balance: what the camera chooses for the scene, and what it is told instead."""

from dataclasses import dataclass
from itertools import pairwise

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
SYNONYMS = {"short": "sport", "custom": "normal"}

# The mean of each mode's colour temperatures, in kelvin.
AWB_KELVIN = {
    "incandescent": 2750, "tungsten": 3200, "fluorescent": 4300, "indoor": 3800, "daylight": 5800, "cloudy": 6800,
}  # fmt: skip

# Red and blue gain that make grey grey under light of that temperature, as a colour calibration lists them.
GAINS = (
    (2500, 1.10, 3.40), (2750, 1.22, 3.10), (3200, 1.40, 2.70), (3800, 1.62, 2.32), (4300, 1.78, 2.08),
    (5200, 2.02, 1.80), (5800, 2.15, 1.68), (6800, 2.34, 1.54), (8000, 2.52, 1.42),
)  # fmt: skip


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
    metered = min(4.0, max(0.25, SCENE_LUMINANCE / max(luminance, 1e-3)))
    wanted = SCENE_US * metered * 2.0**options.ev * (1.0 if settled else 0.6)
    if options.hdr != "off":
        wanted *= 0.8  # keeps the highlights; the tone curve lifts the shadows
    time_us, gain = options.shutter_us, options.gain
    if time_us and gain:  # more than the sensor's gain is made up for by digital gain (agc_channel.cpp, limitGain)
        digital = min(MAX_DIGITAL_GAIN, max(1.0, gain / sensor.max_gain))
    elif time_us:
        gain = wanted / time_us
        digital = min(MAX_DIGITAL_GAIN, max(1.0, gain / sensor.max_gain))
    elif gain:
        time_us = _without_flicker(min(longest_us, wanted / gain), options.flicker_us)
        digital = min(MAX_DIGITAL_GAIN, max(1.0, wanted / gain / time_us))
    else:
        time_us, gain = _staged(wanted, STAGES[SYNONYMS.get(options.exposure, options.exposure)], longest_us)
        time_us = _without_flicker(time_us, options.flicker_us)
        gain = max(gain, min(sensor.max_gain, wanted / time_us))
        digital = min(MAX_DIGITAL_GAIN, max(1.0, wanted / (time_us * gain)))
    gain = min(sensor.max_gain, max(1.0, gain))
    whole_us = round(max(1, round(min(LONGEST_US, max(LEAST_US, time_us)) / LINE_US)) * LINE_US)
    return Exposure(whole_us, gain, digital, whole_us * gain * digital / (SCENE_US))


def balance(options: Options, *, settled: bool) -> Balance:
    """White balance as asked for, or as the scene's light needs it."""
    given = numbers(options.awbgains, 2) or (0.0, 0.0)
    true_red, true_blue = gains_for(SCENE_KELVIN)
    if given[0] and given[1]:
        red, blue = (min(MAX_COLOUR_GAIN, max(MIN_COLOUR_GAIN, gain)) for gain in given)
        kelvin = _kelvin_for(red / blue)
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


def _kelvin_for(ratio: float) -> int:
    """The colour temperature whose red gain is `ratio` times its blue gain."""
    return min(range(2500, 8001, 50), key=lambda kelvin: abs(gains_for(kelvin)[0] / gains_for(kelvin)[1] - ratio))


def _staged(wanted: float, stages: tuple[tuple[float, float], ...], longest_us: float) -> tuple[float, float]:
    gain = 1.0
    time_us = float(LEAST_US)
    for stage_us, stage_gain in stages:
        time_us = min(stage_us, longest_us)
        if time_us * gain >= wanted:
            return wanted / gain, gain
        if time_us * stage_gain >= wanted:
            return time_us, wanted / time_us
        gain = stage_gain
    return time_us, gain


def _without_flicker(time_us: float, period_us: float) -> float:
    """A whole number of the mains light's periods, where at least one fits."""
    return time_us // period_us * period_us if period_us and time_us >= period_us else time_us
