"""Clips whose motion is known: the scene of the simulated camera, with what happens in front of it drawn in.

They are drawn at 1280x720 and 5 frames a second. Times are in seconds from the beginning of the clip. A seed makes one
set of clips: sizes, speeds, places and rhythms are others with another seed. What is tuned is tuned with other seeds
than `REPORTED`.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import NormalDist

import camera as cameras
import scenery
import subjects
from drawing import BEGINS_S, HEIGHT, WIDTH, Draw, Interval, brighter, nothing, one_after_the_other
from PIL import Image, ImageChops, ImageOps

FPS = 5
FACTOR = 2  # detectors are compared at 640x360, which is about what `motion` has by default
LONG_S, SHORT_S = 1200.0, 300.0  # of clips in which nothing is to be found
GRAINS = 7  # pictures of noise, used in turn
REPORTED = 2026
DAY, DUSK, NIGHT, DARK = (1.0, 1.5), (0.5, 4.0), (0.22, 10.0), (0.15, 28.0)
"""Brightness, and noise (standard deviation of a pixel of 1280x720).

The noise of the first three is half more than that of the simulated camera without denoising at gains of 1, 4 and 16.
The last one is beyond what a camera module gives.
"""


@dataclass(frozen=True)
class Recording:
    """A clip in a file.

    Attributes:
        path: of its JPEGs, one after the other.
        size: of a picture, in pixels.
        lengths: of the JPEGs, in bytes.
    """

    path: Path
    size: tuple[int, int]
    lengths: tuple[int, ...]

    @property
    def seconds(self) -> float:
        return len(self.lengths) / FPS

    def frames(self) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            for length in self.lengths:
                yield file.read(length)


@dataclass(frozen=True)
class Clip:
    """A clip, and what is to be found in it.

    Attributes:
        seconds: its length.
        draw: draws into the scene what there is at a time.
        light: brightness and noise.
        lens: draws what is lit by the camera's own light, or what the camera does to its picture.
        truth: from when to when something moves that somebody wants to know of.
        quality: of its JPEGs.
        seed: of its noise, and of which side the scene is seen from.
        group, manner: clips of one group are shown together, each by its manner.
    """

    name: str
    seconds: float
    draw: Draw = nothing
    light: tuple[float, float] = DAY
    lens: Draw = nothing
    truth: tuple[Interval, ...] = ()
    quality: int = 80
    seed: int = field(default=REPORTED, compare=False)
    group: str = ""
    manner: str = ""

    def pictures(self) -> Iterator[Image.Image]:
        """What the lens sees, without noise."""
        with Image.open(Path(__file__).parents[2] / "python/stillcam/camera/simulated/scene.jpg") as image:
            scene = image.convert("RGB").resize((WIDTH, 960)).crop((0, 120, WIDTH, 840))
        if self.seed % 2:
            scene = ImageOps.mirror(scene)
        for number in range(round(self.seconds * FPS)):
            time_s = number / FPS
            yield self.lens(brighter(self.draw(scene.copy(), time_s), self.light[0]), time_s)

    def frames(self, factor: int = FACTOR) -> Iterator[bytes]:
        """JPEGs, each side so many times smaller than drawn."""
        width, height = WIDTH // factor, HEIGHT // factor
        chance = Random(f"{self.name} {self.seed}")
        grains = [_grain(chance, (width + 64, height + 64), self.light[1] / factor) for _ in range(GRAINS)]
        for number, picture in enumerate(self.pictures()):
            left, top = chance.randrange(64), chance.randrange(64)
            grain = grains[number % GRAINS].crop((left, top, left + width, top + height))
            file = io.BytesIO()
            noisy = ImageChops.add(picture.reduce(factor), Image.merge("RGB", (grain,) * 3), 1, -128)
            noisy.save(file, "JPEG", quality=self.quality)
            yield file.getvalue()

    def record(self, folder: Path, factor: int = FACTOR) -> Recording:
        """Write the frames into a file in that folder."""
        path = folder / f"{self.name.replace(' ', '_')}.mjpeg"
        with path.open("wb") as file:
            lengths = [file.write(jpeg) for jpeg in self.frames(factor)]
        return Recording(path, (WIDTH // factor, HEIGHT // factor), tuple(lengths))


def _grain(chance: Random, size: tuple[int, int], sigma: float) -> Image.Image:
    """Normally distributed noise around 128."""
    normal = NormalDist(128, sigma)
    table = bytes(min(255, max(0, round(normal.inv_cdf((value + 0.5) / 256)))) for value in range(256))
    return Image.frombytes("L", size, chance.randbytes(size[0] * size[1]).translate(table))


def found(seed: int) -> list[Clip]:
    """Clips in which something is to be found."""
    chance = Random(f"found {seed}")
    clips = []

    def add(
        name: str, subject: subjects.Subject, light: tuple[float, float] = DAY,
        behind: Draw = nothing, lens: Draw = nothing, group: str = "", manner: str = "",
    ) -> None:  # fmt: skip
        draw = one_after_the_other(behind, subject.draw)
        seconds = subject.truth[-1][1] + 2
        clips.append(Clip(name, seconds, draw, light, lens, subject.truth, seed=seed, group=group, manner=manner))

    def walker(height: float, speed: float = 0.8, **more: bool) -> subjects.Subject:
        height, speed = height * chance.uniform(0.85, 1.2), speed * chance.uniform(0.85, 1.2)
        return subjects.walker(chance, height, speed, **more)

    for light, name in ((DAY, "day"), (DUSK, "dusk"), (NIGHT, "night")):
        for distance, height in (("far away", 50), ("at some distance", 150), ("near by", 400)):
            for verb, speed in (("strolls", 0.3), ("walks", 0.8), ("hurries", 1.5), ("runs", 3.0)):
                one = f"a person {distance} {verb}, {name}"
                add(one, walker(height, speed), light, group=f"a person {distance}, {name}", manner=verb)
    add("a person walks, very dark night", walker(150), DARK)
    add("a person walks, infrared light", walker(150), cameras.INFRARED, nothing, cameras.infrared)
    add("a person walks beside trees in the wind", walker(150), DAY, scenery.trees(chance))
    add("a person walks in the rain", walker(150), DAY, scenery.rain(chance))
    add("a person walks in the snow", walker(150), DAY, scenery.snow(chance))
    add("a person walks among the shadows of clouds", walker(150), DAY, scenery.clouds(chance))
    add("a person walks in rain and infrared light", walker(150), cameras.INFRARED, nothing,
        one_after_the_other(cameras.infrared, scenery.lit_rain(chance)))  # fmt: skip
    add("a person walks while mains light flickers", walker(150), DUSK, nothing, cameras.flicker(chance))
    add("a person walks while the exposure adapts", walker(150), DAY, nothing, cameras.exposure_steps(chance))
    add("a person walks while the camera shakes", walker(150), DAY, nothing, cameras.shake(chance))
    add("a person walks beside a curtain", walker(250), DUSK, scenery.curtain(chance))
    add("a person comes, stands for 30 s and goes", walker(200, stands=True))
    add("a car parks and leaves", subjects.car(chance))
    add("a cat", subjects.cat(chance))
    return clips


def not_found(seed: int) -> list[Clip]:
    """Clips in which nothing is to be found."""
    chance = Random(f"not found {seed}")
    infrared = cameras.INFRARED

    def lit(lens: Draw) -> Draw:
        return one_after_the_other(cameras.infrared, lens)

    clips = [
        Clip("nothing, day", LONG_S),
        Clip("nothing, dusk", LONG_S, light=DUSK),
        Clip("nothing, night", LONG_S, light=NIGHT),
        Clip("dusk and dawn", LONG_S, scenery.dusk(chance)),
        Clip("trees in the wind", LONG_S, scenery.trees(chance)),
        Clip("shadows of clouds", LONG_S, scenery.clouds(chance)),
        Clip("the light is switched on and off", LONG_S, scenery.light_switch(chance), DUSK),
        Clip("headlights on the ground", LONG_S, scenery.headlights(chance), NIGHT),
        Clip("rain", LONG_S, scenery.rain(chance)),
        Clip("the camera restarts", LONG_S, lens=cameras.restart(chance)),
        Clip("a bird", LONG_S, scenery.bird(chance)),
        Clip("an insect on the lens", LONG_S, scenery.insect(chance)),
        Clip("nothing, very dark night", SHORT_S, light=DARK),
        Clip("shadows of clouds, sharp edges", SHORT_S, scenery.clouds(chance, sharp=True)),
        Clip("headlights sweep over a wall", SHORT_S, scenery.sweep(chance), NIGHT),
        Clip("rain in infrared light", SHORT_S, light=infrared, lens=lit(scenery.lit_rain(chance))),
        Clip("snow", SHORT_S, scenery.snow(chance)),
        Clip("insects in infrared light", SHORT_S, light=infrared, lens=lit(scenery.lit_insects(chance))),
        Clip("a spider's web in infrared light", SHORT_S, light=infrared, lens=lit(scenery.web(chance))),
        Clip("a curtain", SHORT_S, scenery.curtain(chance), DUSK),
        Clip("light of a television", SHORT_S, scenery.television(chance), NIGHT),
        Clip("the camera shakes in the wind", SHORT_S, lens=cameras.shake(chance)),
        Clip("mains light flickers", SHORT_S, light=DUSK, lens=cameras.flicker(chance)),
        Clip("exposure adapts in steps", SHORT_S, lens=cameras.exposure_steps(chance)),
        Clip("white balance adapts", SHORT_S, lens=cameras.white_balance(chance)),
        Clip("the infrared filter is switched", SHORT_S, light=DUSK, lens=cameras.filter_switch(chance)),
        Clip("coarse JPEG at night", SHORT_S, light=NIGHT, quality=18),
        Clip("key frames of a coarse video", SHORT_S, light=DUSK, lens=cameras.key_frames(chance)),
    ]
    return [Clip(**{**vars(clip), "seed": seed}) for clip in clips]


def marked() -> Clip:
    """Something large and bright is there from one frame to the next."""

    def draw(image: Image.Image, time_s: float) -> Image.Image:
        if time_s >= BEGINS_S:
            image.paste((255, 255, 255), (WIDTH // 4, HEIGHT // 4, WIDTH // 2, HEIGHT // 2))
        return image

    return Clip("a marker", BEGINS_S + 2, draw, truth=((BEGINS_S, BEGINS_S + 2),))
