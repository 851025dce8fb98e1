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

from stillcam.motion.background import LEVELS, Background, Box, Look
from stillcam.motion.blocks import Block, groups

WIDTH = 160  # pixels to which a frame is decoded at least, if it has them
COLUMNS = 40  # of blocks
FEW_GROUPS = 2  # of more than these, only one that has more blocks than there are groups counts
FEW_BLOCKS = 2  # if no more of them differ, those count that noise hides in single pixels
BLOCK_SHARE = 0.12  # of a block's pixels have to differ
LARGE_SHARE = 0.1  # of all blocks in a group: one frame less is enough, as somebody so close is soon gone
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
        least_blocks: number of blocks in a group that counts.
        least_size, most_size: of a group that counts: its longer side, in percent of the picture's longer side.
        mask: from `zones.mask`: motion counts where it is 255; None: everywhere.
        frames: how many of the last four must show motion.
        learning_s: after so many seconds, what has come to stay belongs to the background.
    """

    threshold: float = 11.9
    least_blocks: int = 2
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
        self._backgrounds: list[Background] = []  # of all pixels, and of the means of a quarter of a block
        self._size = 0, 0
        self._masks: list[Image.Image | None] = []  # one for each of them
        self._seen_s = math.nan  # when the last frame was taken
        self._elapsed_s = 0.0  # from the frame before to this one; 0: it is the first one, or the clock was set back
        self._settled_s = 0.0
        self._last: deque[frozenset[Block]] = deque(maxlen=3)  # where something moved; the newest last
        self._seen: list[Box] = []  # around each of them in the last frame, in blocks
        self._metadata: Mapping[str, Any] = {}

    def set(self, settings: DetectorSettings) -> None:
        """Judge by other settings from the next frame on, by the same background.

        What comes and goes is learned again: what did not count so far, such as somebody far away, belongs to it.
        """
        self._settings = settings
        for background in self._backgrounds:
            background.learning_s, background.threshold = settings.learning_s, settings.threshold
            background.forget_ranges()
        self._fit_masks()

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
        half = max(1, max(frame.size) // COLUMNS // 2)  # of a block, in pixels
        pictures = [frame, frame.reduce(half)]
        paused, refocused = self._has_paused(time_s), self._refocused(metadata or {})
        if frame.size != self._size:
            self._begin(pictures, half)
            self._settled_s = time_s + LEARNING_S
        elif refocused or paused:
            self._restart(pictures, time_s)
        looks = [background.look(picture) for background, picture in zip(self._backgrounds, pictures, strict=True)]
        ignored = self._ignored(looks[0], frame)
        if ignored:
            self._restart(pictures, time_s)
        elif time_s < self._settled_s:
            ignored = "settling"
        elif _share_of(looks[0].changed) >= LIGHT_SHARE:
            looks = [look._replace(differs=look.changed) for look in looks]  # somebody is close to the camera
        differs, moved, _ = zip(*looks, strict=True)
        seen, self._seen = self._seen, []
        counting = [
            ImageChops.darker(each, mask) if mask else each for each, mask in zip(differs, self._masks, strict=True)
        ]
        blocks, recent = counting[0].reduce(2 * half), moved[0].reduce(2 * half)
        faint = sum(share >= BLOCK_SHARE * 255 for share in blocks.tobytes()) <= FEW_BLOCKS
        if faint:
            blocks = ImageChops.lighter(blocks, counting[1].reduce(2))
            recent = ImageChops.lighter(recent, moved[1].reduce(2))
        observation = self._judged(time_s, blocks, recent, ignored, faint)
        for background, picture, each in zip(self._backgrounds, pictures, differs, strict=True):
            background.learn(picture, each, self._elapsed_s, bool(ignored), seen)
        return observation

    def _begin(self, pictures: list[Image.Image], half: int) -> None:
        """Learn pictures of another size."""
        settings = self._settings
        self._size = pictures[0].size
        self._backgrounds = [
            Background(picture, settings.learning_s, settings.threshold, block)
            for picture, block in zip(pictures, (2 * half, 2), strict=True)
        ]
        self._fit_masks()

    def _fit_masks(self) -> None:
        mask = self._settings.mask
        self._masks = [mask and mask.resize(each.size, Image.Resampling.NEAREST) for each in self._backgrounds]

    def _restart(self, pictures: list[Image.Image], time_s: float) -> None:
        for background, picture in zip(self._backgrounds, pictures, strict=True):
            background.restart(picture)
        self._settled_s = time_s + SETTLING_S

    def _ignored(self, look: Look, frame: Image.Image) -> str:
        """Why everything is another one at once, unless somebody is close to the camera."""
        if _share_of(look.changed) < LIGHT_SHARE:
            return ""
        if self._backgrounds[0].shows_same_scene(frame):
            return "light"
        return "settling" if _share_of(look.moved) < MOVED_SHARE else ""  # the camera was turned

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

    def _judged(
        self, time_s: float, differs: Image.Image, moved: Image.Image, ignored: str, faint: bool
    ) -> Observation:
        """Args: differs, moved: of all blocks, 255 where all of their pixels do; faint: by the coarse background."""
        columns, rows = differs.size
        recent = moved.tobytes()
        found = groups(differs.tobytes(), columns, BLOCK_SHARE * 255)
        moving: list[list[Block]] = []
        for group in found:
            if self._counts(group, max(columns, rows), len(found)):
                share = sum(recent[row * columns + column] for column, row in group) / 255 / len(group)
                if share >= MOVED_SHARE:
                    moving.append(group)
                    left, top, right, bottom = _box(group)
                    self._seen.append((left, top, right + 1, bottom + 1))
        if ignored:
            moving = []
        blocks = [block for group in moving for block in group]
        frames = min(4, self._settings.frames + faint)
        motion = any(
            self._followed(group) + 1 >= frames - (len(group) >= LARGE_SHARE * columns * rows) for group in moving
        )
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
            len(group) >= max(settings.least_blocks, groups + 1 if groups > FEW_GROUPS else 1)
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


def _share_of(image: Image.Image) -> float:
    """How much of a picture is not 0."""
    return 1 - image.histogram()[0] / (image.width * image.height)


def _decoded(jpeg: bytes) -> Image.Image:
    try:
        with JpegImageFile(io.BytesIO(jpeg)) as image:  # Image.open would import five formats, 0.4 MB
            longer = max(image.size)
            image.draft("L", (max(1, WIDTH * image.width // longer), max(1, WIDTH * image.height // longer)))
            return _levels(image.convert("L"))
    except (OSError, SyntaxError) as error:
        raise ValueError(f"a frame that cannot be decoded: {error}") from error


def _levels(image: Image.Image) -> Image.Image:
    """A picture of mode L, at most twice as long as `WIDTH`."""
    return image.reduce(max(1, max(image.size) // WIDTH)).point(LEVELS)
