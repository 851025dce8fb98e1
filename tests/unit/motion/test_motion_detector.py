"""The detection of motion: what is motion, and what only looks like it."""

import io
import math
import os
import random
import re
import subprocess
import sys

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageFilter
from scenes import FPS, HEIGHT, ROOT, SIZE, STARTS_S, WIDTH, brighter, jpeg, moving, person, scene, watch

from stillcam.motion.detector import Detector, DetectorSettings
from stillcam.motion.zones import mask
from stillcam.settings.zones import parse


@pytest.mark.parametrize("speed", [0.3, 1, 3])  # times the height a second: to stroll, to walk, to run
@pytest.mark.parametrize("height", [25, 75, 200])
def test_a_person_is_found_near_and_far_slow_and_fast(height, speed):
    times = moving(watch(person(height, height * speed)))
    assert times, "nobody was found"
    assert STARTS_S <= times[0] <= STARTS_S + 4
    assert len(times) >= 3


def test_a_person_is_found_at_night():
    def night(image: Image.Image, time_s: float) -> Image.Image:
        return person(75, 80, dark=True)(brighter(image, 0.25), time_s)

    times = moving(watch(night, sigma=30))
    assert times and times[0] >= STARTS_S


def still(image: Image.Image, _time_s: float) -> Image.Image:
    return image


def dusk(image: Image.Image, time_s: float) -> Image.Image:
    return brighter(image, 1 - 0.03 * time_s)


def cloud(image: Image.Image, time_s: float) -> Image.Image:
    """Its shadow crosses the picture."""
    shade, x = Image.new("L", (80, 45), 255), (time_s - 4) * 15
    ImageDraw.Draw(shade).ellipse((x - 60, -30, x, 60), fill=150)
    shade = shade.filter(ImageFilter.GaussianBlur(12)).resize(SIZE)
    return ImageChops.multiply(image, Image.merge("RGB", (shade,) * 3))


def light_switched(image: Image.Image, time_s: float) -> Image.Image:
    return brighter(image, 1.7) if 5 <= time_s < 10 else image


def exposure(image: Image.Image, time_s: float) -> Image.Image:
    """The camera adapts in steps, as automatic exposure does."""
    return brighter(image, 1 + 0.08 * min(8, max(0, int((time_s - 5) * FPS))))


def rain(image: Image.Image, time_s: float) -> Image.Image:
    drops, pen = random.Random(time_s), ImageDraw.Draw(image)
    for _ in range(60):
        x, y = drops.randrange(WIDTH), drops.randrange(HEIGHT)
        pen.line((x, y, x + 2, y + 22), fill=(200, 200, 205))
    return image


def snow(image: Image.Image, time_s: float) -> Image.Image:
    flakes, pen = random.Random(time_s), ImageDraw.Draw(image)
    for _ in range(40):
        x, y, radius = flakes.randrange(WIDTH), flakes.randrange(HEIGHT), flakes.choice((1, 1, 2, 3))
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=(235, 235, 240))
    return image


@pytest.mark.parametrize("draw", [still, dusk, cloud, light_switched, exposure, snow])
def test_what_is_no_motion_is_none(draw):
    assert moving(watch(draw)) == []


def test_noise_at_night_is_no_motion():
    assert moving(watch(lambda image, _time_s: brighter(image, 0.25), seconds=30, sigma=30)) == []


def test_rain_is_no_motion_once_it_is_known():
    assert [time_s for time_s in moving(watch(rain, seconds=30)) if time_s > 10] == []


def insect(image: Image.Image, time_s: float) -> Image.Image:
    """It sits on the lens, and elsewhere every 3 seconds."""
    x, y = 100 + 97 * int(time_s / 3) % 430, 60 + 61 * int(time_s / 3) % 200
    ImageDraw.Draw(image).ellipse((x - 30, y - 22, x + 30, y + 22), fill=(25, 22, 20))
    return image


def filter_switched(image: Image.Image, time_s: float) -> Image.Image:
    """The infrared filter goes at dusk: black for a moment, then without colours and brighter."""
    if 7 <= time_s < 7.6:
        return Image.new("RGB", SIZE, (3, 3, 3))
    return brighter(image, 0.5) if time_s < 7 else brighter(image.convert("L").convert("RGB"), 0.9)


@pytest.mark.parametrize("draw", [insect, filter_switched])
def test_what_is_suddenly_elsewhere_or_other_is_no_motion(draw):
    assert moving(watch(draw)) == []


def shaken(image: Image.Image, time_s: float) -> Image.Image:
    """The mast of the camera swings."""
    return ImageChops.offset(image, round(1.4 * math.sin(time_s * 4)), round(math.sin(time_s * 5)))


def flicker(image: Image.Image, time_s: float) -> Image.Image:
    """Bands of mains light wander through the picture."""
    rows = bytes(round(235 + 20 * math.sin(row / 40 + 8 * time_s)) for row in range(HEIGHT))
    return ImageChops.multiply(image, Image.merge("RGB", (Image.frombytes("L", (1, HEIGHT), rows).resize(SIZE),) * 3))


