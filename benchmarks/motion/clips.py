"""Clips whose motion is known: the scene of the simulated camera, with what happens in front of it drawn in.

All are 1280x720 at 5 frames a second. Times are in seconds from the beginning of the clip. A seed makes one set of
clips: sizes, speeds, places and rhythms are others with another seed. What is tuned is tuned with other seeds than
`REPORTED`.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import camera as cameras
import scenery
import subjects
from drawing import HEIGHT, WIDTH, Draw, Interval, brighter, nothing, one_after_the_other
from PIL import Image, ImageChops, ImageOps

FPS = 5
REPORTED = 2026
DAY, DUSK, NIGHT = (1.0, 5.0), (0.5, 10.0), (0.22, 28.0)
"""Brightness, and noise (standard deviation of a pixel) at gains of about 1, 4 and 16."""


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
    """

    name: str
    seconds: float
    draw: Draw = nothing
    light: tuple[float, float] = DAY
    lens: Draw = nothing
    truth: tuple[Interval, ...] = ()
    quality: int = 80
    seed: int = field(default=REPORTED, compare=False)

    def pictures(self) -> Iterator[Image.Image]:
        """What the lens sees, without noise."""
        with Image.open(Path(__file__).parents[2] / "python/stillcam/camera/simulated/scene.jpg") as image:
            scene = image.convert("RGB").resize((WIDTH, 960)).crop((0, 120, WIDTH, 840))
        if self.seed % 2:
            scene = ImageOps.mirror(scene)
        for number in range(round(self.seconds * FPS)):
            time_s = number / FPS
            yield self.lens(brighter(self.draw(scene.copy(), time_s), self.light[0]), time_s)

    def frames(self) -> Iterator[bytes]:
        """JPEGs; the same each time."""
        grains = [Image.effect_noise((WIDTH + 64, HEIGHT + 64), self.light[1]) for _ in range(3)]
        chance = Random(f"{self.name} {self.seed}")
        for number, picture in enumerate(self.pictures()):
            left, top = chance.randrange(64), chance.randrange(64)
            grain = grains[number % 3].crop((left, top, left + WIDTH, top + HEIGHT))
            file = io.BytesIO()
            noisy = ImageChops.add(picture, Image.merge("RGB", (grain,) * 3), 1, -128)
            noisy.save(file, "JPEG", quality=self.quality)
            yield file.getvalue()


def found(seed: int) -> list[Clip]:
    """Clips in which something is to be found."""
    chance = Random(f"found {seed}")
    clips = []

    def add(
        name: str, subject: subjects.Subject, light: tuple[float, float] = DAY,
        behind: Draw = nothing, lens: Draw = nothing,
    ) -> None:  # fmt: skip
        draw = one_after_the_other(behind, subject.draw)
        seconds = subject.truth[-1][1] + 2
        clips.append(Clip(name, seconds, draw, light, lens, subject.truth, seed=seed))

    def walker(height: float, speed: float = 0.8, **more: bool) -> subjects.Subject:
        height, speed = height * chance.uniform(0.85, 1.2), speed * chance.uniform(0.85, 1.2)
        return subjects.walker(chance, height, speed, **more)

    for distance, height in (("far away", 50), ("at some distance", 150), ("near by", 400)):
        for verb, speed in (("strolls", 0.3), ("walks", 0.8), ("hurries", 1.5), ("runs", 3.0)):
            add(f"a person {distance} {verb}", walker(height, speed))
    add("a person walks, dusk", walker(150), DUSK)
    add("a person walks, night", walker(150), NIGHT)
    add("a person far away walks, night", walker(60), NIGHT)
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
        Clip("nothing, day", 240),
        Clip("nothing, night", 240, light=NIGHT),
        Clip("dusk falls", 180, scenery.dusk(chance)),
        Clip("trees in the wind", 300, scenery.trees(chance)),
        Clip("shadows of clouds", 120, scenery.clouds(chance)),
        Clip("shadows of clouds, sharp edges", 120, scenery.clouds(chance, sharp=True)),
        Clip("the light is switched on and off", 75, scenery.light_switch(chance), DUSK),
        Clip("headlights on the ground", 120, scenery.headlights(chance), NIGHT),
        Clip("headlights sweep over a wall", 120, scenery.sweep(chance), NIGHT),
        Clip("rain", 120, scenery.rain(chance)),
        Clip("rain in infrared light", 120, light=infrared, lens=lit(scenery.lit_rain(chance))),
        Clip("snow", 120, scenery.snow(chance)),
        Clip("a bird", 120, scenery.bird(chance)),
        Clip("an insect on the lens", 120, scenery.insect(chance)),
        Clip("insects in infrared light", 120, light=infrared, lens=lit(scenery.lit_insects(chance))),
        Clip("a spider's web in infrared light", 120, light=infrared, lens=lit(scenery.web(chance))),
        Clip("a curtain", 120, scenery.curtain(chance), DUSK),
        Clip("light of a television", 120, scenery.television(chance), NIGHT),
        Clip("the camera restarts", 60, lens=cameras.restart(chance)),
        Clip("the camera shakes in the wind", 120, lens=cameras.shake(chance)),
        Clip("mains light flickers", 90, light=DUSK, lens=cameras.flicker(chance)),
        Clip("exposure adapts in steps", 90, lens=cameras.exposure_steps(chance)),
        Clip("white balance adapts", 90, lens=cameras.white_balance(chance)),
        Clip("the infrared filter is switched", 75, light=DUSK, lens=cameras.filter_switch(chance)),
        Clip("coarse JPEG at night", 90, light=NIGHT, quality=18),
        Clip("key frames of a coarse video", 90, light=DUSK, lens=cameras.key_frames(chance)),
    ]
    return [Clip(**{**vars(clip), "seed": seed}) for clip in clips]
