"""Whether something moves, from one frame to the next."""

from __future__ import annotations

import io
import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageChops
from PIL.JpegImagePlugin import JpegImageFile

from stillcam.motion.background import LEVELS, Background, Box
from stillcam.motion.blocks import Block, groups

WIDTH = 160  # pixels to which a frame is decoded at least, if it has them
COLUMNS = 40  # of blocks
FEW_GROUPS = 2  # of more than these, only one that has more blocks than there are groups counts
BLOCK_SHARE = 0.12  # of a block's pixels have to differ
SPEED = 5.0  # blocks a second for each of its own length, and one more, that something moves at most
MOVED_SHARE = 0.1  # of a group's pixels must have changed since the last frame: what has come to stay does not move
LIGHT_SHARE = 0.6  # of all pixels change together only by the light
PAUSE_S = 2.0  # without a frame, and three times as long as between the frames before: the camera was restarted
LEARNING_S = 5.0  # after the first frame
SETTLING_S = 1.0  # after a restart or another light
LENS_STEP = 0.1  # dioptres: another focus


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectorSettings:
    """How a detector judges.

    Attributes:
        threshold: levels by which a pixel differs beyond its noise, see `background`.
        least_blocks, most_blocks: number of blocks in a group that counts.
        least_size, most_size: of a group that counts: its longer side, in percent of the picture's longer side.
        mask: from `zones.mask`: motion counts where it is 255; None: everywhere.
        frames: how many of the last four must show motion.
        learning_s: after so many seconds, what has come to stay belongs to the background.
    """

    threshold: float = 11.9
    least_blocks: int = 2
    most_blocks: int = 600
    least_size: float = 0.0
    most_size: float = 100.0
    mask: Image.Image | None = None
    frames: int = 3
    learning_s: float = 60.0

    @classmethod
    def of_sensitivity(cls, sensitivity: int) -> DetectorSettings:
        """The settings for a sensitivity from 1 (only large, clear motion) to 10 (also small motion)."""
        threshold = round(24 * 0.84 ** (sensitivity - 1), 1)
        return cls(threshold=threshold, least_blocks=4 if sensitivity <= 3 else 2 if sensitivity < 10 else 1)


@dataclass(frozen=True, slots=True)
class Observation:
    """What one frame shows.

    Attributes:
        time_s: of the frame, as given.
        columns, rows: number of blocks across and down.
        blocks: those that move; empty if no group of them is large enough.
        level: number of blocks in the largest group that differs, whether it counts or not.
        motion: whether enough of the last frames showed motion.
        ignored: why changes do not count: "settling" after a start, "light"; empty: they do.
        changed: all blocks that differ, whether they count or not.
    """

    time_s: float
    columns: int
    rows: int
    blocks: tuple[Block, ...]
    level: int
    motion: bool
    ignored: str = ""
    changed: tuple[Block, ...] = ()