def rain_in_infrared_light(image: Image.Image, time_s: float) -> Image.Image:
    drops, image = random.Random(time_s), brighter(image, 0.3)
    for _ in range(14):
        x, y, long, level = (
            drops.randrange(WIDTH),
            drops.randrange(HEIGHT),
            drops.randrange(30, 120),
            drops.randrange(90, 230),
        )
        ImageDraw.Draw(image).line((x, y, x + long / 12, y + long), fill=(level,) * 3, width=2)
    return image


@pytest.mark.parametrize("draw", [shaken, flicker, rain_in_infrared_light])
def test_what_goes_on_all_the_time_becomes_known_and_a_person_is_found(draw):
    def with_person(image: Image.Image, time_s: float) -> Image.Image:
        return person(90, 70)(draw(image, time_s), time_s - 24)

    times = [time_s for time_s in moving(watch(with_person, seconds=38)) if time_s > 15]
    assert times and STARTS_S + 24 <= times[0] <= STARTS_S + 24 + 4


def test_who_runs_the_same_way_again_and_again_is_found_each_time():
    """At each place in one frame only, as a drop of rain is."""
    times = moving(watch(lambda image, time_s: person(60, 210)(image, time_s % 5 + STARTS_S - 1), seconds=40))
    for run in range(1, 8):
        assert [time_s for time_s in times if 5 * run + 1 <= time_s < 5 * run + 5]


def test_who_stands_still_for_half_a_minute_is_found_when_leaving():
    def draw(image: Image.Image, time_s: float) -> Image.Image:
        walked_s = time_s if time_s < 10 else max(10, time_s - 30)
        return person(90, 70)(image, walked_s)

    times = moving(watch(draw, seconds=45))
    assert [time_s for time_s in times if time_s <= 11]
    assert [time_s for time_s in times if 13 < time_s < 40] == []
    assert [time_s for time_s in times if 40 <= time_s <= 42]


def trees(image: Image.Image, time_s: float) -> Image.Image:
    """Leaves in a strong wind."""
    pen = ImageDraw.Draw(image)
    for leaf in range(60):
        x = 350 + leaf * 37 % 250 + 9 * math.sin(time_s * 3 + leaf)
        y = 30 + leaf * 53 % 150 + 4 * math.sin(time_s * 4 + leaf * 2)
        pen.ellipse((x - 11, y - 8, x + 11, y + 8), fill=(30, 60 + leaf % 40, 25))
    return image


def test_trees_in_the_wind_become_known_and_a_person_beside_them_is_found():
    def draw(image: Image.Image, time_s: float) -> Image.Image:
        return person(75, 60)(trees(image, time_s), time_s - 44)

    times = [time_s for time_s in moving(watch(draw, seconds=58)) if time_s > 35]
    assert times and times[0] >= 50


def test_a_car_that_parks_moves_until_it_stands_and_is_not_seen_when_all_is_still():
    def draw(image: Image.Image, time_s: float) -> Image.Image:
        x = min(300, (time_s - STARTS_S) * 100)
        ImageDraw.Draw(image).rectangle((x - 75, 250, x + 75, 320), fill=(150, 20, 20))
        return image

    times = moving(watch(draw, seconds=25))
    assert times[0] == pytest.approx(STARTS_S, abs=1)
    assert times[-1] < STARTS_S + 3 + 3


@pytest.mark.parametrize("interval_s", [1 / 15, 1, 10])
def test_frames_may_be_far_apart(interval_s):
    """A folder of photos that were taken every ten seconds is no camera that is restarted each time."""
    detector = Detector()
    seen = []
    for number in range(120):
        square = scene().copy()
        if number >= 100:
            ImageDraw.Draw(square).rectangle((10 * number - 900, 200, 10 * number - 820, 280), fill=(20, 20, 30))
        seen.append(detector.look(jpeg(square), number * interval_s))
    assert not any(observation.motion for observation in seen[:100])
    assert any(observation.motion for observation in seen[100:])


@pytest.mark.parametrize(
    ("size", "later_s", "lens"),
    [
        pytest.param(SIZE, 60.0, 1.0, id="a pause, as when the camera was restarted"),
        pytest.param((640, 480), 0.2, 1.0, id="another size"),
        pytest.param(SIZE, 0.2, 3.0, id="another focus"),
    ],
)
def test_another_picture_is_no_motion_after(size, later_s, lens):
    one, other = jpeg(scene()), jpeg(scene().transpose(Image.Transpose.FLIP_LEFT_RIGHT).resize(size))
    detector = Detector()
    before = [detector.look(one, number / FPS, {"LensPosition": 1.0}) for number in range(8 * FPS)]
    assert before[-1].ignored == ""
    start_s = before[-1].time_s + later_s
    seen = [detector.look(other, start_s + number / FPS, {"LensPosition": lens}) for number in range(10)]
    assert seen[0].ignored == "settling"
    assert not any(observation.motion for observation in seen)


