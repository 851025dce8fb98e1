"""Smooth exposure of a series, against the simulated camera's scene and image processor, from noon to night."""

import io
import math
import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stillcam.camera.simulated import isp
from stillcam.camera.simulated.options import StillOptions
from stillcam.camera.simulated.scene import MIDDLE, Scene, View
from stillcam.camera.simulated.sensors import MODULES
from stillcam.series.exposure import (
    Course,
    Shot,
    Smooth,
    begin,
    continues,
    default_longest_s,
    exposure_of,
    follow,
    from_json,
    needed_s,
    to_json,
)
from stillcam.series.luminance import measure

SHOTS, INTERVAL_MS = 400, 60_000
SMOOTH = Smooth(longest_s=10.0, gain=8.0)


def light_at(shot: int) -> float:
    """Of the scene: noon, twilight from shot 150 to 300, and a night that is 11 EV darker."""
    return float(2.0 ** (-11 / (1 + math.exp(-(shot - 225) / 20))))


class Camera:
    """Takes pictures of the scene."""

    def __init__(self) -> None:
        scene = Scene(View(0, MIDDLE - 450, 1600, 900, (160, 90)))
        scene.focus(None)
        self._image, self._sensor, self._options = scene.image, MODULES["imx708"], StillOptions()
        self._metered = isp.meter(self._image, "centre")

    def automatic(self, light: float) -> isp.Exposure:
        return isp.expose(self._options, self._sensor, self._metered * light, 1e9, settled=True)

    def take(self, light: float, exposure: isp.Exposure, number: int) -> bytes:
        balance = isp.balance(self._options, settled=True)
        picture = isp.develop(self._image, self._options, exposure.brightness * light, balance)
        picture = isp.Noise(self._options, exposure, picture.size).add(picture, number)
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=93)
        return file.getvalue()


@pytest.fixture(scope="module")
def camera() -> Camera:
    return Camera()


def brightness_of(jpeg: bytes) -> tuple[float, float]:
    return measure(io.BytesIO(jpeg))


def smooth_series(camera: Camera, jitter: float = 0.0) -> tuple[list[float], list[float]]:
    """Brightness and exposure of each shot; the course is read again from JSON each time, as after a restart."""
    chance, course, seen, exposures = random.Random(1), None, [], []
    for number in range(SHOTS):
        light = light_at(number) * 2 ** chance.uniform(-jitter, jitter)
        if course is None:
            exposure = camera.automatic(light)
        else:
            time_us, gain = exposure_of(course, SMOOTH)
            exposure = isp.Exposure(round(round(time_us / isp.LINE_US) * isp.LINE_US), gain, 1.0)
        mean, clipped = brightness_of(camera.take(light, exposure, number))
        taken = exposure.time_us * exposure.analogue_gain * exposure.digital_gain
        shot = Shot(number * INTERVAL_MS, mean, clipped, taken, (2.0, 1.8))
        course = begin(shot, SMOOTH) if course is None else follow(course, shot, SMOOTH, INTERVAL_MS)
        course = from_json(to_json(course))
        seen.append(mean)
        exposures.append(taken)
    return seen, exposures


def largest_step(seen: list[float]) -> float:
    """The largest change from one shot to the next, as a part."""
    return max(abs(after / before - 1) for before, after in pairwise(seen))


def test_from_noon_to_night_in_400_shots(camera):
    """Within 3 % from shot to shot, and the exposure never turns back while the light falls."""
    seen, exposures = smooth_series(camera)
    assert largest_step(seen) < 0.03
    assert max(seen) / min(seen) < 1.15
    turns = [after / before for before, after in pairwise(exposures) if after < before]
    assert min(turns, default=1.0) > 0.995  # a line of the sensor
    assert exposures[-1] / exposures[0] == pytest.approx(2**11, rel=0.1)


def test_fixed_and_automatic_exposure_do_not_reach_the_night(camera):
    """The others, for the table in the documentation: the camera's automatic exposure has 66 ms and its gain."""
    first = camera.automatic(1.0)
    fixed = [brightness_of(camera.take(light_at(n), first, n))[0] for n in range(0, SHOTS, 10)]
    automatic = [brightness_of(camera.take(light_at(n), camera.automatic(light_at(n)), n))[0] for n in range(SHOTS)]
    assert fixed[0] / fixed[-1] > 100
    assert automatic[0] / automatic[-1] > 100
    assert largest_step(automatic) > 0.06


def test_clouds_make_no_flicker(camera):
    """Light that changes by up to 20 % from picture to picture changes the exposure by a fraction of that."""
    _, exposures = smooth_series(camera, jitter=0.26)
    steps = [abs(math.log2(after / before)) for before, after in pairwise(exposures[:141])]
    assert sum(steps) / len(steps) < 0.08
    assert max(steps) <= SMOOTH.step_ev + 0.01


@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(20, 1e9), st.integers(1, 15)), min_size=1),
    st.builds(Smooth, st.none() | st.floats(0.02, 0.95), st.floats(0.001, 100), st.floats(1, 64), st.floats(0.02, 2)),
)
def test_every_exposure_is_within_the_limits_and_a_step_of_the_one_before(pictures, options):
    course: Course | None = None
    due_ms = 0
    for brightness, clipped, exposure, steps in pictures:
        due_ms += steps * INTERVAL_MS
        shot = Shot(due_ms, brightness, clipped, exposure, (2.0, 0.0))
        before = None if course is None else course.exposure_ev
        course = begin(shot, options) if course is None else follow(course, shot, options, INTERVAL_MS)
        time_us, gain = exposure_of(course, options)
        assert 1 <= time_us <= options.longest_s * 1e6 + 1
        assert 1 <= gain <= max(1.0, options.gain) + 1e-3
        assert before is None or course.exposure_ev - before <= options.step_ev + 1e-9
        assert from_json(to_json(course)) == course


def test_white_balance_is_eased_between_estimates():
    def shot(number: int, red: float) -> Shot:
        return Shot(number * INTERVAL_MS, 0.2, 0.0, 8000, (red, 1.8))

    course = begin(shot(0, 2.0), SMOOTH)
    reds = []
    for number in range(1, 60):
        course = follow(course, shot(number, 1.2), SMOOTH, INTERVAL_MS)
        reds.append(course.red)
    assert all(0.979 <= after / before <= 1 for before, after in pairwise([2.0, *reds]))
    assert reds[-1] == pytest.approx(1.2, rel=0.02)
    assert course.blue == 1.8
    assert follow(course, shot(60, 0.0), SMOOTH, INTERVAL_MS).red == course.red  # no estimate


def test_a_course_holds_for_twenty_intervals():
    course = begin(Shot(0, 0.2, 0.0, 8000, (2.0, 1.8)), SMOOTH)
    assert continues(course, 20 * INTERVAL_MS, INTERVAL_MS)
    assert not continues(course, 20 * INTERVAL_MS + 1, INTERVAL_MS)
    assert not continues(course, -1, INTERVAL_MS)  # a clock that was set back


@pytest.mark.parametrize(
    "document", [None, [], {}, {"due_ms": 1}, {**to_json(begin(Shot(0, 0.2, 0, 8000, (2, 1)), SMOOTH)), "red": "x"}]
)
def test_a_damaged_course_is_none(document):
    assert from_json(document) is None


@given(st.floats(1, 86_400))
def test_the_longest_exposure_leaves_time_for_itself(interval_s):
    longest_s = default_longest_s(interval_s)
    assert 0.1 <= longest_s <= 20
    assert longest_s == 0.1 or needed_s(longest_s) <= interval_s
