"""What the Live tab reckons with: numbers of controls, rectangles on the sensor, a histogram."""

from typing import Any

import pytest
from playwright.sync_api import Page, Route

EXPOSURE = {"name": "ExposureTime", "type": "int", "unit": "µs", "low": 1, "high": 7e8, "step": 1, "scale": "log"}
LENS = {"name": "LensPosition", "type": "float", "unit": "dioptres", "low": 0, "high": 32, "step": 0.1}
CONTROLS = {"ExposureTime": EXPOSURE, "LensPosition": LENS | {"scale": "linear"}}


def called(page: Page, module: str, function: str, *arguments: Any) -> Any:
    """What a module's function returns."""
    return page.evaluate(
        "async ([module, name, values]) => (await import(`./${module}.js`))[name](...values)",
        [module, function, list(arguments)],
    )


@pytest.mark.parametrize(
    ("time_us", "text"),
    [
        (100, "1/10000 s"),
        (8000, "1/125 s"),
        (8333, "1/120 s"),
        (33_333, "1/30 s"),
        (285_714, "1/3.5 s"),
        (300_000, "0.3 s"),
        (500_000, "0.5 s"),
        (2_000_000, "2 s"),
        (125_300_000, "125 s"),
    ],
)
def test_an_exposure_reads_as_photographers_write_it(modules, time_us, text):
    assert called(modules, "tabs/live/controls/numbers", "exposure", time_us) == text


@pytest.mark.parametrize(
    ("control", "text", "value"),
    [
        pytest.param("ExposureTime", "1/125", 8000, id="a fraction is of a second"),
        pytest.param("ExposureTime", "1/125 s", 8000, id="with its unit"),
        pytest.param("ExposureTime", "0,5 s", 500_000, id="with a comma"),
        pytest.param("ExposureTime", "20 ms", 20_000, id="milliseconds"),
        pytest.param("ExposureTime", "8000", 8000, id="a bare number is in the control's unit"),
        pytest.param("ExposureTime", "9999 s", 7e8, id="no more than the camera can"),
        pytest.param("ExposureTime", "1/0", None, id="no number"),
        pytest.param("ExposureTime", "soon", None, id="words"),
        pytest.param("LensPosition", "2.25", 2.3, id="rounded to the step"),
        pytest.param("LensPosition", "1/2", None, id="a fraction of what?"),
        pytest.param("LensPosition", "-1", 0, id="no less than the camera can"),
    ],
)
def test_what_somebody_types(modules, control, text, value):
    assert called(modules, "tabs/live/controls/numbers", "typed", CONTROLS[control], text) == value


@pytest.mark.parametrize(
    ("dioptres", "text"), [(0, "infinity"), (0.1, "10 m"), (0.4, "2.5 m"), (1.5, "67 cm"), (10, "10 cm")]
)
def test_distance(modules, dioptres, text):
    assert called(modules, "tabs/live/controls/numbers", "distance", dioptres) == text


@pytest.mark.parametrize("value", [30, 8000, 1_000_000])
def test_a_logarithmic_slider_comes_back_to_its_value(modules, value):
    part = called(modules, "tabs/live/controls/numbers", "fraction", EXPOSURE, value)
    assert 0 <= part <= 1
    assert called(modules, "tabs/live/controls/numbers", "valueAt", EXPOSURE, part) == value


_VIEW = """async ([camera, live, point]) => {
  const { SensorView } = await import("./picture/sensor-view.js");
  const view = new SensorView([1000, 500, 2000, 1000], camera, live);
  return [view.toSensor(point), view.toPicture(view.toSensor(point))];
}"""


@pytest.mark.parametrize(
    ("camera", "live", "sensor"),
    [
        pytest.param({}, {}, [1400, 800], id="as it lies"),
        pytest.param({"hflip": True}, {"hflip": False}, [2600, 800], id="mirrored"),
        pytest.param({"hflip": True}, {"hflip": True}, [1400, 800], id="mirrored twice"),
        pytest.param({"vflip": False}, {"vflip": True}, [1400, 1200], id="upside down"),
        pytest.param({"rotation": 90}, {}, [1600, 1300], id="turned clockwise"),
        pytest.param({"rotation": 180}, {}, [2600, 1200], id="half a turn"),
        pytest.param({"rotation": 270}, {}, [2400, 700], id="turned the other way"),
        pytest.param({"rotation": 90, "hflip": True}, {}, [2400, 1300], id="mirrored, then turned"),
    ],
)
def test_a_point_of_the_picture_on_the_sensor(modules, camera, live, sensor):
    camera = {"rotation": 0, "hflip": False, "vflip": False} | camera
    live = {"hflip": False, "vflip": False} | live
    found, back = modules.evaluate(_VIEW, [camera, live, [0.2, 0.3]])
    assert found == pytest.approx(sensor)
    assert back == pytest.approx([0.2, 0.3])


