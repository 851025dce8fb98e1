"""What stands still: the mean of each pixel, its noise, and the range of the levels that come and go, such as leaves.

Levels are logarithmic (`LEVELS`): a change of the light adds the same to bright and to dark pixels. The mean change of
a pixel's neighbourhood is no difference: clouds, dusk and a new exposure change large parts of a picture alike.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from PIL import Image, ImageChops

from stillcam.motion.image_math import evaluate

Box = tuple[int, int, int, int]
"""Left, top, right, bottom."""

LEVELS = [min(255, round(62.5 * math.log2(1 + value / 16))) for value in range(256)]
"""The level of each value of a pixel; a seventh brighter is 10 levels more, where it is not dark."""

NOISE_FACTOR = 4.0  # a pixel differs if it is so many mean deviations away, and the threshold more
LEAST_NOISE, MOST_NOISE = 0.5, 12.0  # levels
NOISE_S = 30.0  # time constant
WIDEN_S = 3.0  # time constant, after which a level that comes and goes, as where leaves move, belongs to the range
NARROW_S = 180.0  # time constant, after which it is forgotten
NEIGHBOURHOODS = 10  # across the picture
_SHARE = [0] + [255] * 255


class Background:
    """Learns from one frame after the other; all have the same size.

    Args:
        frame: the first one: mode F, levels.
        learning_s: after this time, what has come to stay belongs to the background (time constant in seconds).
        threshold: levels by which a pixel differs, beyond its range and noise.

    Attributes:
        learning_s, threshold: may be changed between two frames.
    """

    def __init__(self, frame: Image.Image, learning_s: float, threshold: float) -> None:
        self.learning_s = learning_s
        self.threshold = threshold
        self._noise = Image.new("F", frame.size, 2 * LEAST_NOISE)
        self._age_s = 0.0  # what was learned so far counts as much as its time
        self.restart(frame)
        self.forget_ranges()

    def restart(self, frame: Image.Image) -> None:
        """Take the picture anew; what is known of its noise and ranges stays."""
        self._mean = self._last = self._before = frame  # the last two frames
        self._off = Image.new("F", frame.size)  # how far the last frame is from the mean

    def forget_ranges(self) -> None:
        """Learn again what comes and goes; the picture and its noise stay."""
        self._above = self._below = Image.new("F", self._mean.size)  # how far from the mean levels have been
        self._ranges_age_s = 0.0

    def look(self, frame: Image.Image) -> tuple[Image.Image, Image.Image, float]:
        """Compare a frame with the background, and with the frame before it.

        Returns:
            where it differs from the background and from the last frame, both of mode L, 255 there and 0 elsewhere;
            the share of all pixels that changed, be it by the light.
        """
        self._off = off = evaluate(lambda frame, mean: frame - mean, frame, self._mean)
        limit = evaluate(lambda noise: noise * NOISE_FACTOR + self.threshold, self._noise)
        differs = evaluate(
            lambda off, above, below, around, limit: (
                abs(off - (above - below) * 0.5) - (above + below) * 0.5 - abs(around) - limit
            ),
            off, _spread(self._above), _spread(self._below), _blurred(off), limit,
        )  # fmt: skip
        changed = evaluate(lambda off, limit: abs(off) - limit, off, limit)
        moved = evaluate(
            lambda frame, last, limit: abs(frame - last) - limit + self.threshold / 2, frame, self._last, limit
        )
        return _mask(differs), _mask(moved), _mask(changed).histogram()[255] / (frame.width * frame.height)

    def learn(
        self, frame: Image.Image, differs: Image.Image, elapsed_s: float, quickly: bool, seen: Sequence[Box]
    ) -> None:
        """Learn a frame.

        Args:
            frame: as before.
            differs: from `look`.
            elapsed_s: since the frame before.
            quickly: the light, or the camera, has just changed.
            seen: where somebody may have been in the last frame; one frame is enough for who runs.
        """
        slow, fast = _share(elapsed_s, self.learning_s), _share(elapsed_s, 0.5 if quickly else self.learning_s / 10)
        self._age_s += elapsed_s
        self._ranges_age_s += elapsed_s
        known_s = max(self._age_s, 0.01)
        noise_share = _share(elapsed_s, min(NOISE_S, known_s))
        now = evaluate(lambda value: value / 255.0, differs.convert("F"))
        self._learn_range(frame, elapsed_s, seen)
        self._noise = evaluate(
            lambda noise, off, now: _between(
                noise + (abs(off) - noise) * noise_share * (1.0 - now * 0.8), LEAST_NOISE, MOST_NOISE
            ),
            self._noise, self._off, now,
        )  # fmt: skip
        self._mean = evaluate(
            lambda mean, off, now: mean + off * (now * (slow - fast) + fast), self._mean, self._off, now
        )
        self._before, self._last = self._last, frame

    def _learn_range(self, frame: Image.Image, elapsed_s: float, seen: Sequence[Box]) -> None:
        """What comes and goes widens it slowly; what was there in one frame only, such as a drop of rain, at once."""
        widen = _share(elapsed_s, min(WIDEN_S, max(self._ranges_age_s, 0.1) / 2))
        keep = 1 - _share(elapsed_s, NARROW_S)
        noise = evaluate(lambda noise: noise * NOISE_FACTOR, self._noise)
        # How far the last frame was above the one before and this one, and below them.
        beside = evaluate(lambda before, frame: (before + frame) * 0.5, self._before, frame)
        apart = evaluate(lambda before, frame, noise: abs(before - frame) * 0.5 + noise, self._before, frame, noise)
        flash = evaluate(lambda last, beside, apart: last - beside - apart, self._last, beside, apart)
        dip = evaluate(lambda last, beside, apart: beside - apart - last, self._last, beside, apart)
        for box in seen:
            flash.paste(0, box)
            dip.paste(0, box)
        self._above = evaluate(
            lambda edge, off, peak, noise: (
                edge * keep + _positive(off - noise - edge) * widen + _positive(peak - edge)
            ),
            self._above, self._off, flash, noise,
        )  # fmt: skip
        self._below = evaluate(
            lambda edge, off, peak, noise: (
                edge * keep + _positive(-off - noise - edge) * widen + _positive(peak - edge)
            ),
            self._below, self._off, dip, noise,
        )  # fmt: skip


def _spread(image: Image.Image) -> Image.Image:
    """The most of each pixel and its neighbours: a leaf moves a bit farther in the next gust."""
    image = image.convert("L")
    for across, down in ((1, 0), (0, 1)):
        one, other = (ImageChops.offset(image, across * step, down * step) for step in (-1, 1))
        image = ImageChops.lighter(ImageChops.lighter(image, one), other)
    return image.convert("F")


def _share(elapsed_s: float, time_s: float) -> float:
    """How much of a new value an average with this time constant takes."""
    return 1 - math.exp(-elapsed_s / time_s)


def _blurred(image: Image.Image) -> Image.Image:
    """The mean of each neighbourhood, without steps between them."""
    factor = max(1, image.width // NEIGHBOURHOODS)
    return image.reduce(factor).resize(image.size, Image.Resampling.BILINEAR)


def _mask(image: Image.Image) -> Image.Image:
    return image.convert("L").point(_SHARE)


def _positive(value: Any) -> Any:
    return (value + abs(value)) * 0.5


def _between(value: Any, least: float, most: float) -> Any:
    value = (value + least + abs(value - least)) * 0.5
    return (value + most - abs(value - most)) * 0.5