def test_another_light_is_ignored_as_such():
    ignored = {observation.time_s - 1000: observation.ignored for observation in watch(light_switched)}
    assert [time_s for time_s, why in ignored.items() if why == "light"] == [5.0, 10.0]


def test_a_lower_sensitivity_finds_less():
    levels = [
        len(moving(watch(person(25, 25), settings=DetectorSettings.of_sensitivity(sensitivity))))
        for sensitivity in (1, 5, 10)
    ]
    assert levels[0] < levels[1] <= levels[2]


EVERYTHING = mask([parse("exclude 0,0 640,360")], (0, 0, 640, 360), (320, 180))


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(DetectorSettings.of_sensitivity(1), id="low sensitivity"),
        pytest.param(DetectorSettings(mask=EVERYTHING), id="excluded"),
        pytest.param(DetectorSettings(least_size=50), id="too small"),
    ],
)
def test_who_did_not_count_before_is_found_with_other_settings(first):
    """A person is no leaf that comes and goes, also where they walked while that did not count."""

    def walks(image: Image.Image, time_s: float) -> Image.Image:
        return person(30, 100)(image, time_s if time_s < STARTS_S else STARTS_S + time_s % 7)

    seen = watch(walks, seconds=35, settings=first, later=(21, DetectorSettings.of_sensitivity(8)))
    assert moving(seen[: 21 * FPS]) == []
    assert len(moving(seen)) > 20
    assert {observation.ignored for observation in seen[21 * FPS :]} == {""}


@pytest.mark.parametrize("draw", [rain, snow, flicker, shaken])
def test_with_other_settings_what_goes_on_all_the_time_stays_known(draw):
    seen = watch(draw, seconds=35, later=(20, DetectorSettings.of_sensitivity(7)))
    assert [time_s for time_s in moving(seen) if time_s > 10] == []


@pytest.mark.parametrize("zone", ["exclude 0,200 640,360", "include 0,0 640,150"])
def test_motion_outside_the_zones_does_not_count(zone):
    zones = mask([parse(zone)], (0, 0, *SIZE), SIZE)
    seen = watch(person(75, 80), settings=DetectorSettings(mask=zones))
    assert not any(observation.motion or observation.blocks or observation.level for observation in seen)
    assert moving(watch(person(75, 80), settings=DetectorSettings(mask=ImageChops.invert(zones))))


def test_what_is_too_small_or_too_large_does_not_count():
    def least_and_most(least: float, most: float) -> bool:
        return bool(moving(watch(person(150, 80), settings=DetectorSettings(least_size=least, most_size=most))))

    assert [least_and_most(0, 100), least_and_most(15, 50), least_and_most(50, 100), least_and_most(0, 8)] == [
        True, True, False, False,
    ]  # fmt: skip


def encoded(image: Image.Image, kind: str) -> bytes:
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda scene: jpeg(scene)[:200], id="a head that is cut"),
        pytest.param(lambda scene: jpeg(scene)[:-2000], id="a picture that is cut"),
        pytest.param(lambda scene: encoded(scene, "PNG"), id="another format"),
        pytest.param(lambda _: b"", id="nothing"),
    ],
)
def test_a_frame_that_cannot_be_decoded_is_refused(spoil):
    with pytest.raises(ValueError, match="cannot be decoded"):
        Detector().look(spoil(scene()), 0.0)


def test_the_detector_loads_the_code_of_one_format():
    """Pillow's others, and what they import, take more than a megabyte of an armed daemon. Pillow 9.4 adds TIFF."""
    script = "import sys; from stillcam.motion.detector import Detector\n"
    script += "Detector().look(sys.stdin.buffer.read(), 0.0); print([name for name in sys.modules if 'Plugin' in name])"
    environ = os.environ | {"PYTHONPATH": str(ROOT / "python")}
    done = subprocess.run(
        [sys.executable, "-c", script], input=jpeg(scene()), env=environ, stdout=subprocess.PIPE, check=True, timeout=90
    )
    assert "PIL.JpegImagePlugin" in done.stdout.decode()
    assert not re.search("PIL.(Png|Gif|Bmp)", done.stdout.decode())


def test_the_blocks_are_where_the_motion_is():
    found = [observation for observation in watch(person(75, 80)) if observation.motion]
    assert len(found) > 10
    for observation in found:
        x = (observation.time_s - 1000 - STARTS_S) * 80 - 75 / 6
        middle = sum(column for column, _ in observation.blocks) / len(observation.blocks) * 16 + 8
        assert abs(middle - x) < 60
        assert all(HEIGHT - 50 - 75 - 32 < row * 16 < HEIGHT for _, row in observation.blocks)
