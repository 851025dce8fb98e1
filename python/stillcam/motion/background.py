"""What stands still: the mean of each pixel, how much it varies, and how often it comes and goes.

Levels are logarithmic (`LEVELS`): a change of the light adds the same to bright and to dark pixels. The mean change of
a pixel's neighbourhood is no difference: clouds, dusk and a new exposure change large parts of a picture alike.
"""

from __future__ import annotations

import math
from typing import Any

from PIL import Image

from stillcam.motion.image_math import evaluate

LEVELS = [min(255, round(62.5 * math.log2(1 + value / 16))) for value in range(256)]
"""The level of each value of a pixel; a seventh brighter is 10 levels more, where it is not dark."""

NOISE_FACTOR = 4.0  # a pixel differs if it is so many mean deviations away, and the threshold more
LEAST_NOISE, MOST_NOISE = 0.5, 12.0  # levels
NOISE_S = 30.0  # time constant
FLICKER_FACTOR = 40.0  # what comes and goes all the time, such as leaves, has to differ that much more
FLICKER_S = 30.0  # time constant
RECENT_S = 0.7  # time constant of what the last frames showed
NEIGHBOURHOODS = 10  # across the picture
_SHARE = [0] + [255] * 255


class Background:
    """Learns from one frame after the other; all have the same size.

    Args:
        frame: the first one: mode F, levels.
        learning_s: after this time, what has come to stay belongs to the background (time constant in seconds).
        threshold: levels by which a pixel differs, beyond its noise.
    """

    def __init__(self, frame: Image.Image, learning_s: float, threshold: float) -> None:
        self._learning_s = learning_s
        self._threshold = threshold
        self._noise = Image.new("F", frame.size, 2 * LEAST_NOISE)
        self._flicker = Image.new("F", frame.size)
        self._age_s = 0.0  # what was learned so far counts as much as its time
        self.restart(frame)

    def restart(self, frame: Image.Image) -> None:
        """Take the picture anew; what is known of its noise stays."""
        self._mean = self._recent = frame
        self._differed = Image.new("F", frame.size)  # 1.0 where the last frame differed

    def look(self, frame: Image.Image) -> tuple[Image.Image, Image.Image, float]:
        """Compare a frame with the background, and with the frames just before it.

        Returns:
            where it differs from the background and from the last frames, both of mode L, 255 there and 0 elsewhere;
            the share of all pixels that changed, be it by the light.
        """
        off = evaluate(lambda frame, mean: frame - mean, frame, self._mean)
        limit = evaluate(
            lambda noise, flicker: (noise * NOISE_FACTOR + self._threshold) * (flicker * FLICKER_FACTOR + 1.0),
            self._noise, self._flicker,
        )  # fmt: skip
        differs = evaluate(lambda off, around, limit: abs(off) - abs(around) - limit, off, _blurred(off), limit)
        changed = evaluate(lambda off, limit: abs(off) - limit, off, limit)
        moved = evaluate(
            lambda frame, recent, noise: abs(frame - recent) - noise * NOISE_FACTOR - self._threshold / 2,
            frame, self._recent, self._noise,
        )  # fmt: skip
        return _mask(differs), _mask(moved), _mask(changed).histogram()[255] / (frame.width * frame.height)

    def learn(self, frame: Image.Image, differs: Image.Image, elapsed_s: float, quickly: bool) -> None:
        """Learn a frame.

        Args:
            frame: as before.
            differs: from `look`.
            elapsed_s: since the frame before.
            quickly: the light, or the camera, has just changed.
        """
        slow, fast = _share(elapsed_s, self._learning_s), _share(elapsed_s, 0.5 if quickly else self._learning_s / 10)
        self._age_s += elapsed_s
        known_s = max(self._age_s, 0.01)
        noise_share = _share(elapsed_s, min(NOISE_S, known_s))
        flicker_share = _share(elapsed_s, min(FLICKER_S, known_s))
        recent_share = _share(elapsed_s, RECENT_S)
        now = evaluate(lambda value: value / 255.0, differs.convert("F"))
        self._noise = evaluate(
            lambda noise, frame, mean, now: _between(
                noise + (abs(frame - mean) - noise) * noise_share * (1.0 - now * 0.8), LEAST_NOISE, MOST_NOISE
            ),
            self._noise, frame, self._mean, now,
        )  # fmt: skip
        self._mean = evaluate(
            lambda mean, frame, now: mean + (frame - mean) * (now * (slow - fast) + fast), self._mean, frame, now
        )
        self._flicker = evaluate(
            lambda flicker, now, before: flicker + (abs(now - before) - flicker) * flicker_share,
            self._flicker, now, self._differed,
        )  # fmt: skip
        self._recent = evaluate(lambda recent, frame: recent + (frame - recent) * recent_share, self._recent, frame)
        self._differed = now


def _share(elapsed_s: float, time_s: float) -> float:
    """How much of a new value an average with this time constant takes."""
    return 1 - math.exp(-elapsed_s / time_s)


def _blurred(image: Image.Image) -> Image.Image:
    """The mean of each neighbourhood, without steps between them."""
    factor = max(1, image.width // NEIGHBOURHOODS)
    return image.reduce(factor).resize(image.size, Image.Resampling.BILINEAR)


def _mask(image: Image.Image) -> Image.Image:
    return image.convert("L").point(_SHARE)


def _between(value: Any, least: float, most: float) -> Any:
    value = (value + least + abs(value - least)) * 0.5
    return (value + most - abs(value - most)) * 0.5
