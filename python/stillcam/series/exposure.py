"""Smooth exposure of a series from day to night: the exposure of the next shot, by the brightness of those before.

Pure functions of values; no clock is read. The light of the scene follows from the brightness of a picture and its
exposure. An alpha-beta filter predicts it for the next shot, so that the exposure is neither late nor follows noise.
Exposures are in EV: the binary logarithm of microseconds times gain. Brightness is linear, from 0 to 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from stillcam.common.validate import is_number

START_S = 2.0  # that a camera program takes to start on a Pi, once exposure and white balance are given
FRAMES = 3  # that an exposure takes until its picture is stored: one that is dropped, its own, and reading and encoding
MAX_LONGEST_S = 100.0
DEFAULT_LONGEST_S, LEAST_LONGEST_S = 20.0, 0.1
DEFAULT_GAIN, DEFAULT_STEP_EV = 8.0, 0.3
MAX_MISSED = 20  # intervals: after a longer gap the camera meters again

_ALPHA, _BETA = 0.35, 0.07  # of the filter
_OUTLIER_EV = 0.5  # the most that one picture counts: lightning, or the headlights of a car
_DEAD_EV = 0.01  # smaller changes are left out: nobody sees them, and each restarts the camera program
_STEADY_EV = 0.004  # a slope of the light that is none
_DARKEST = 1e-4  # brightness that counts as black
_CLIPPED_SHARE, _CLIPPED_EV = 0.05, 1.0  # what may be clipped, and how much darker more of it makes the pictures
_HIGHLIGHTS_PACE = 0.1  # of the way, for each shot
_BALANCE_PACE, _BALANCE_STEP = 0.1, 0.02  # of the way, and at most this part of the gain, for each shot


@dataclass(frozen=True, slots=True)
class Smooth:
    """The options of smooth exposure."""

    brightness: float | None = None  # of the pictures, as a screen shows it, 0 to 1; None: that of the first shot
    longest_s: float = 0.0  # exposure time, before the gain is raised; 0: as the interval allows, see `with_limits`
    gain: float = DEFAULT_GAIN  # the highest
    step_ev: float = DEFAULT_STEP_EV  # the largest change from one shot to the next


@dataclass(frozen=True, slots=True)
class Shot:
    """What is known of a shot."""

    due_ms: int  # since the epoch
    brightness: float  # the mean
    clipped: float  # the share of it that is white
    exposure: float  # µs × gain
    balance: tuple[float, float]  # the camera's newest estimate: red and blue gain


@dataclass(frozen=True, slots=True)
class Course:
    """The state between two shots."""

    due_ms: int  # of the last shot
    aim_ev: float  # binary logarithm of the brightness
    clipped: float  # the share that was clipped at first, or may be
    highlights_ev: float  # how much darker the pictures are because of clipped highlights
    light_ev: float  # of the scene: brightness by exposure
    slope_ev: float  # of the light, from one shot to the next
    exposure_ev: float  # of the next shot
    red: float  # gains of the next shot
    blue: float


def default_longest_s(interval_s: float) -> float:
    """The longest exposure for which there is time between two shots, in seconds."""
    return max(LEAST_LONGEST_S, min(DEFAULT_LONGEST_S, math.floor(10 * (interval_s - START_S) / FRAMES) / 10))


def with_limits(options: Smooth, interval_ms: int) -> Smooth:
    """The options with the longest exposure for an interval, where none is set."""
    return options if options.longest_s else replace(options, longest_s=default_longest_s(interval_ms / 1000))


def needed_s(longest_s: float) -> float:
    """The shortest interval for shots with an exposure of up to `longest_s`."""
    return START_S + FRAMES * longest_s


def begin(shot: Shot, options: Smooth, aim_ev: float | None = None) -> Course:
    """The course after the first shot, which the camera has exposed by itself.

    Args:
        aim_ev: of an earlier course of the same series; None: there is none.
    """
    seen_ev = _log(shot.brightness)
    if options.brightness is not None:
        aim_ev = _log(_linear(options.brightness))
    course = Course(
        due_ms=shot.due_ms,
        aim_ev=seen_ev if aim_ev is None else aim_ev,
        clipped=max(_CLIPPED_SHARE, shot.clipped),
        highlights_ev=0.0,
        light_ev=seen_ev - math.log2(shot.exposure),
        slope_ev=0.0,
        exposure_ev=math.log2(shot.exposure),
        red=shot.balance[0],
        blue=shot.balance[1],
    )
    return replace(course, exposure_ev=_next_exposure_ev(course, options))


def follow(course: Course, shot: Shot, options: Smooth, interval_ms: int) -> Course:
    """The course after another shot."""
    steps = max(1, round((shot.due_ms - course.due_ms) / interval_ms))
    expected_ev = course.light_ev + steps * course.slope_ev
    error_ev = _limited(_log(shot.brightness) - math.log2(shot.exposure) - expected_ev, _OUTLIER_EV)
    wanted_ev = _CLIPPED_EV * min(1.0, 10 * max(0.0, shot.clipped - course.clipped))
    course = replace(
        course,
        due_ms=shot.due_ms,
        highlights_ev=course.highlights_ev + _HIGHLIGHTS_PACE * (wanted_ev - course.highlights_ev),
        light_ev=expected_ev + _ALPHA * error_ev,
        slope_ev=_limited(course.slope_ev + _BETA * error_ev / steps, options.step_ev),
        red=_eased(course.red, shot.balance[0]),
        blue=_eased(course.blue, shot.balance[1]),
    )
    return replace(course, exposure_ev=_next_exposure_ev(course, options))


def continues(course: Course, due_ms: int, interval_ms: int) -> bool:
    """Whether the course still holds for a shot that is due then."""
    return 0 <= due_ms - course.due_ms <= MAX_MISSED * interval_ms


def exposure_of(course: Course, options: Smooth) -> tuple[int, float]:
    """Exposure time (µs) and gain of the next shot: the time is raised first."""
    exposure: float = 2.0**course.exposure_ev
    time_us = max(1.0, min(exposure, options.longest_s * 1e6))
    return round(time_us), round(max(1.0, min(exposure / time_us, options.gain)), 4)


def to_json(course: Course) -> dict[str, Any]:
    return asdict(course)


def from_json(document: Any) -> Course | None:
    """Read what `to_json` has made; None: it is missing or damaged, and the camera meters again."""
    names = [item.name for item in fields(Course)]
    if not isinstance(document, Mapping) or not all(is_number(document.get(name)) for name in names):
        return None
    return Course(**{name: document[name] for name in names})


def _next_exposure_ev(course: Course, options: Smooth) -> float:
    wanted_ev = course.aim_ev - course.highlights_ev - course.light_ev - course.slope_ev
    change_ev = _limited(wanted_ev - course.exposure_ev, options.step_ev)
    if abs(change_ev) < _DEAD_EV and abs(course.slope_ev) < _STEADY_EV:
        change_ev = 0.0
    return min(course.exposure_ev + change_ev, math.log2(options.longest_s * 1e6 * options.gain))


def _log(brightness: float) -> float:
    return math.log2(max(brightness, _DARKEST))


def _linear(shown: float) -> float:
    """sRGB to linear."""
    return shown / 12.92 if shown <= 0.04045 else float(((shown + 0.055) / 1.055) ** 2.4)


def _limited(value: float, most: float) -> float:
    return max(-most, min(most, value))


def _eased(gain: float, estimate: float) -> float:
    if min(gain, estimate) <= 0:  # one of them is unknown
        return max(gain, estimate)
    return gain * (1 + _limited(_BALANCE_PACE * (estimate / gain - 1), _BALANCE_STEP))
