"""The background: the mean of each pixel, its noise, and the range of levels that come and go, as where leaves move.

Levels are logarithmic (`LEVELS`): a change of the light adds the same to bright and to dark pixels. The mean change of
a pixel's neighbourhood is no difference: clouds, dusk and a new exposure change large parts of a picture alike.

What is learned is kept as one float a pixel (mode F), and used as pictures of 8 bits (mode L): Pillow is fastest there.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from PIL import Image, ImageChops, ImageFilter

from stillcam.motion.image_math import added, mixed

Box = tuple[int, int, int, int]
"""Left, top, right, bottom."""

LEVELS = [min(255, round(62.5 * math.log2(1 + value / 16))) for value in range(256)]
"""The level of each value of a pixel; a seventh brighter is 10 levels more, where it is not dark."""

NOISE_FACTOR = 4.0  # a pixel differs if it is so many mean deviations away, and the threshold more
LEAST_NOISE, MOST_NOISE = 0.5, 12.0  # levels
NOISE_S = 30.0  # time constant
WIDEN_S = 3.0  # time constant, after which a level that comes and goes, as where leaves move, belongs to the range
NARROW_S = 180.0  # time constant, after which it is forgotten
LEARN_S = 0.5  # between two steps of learning; at first they are closer together
AROUND = 2  # blocks on each side of a pixel's own are its neighbourhood
DARK = 30  # mean level of a picture that is black but for its noise
FEW_DETAILS = 4.0  # levels
SAME_SCENE = 0.5  # correlation of the details
_SCALE = 1e-5  # of a difference of levels, so that Pillow makes 255 of all that is above 0
_FIFTH = [value // 5 for value in range(256)]
_NOISY = [round(min(max(value, NOISE_FACTOR * LEAST_NOISE), NOISE_FACTOR * MOST_NOISE)) for value in range(256)]


class Look(NamedTuple):
    """What a frame shows. All are of mode L, 255 there and 0 elsewhere.

    Attributes:
        differs: from the background.
        moved: has changed since the last frame.
        changed: has another level than the background, for whatever reason, such as another light.
    """

    differs: Image.Image
    moved: Image.Image
    changed: Image.Image


class Background:
    """Learns from one frame after the other; all have the same size.

    Args:
        frame: the first one: mode L, levels.
        learning_s: after this time, what has come to stay belongs to the background (time constant in seconds).
        threshold: levels by which a pixel differs, beyond its range and noise.
        block: pixels across and down a block.

    Attributes:
        learning_s, threshold: may be changed between two frames.
        size: of the frames.
    """

    def __init__(self, frame: Image.Image, learning_s: float, threshold: float, block: int) -> None:
        self.learning_s = learning_s
        self.threshold = threshold
        self.size = frame.size
        self._block = block
        self._noise = Image.new("F", frame.size, 2 * LEAST_NOISE)
        self._age_s = 0.0  # what was learned so far counts as much as its time
        self._waiting_s = 0.0  # since the last step of learning
        self.forget_ranges()
        self.restart(frame)

    def restart(self, frame: Image.Image) -> None:
        """Begin with another picture; what is known of noise and ranges stays."""
        self._mean = frame.convert("F")
        self._use_learned()
        self._last = self._before = frame  # the last two frames
        self._flashed = False  # something was different in the last one
        # How far the last frame is above the mean, below it, and either.
        self._up = self._down = self._off = Image.new("L", frame.size)

    def forget_ranges(self) -> None:
        """Learn again what comes and goes; the picture and its noise stay."""
        self._above = self._below = Image.new("F", self.size)  # how far from the mean levels have been
        self._highest = self._lowest = Image.new("L", self.size)
        self._ranges_age_s = 0.0

    def _use_learned(self) -> None:
        self._level = self._mean.point(lambda level: level + 0.5).convert("L")
        self._noisy = self._noise.point(lambda noise: noise * NOISE_FACTOR).convert("L").point(_NOISY)
        self._highest, self._lowest = self._above.convert("L"), self._below.convert("L")

    def look(self, frame: Image.Image) -> Look:
        """Compare a frame with the background, and with the frame before it."""
        self._up, self._down = ImageChops.subtract(frame, self._level), ImageChops.subtract(self._level, frame)
        self._off = ImageChops.lighter(self._up, self._down)
        changed = self._beyond(self._off, self.threshold)
        if not changed.getbbox():
            return Look(changed, changed, changed)
        outside = ImageChops.lighter(
            ImageChops.subtract(self._up, _spread(self._highest)),
            ImageChops.subtract(self._down, _spread(self._lowest)),
        )
        differs = self._beyond(ImageChops.subtract(outside, self._around()), self.threshold)
        return Look(differs, self._beyond(ImageChops.difference(frame, self._last), self.threshold / 2), changed)

    def _beyond(self, image: Image.Image, levels: float) -> Image.Image:
        """Where it is so many levels above the noise."""
        return ImageChops.subtract(image, self._noisy, _SCALE, round(-levels / _SCALE))

    def _around(self) -> Image.Image:
        """How far the mean of each neighbourhood is from the background."""
        size, block = self.size, self._block
        above, below = (side.reduce(block).filter(ImageFilter.BoxBlur(AROUND)) for side in (self._up, self._down))
        box = 0, 0, size[0] / block, size[1] / block
        return ImageChops.difference(above, below).resize(size, Image.Resampling.NEAREST, box)

    def shows_same_scene(self, frame: Image.Image) -> bool:
        """Whether a frame shows the details of the background, in any light, or one of both is too dark for that."""
        if any(image.reduce(image.size).tobytes()[0] < DARK for image in (frame, self._level)):
            return True
        seen, known = (_details(image.reduce(self._block)) for image in (frame, self._level))
        few = FEW_DETAILS**2 * len(seen)
        alike = sum(one * other for one, other in zip(seen, known, strict=True)) + few
        both = (sum(value * value for value in seen) + few) * (sum(value * value for value in known) + few)
        return alike >= SAME_SCENE * math.sqrt(both)

    def learn(
        self, frame: Image.Image, differs: Image.Image, elapsed_s: float, quickly: bool, seen: Sequence[Box]
    ) -> None:
        """Learn a frame.

        Args:
            frame: as before.
            differs: from `look`.
            elapsed_s: since the frame before.
            quickly: the light, or the camera, has just changed.
            seen: blocks where somebody may have been in the last frame; one frame is enough for who runs.
        """
        self._age_s += elapsed_s
        self._waiting_s += elapsed_s
        self._ranges_age_s += elapsed_s
        if self._flashed:
            self._learn_peaks(frame, seen)
        if quickly or self._waiting_s >= min(LEARN_S, self._age_s / 30):
            self._learn_levels(frame, differs, self._waiting_s, quickly)
            self._waiting_s = 0.0
            self._use_learned()
        self._before, self._last, self._flashed = self._last, frame, bool(differs.getbbox())

    def _learn_peaks(self, frame: Image.Image, seen: Sequence[Box]) -> None:
        """What was there in the last frame only, such as a drop of rain, belongs to the range at once."""
        flash = ImageChops.subtract(self._last, ImageChops.lighter(self._before, frame))
        dip = ImageChops.subtract(ImageChops.darker(self._before, frame), self._last)
        for left, top, right, bottom in seen:
            box = left * self._block, top * self._block, right * self._block, bottom * self._block
            flash.paste(0, box)
            dip.paste(0, box)
        self._highest = ImageChops.lighter(self._highest, ImageChops.subtract(flash, self._noisy))
        self._lowest = ImageChops.lighter(self._lowest, ImageChops.subtract(dip, self._noisy))

    def _learn_levels(self, frame: Image.Image, differs: Image.Image, elapsed_s: float, quickly: bool) -> None:
        self._above = self._widened(self._above, self._highest, self._up, elapsed_s)
        self._below = self._widened(self._below, self._lowest, self._down, elapsed_s)
        slow, fast = _share(elapsed_s, self.learning_s), _share(elapsed_s, 0.5 if quickly else self.learning_s / 10)
        mean, off = mixed(self._mean, frame, fast), self._off.copy()
        if where := differs.getbbox():
            there = differs.crop(where)
            kept = mixed(self._mean.crop(where), frame.crop(where), slow)
            mean.paste(kept, where, there.convert("1", dither=Image.Dither.NONE))
            off.paste(off.crop(where).point(_FIFTH), where, there)
        self._mean = mean
        self._noise = mixed(self._noise, off, _share(elapsed_s, min(NOISE_S, max(self._age_s, 0.01))))

    def _widened(self, edge: Image.Image, peaks: Image.Image, off: Image.Image, elapsed_s: float) -> Image.Image:
        """An edge of the range; what comes and goes widens it slowly."""
        more = ImageChops.subtract(ImageChops.subtract(off, self._noisy), peaks)
        if more.getbbox() or peaks.getbbox():
            keep = 1 - _share(elapsed_s, NARROW_S)
            widen = _share(elapsed_s, min(WIDEN_S, max(self._ranges_age_s, 0.1) / 2))
            risen = ImageChops.subtract(peaks, edge.convert("L")).convert("F")
            edge = added(edge.point(lambda level: level * keep), risen)
            edge = added(edge, more.convert("F").point(lambda level: level * widen))
        return edge


def _spread(image: Image.Image) -> Image.Image:
    """The most of each pixel and its neighbours: a leaf moves a bit farther in the next gust."""
    if not image.getbbox():
        return image
    width, height = image.size
    for across, down in ((1, 0), (0, 1)):
        one = image.crop((across, down, width + across, height + down))
        other = image.crop((-across, -down, width - across, height - down))
        image = ImageChops.lighter(ImageChops.lighter(image, one), other)
    return image


def _details(blocks: Image.Image) -> list[int]:
    """How each block differs from its neighbourhood."""
    means = blocks.filter(ImageFilter.BoxBlur(AROUND))
    return [level - mean for level, mean in zip(blocks.tobytes(), means.tobytes(), strict=True)]


def _share(elapsed_s: float, time_s: float) -> float:
    """How much of a new value an average with this time constant takes."""
    return 1 - math.exp(-elapsed_s / time_s)