class Detector:
    """Looks at the frames of a camera, one after the other, a few each second.

    Args:
        settings: None: the defaults.
    """

    def __init__(self, settings: DetectorSettings | None = None) -> None:
        self._settings = settings or DetectorSettings()
        self._background: Background | None = None
        self._size = 0, 0
        self._mask: Image.Image | None = None  # of this size
        self._seen_s = math.nan  # when the last frame was taken
        self._elapsed_s = 0.0  # from the frame before to this one; 0: it is the first one, or the clock was set back
        self._settled_s = 0.0
        self._last: deque[frozenset[Block]] = deque(maxlen=3)  # where something moved; the newest last
        self._seen: list[Box] = []  # around each of them in the last frame, in pixels
        self._metadata: Mapping[str, Any] = {}

    def set(self, settings: DetectorSettings) -> None:
        """Judge by other settings from the next frame on, by the same background.

        What comes and goes is learned again: what did not count so far, such as somebody far away, belongs to it.
        """
        self._settings = settings
        if background := self._background:
            background.learning_s, background.threshold = settings.learning_s, settings.threshold
            background.forget_ranges()
            self._fit_mask()

    def look(self, jpeg: bytes, time_s: float, metadata: Mapping[str, Any] | None = None) -> Observation:
        """Judge a frame.

        Args:
            jpeg: the frame.
            time_s: when it was taken, in seconds of any clock that rises.
            metadata: libcamera's; with its LensPosition another focus is no motion.

        Raises:
            ValueError: the picture cannot be decoded.
        """
        frame = _decoded(jpeg)
        paused = self._has_paused(time_s)
        background = self._background
        if background is None or frame.size != self._size:
            settings = self._settings
            self._size = frame.size
            self._fit_mask()
            self._background = background = Background(frame, settings.learning_s, settings.threshold)
            self._settled_s = time_s + LEARNING_S
        elif self._refocused(metadata or {}) or paused:
            background.restart(frame)
            self._settled_s = time_s + SETTLING_S
        differs, moved, changed = background.look(frame)
        ignored = ""
        if changed >= LIGHT_SHARE:
            background.restart(frame)
            self._settled_s = time_s + SETTLING_S
            ignored = "light"
        elif time_s < self._settled_s:
            ignored = "settling"
        counting = ImageChops.darker(differs, self._mask) if self._mask else differs
        seen, self._seen = self._seen, []
        observation = self._judged(time_s, counting, moved, ignored)
        background.learn(frame, differs, self._elapsed_s, bool(ignored), seen)
        return observation

    def _fit_mask(self) -> None:
        mask = self._settings.mask
        self._mask = mask and mask.resize(self._size, Image.Resampling.NEAREST)

    def _has_paused(self, time_s: float) -> bool:
        """Whether frames were missing before this one."""
        before_s = self._elapsed_s
        elapsed_s, self._seen_s = time_s - self._seen_s, time_s
        self._elapsed_s = elapsed_s if elapsed_s > 0 else 0.0
        return self._elapsed_s == 0 or (before_s > 0 and elapsed_s > max(PAUSE_S, 3 * before_s))

    def _refocused(self, metadata: Mapping[str, Any]) -> bool:
        before, self._metadata = self._metadata, metadata
        lens, lens_before = metadata.get("LensPosition"), before.get("LensPosition")
        return lens is not None and lens_before is not None and abs(lens - lens_before) > LENS_STEP

    def _judged(self, time_s: float, differs: Image.Image, moved: Image.Image, ignored: str) -> Observation:
        factor = max(1, differs.width // COLUMNS)
        shares = differs.reduce(factor)
        columns, rows = shares.size
        recent = moved.reduce(factor).tobytes()
        found = groups(shares.tobytes(), columns, BLOCK_SHARE * 255)
        moving: list[list[Block]] = []
        for group in found:
            if self._counts(group, max(columns, rows), len(found)):
                share = sum(recent[row * columns + column] for column, row in group) / 255 / len(group)
                if share >= MOVED_SHARE:
                    moving.append(group)
                    left, top, right, bottom = _box(group)
                    self._seen.append((left * factor, top * factor, (right + 1) * factor, (bottom + 1) * factor))
        if ignored:
            moving = []
        blocks = [block for group in moving for block in group]
        motion = any(self._followed(group) >= self._settings.frames - 1 for group in moving)
        self._last.append(frozenset(blocks))
        changed = tuple(block for group in found for block in group)
        level = len(found[0]) if found else 0
        return Observation(time_s, columns, rows, tuple(blocks), level, motion, ignored, changed)

    def _counts(self, group: list[Block], longer_side: int, groups: int) -> bool:
        """Whether a group is neither too small nor too large.

        Args:
            longer_side: of the picture, in blocks.
            groups: how many there are: among many small ones, as of rain, only a large one is somebody.
        """
        settings, (left, top, right, bottom) = self._settings, _box(group)
        size = 100 * (1 + max(right - left, bottom - top)) / longer_side
        return (
            max(settings.least_blocks, groups + 1 if groups > FEW_GROUPS else 1) <= len(group) <= settings.most_blocks
            and settings.least_size <= size <= settings.most_size
        )

    def _followed(self, group: list[Block]) -> int:
        """How many of the three frames before showed motion near this group: drops of rain are here and there."""
        left, top, right, bottom = _box(group)
        stride = 1 + (1 + max(right - left, bottom - top)) * SPEED * self._elapsed_s
        return sum(
            any(
                left - stride <= column <= right + stride and top - stride <= row <= bottom + stride
                for column, row in blocks
            )
            for blocks in self._last
        )


def _box(group: list[Block]) -> tuple[int, int, int, int]:
    """The outermost columns and rows: left, top, right, bottom."""
    columns, rows = [block[0] for block in group], [block[1] for block in group]
    return min(columns), min(rows), max(columns), max(rows)


def _decoded(jpeg: bytes) -> Image.Image:
    try:
        with JpegImageFile(io.BytesIO(jpeg)) as image:  # Image.open would import five formats, 0.4 MB
            image.draft("L", (WIDTH, max(1, WIDTH * image.height // image.width)))
            return image.convert("L").point(LEVELS).convert("F")
    except (OSError, SyntaxError) as error:
        raise ValueError(f"a frame that cannot be decoded: {error}") from error