WHOLE = [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("function", "arguments", "result"),
    [
        pytest.param("moved", [[0.5, 0.5, 0.3, 0.3], 0.5, -1, WHOLE], [0.7, 0, 0.3, 0.3], id="stays inside"),
        pytest.param("resized", [[0.5, 0.5, 0.2, 0.2], 0.1, -1, WHOLE, 0.05], [0.45, 0.575, 0.3, 0.05], id="least"),
        pytest.param("pulled", [[0.2, 0.2, 0.4, 0.4], "nw", [0.1, 0.7], WHOLE, 0.02], [0.1, 0.6, 0.5, 0.1],
                     id="a corner pulled past the other"),
        pytest.param("drawn", [[0.9, 0.9], [0.1, 0.2], WHOLE, 0.01], [0.1, 0.2, 0.8, 0.7], id="drawn upwards"),
        pytest.param("drawn", [[0.99, 0.99], [0.99, 0.99], WHOLE, 0.1], [0.9, 0.9, 0.1, 0.1], id="a mere point"),
        pytest.param("scaled", [WHOLE, 0.5, [0.25, 0.25], WHOLE, 0.01], [0.125, 0.125, 0.5, 0.5], id="about a point"),
        pytest.param("scaled", [[0.25, 0.25, 0.5, 0.5], 4, [0.3, 0.3], WHOLE, 0.1], WHOLE, id="no more than all"),
        pytest.param("grown", [[0.1, 0.3, 0.4, 0.1], 1, WHOLE], [0.1, 0.15, 0.4, 0.4], id="to an aspect"),
    ],
)  # fmt: skip
def test_a_rectangle_stays_within_bounds(modules, function, arguments, result):
    assert called(modules, "tabs/live/zoom/rectangles", function, *arguments) == pytest.approx(result)


_COUNT = """async (pixels) => {
  const { count, clipped } = await import("./picture/histogram.js");
  const counts = count({ data: new Uint8ClampedArray(pixels) });
  const filled = (values) => [...values].flatMap((value, i) => (value ? [[i, value]] : []));
  return { luminance: filled(counts.luminance), red: filled(counts.red), total: counts.total, ...clipped(counts) };
}"""


def test_a_histogram_counts_each_pixel_once(modules):
    white, black, red, grey = [255] * 4, [0, 0, 0, 255], [255, 0, 0, 255], [128, 128, 128, 255]
    found = modules.evaluate(_COUNT, [*white, *black, *red, *grey])
    assert found == {
        "luminance": [[0, 1], [77, 1], [128, 1], [255, 1]],
        "red": [[0, 1], [128, 1], [255, 2]],
        "total": 4,
        "over": 0.25,
        "under": 0.25,
    }


def test_an_answer_counts_once_the_server_has_the_frame_that_it_is_about(modules):
    """The settings are in force, or the scan is over, while the server still shows an older picture."""
    names = iter(["camera_20261120T234501.000Z.jpg", "camera_20261120T234502.000Z.jpg"])
    looks: list[str] = []

    def status(route: Route) -> None:
        looks.append(next(names))
        route.fulfill(json={"frame": {"name": looks[-1]}, "capture": {"running": True}})

    modules.route("**/api/focus", lambda route: route.fulfill(json={"wait_for": "camera_20261120T234502.000Z.jpg"}))
    modules.route("**/api/status?*", status)
    try:
        assert called(modules, "server/api", "send", "POST", "api/focus")["wait_for"]
        assert looks[-1] == "camera_20261120T234502.000Z.jpg"
    finally:
        modules.unroute("**/api/focus")
        modules.unroute("**/api/status?*")


@pytest.mark.parametrize("value", [None, "1.5", [], [None, None], [None] * 4, {}], ids=str)
def test_metadata_that_are_no_numbers_are_not_shown(modules, value):
    """Whatever a camera says in a sidecar or in the status."""
    names = ["ExposureTime", "AnalogueGain", "Lux", "ColourTemperature", "ColourGains", "LensPosition", "AfState"]
    names += ["FrameDuration", "SensorTemperature", "ScalerCrop", "DigitalGain"]
    assert called(modules, "tabs/live/metadata", "readable", dict.fromkeys(names, value)) == []


def test_the_metadata_that_people_read(modules):
    metadata = {
        "ExposureTime": 8000, "AnalogueGain": 1.5, "DigitalGain": 1.2, "Lux": 0, "ColourGains": [1, 2.5],
        "LensPosition": 0, "AfState": 2, "FrameDuration": 33333, "SensorTemperature": 0, "ScalerCrop": [0, 0, 64, 48],
    }  # fmt: skip
    assert called(modules, "tabs/live/metadata", "readable", metadata) == [
        ["Exposure", "1/125 s"], ["Gain", "1.50×, digital 1.20×"], ["Light", "0.0 lx"],
        ["Colour gains", "red 1.00, blue 2.50"], ["Focus", "infinity (0.00 dioptres)"], ["Autofocus", "in focus"],
        ["Frame", "1/30 s"], ["Sensor", "0.0 °C"], ["Crop", "64 × 48 px at 0, 0"],
    ]  # fmt: skip
